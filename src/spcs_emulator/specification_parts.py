"""The small checks a specification is made of: each takes a value and its path, and returns the checked
value.

In: parsed YAML. Out: the value, or 395018 that names the path. Touches nothing.
"""

import re
from typing import Any

from spcs_emulator.faults import INVALID_SPEC, SqlError

_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_AMOUNT = re.compile(r"([0-9]+(\.[0-9]+)?)(Mi|Gi|M|G)")
_UNITS = {"Mi": 2**20, "Gi": 2**30, "M": 10**6, "G": 10**9}
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


def refused(why: str) -> SqlError:
    """Return the refusal of a specification."""
    return INVALID_SPEC(why=why)


def fields(value: Any, path: str, keys: str, must: str = "") -> dict[str, Any]:
    """Return the mapping, whose keys are all among `keys` and hold all of `must` (both separated by
    blanks).
    """
    if not isinstance(value, dict):
        raise refused(f"invalid '{path}'. Not a mapping" if path else "not a mapping")
    known = keys.split()
    for key in value:
        if key not in known:
            where = f" for '{path}'" if path else ""
            raise refused(f"unknown option '{key}'{where}.")
    for key in must.split():
        if value.get(key) is None:
            raise refused(f"missing option '{key}'" + (f" for '{path}'." if path else "."))
    for key, inner in value.items():
        if inner is None:
            raise refused(f"invalid '{path}.{key}'. Value is empty")
    return dict(value)


def items(value: Any, path: str, most: int | None = None) -> list[tuple[Any, str]]:
    """Return the list's entries with their paths; nothing for None. A list that is there holds something."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise refused(f"invalid '{path}'. Not a list")
    if not value:
        raise refused(f"invalid '{path.rsplit('.', maxsplit=1)[-1]}'. Value is empty")
    if most is not None and len(value) > most:
        raise refused(f"'{path}' has more than {most} entries")
    return [(entry, f"{path}[{index}]") for index, entry in enumerate(value)]


def mapping(value: Any, path: str) -> dict[Any, Any]:
    """Return the mapping, whatever its keys."""
    if not isinstance(value, dict):
        raise refused(f"invalid '{path}'. Not a mapping")
    return dict(value)


def string(value: Any, path: str) -> str:
    """Return the string; a number or boolean is none (documented: values are strings)."""
    if not isinstance(value, str):
        raise refused(f"invalid '{path}'. Value must be a string")
    return value


def strings(value: Any, path: str) -> list[str]:
    """Return the list of strings, at least one."""
    return [string(entry, inner) for entry, inner in items(value, path)]


def label(value: Any, path: str) -> str:
    """Return the name, checked against the rule for names in a specification."""
    text = string(value, path)
    if not _LABEL.fullmatch(text):
        raise INVALID_SPEC(
            why=f"invalid '{path}': '{text}' must be lower-case letters, digits and '-', at most 63, "
            "and start with a letter"
        )
    return text


def boolean(value: Any, path: str) -> bool:
    """Return the boolean; the texts true and false count, as the normalised form writes them."""
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise refused(f"invalid '{path}'. Value must be true or false")
    return value


def integer(value: Any, path: str, least: int, most: int | None = None) -> int:
    """Return the whole number between `least` and `most`; a text of digits counts."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise refused(f"invalid '{path}'. Value must be a whole number")
    if value < least or (most is not None and value > most):
        bounds = f"at least {least}" if most is None else f"between {least} and {most}"
        raise refused(f"invalid '{path}': {value} is not {bounds}")
    return value


def port(value: Any, path: str) -> int:
    """Return the port number."""
    return integer(value, path, 1, 65535)


def choice(value: Any, path: str, allowed: tuple[str, ...], keep_case: bool = False) -> str:
    """Return the one of `allowed` that the value is, in any case unless `keep_case`."""
    text = string(value, path)
    found = text if keep_case else text.upper()
    if found not in allowed:
        raise refused(f"invalid '{path}': '{text}' is not one of {', '.join(allowed)}")
    return found


def cores(value: Any, path: str) -> float:
    """Return cores of `0.5`, `2` or `500m`."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(m?)", str(value))
    if isinstance(value, bool) or not match or float(match[1]) <= 0:
        raise refused(f"invalid '{path}': {value}")
    return float(match[1]) / (1000 if match[2] else 1)


def amount(value: Any, path: str, whole: bool = False) -> int:
    """Return bytes of `512Mi`, `2G`, …. Documented: units M, Mi, G, Gi, so a number without one is refused;
    `whole` refuses fractions too.
    """
    match = _AMOUNT.fullmatch(str(value))
    if not match or float(match[1]) <= 0 or (whole and match[2]):
        raise refused(f"invalid '{path}': {value}")
    return int(float(match[1]) * _UNITS[match[3]])


def matching(value: Any, path: str, pattern: str) -> str:
    """Return the string, all of which matches the regular expression."""
    text = string(value, path)
    if not re.fullmatch(pattern, text):
        raise refused(f"invalid '{path}': {text}")
    return text


def variable(name: Any, path: str) -> str:
    """Return the name of an environment variable. Assumed: letters, digits, '_', '-' and '.', no digit
    first.
    """
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
        raise refused(f"invalid name '{name}' in '{path}'")
    return name


def plain(value: Any, path: str) -> Any:
    """Return any value; mappings in it have strings for keys, so that it can be kept as JSON."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise refused(f"invalid name '{key}' in '{path}'")
        return {key: plain(inner, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    return value
