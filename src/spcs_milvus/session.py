"""Statements → rows: the door to Snowflake, and the one file that imports ``snowflake.connector``.

A :class:`Account` signs in once as the connection's user, learns which roles it may take, and then keeps one
session a role, opened when first needed; threads share a session and use a cursor each. Secondary roles are
off, so that a missing grant shows. A refused sign-in is never tried again. Counts what it sends: looks as
reads, everything else as writes.
"""

import json
import os
import socket
import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from snowflake import connector
from snowflake.connector.config_manager import CONFIG_MANAGER

from spcs_milvus.errors import ConfigError, ConnectError, DeployError, StatementError
from spcs_milvus.hints import ANSWER_LOST, MISSING, SIGN_IN, hint_for
from spcs_milvus.steps import Answer, Look, Statement

# a look waits on the network and nothing else, so one sweep may have many under way
LOOKS_AT_ONCE = 256
LOGIN_SECONDS = 30
ANY_ROLE = ""
_CONTEXT = (
    "SELECT CURRENT_ORGANIZATION_NAME(), CURRENT_ACCOUNT_NAME(), CURRENT_USER(), CURRENT_ROLE(),"
    " CURRENT_AVAILABLE_ROLES(), CURRENT_SECONDARY_ROLES()"
)


@dataclass(frozen=True)
class Identity:
    """Where a session landed: ``account`` is ``organisation-account`` in capitals; ``roles`` are those the
    user may take.
    """

    account: str
    user: str
    role: str | None
    roles: frozenset[str]


