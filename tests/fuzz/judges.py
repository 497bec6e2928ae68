"""Statements, as three who know nothing of each other read them: the tokenizer that proves our templates,
sqlglot's for Snowflake, and the parser of the local account.

In: the text of a statement. Out: how many tokens it has to each, and what it says, as plain data. Touches
nothing.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from sqlglot.dialects.snowflake import Snowflake

from spcs_emulator.statement.parse import parse, read
from spcs_emulator.statement.tokens import tokenize
from spcs_emulator.statement.values import Identifier, Statement
from spcs_milvus.tokens import tokens

_SQLGLOT = Snowflake()


def counts(sql: str) -> tuple[int, int, int]:
    """The number of tokens to each of the three. Raises what they raise for what is no SQL."""
    return len(tokens(sql)), len(_SQLGLOT.tokenize(sql)), len(tokenize(sql))


def understood(sql: str) -> Statement:
    """The one statement that the local account reads. Raises SqlError."""
    (written,) = read(sql)
    return parse(written)


def said(value: Any) -> Any:
    """What a statement says: names without their quotes, and what stands in JSON as the data it is."""
    if isinstance(value, Identifier):
        return value.text
    if dataclasses.is_dataclass(value):
        return {field.name: said(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: said(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [said(item) for item in value]
    return json.loads(value) if isinstance(value, str) and value.startswith('{"spec":') else value


def instead(data: Any, old: str, new: str) -> Any:
    """The data with another text in place of one, in keys too, also where it is a part of a text."""
    if isinstance(data, dict):
        return {instead(key, old, new): instead(item, old, new) for key, item in data.items()}
    if isinstance(data, list):
        return [instead(item, old, new) for item in data]
    return data.replace(old, new) if isinstance(data, str) else data
