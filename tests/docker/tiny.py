"""The smallest base there is: busybox and `sh`, 2 MB, under a name that says what is in it.

In: a client of an engine. Out: the reference of the image in that engine. It stays there: made again it would
be the same to the last byte, and others may be using it.
"""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import docker

BUSYBOX = Path("/bin/busybox")
COMMANDS = "sh cat chmod cp df dd echo env false grep hostname httpd id kill ln ls mkdir mount mv nc nslookup"
COMMANDS += " printf ps pwd rm sed seq sleep sort stat sync tail test touch tr true wc wget which yes"


def why_no_busybox() -> str | None:
    """Why the base cannot be made here; None when it can."""
    if not BUSYBOX.exists() or b"/ld-linux" in BUSYBOX.read_bytes():
        return "no static busybox is installed (Debian: busybox-static)"
    return None


def load_tiny(engine: docker.APIClient, architecture: str = "amd64") -> str:
    """Its reference, `spcs-milvus-test/tiny:<architecture>-<digest>`; loaded unless the engine has it.

    Another `architecture` than amd64 is what the image says of itself; the program in it stays what it is.
    """
    layer = _tar({"bin/busybox": BUSYBOX.read_bytes()}, links=[f"bin/{name}" for name in COMMANDS.split()])
    configuration = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
    ).encode()
    digest = hashlib.sha256(configuration).hexdigest()
    reference = f"spcs-milvus-test/tiny:{architecture}-{digest[:12]}"
    manifest = [{"Config": f"{digest}.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    files = {
        f"{digest}.json": configuration,
        "layer.tar": layer,
        "manifest.json": json.dumps(manifest).encode(),
    }
    if not engine.images(reference):
        for event in engine.load_image(io.BytesIO(_tar(files)).getvalue()):
            assert "error" not in event, event
    return reference


def _tar(files: dict[str, bytes], links: list[str] | None = None) -> bytes:
    """The same bytes for the same files; every link leads to busybox beside it."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
        for name in links or []:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
    return written.getvalue()