class Account:
    """Sessions with one account; ``options`` are the connector's own, a password in them is never shown."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        _past_the_proxy(str(options.get("host") or ""))
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._sessions: dict[str, Any] = {}
        self._lookers = ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="look")
        self._secondary_off = True
        self.reads = 0
        self.writes = 0
        self.written = 0
        self._closed_doors: dict[str, DeployError] = {}
        self.identity = self._sign_in()

    # --- asking and doing
    # -----------------------------------------------------------------------------------------

    def query(self, looks: Collection[Look]) -> dict[Look, Answer]:
        """The answers to all looks, asked at once. A look as a role that is not there (yet) finds nothing.

        Raises StatementError for an error that is neither "missing" nor "forbidden".
        """
        self._open_all({look.role for look in looks if self._may_act_as(look.role)})
        return dict(zip(looks, self._lookers.map(self._look, looks), strict=True))

    def perform(self, statement: Statement) -> None:
        """Runs one statement that changes the account. Raises StatementError.

        Counts as written unless Snowflake refused it: an answer that was lost may have had its effect.
        """
        with self._lock:
            self.writes += 1
            self.written += 1
        try:
            self._run(statement.sql, statement.role)
        except StatementError as error:
            if error.errno is not None and error.errno not in ANSWER_LOST:
                with self._lock:
                    self.written -= 1
            raise

    def registry_token(self, role: str) -> tuple[str, int]:
        """A token for the image registry and the seconds it is good for, of a session with that role.

        The connector's own token request of type ISSUE, as the official CLI sends it. Raises ConnectError
        when none is given.
        """
        session = self._session(role)
        rest = getattr(session, "rest", None) or session._rest
        try:
            given = (rest._token_request("ISSUE") or {}).get("data") or {}
        except connector.errors.Error as error:
            raise _no_token(_said(error)) from error
        if "sessionToken" not in given:
            raise _no_token("the answer holds none")
        return given["sessionToken"], int(given.get("validityInSecondsST") or 3600)

    def sign_in_ahead(self, role: str) -> None:
        """Opens a role's session in the background. A failure shows when the session is needed."""
        self._lookers.submit(self._session, role)

    def refresh_roles(self) -> None:
        """Learns which roles the user may take now, and ends the sessions of roles that are gone."""
        (row,) = self._rows("SELECT CURRENT_AVAILABLE_ROLES()", self._first)
        self.identity = replace(self.identity, roles=frozenset(json.loads(str(row[0]))))
        for role in [role for role in self._sessions if role not in self.identity.roles]:
            self._sessions.pop(role).close()

    def close(self) -> None:
        """Ends every session."""
        self._lookers.shutdown()
        for session in {id(session): session for session in self._sessions.values()}.values():
            session.close()

    # --- one statement
    # --------------------------------------------------------------------------------------------

    def _look(self, look: Look) -> Answer:
        with self._lock:
            self.reads += 1
        if not self._may_act_as(look.role):
            return Answer(missing=True)
        try:
            return Answer(tuple(self._run(look.sql, look.role)))
        except StatementError as error:
            if error.errno in MISSING:
                return Answer(missing=True)
            if error.errno == 3001:
                return Answer(refused=f"the role {look.role} may not see it: {error.problem.summary}")
            raise

    def _run(self, sql: str, role: str) -> list[dict[str, Any]]:
        session = self._session(role)
        try:
            with session.cursor(connector.DictCursor) as cursor:
                cursor.execute(sql)
                return [{key.lower(): value for key, value in row.items()} for row in cursor.fetchall()]
        except connector.errors.Error as error:
            raise _statement_error(error) from error

    def _rows(self, sql: str, session: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            self.reads += 1
        try:
            with session.cursor() as cursor:
                return list(cursor.execute(sql).fetchall())
        except connector.errors.Error as error:
            raise _statement_error(error) from error

    # --- sessions -------------------------------------------------------------------------------------

    def _sign_in(self) -> Identity:
        self._first = self._connect(None)
        (row,) = self._rows(_CONTEXT, self._first)
        organisation, account, user, role, roles, secondary = (
            "" if value is None else str(value) for value in row
        )
        # connectors before 5 do not ask for it at the sign-in, so it is said once more
        self._secondary_off = not json.loads(secondary or "{}").get("roles")
        if not self._secondary_off:
            self._rows("USE SECONDARY ROLES NONE", self._first)
        if role:
            self._sessions[role] = self._first
        available = frozenset(json.loads(roles or "[]"))
        return Identity(f"{organisation}-{account}".upper(), user, role or None, available)

    def _may_act_as(self, role: str) -> bool:
        """A role made during this run is not among those read at the sign-in, but has a session by now."""
        return role in self.identity.roles or role in self._sessions

    def _open_all(self, roles: Collection[str]) -> None:
        """Opens the sessions that are missing, side by side."""
        list(self._lookers.map(self._session, [role for role in roles if role not in self._sessions]))

    def _session(self, role: str) -> Any:
        with self._lock:
            opening = self._opening.setdefault(role, threading.Lock())
        with opening:
            if role not in self._sessions:
                self._sessions[role] = self._open(role)
            return self._sessions[role]

    def _open(self, role: str) -> Any:
        """A new session; a sign-in that was refused once is not tried again, for any role (accounts are
        locked that way).
        """
        for refused in (ANY_ROLE, role):
            if refused in self._closed_doors:
                raise self._closed_doors[refused]
        try:
            session = self._connect(role)
        except ConnectError as error:
            self._closed_doors[ANY_ROLE if error.refused else role] = error
            raise
        if not self._secondary_off:
            self._rows("USE SECONDARY ROLES NONE", session)
        return session

    def _connect(self, role: str | None) -> Any:
        chosen = {"role": role} if role else {}
        try:
            return connector.connect(
                **{
                    "login_timeout": LOGIN_SECONDS,
                    "enable_server_session_keep_alive_auto_detection": False,
                    "application": "spcs_milvus",
                    **self._options,
                    **chosen,
                    "secondary_roles": "NONE",
                }
            )
        except connector.errors.Error as error:
            raise _connect_error(error, self._options, role) from error


def _past_the_proxy(host: str) -> None:
    """An account on this machine is reached directly; the connector heeds nothing but the environment."""
    if host in ("127.0.0.1", "localhost"):
        for name in ("NO_PROXY", "no_proxy"):
            os.environ[name] = ",".join(filter(None, (os.environ.get(name), host)))


def default_connection() -> str:
    """The connection that the official CLI takes when none is named: the environment's, config.toml's,
    `default`.

    Raises ConfigError when the files cannot be read.
    """
    with _readable():
        return str(CONFIG_MANAGER["default_connection_name"])


def known_connections() -> tuple[str, ...]:
    """The names in connections.toml and config.toml, as the connector reads them, sorted.

    Raises ConfigError when they cannot be read.
    """
    with _readable():
        return tuple(sorted(cast(Mapping[str, object], CONFIG_MANAGER["connections"])))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except connector.errors.Error as error:
        hint = "mend the file, or use `-c local`"
        raise ConfigError("the connections cannot be read", detail=_said(error), hint=hint) from error


def reachable(host: str, port: int, seconds: float = 3.0) -> bool:
    """Whether something listens there; a connector asked to sign in to a closed port goes on trying for two
    minutes.
    """
    try:
        with socket.create_connection((host, port), seconds):
            return True
    except OSError:
        return False


def _statement_error(error: Any) -> StatementError:
    errno = error.errno if isinstance(error.errno, int) and error.errno >= 0 else None
    hint = hint_for(errno)
    return StatementError(_said(error), errno=errno, sqlstate=error.sqlstate, query_id=error.sfqid, hint=hint)


def _connect_error(error: Any, options: Mapping[str, Any], role: str | None) -> ConnectError:
    errno = error.errno if isinstance(error.errno, int) else None
    account = options.get("host") or options.get("account") or options.get("connection_name") or "Snowflake"
    said = f"{options.get('user', 'the connection')} at {account}: {_said(error).strip().splitlines()[-1]}"
    if errno in SIGN_IN:
        hint = "check user and password; it was tried once"
        return ConnectError("the sign-in was refused", detail=said, hint=hint, refused=True)
    if role:
        return ConnectError(f"no session as role {role}", detail=said, hint=hint_for(errno))
    hint = hint_for(errno) or "check that the account is up, and host, port and account name"
    return ConnectError("no session with the account", detail=said, hint=hint)


def _no_token(said: str) -> ConnectError:
    hint = "run the command again; it goes on from here"
    return ConnectError("the account gave no token for its image registry", detail=said, hint=hint)


def _said(error: Any) -> str:
    """The server's own words; the connector's text adds request numbers to them."""
    return getattr(error, "raw_msg", None) or str(error)
