"""What a manifest says: its kind, its config, its layers.

In: a manifest's bytes and its media type. Out: a `Manifest`, or `RegistryError`. Pure.
"""

import json
from dataclasses import dataclass
from typing import Any

from spcs_emulator.registry.errors import RegistryError

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
IMAGES = {
    OCI_IMAGE,
    "application/vnd.docker.distribution.manifest.v2+json",
}
LONGEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """An image's or an index's manifest; only an index has `manifests`, the digests it points to."""

    media_type: str
    artifact_type: str | None
    config_digest: str | None
    layers: tuple[str, ...]
    manifests: tuple[str, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """Every digest that must be in the repository before the manifest may be put."""
        config = () if self.config_digest is None else (self.config_digest,)
        return (*config, *self.layers, *self.manifests)


def read(content: bytes, media_type: str) -> Manifest:
    """The manifest in `content`, sent as `media_type`. RegistryError MANIFEST_INVALID when it is none."""
    if media_type not in INDEXES | IMAGES:
        raise _invalid(f"unknown media type {media_type!r}")
    try:
        value = json.loads(content)
        if value["schemaVersion"] != 2 or value.get("mediaType", media_type) != media_type:
            raise _invalid("schemaVersion is not 2, or mediaType is not the Content-Type")
        return _index(value, media_type) if media_type in INDEXES else _image(value, media_type)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _invalid(f"not a manifest: {error}") from error


def architecture_of(config: bytes) -> str | None:
    """The architecture that an image's config names; None where it does not."""
    try:
        value = json.loads(config)
    except (ValueError, RecursionError):
        return None
    return _text(value.get("architecture")) if isinstance(value, dict) else None


def _image(value: dict[str, Any], media_type: str) -> Manifest:
    config = value["config"]
    return Manifest(
        media_type=media_type,
        artifact_type=_text(value.get("artifactType")),
        config_digest=str(config["digest"]),
        layers=tuple(str(layer["digest"]) for layer in value["layers"]),
        manifests=(),
    )


def _index(value: dict[str, Any], media_type: str) -> Manifest:
    manifests = tuple(str(manifest["digest"]) for manifest in value["manifests"])
    return Manifest(media_type, _text(value.get("artifactType")), None, (), manifests)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _invalid(detail: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", "manifest invalid", detail)
