"""A service's specification as plain data: the form two are compared in, and what is read out of one.

Comes in: what is declared, or what DESCRIBE SERVICE shows. Goes out: plain data, and how two of them differ.
Touches nothing.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from spcs_milvus.secrets import MASK, looks_secret

# documented: service specification; assumed: what has no default there is filled in by nobody
_NEVER_FILLED_IN = frozenset(
    "args capabilities command corsSettings directoryPath endpoints envVarName livenessProbe portRange "
    "readinessProbe secrets serviceRoles volumeMounts volumes".split()
)


def listed(specification: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The items of one of the specification's lists (``containers``, ``endpoints``, ``volumes``)."""
    return (specification.get("spec") or {}).get(key) or []


def image_digests(specification: Mapping[str, Any]) -> dict[str, str]:
    """The digest of the image of each container, where Snowflake tells it (documented: DESCRIBE SERVICE,
    ``sha256: "@sha256:…"``).
    """
    containers = listed(specification, "containers")
    return {one["name"]: one["sha256"].removeprefix("@") for one in containers if one.get("sha256")}


def canonical(specification: Any) -> Any:
    """A specification in the form two are compared in: every scalar is text, since DESCRIBE SERVICE quotes
    them all.
    """
    if isinstance(specification, Mapping):
        found = {str(key): canonical(value) for key, value in specification.items()}
        # documented: service specification, a secret's name is short for the name of the object
        if isinstance(found.get("snowflakeSecret"), str):
            found["snowflakeSecret"] = {"objectName": found["snowflakeSecret"]}
        return found
    if isinstance(specification, list | tuple):
        return [canonical(item) for item in specification]
    if isinstance(specification, bool):
        return "true" if specification else "false"
    return f"{specification:g}" if isinstance(specification, float) else str(specification)


def managed(wanted: Any, shown: Any) -> Any:
    """``shown`` without the keys that Snowflake fills in: those of its mappings that ``wanted`` does not
    have.

    ``env`` is ours as a whole, and so is the length of every list, and what Snowflake has no default for: a
    variable, container or command that somebody added is a difference.
    """
    if isinstance(wanted, dict) and isinstance(shown, dict):
        mine = [key for key in shown if key in wanted or (key in _NEVER_FILLED_IN and shown[key])]
        kept = {key: managed(wanted.get(key), shown[key]) for key in mine}
        if isinstance(shown.get("env"), dict):
            kept["env"] = shown["env"]
        return kept
    if isinstance(wanted, list) and isinstance(shown, list) and len(wanted) == len(shown):
        return [managed(one, other) for one, other in zip(wanted, shown, strict=True)]
    return shown


