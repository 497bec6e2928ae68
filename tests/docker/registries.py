"""Debian's docker-registry with a password, on a free loopback port; a test may kill it and start it again.

In: a folder for what is pushed. Out: its host and login. Touches that folder and the one with its settings.
"""

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests
import yaml

START_SECONDS = 30
PROGRAMS = {"docker-registry": "docker-registry", "htpasswd": "apache2-utils"}


@dataclass
class DockerRegistry:
    """`storage` keeps what is pushed; `settings` its configuration, passwords and log. There is one user."""

    storage: Path
    settings: Path
    port: int
    user: str = "pusher"
    password: str = "right-password"
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """What comes before the first slash of an image's reference."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.settings / "registry.log"

    def start(self) -> None:
        """Starts it on the same port with what is in its storage, and waits until it answers."""
        self.set_password(self.password)
        configuration = self.settings / "registry.yml"
        configuration.write_text(yaml.safe_dump(self._configuration()), encoding="utf-8")
        with self.log.open("ab") as log:
            command = ["docker-registry", "serve", str(configuration)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends it by SIGKILL. Nothing to do when it does not run."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def set_password(self, password: str) -> None:
        """The only right one from now on, also for a registry that runs."""
        self.password = password
        command = ["htpasswd", "-Bbn", self.user, password]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (self.settings / "htpasswd").write_text(line, encoding="utf-8")

    def _configuration(self) -> dict[str, object]:
        return {
            "version": "0.1",
            "log": {"accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)}, "delete": {"enabled": True}},
            "http": {"addr": self.host, "secret": "not a secret"},
            "auth": {"htpasswd": {"realm": "tests", "path": str(self.settings / "htpasswd")}},
        }

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://{self.host}/v2/", timeout=5).status_code == 401
        except requests.ConnectionError:
            return False


def why_no_registry() -> str | None:
    """What is missing here to run one; None when nothing is."""
    lacking = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    return f"not installed here (names of Debian): {', '.join(lacking)}" if lacking else None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
