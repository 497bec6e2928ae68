"""Docker engines: the one of this machine, and private ones that a test may kill.

In: what the environment says of the engine (DOCKER_HOST), or nothing for a private one. Out: a client, or the
reason why there is none. A private daemon keeps data, sockets and log in a folder of its own.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import docker
import psutil
import requests
from docker.utils import kwargs_from_env

# Builds on a loaded machine say nothing for long.
ANSWER_SECONDS = 300
START_SECONDS = 60
STOP_SECONDS = 30


def connect() -> docker.APIClient | str:
    """A client of the engine that answers here, or why none does."""
    try:
        return docker.APIClient(timeout=ANSWER_SECONDS, **kwargs_from_env())
    except docker.errors.DockerException as error:
        return f"no Docker engine answers: {error}"


@dataclass
class Daemon:
    """A dockerd that nobody else uses. Its network is a `bridge` of its own; it changes no firewall rule."""

    folder: Path
    bridge: str
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """What DOCKER_HOST is set to to reach it."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    def start(self) -> None:
        """Starts it, on the data of the run before if there was one, and waits until it answers."""
        command = ["dockerd", f"--host={self.url}", f"--bridge={self.bridge}", "--iptables=false"]
        # it needs no mount: works on an overlay too, and a kill leaves nothing mounted
        command += ["--storage-driver=vfs"]
        for option, name in {
            "--data-root": "data",
            "--exec-root": "exec",
            "--pidfile": "dockerd.pid",
            "--config-file": "daemon.json",
        }.items():
            command.append(f"{option}={self.folder / name}")
        (self.folder / "daemon.json").write_text("{}", encoding="utf-8")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def client(self) -> docker.APIClient:
        return docker.APIClient(base_url=self.url, timeout=ANSWER_SECONDS)

    def kill(self) -> None:
        """Ends it by SIGKILL; its containers stay. Does nothing when it is not running."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it in good order. Does nothing when it is not running."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        below = (
            psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        )
        self.process.send_signal(number)
        self.process.wait(STOP_SECONDS)
        for left in psutil.wait_procs(below, STOP_SECONDS)[1]:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        (self.folder / "dockerd.pid").unlink(missing_ok=True)
        self.process = None

    def _answers(self) -> bool:
        with suppress(docker.errors.DockerException, requests.RequestException):
            self.client().close()
            return True
        return False


def why_no_daemon() -> str | None:
    """Why no daemon of one's own can be started here; None when it can."""
    if shutil.which("dockerd") is None:
        return "no dockerd is installed (Debian: docker.io)"
    if shutil.which("ip") is None:
        return "no ip is installed (Debian: iproute2)"
    return None if os.geteuid() == 0 else "a dockerd of one's own needs root"


@contextmanager
def daemon() -> Iterator[Daemon]:
    """A running one in a folder of its own, both gone afterwards."""
    # not below pytest's folder: a socket's path may have no more than 108 characters
    folder = Path(tempfile.mkdtemp(prefix="dkr"))
    own = Daemon(folder, bridge=folder.name)
    # with --bridge=none it would remove docker0 from under the daemon of this machine
    _ip("link", "add", own.bridge, "type", "bridge")
    try:
        _ip("address", "add", f"10.231.{os.getpid() % 256}.1/24", "dev", own.bridge)
        _ip("link", "set", own.bridge, "up")
        own.start()
        yield own
    finally:
        own.stop()
        _end_containers(folder)
        _unmount(folder)
        _ip("link", "delete", own.bridge)
        shutil.rmtree(folder)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _end_containers(folder: Path) -> None:
    """A killed daemon's containers run on, each below a process that names the folder."""
    for found in psutil.process_iter(["cmdline"]):
        if any(word.startswith(f"{folder}/") for word in found.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                for process in [*found.children(recursive=True), found]:
                    process.kill()


def _unmount(folder: Path) -> None:
    """What a killed daemon's containers left mounted."""
    points = [part.mountpoint for part in psutil.disk_partitions(all=True)]
    for point in sorted((point for point in points if Path(point).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", point], check=True)