def volumes(specification: Mapping[str, Any], asked: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The block volumes, each as ``name size`` and its limits; what cannot change without losing what is on
    them.

    Of a specification that Snowflake shows, only the limits that were ``asked`` for count; the rest it
    filled in.
    """
    limits = {volume["name"]: _limits(volume) for volume in _blocks(asked or specification)}
    return tuple(
        sorted(
            " ".join((volume["name"], volume["size"], *_written(volume, limits.get(volume["name"], ()))))
            for volume in _blocks(specification)
        )
    )


def _blocks(specification: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [volume for volume in listed(specification, "volumes") if volume.get("source") == "block"]


def _limits(volume: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key in ("iops", "throughput") if key in (volume.get("blockConfig") or {}))


def _written(volume: Mapping[str, Any], limits: tuple[str, ...]) -> Iterator[str]:
    return (f"{key} {(volume.get('blockConfig') or {}).get(key)}" for key in limits)


# --- how two of them differ -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Hunk:
    """One part that differs: its ``path``, and lines of YAML, each behind ``-`` (as it is), ``+`` (as it will
    be) or a blank (both).
    """

    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ImageChange:
    """Another image for a container. A digest is None where nobody knows it yet, or tells it."""

    container: str
    actual: str
    desired: str
    actual_digest: str | None = None
    desired_digest: str | None = None


def hunks(actual: Any, desired: Any, path: str = "") -> Iterator[Hunk]:
    """What differs between two specifications in canonical form, as far in as both have mappings or lists of
    named things.
    """
    one, other = keyed(actual), keyed(desired)
    if one is None or other is None:
        if actual != desired:
            yield Hunk(path, tuple(_unified(actual, desired)))
        return
    differing = [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]
    deeper = [key for key in differing if _goes_deeper(one.get(key), other.get(key))]
    here = [key for key in differing if key not in deeper]
    if here:
        parts = [_part(value, items, here) for value, items in ((actual, one), (desired, other))]
        yield Hunk(path, tuple(_unified(*parts)))
    for key in deeper:
        yield from hunks(one[key], other[key], f"{path}.{key}" if path else key)


def keyed(value: Any) -> dict[str, Any] | None:
    """A mapping, or a list of named things as one; None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {str(item["name"]): item for item in value}
    return None


def image_changes(
    actual: Any, desired: Any, was: Mapping[str, str], becomes: Mapping[str, str]
) -> tuple[ImageChange, ...]:
    """The containers that get another image. ``was`` has the digests by container, ``becomes`` by image."""
    before, after = (keyed(listed(one, "containers")) or {} for one in (actual or {}, desired))
    return tuple(
        ImageChange(name, before[name]["image"], image, was.get(name), becomes.get(image))
        for name, image in ((name, container["image"]) for name, container in after.items())
        if name in before and before[name]["image"] != image
    )


def masked(value: Any, other: Any, mask: str) -> Any:
    """``value`` with ``mask`` in place of every text that sounds secret and is not the same in ``other``:
    those of ``env``, and words of a command line. Where both are the same, it is a plain mask.

    ``other`` is the specification it is compared with, or the same part of it.
    """
    if isinstance(value, dict):
        others = keyed(other) or {}
        return {
            key: _masked_env(item, others.get(key), mask)
            if key == "env" and isinstance(item, dict)
            else masked(item, others.get(key), mask)
            for key, item in value.items()
        }
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _masked_words(value, other if isinstance(other, list) else [], mask)
    if isinstance(value, list):
        others = keyed(other) or {}
        names = [str(item.get("name")) if isinstance(item, dict) else "" for item in value]
        return [masked(item, others.get(name), mask) for item, name in zip(value, names, strict=True)]
    return value


def _masked_env(env: Mapping[str, Any], other: Any, mask: str) -> dict[str, Any]:
    others = other if isinstance(other, dict) else {}
    return {
        key: (MASK if others.get(key) == value else mask) if looks_secret(key) else value
        for key, value in env.items()
    }


def _masked_words(words: Sequence[str], other: Sequence[Any], mask: str) -> list[str]:
    """``--password=x`` and ``--password x``; a word without a value before it is shown."""
    found = []
    for at, word in enumerate(words):
        sign = MASK if other[at : at + 1] == [word] else mask
        name, equals, _ = word.partition("=")
        before = words[at - 1] if at else ""
        if equals and looks_secret(name):
            found.append(f"{name}={sign}")
        elif before.startswith("-") and "=" not in before and looks_secret(before):
            found.append(sign)
        else:
            found.append(word)
    return found


def _goes_deeper(one: Any, other: Any) -> bool:
    """Whether two parts are shown by themselves: mappings, lists of named things, and other lists."""
    return None not in (keyed(one), keyed(other)) or (isinstance(one, list) and isinstance(other, list))


def _part(value: Any, items: Mapping[str, Any], keys: Sequence[str]) -> Any:
    """As much of a mapping or list as those keys are."""
    kept = {key: items[key] for key in keys if key in items}
    return list(kept.values()) if isinstance(value, list) else kept


def _unified(actual: Any, desired: Any) -> Iterator[str]:
    before, after = (_yaml(one) for one in (actual, desired))
    compared = difflib.unified_diff(before, after, lineterm="")
    for line in list(compared)[3:]:
        yield "…" if line.startswith("@@") else line


def _yaml(part: Any) -> list[str]:
    if not part:
        return []
    return yaml.safe_dump(part, allow_unicode=True, width=10_000).removesuffix("...\n").splitlines()
