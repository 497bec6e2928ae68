"""Pushes of images, side by side in one run: to the local account and to docker-registry, by the docker
command and by the deployer.

Comes in: nothing. Goes out: figures, none where there is no engine or no docker-registry. Touches images of
its own in the engine, and temporary folders of their size; all are gone at the end.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from tests.docker.engines import connect
from tests.docker.registries import why_no_registry

from benchmarks.account import ROOT
from benchmarks.figures import Figure
from benchmarks.targets import LocalRegistry, Target, debians_registry, local_registry
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.images import Engine, container_image
from spcs_milvus.transfer import Transfer

GOAL = 1.2
MIB = 1024 * 1024
PIECE = 16 * MIB
# how many files, each a layer, of how many bytes; how often each is pushed each way
LOADS = {"1 GB": (1, 1_000_000_000, 3), "40 layers": (40, 1_000_000, 5)}


def why_not() -> str | None:
    """Why pushes cannot be measured here; None when they can."""
    client = connect()
    if isinstance(client, str):
        return client
    client.close()
    return why_no_registry() or (None if shutil.which("docker") else "the docker command is not installed")


def pushes() -> list[Figure]:
    """Every load, pushed each way in turns."""
    missing = why_not()
    if missing:
        print(f"not measured: {missing}", file=sys.stderr, flush=True)
        return []
    figures = []
    with debians_registry() as theirs, local_registry() as ours:
        for title, load in LOADS.items():
            figures += _measured(title, load, theirs, ours)
    return figures


@dataclass(frozen=True)
class _Push:
    """One image, and the ways to push it. ``configuration`` is the docker command's own folder."""

    name: str
    image: ContainerImage
    configuration: Path

    def by_docker(self, target: Target) -> None:
        reference = f"{target.root}/{self.name}:docker"
        self._docker("tag", f"spcs-milvus/{self.name}:{self.image.tag}", reference)
        self._docker("push", reference)
        self._docker("rmi", "--no-prune", reference)

    def by_deployer(self, target: Target) -> None:
        reference = f"{target.root}/{self.name}:{self.image.tag}"
        with Engine() as engine:
            engine.push(self.name, self.image, reference, lambda: target.login, _nothing)

    def sign_in(self, target: Target) -> None:
        words = ("login", "--username", target.login.user, "--password-stdin", target.host)
        self._docker(*words, given=target.login.password.reveal())

    def _docker(self, *words: str, given: str | None = None) -> None:
        environment = {**os.environ, "DOCKER_CONFIG": str(self.configuration)}
        command = ["docker", *words]
        subprocess.run(command, env=environment, input=given, check=True, capture_output=True, text=True)


def _measured(title: str, load: tuple[int, int, int], theirs: Target, ours: LocalRegistry) -> list[Figure]:
    files, size, runs = load
    with _context(files, size) as folder, tempfile.TemporaryDirectory() as configuration:
        ours.empty()
        name = f"benchmark-{uuid.uuid4().hex[:12]}"
        try:
            before = ours.peak_bytes
            built = _build_and_push(folder, f"{ours.root}/{name}:first", ours)
            push = _Push(name, container_image(folder), Path(configuration))
            taken = _in_turns(push, theirs, ours, runs)
            grown = ours.peak_bytes - before
        finally:
            _remove(name)
    by_docker, to_theirs, by_us = (taken[way] for way in ("docker to ours", "docker to theirs", "deployer"))
    return [
        Figure(f"push of {title}: local registry / docker-registry", *_ratio(by_docker, to_theirs), GOAL),
        Figure(f"push of {title}: deployer / docker push", *_ratio(by_us, by_docker), GOAL),
        Figure(f"push of {title}: the account's memory", grown / MIB, "MiB", "its peak, more than before"),
        Figure(
            f"build and push of {title}: peak memory",
            built["peak_bytes"] / MIB,
            "MiB",
            f"of the deployer's process; build {built['build_seconds']:.1f} s",
        ),
    ]


def _in_turns(push: _Push, theirs: Target, ours: Target, runs: int) -> dict[str, list[float]]:
    """Seconds of each way to push. All in turns, so that what else the machine does hits every one, and each
    as often the first: what comes after another waits for what that left to be written.
    """
    ways: dict[str, tuple[Target, Callable[[Target], None]]] = {
        "docker to theirs": (theirs, push.by_docker),
        "docker to ours": (ours, push.by_docker),
        "deployer": (ours, push.by_deployer),
    }
    for target in (theirs, ours):
        push.sign_in(target)
    taken: dict[str, list[float]] = {way: [] for way in ways}
    order = list(ways)
    for _ in range(runs):
        order.append(order.pop(0))
        for way in order:
            target, act = ways[way]
            target.empty()
            began = time.monotonic()
            act(target)
            taken[way].append(time.monotonic() - began)
    return taken


def _ratio(one: list[float], other: list[float]) -> tuple[float, str, str]:
    medians = statistics.median(one), statistics.median(other)
    said = f"medians of {len(one)} runs in turns: {medians[0]:.2f} s / {medians[1]:.2f} s"
    return medians[0] / medians[1], "x", said


def _build_and_push(folder: Path, reference: str, target: Target) -> dict[str, float]:
    """The deployer's work in a process whose memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.image_memory", str(folder), reference, target.login.user],
        cwd=ROOT,
        check=True,
        input=target.login.password.reveal(),
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


@contextmanager
def _context(files: int, size: int) -> Iterator[Path]:
    """A build context with files that cannot be compressed, each of which becomes a layer."""
    with tempfile.TemporaryDirectory(prefix="spcs-milvus-benchmark-") as made:
        folder = Path(made)
        for number in range(files):
            with (folder / f"file{number}").open("wb") as file:
                for start in range(0, size, PIECE):
                    file.write(os.urandom(min(PIECE, size - start)))
        lines = ["FROM scratch", *(f"COPY file{number} /" for number in range(files))]
        (folder / "Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield folder


def _remove(name: str) -> None:
    """What the engine has of the image."""
    client = connect()
    if isinstance(client, docker.APIClient):
        with client:
            for image in client.images(f"spcs-milvus/{name}"):
                client.remove_image(image["Id"], force=True)


def _nothing(_: Transfer) -> None:
    """Nobody watches."""
