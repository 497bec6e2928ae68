"""A folder with a ``process.yaml`` → a process image: a small OCI artifact that says how to run a service as
a process.

Only the local account's process runtime runs these. The same folder always gives the same digest, on every
machine, so the tag (``proc-<hash>``) is known before the plan. Reads the folder; writes nothing.
"""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spcs_milvus.errors import ConfigError
from spcs_milvus.templates import canonical_json

ARTIFACT_TYPE = "application/vnd.spcs-milvus.process.v1"
CONFIG_TYPE = "application/vnd.spcs-milvus.process.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Blob:
    """Bytes a registry stores under their digest."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        """``sha256:<hex>``."""
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def descriptor(self) -> dict[str, str | int]:
        """How a manifest refers to it (OCI image specification, "Content descriptors")."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}


@dataclass(frozen=True)
class ProcessImage:
    """The artifact: ``blobs`` are pushed first, then ``manifest``."""

    blobs: tuple[Blob, ...]
    manifest: Blob

    @property
    def digest(self) -> str:
        """The manifest's digest, which is the image's."""
        return self.manifest.digest

    @property
    def tag(self) -> str:
        """``proc-`` and the first twelve digits of the digest."""
        return "proc-" + self.digest.removeprefix("sha256:")[:12]


def process_image(folder: Path) -> ProcessImage:
    """The process image of one build context.

    Raises ConfigError when ``process.yaml`` is missing, is not a mapping, or its ``files`` are not a list of
    files inside the folder.
    """
    source = folder / "process.yaml"
    config = _configuration(source)
    blobs = [Blob(CONFIG_TYPE, canonical_json(config).encode())]
    files = config.get("files") or []
    if files:
        blobs.append(Blob(LAYER_TYPE, _layer(folder, source, sorted(files))))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": blobs[0].descriptor(),
        "layers": [blob.descriptor() for blob in blobs[1:]],
    }
    return ProcessImage(tuple(blobs), Blob(MANIFEST_TYPE, canonical_json(manifest).encode()))


def _configuration(source: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            "the image folder does not say how to run as a process",
            detail=error.strerror if isinstance(error, OSError) else str(error),
            place=str(source),
            hint="add a process.yaml as images/milvus has one, or use a connection to a real account",
        ) from error
    if not isinstance(config, dict):
        raise ConfigError("process.yaml is not a mapping", place=str(source))
    files = config.get("files") or []
    if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
        raise ConfigError("`files` of process.yaml is not a list of names", place=str(source))
    # what YAML takes for a date is text in JSON
    return dict(json.loads(json.dumps(config, default=str)))


def _layer(folder: Path, source: Path, files: list[str]) -> bytes:
    """A tar that depends on names and content only: no owner, no time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in files:
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
                raise ConfigError(
                    "process.yaml names a file that is not in its folder", detail=name, place=str(source)
                )
            entry = tarfile.TarInfo(name)
            entry.size = path.stat().st_size
            entry.mode = 0o644
            with path.open("rb") as content:
                tar.addfile(entry, content)
    return buffer.getvalue()
