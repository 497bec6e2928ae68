"""Values for placeholders: `?` in their order, `:1` by their number.

In: tokens, and the `bindings` of a request. Out: tokens with constants in place of the placeholders. Touches
nothing. Observed: connectors send each value as text with the name of its type, None as no value.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spcs_emulator.faults import UNBOUND, UNSUPPORTED
from spcs_emulator.statement.tokens import Token


def bound(tokens: tuple[Token, ...], bindings: Mapping[str, Any]) -> tuple[Token, ...]:
    """Return the tokens with every placeholder replaced.

    SqlError 002049 for one without a value, 000002 for a value of a type that no constant here has.
    """
    found: list[Token] = []
    asked = 0
    waiting = iter(tokens)
    for token in waiting:
        if token.kind == "symbol" and token.text == "?":
            asked += 1
            found.extend(_constant(token, "?", bindings.get(str(asked))))
        elif token.kind == "symbol" and token.text == ":":
            number = next(waiting)
            if number.kind != "number":
                raise number.unexpected()
            found.extend(_constant(token, f":{number.text}", bindings.get(number.text)))
        else:
            found.append(token)
    return tuple(found)


def _constant(place: Token, shown: str, binding: Any) -> tuple[Token, ...]:
    if not isinstance(binding, Mapping):
        raise UNBOUND(line=place.line, position=place.position, name=shown)
    kind, value = str(binding.get("type")).upper(), binding.get("value")
    if value is None:
        return (_word(place, "NULL"),)
    if not isinstance(value, str):
        raise UNSUPPORTED(feature="bindings of several values")
    digits = value.removeprefix("-")
    match kind:
        case "TEXT" | "ANY":
            return (replace(place, kind="string", value=value),)
        case "FIXED" if digits.isascii() and digits.isdigit():
            number = replace(place, kind="number", text=digits, value=digits)
            return (replace(place, text="-", value="-"), number) if value != digits else (number,)
        case "BOOLEAN" if value.upper() in ("TRUE", "FALSE"):
            return (_word(place, value.upper()),)
    raise UNSUPPORTED(feature=f"a binding of type {kind} with this value")


def _word(place: Token, word: str) -> Token:
    return replace(place, kind="word", text=word, value=word)
