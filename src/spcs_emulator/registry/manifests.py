"""What a manifest says: its kind, its config, its layers, the platforms it is for.

In: a manifest's bytes and its media type. Out: a `Manifest`, or `RegistryError`. Pure. A platform is written
"linux/amd64"; what says "unknown" is none (an index of buildx lists attestations that way).
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
class Part:
    """A manifest that an index lists. `platform` is None where the index says none."""

    digest: str
    platform: str | None


@dataclass(frozen=True)
class Manifest:
    """An image's or an index's manifest; only an image has a config and layers, only an index `parts`."""

    media_type: str
    artifact_type: str | None
    config: str | None
    layers: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def blobs(self) -> tuple[str, ...]:
        """The digests of the blobs that must be in the repository before the manifest may be put."""
        return self.layers if self.config is None else (self.config, *self.layers)


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


def platform_of(config: bytes) -> str | None:
    """The platform that an image's config names; None where it does not."""
    try:
        return _platform(json.loads(config))
    except (ValueError, RecursionError):
        return None


def _platform(value: object) -> str | None:
    if not isinstance(value, dict) or "unknown" in (value.get("os"), value.get("architecture")):
        return None
    system, architecture = _text(value.get("os")), _text(value.get("architecture"))
    return f"{system}/{architecture}" if system and architecture else None


def _image(value: dict[str, Any], media_type: str) -> Manifest:
    config = value["config"]
    return Manifest(
        media_type=media_type,
        artifact_type=_text(value.get("artifactType")),
        config=str(config["digest"]),
        layers=tuple(str(layer["digest"]) for layer in value["layers"]),
        parts=(),
    )


def _index(value: dict[str, Any], media_type: str) -> Manifest:
    parts = tuple(Part(str(one["digest"]), _platform(one.get("platform"))) for one in value["manifests"])
    return Manifest(media_type, _text(value.get("artifactType")), None, (), parts)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _invalid(detail: str) -> RegistryError:
    return RegistryError(400, "MANIFEST_INVALID", "manifest invalid", detail)
