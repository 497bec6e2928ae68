"""SELECT and CALL: context functions, system functions and constants.

In: a statement's value. Out: one row. Documented: Context functions, System functions. No tables, so
nothing else.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from spcs_emulator.account import context_functions
from spcs_emulator.account.context import Context
from spcs_emulator.account.context_functions import named
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.query_functions import cancel_all_queries, cancel_query, last_query_id, wait
from spcs_emulator.account.results import Column, ColumnType, Result
from spcs_emulator.account.services import schema_hash
from spcs_emulator.faults import DENIED, INVALID_VALUE, UNKNOWN_FUNCTION, WRONG_ARGUMENTS, SqlError
from spcs_emulator.identity import REGION, VERSION
from spcs_emulator.objects.compute_pool import status_message
from spcs_emulator.objects.job import cancel_job
from spcs_emulator.objects.service_logs import service_logs
from spcs_emulator.objects.waiting import wait_for, wait_for_services, wait_for_status
from spcs_emulator.statement.reader import name_in
from spcs_emulator.statement.values import Call, Identifier, Name, ObjectKind, Select

_SCHEMA_PARTS = 2
_REPOSITORY_PARTS = 3


def select(context: Context, statement: Select) -> Result | Pending[Result]:
    """Return the one row, later when a function in it waits for something. 002140 for an unknown function,
    000938 for arguments it does not take.
    """
    values = [_value(context, item.value) for item in statement.items]
    if any(isinstance(value, Pending) for value in values):
        return Pending(partial(_waited_for, statement, values))
    return _row(statement, values)


def _waited_for(statement: Select, values: list[Any]) -> Result | None:
    """Return the row once nothing in it waits any more."""
    found = [value.until() if isinstance(value, Pending) else value for value in values]
    waits = any(isinstance(value, Pending) and one is None for value, one in zip(values, found, strict=True))
    return None if waits else _row(statement, found)


def _row(statement: Select, values: list[Any]) -> Result:
    shape = tuple(
        Column(item.heading, _type(value)) for item, value in zip(statement.items, values, strict=True)
    )
    return Result(shape, (tuple(values),), "select")


def described(statement: Select) -> Select:
    """Return the statement with a text in place of every call that may do something, to learn its columns.
    Each SYSTEM$ function, and each method of a service, answers with a text.
    """
    return Select(
        tuple(
            replace(item, value="")
            if isinstance(item.value, Call)
            and (item.value.service is not None or item.value.function.startswith("SYSTEM$"))
            else item
            for item in statement.items
        )
    )


def _type(value: Any) -> ColumnType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, datetime):
        return "timestamp_ltz"
    if isinstance(value, date):
        return "date"
    return "fixed" if isinstance(value, int) else "text"


def _value(context: Context, value: Any) -> Any:
    if not isinstance(value, Call):
        return value
    function = (FUNCTIONS if value.service is None else SERVICE_METHODS).get(value.function)
    if function is None:
        raise UNKNOWN_FUNCTION(name=value.function)
    arguments: tuple[Any, ...] = value.arguments
    if value.service is not None:
        arguments = (context.get(ObjectKind.SERVICE, value.service), *arguments)
    try:
        inspect.signature(function.run).bind(context, *arguments)
    except TypeError:
        raise _wrong_arguments(value) from None
    return function.run(context, *arguments)


def _wrong_arguments(call: Call) -> SqlError:
    return WRONG_ARGUMENTS(line=call.line, position=call.position, name=call.function)


def _service(context: Context, text: Any) -> AccountObject:
    return context.get(ObjectKind.SERVICE, name_in(str(text)))


def _pool_status(context: Context, text: Any) -> str:
    pool = context.use(ObjectKind.COMPUTE_POOL, name_in(str(text), 1), "MONITOR")
    return json.dumps(
        {
            "name": pool.name,
            "status": context.world.life.pool_state(pool),
            "message": status_message(context, pool),
        }
    )


def _login_failure(context: Context, number: Any) -> str | None:
    """Return why a key pair was refused, None for a number that is not known (any more)."""
    if not context.access.on_account("MONITOR"):
        raise DENIED(kind="account", name="ACCOUNT")
    found = context.world.login_failures.get(str(number))
    return json.dumps(found) if found else None


def _dns_domain(context: Context, text: Any) -> str:
    schema = context.get(ObjectKind.SCHEMA, name_in(str(text), _SCHEMA_PARTS))
    return f"{schema_hash(schema.key)}.svc.spcs.internal"


def _service_status(context: Context, name: Any, wait_seconds: Any = 0) -> str | Pending[str]:
    return wait_for_status(context, _service(context, name), wait_seconds)


def _wait_for_services(context: Context, seconds: Any, *names: Any) -> Pending[str]:
    return wait_for_services(context, [_service(context, name) for name in names], seconds)


def _list_images(context: Context, path: Any) -> str:
    """Return the names of the images in the repository "/db/schema/repository". 001008 for another path."""
    parts = str(path).strip("/").upper().split("/")
    if len(parts) != _REPOSITORY_PARTS or not all(parts):
        raise INVALID_VALUE(name="path", value=path, why=": it is /database/schema/repository")
    name = Name(tuple(Identifier(part) for part in parts))
    repository = context.use(ObjectKind.IMAGE_REPOSITORY, name, "READ")
    images = context.catalogue.images.values()
    return json.dumps({"images": sorted({one.name for one in images if one.repository == repository.key})})


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
    service = _service(context, name)
    return service_logs(context, service, instance, container, lines, previous, since, timestamps)


@dataclass(frozen=True)
class Function:
    """A function: called with the context and the constants written, and where we know it from."""

    run: Callable[..., Any]
    source: str


FUNCTIONS: Mapping[str, Function] = {
    "CURRENT_ROLE": Function(
        lambda context: named(context, context.access.primary), "documented: CURRENT_ROLE"
    ),
    "CURRENT_AVAILABLE_ROLES": Function(
        context_functions.available_roles, "documented: CURRENT_AVAILABLE_ROLES"
    ),
    "CURRENT_SECONDARY_ROLES": Function(
        context_functions.secondary_roles, "documented: CURRENT_SECONDARY_ROLES"
    ),
    "CURRENT_USER": Function(
        lambda context: named(context, context.session.user), "documented: CURRENT_USER"
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
        lambda context: named(context, context.session.database), "documented: CURRENT_DATABASE"
    ),
    "CURRENT_SCHEMA": Function(
        lambda context: named(context, context.session.schema), "documented: CURRENT_SCHEMA"
    ),
    "CURRENT_WAREHOUSE": Function(
        lambda context: named(context, context.session.warehouse), "documented: CURRENT_WAREHOUSE"
    ),
    "CURRENT_SESSION": Function(lambda context: str(context.session.number), "documented: CURRENT_SESSION"),
    "CURRENT_SCHEMAS": Function(context_functions.schemas, "documented: CURRENT_SCHEMAS"),
    "CURRENT_CLIENT": Function(lambda context: context.session.client, "documented: CURRENT_CLIENT"),
    "CURRENT_STATEMENT": Function(
        lambda context: context.query.text, "documented: CURRENT_STATEMENT; assumed: as it is kept"
    ),
    "CURRENT_TRANSACTION": Function(
        lambda _: None, "documented: CURRENT_TRANSACTION; assumed: always NULL, as there are no transactions"
    ),
    "CURRENT_IP_ADDRESS": Function(
        lambda _: "127.0.0.1", "documented: CURRENT_IP_ADDRESS; assumed: the client is on this machine"
    ),
    "CURRENT_DATE": Function(context_functions.today, "documented: CURRENT_DATE"),
    "CURRENT_TIMESTAMP": Function(
        context_functions.now, "documented: CURRENT_TIMESTAMP; assumed: milliseconds only"
    ),
    "IS_ROLE_IN_SESSION": Function(context_functions.role_in_session, "documented: IS_ROLE_IN_SESSION"),
    "LAST_QUERY_ID": Function(last_query_id, "documented: LAST_QUERY_ID"),
    "SYSTEM$WAIT": Function(wait, "documented: SYSTEM$WAIT"),
    "SYSTEM$CANCEL_QUERY": Function(
        cancel_query,
        "documented: SYSTEM$CANCEL_QUERY; assumed: one's own statements only, and its texts",
    ),
    "SYSTEM$CANCEL_ALL_QUERIES": Function(
        cancel_all_queries,
        "documented: SYSTEM$CANCEL_ALL_QUERIES; assumed: one's own statements only, and its text",
    ),
    "SYSTEM$BOOTSTRAP_DATA_REQUEST": Function(
        context_functions.bootstrap_data,
        "observed: snowddl and titan send it; assumed: the keys beside theirs",
    ),
    "SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES": Function(
        lambda _: "[]", "documented: SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES; assumed: no bundle is active"
    ),
    "SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS": Function(
        lambda _, _name: "DISABLED",
        "documented: SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS; assumed: every bundle is off",
    ),
    "SYSTEM$GET_LOGIN_FAILURE_DETAILS": Function(
        _login_failure,
        "documented: SYSTEM$GET_LOGIN_FAILURE_DETAILS; assumed: MONITOR on the account is needed, and the "
        "keys beside errorCode",
    ),
    "SYSTEM$GET_SERVICE_STATUS": Function(
        _service_status,
        "documented: SYSTEM$GET_SERVICE_STATUS; assumed: it waits for all containers to be READY or DONE",
    ),
    "SYSTEM$WAIT_FOR_SERVICES": Function(
        _wait_for_services,
        "documented: SYSTEM$WAIT_FOR_SERVICES; assumed: it fails as soon as one cannot get there any more",
    ),
    "SYSTEM$REGISTRY_LIST_IMAGES": Function(
        _list_images, "observed: an older alternative to SHOW IMAGES; assumed: the keys of its answer"
    ),
    "SYSTEM$GET_COMPUTE_POOL_PENDING_MAINTENANCE": Function(
        lambda _: "[]",
        "documented: SYSTEM$GET_COMPUTE_POOL_PENDING_MAINTENANCE; assumed: a list, and nothing is pending",
    ),
    "SYSTEM$GET_SERVICE_LOGS": Function(
        _service_logs,
        "documented: SYSTEM$GET_SERVICE_LOGS; observed: the last arguments, sent by the official CLI; "
        "assumed: a line's time is when it was noticed, at most a fifth of a second late",
    ),
    "SYSTEM$GET_SERVICE_DNS_DOMAIN": Function(_dns_domain, "documented: SYSTEM$GET_SERVICE_DNS_DOMAIN"),
    "SYSTEM$GET_COMPUTE_POOL_STATUS": Function(
        _pool_status, "observed: the official CLI sends it; assumed: the keys of its answer"
    ),
}

# Called with the service before its own arguments.
SERVICE_METHODS: Mapping[str, Function] = {
    "SPCS_WAIT_FOR": Function(wait_for, "documented: SPCS_WAIT_FOR; assumed: the text of its answer"),
    "SPCS_CANCEL_JOB": Function(cancel_job, "documented: SPCS_CANCEL_JOB; assumed: the text of its answer"),
}
