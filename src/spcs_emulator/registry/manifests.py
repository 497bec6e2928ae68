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
    config_media_type: str | None
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
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(f"not a manifest: {error}") from error


def media_type_of(content: bytes) -> str:
    """The media type of a manifest that `read` accepted: its own word, else by what it lists."""
    value = json.loads(content)
    plain = "application/vnd.oci.image.index.v1+json" if "manifests" in value else OCI_IMAGE
    return str(value.get("mediaType", plain))


def platform(config: bytes) -> tuple[str | None, str | None]:
    """Architecture and operating system that an image's config names; None where it does not."""
    try:
        value = json.loads(config)
    except ValueError:
        return None, None
    if not isinstance(value, dict):
        return None, None
    architecture, system = value.get("architecture"), value.get("os")
    return _text(architecture), _text(system)


def _image(value: dict[str, Any], media_type: str) -> Manifest:
    config = value["config"]
    return Manifest(
        media_type=media_type,
        artifact_type=_text(value.get("artifactType")),
        config_media_type=_text(config.get("mediaType")),
        config_digest=str(config["digest"]),
        layers=tuple(str(layer["digest"]) for layer in value["layers"]),
        manifests=(),
    )


def _index(value: dict[str, Any], media_type: str) -> Manifest:
    manifests = tuple(str(manifest["digest"]) for manifest in value["manifests"])
    return Manifest(media_type, _text(value.get("artifactType")), None, None, (), manifests)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _invalid(detail: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", "manifest invalid", detail)
