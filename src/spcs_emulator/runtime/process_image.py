"""What a process image says: which command runs the service on this machine, and what it needs.

In: the bytes of a manifest and of its config blob. Out: a checked `ProcessImage`, or
`NotAProcessImageError` with a text for a person. Pure. Strict: an unknown key is an error. The format is
the project's own, not Snowflake's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spcs_emulator.runtime.api import runs_elsewhere

ARTIFACT_TYPE = "application/vnd.spcs-milvus.process.v1"
CONFIG_TYPE = "application/vnd.spcs-milvus.process.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"

_KEYS = {"version", "command", "environment", "files", "ports", "mounts", "readiness"}


class NotAProcessImageError(ValueError):
    """The image is none, or one that this version does not understand."""


@dataclass(frozen=True)
class Readiness:
    """How readiness is asked: by a TCP connect when `path` is None, else by HTTP GET, answer 200.

    `port` is the container's port, not the local one.
    """

    port: int
    path: str | None


@dataclass(frozen=True)
class ProcessImage:
    """A process image's config. Values of `environment` that are None remove the variable; without
    `readiness` a container is ready when its process runs.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str | None]
    ports: tuple[int, ...]
    mounts: tuple[str, ...]
    readiness: Readiness | None


@dataclass(frozen=True)
class Parts:
    """The digests of a process image's blobs; `layer` is None when it packs no files."""

    config: str
    layer: str | None


def parts_of(manifest: bytes) -> Parts:
    """The blobs of a process image. NotAProcessImageError when the manifest is another kind of image."""
    value = _object(manifest, "the manifest")
    if value.get("artifactType") != ARTIFACT_TYPE:
        raise NotAProcessImageError(runs_elsewhere("a container image", "docker"))
    config, layers = value.get("config"), value.get("layers")
    if not isinstance(config, dict) or not isinstance(layers, list):
        raise NotAProcessImageError("its manifest has no config or no layers")
    digests = [layer.get("digest") if isinstance(layer, dict) else None for layer in layers]
    if len(digests) > 1 or not all(isinstance(digest, str) for digest in [config.get("digest"), *digests]):
        raise NotAProcessImageError("its manifest must name one config and at most one layer")
    return Parts(str(config["digest"]), str(digests[0]) if digests else None)


def parse(config: bytes) -> ProcessImage:
    """The checked config. NotAProcessImageError, with the key that is wrong, when it is not whole."""
    value = _object(config, "the config")
    unknown = sorted(value.keys() - _KEYS)
    if unknown:
        raise NotAProcessImageError(f"its config has an unknown key: {unknown[0]}")
    if value.get("version") != 1:
        raise NotAProcessImageError(
            f"its config has version {value.get('version')!r}; this local account knows 1"
        )
    _strings(value, "files")
    image = ProcessImage(
        command=_strings(value, "command"),
        environment=_environment(value.get("environment", {})),
        ports=_ports(value.get("ports", [])),
        mounts=_mounts(value),
        readiness=_readiness(value["readiness"]) if "readiness" in value else None,
    )
    if not image.command:
        raise NotAProcessImageError("its config has no command")
    if image.readiness is not None and image.readiness.port not in image.ports:
        raise NotAProcessImageError(
            f"its readiness asks port {image.readiness.port}, which is not among its ports"
        )
    return image


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAProcessImageError(f"{what} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotAProcessImageError(f"{what} is not a JSON object")
    return value


def _strings(value: dict[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise NotAProcessImageError(f"its config's {key} is not a list of strings")
    return tuple(found)


def _mounts(value: dict[str, Any]) -> tuple[str, ...]:
    mounts = _strings(value, "mounts")
    if not all(path.startswith("/") and path.strip("/") and ".." not in path.split("/") for path in mounts):
        raise NotAProcessImageError("its config's mounts must be absolute paths below / and without ..")
    return mounts


def _environment(found: object) -> dict[str, str | None]:
    if not isinstance(found, dict) or not all(isinstance(text, str | None) for text in found.values()):
        raise NotAProcessImageError(
            "its config's environment maps a name to something that is neither string nor null"
        )
    return {str(name): text for name, text in found.items()}


def _ports(found: object) -> tuple[int, ...]:
    if not isinstance(found, list) or not all(type(port) is int and 0 < port < 65536 for port in found):
        raise NotAProcessImageError("its config's ports is not a list of port numbers")
    return tuple(found)


def _readiness(found: object) -> Readiness:
    match found:
        case {"tcp": int(port), **rest} if not rest:
            return Readiness(port, None)
        case {"http": int(port), "path": str(path), **rest} if not rest and path.startswith("/"):
            return Readiness(port, path)
    raise NotAProcessImageError("its config's readiness must be {tcp: PORT} or {http: PORT, path: /PATH}")
