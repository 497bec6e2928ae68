"""SELECT and CALL: context functions, system functions and constants.

In: a statement's value. Out: one row. Documented: Context functions, System functions. No tables, so
nothing else.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spcs_emulator.account.access import assigned_roles
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import Column, ColumnType, Result
from spcs_emulator.account.services import schema_hash
from spcs_emulator.faults import UNKNOWN_FUNCTION, WRONG_ARGUMENTS, SqlError
from spcs_emulator.identity import REGION, VERSION
from spcs_emulator.objects.compute_pool import status_message
from spcs_emulator.objects.service_views import service_logs, service_status
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.tokens import tokenize
from spcs_emulator.statement.values import Call, Name, ObjectKind, Select

_SCHEMA_PARTS = 2


def select(context: Context, statement: Select) -> Result:
    """Return the one row. 002140 for an unknown function, 000938 for arguments it does not take."""
    values = [_value(context, item.value) for item in statement.items]
    shape = tuple(
        Column(item.heading, _type(value)) for item, value in zip(statement.items, values, strict=True)
    )
    return Result(shape, (tuple(values),), "select")


def _type(value: Any) -> ColumnType:
    if isinstance(value, bool):
        return "boolean"
    return "fixed" if isinstance(value, int) else "text"


def _value(context: Context, value: Any) -> Any:
    if not isinstance(value, Call):
        return value
    function = FUNCTIONS.get(value.function)
    if function is None:
        raise UNKNOWN_FUNCTION(name=value.function)
    try:
        inspect.signature(function.run).bind(context, *value.arguments)
    except TypeError:
        raise _wrong_arguments(value) from None
    return function.run(context, *value.arguments)


def _wrong_arguments(call: Call) -> SqlError:
    return WRONG_ARGUMENTS(line=call.line, position=call.position, name=call.function)


def name_of_text(text: Any, most: int = 3) -> Name:
    """Return the name written in a string argument. 001003 when it is none."""
    reader = Reader(tokenize(str(text)))
    name = reader.name(most)
    reader.finish()
    return name


def _service(context: Context, text: Any) -> AccountObject:
    return context.get(ObjectKind.SERVICE, name_of_text(text))


def _available_roles(context: Context) -> str:
    roles = assigned_roles(context.catalogue, context.session.user)
    return json.dumps(sorted(context.catalogue.name_of(role) for role in roles))


def _secondary_roles(context: Context) -> str:
    if not context.session.secondary:
        return json.dumps({"roles": "", "value": ""})
    roles = assigned_roles(context.catalogue, context.session.user) - {context.access.primary}
    names = ",".join(sorted(context.catalogue.name_of(role) for role in roles))
    return json.dumps({"roles": names, "value": "ALL"})


def _pool_status(context: Context, text: Any) -> str:
    pool = context.use(ObjectKind.COMPUTE_POOL, name_of_text(text, 1), "MONITOR")
    return json.dumps(
        {
            "name": pool.name,
            "status": context.world.life.pool_state(pool),
            "message": status_message(context, pool),
        }
    )


def _dns_domain(context: Context, text: Any) -> str:
    schema = context.get(ObjectKind.SCHEMA, name_of_text(text, _SCHEMA_PARTS))
    return f"{schema_hash(schema.key)}.svc.spcs.internal"


def _service_status(context: Context, name: Any, wait_seconds: Any = 0) -> str:
    del wait_seconds  # The answer is given at once; waiting is the caller's to do.
    return service_status(context, _service(context, name))


def _service_logs(
    context: Context,
    name: Any,
    instance: Any,
    container: Any,
    lines: Any = 500,
    previous: Any = False,
    since: Any = "",
    timestamps: Any = False,
) -> str:
    del since, timestamps  # Logs here carry no times; everything is given.
    return service_logs(context, _service(context, name), instance, container, lines, previous)


def _named(context: Context, key: str | None) -> str | None:
    return context.catalogue.name_of(key) or None


@dataclass(frozen=True)
class Function:
    """A function: called with the context and the constants written, and where we know it from."""

    run: Callable[..., Any]
    source: str


FUNCTIONS: Mapping[str, Function] = {
    "CURRENT_ROLE": Function(
        lambda context: _named(context, context.access.primary), "documented: CURRENT_ROLE"
    ),
    "CURRENT_AVAILABLE_ROLES": Function(_available_roles, "documented: CURRENT_AVAILABLE_ROLES"),
    "CURRENT_SECONDARY_ROLES": Function(_secondary_roles, "documented: CURRENT_SECONDARY_ROLES"),
    "CURRENT_USER": Function(
        lambda context: _named(context, context.session.user), "documented: CURRENT_USER"
    ),
    "CURRENT_ACCOUNT": Function(
        lambda context: context.world.identity.locator, "documented: CURRENT_ACCOUNT"
    ),
    "CURRENT_ACCOUNT_NAME": Function(
        lambda context: context.world.identity.name, "documented: CURRENT_ACCOUNT_NAME"
    ),
    "CURRENT_ORGANIZATION_NAME": Function(
        lambda context: context.world.identity.organization, "documented: CURRENT_ORGANIZATION_NAME"
    ),
    "CURRENT_REGION": Function(lambda _: REGION, "documented: CURRENT_REGION"),
    "CURRENT_VERSION": Function(lambda _: VERSION, "documented: CURRENT_VERSION"),
    "CURRENT_DATABASE": Function(
        lambda context: _named(context, context.session.database), "documented: CURRENT_DATABASE"
    ),
    "CURRENT_SCHEMA": Function(
        lambda context: _named(context, context.session.schema), "documented: CURRENT_SCHEMA"
    ),
    "CURRENT_WAREHOUSE": Function(
        lambda context: _named(context, context.session.warehouse), "documented: CURRENT_WAREHOUSE"
    ),
    "CURRENT_SESSION": Function(lambda context: str(context.session.number), "documented: CURRENT_SESSION"),
    "SYSTEM$GET_SERVICE_STATUS": Function(
        _service_status,
        "documented: SYSTEM$GET_SERVICE_STATUS; assumed: it answers at once, the wait is the caller's",
    ),
    "SYSTEM$GET_SERVICE_LOGS": Function(
        _service_logs,
        "documented: SYSTEM$GET_SERVICE_LOGS; observed: the last arguments, sent by the official CLI",
    ),
    "SYSTEM$GET_SERVICE_DNS_DOMAIN": Function(_dns_domain, "documented: SYSTEM$GET_SERVICE_DNS_DOMAIN"),
    "SYSTEM$GET_COMPUTE_POOL_STATUS": Function(
        _pool_status, "observed: the official CLI sends it; assumed: the keys of its answer"
    ),
}
