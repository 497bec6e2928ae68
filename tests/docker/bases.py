"""Stand-ins for the base images of `images/`, which cannot be pulled everywhere: a Debian by debootstrap, and
in it the real Milvus server or Jupyter from wheels.

In: a client of an engine. Out: the reference of a base, `spcs-milvus-test/<name>:<digest of the recipe>`. It
stays in the engine, so that the next run does not make it again. Touches the network only to make one.
"""

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import docker
from filelock import FileLock
from tests.docker import leftovers
from tests.environments import CONSTRAINTS, do_without, download

RECIPES = Path(__file__).parent / "bases"
# Raised when the code here makes something else of the same files.
EDITION = "1"
PACKAGES = ("ca-certificates", "python3", "python3-venv", "tini")
# No program reads them, and every push would carry them.
LEFT_OUT = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")
LONGEST_DEBOOTSTRAP_SECONDS = 600


def debian(engine: docker.APIClient) -> str:
    """A minimal Debian bookworm with Python and tini."""
    reference = _reference("debian", *PACKAGES, *LEFT_OUT)
    with _missing(engine, reference) as missing, tempfile.TemporaryDirectory() as folder:
        if missing:
            _debootstrap(folder)
            _import(engine, folder, reference)
    return reference


def milvus(engine: docker.APIClient, debian: str) -> str:
    """The server of the `milvus` wheel, laid out as in the image milvusdb/milvus."""

    def fill(context: Path) -> None:
        (wheel,) = _wheels("milvus-base", context.parent)
        _unpack(wheel, context / "milvus")

    return _built(engine, "milvus", debian, fill)


def jupyter(engine: docker.APIClient, debian: str) -> str:
    """Jupyter, and what the notebook's image installs on top, as in quay.io/jupyter/base-notebook."""
    return _built(engine, "jupyter", debian, lambda context: _wheels("jupyter-base", context / "wheels"))


def _reference(name: str, *recipe: str) -> str:
    return f"spcs-milvus-test/{name}:{hashlib.sha256(' '.join((EDITION, *recipe)).encode()).hexdigest()[:12]}"


@contextmanager
def _missing(engine: docker.APIClient, reference: str) -> Iterator[bool]:
    """Whether the engine lacks it; meanwhile nobody else on this machine makes a base."""
    with FileLock(Path(tempfile.gettempdir(), "spcs-milvus-test-bases.lock")):
        yield not engine.images(reference)


def _built(engine: docker.APIClient, name: str, debian: str, fill: Callable[[Path], object]) -> str:
    """Built from its Dockerfile here on `debian`; `fill` puts into the context what the Dockerfile copies."""
    dockerfile, constraints = RECIPES / name / "Dockerfile", CONSTRAINTS / f"{name}-base.txt"
    recipe = (dockerfile.read_text(encoding="utf-8"), constraints.read_text(encoding="utf-8"))
    reference = _reference(name, debian, *recipe)
    with _missing(engine, reference) as missing, tempfile.TemporaryDirectory() as folder:
        if missing:
            context = Path(folder, "context")
            context.mkdir()
            shutil.copy(dockerfile, context)
            fill(context)
            arguments = {"DEBIAN": debian}
            for event in engine.build(
                path=str(context), tag=reference, buildargs=arguments, rm=True, forcerm=True, decode=True
            ):
                assert "error" not in event, event
            leftovers.remove(engine, "spcs-milvus-test=stage")
    return reference


def _wheels(name: str, folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    if lacking := download(name, folder):
        do_without(f"the wheels of {name} could not be downloaded: {lacking}")
    return sorted(folder.glob("*.whl"))


def _unpack(wheel: Path, folder: Path) -> None:
    """Its server into `bin`, `lib` and `configs`, with all data below /var/lib/milvus."""
    for name in ("bin", "lib", "configs"):
        (folder / name).mkdir(parents=True)
    with ZipFile(wheel) as archive:
        for entry in archive.namelist():
            packed = Path(entry)
            if packed.suffix == ".lzma":
                target = folder / ("bin" if packed.stem == "milvus" else "lib") / packed.stem
                with archive.open(entry) as source, lzma.open(source) as unpacked, target.open("wb") as copy:
                    shutil.copyfileobj(unpacked, copy)
                target.chmod(0o755)
        template = archive.read("milvus/data/config.yaml.template").decode()
        (folder / "configs" / "glog.conf").write_bytes(archive.read("milvus/data/glog.conf"))
    (folder / "configs" / "milvus.yaml").write_text(_configuration(template), encoding="utf-8")


def _configuration(template: str) -> str:
    """The template with its defaults, and with the real image's paths where it has none."""
    paths = {
        "etcd_data_dir": "/var/lib/milvus/etcd",
        "local_storage_dir": "/var/lib/milvus/data/",
        "rocksmq_data_dir": "/var/lib/milvus/rdb_data",
        "system_log_path": '""',
    }
    return re.sub(
        r"\{\{ (\w+)(?:\(\w+\))?(?:: (\S+))? \}\}", lambda found: found[2] or paths[found[1]], template
    )


def _debootstrap(folder: str) -> None:
    if shutil.which("debootstrap") is None:
        do_without("not installed here (names of Debian): debootstrap")
    if os.geteuid() != 0:
        do_without("debootstrap needs root")
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "bookworm", folder]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=LONGEST_DEBOOTSTRAP_SECONDS, check=False
    )
    if result.returncode != 0:
        do_without(f"debootstrap failed: {(result.stdout + result.stderr)[-500:]}")


def _import(engine: docker.APIClient, folder: str, reference: str) -> None:
    repository, _, tag = reference.partition(":")
    excluded = [f"--exclude=./{path}/*" for path in LEFT_OUT]
    with subprocess.Popen(["tar", "-C", folder, *excluded, "-c", "."], stdout=subprocess.PIPE) as packed:
        assert packed.stdout
        engine.import_image_from_stream(packed.stdout, repository=repository, tag=tag)
    assert packed.returncode == 0 and engine.images(reference), f"{reference} was not imported"
