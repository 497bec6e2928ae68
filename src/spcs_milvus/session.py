"""Statements → rows: the door to Snowflake, and the one file that imports ``snowflake.connector``.

A :class:`Session` is one sign-in; threads share it and use a cursor each. Comes in: the connector's options.
Goes out: rows and our own errors. Touches the network, and the connector's files where the connections are
written down.
"""

import io
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from snowflake import connector
from snowflake.connector.config_manager import CONFIG_MANAGER
from snowflake.connector.network import ReauthenticationRequest

from spcs_milvus.connections import Written
from spcs_milvus.errors import ConfigError, ConnectError, StatementError
from spcs_milvus.hints import REFUSED, SESSION_OVER, SIGN_IN, hint_for

LOGIN_SECONDS = 30
# How long a statement may take, and how long one request of it may stay without an answer; a real account
# says every 45 s that a statement is in progress (observed). Both generations send a request again by
# themselves, under its own number, so that nothing is done twice (observed with 5.2 and 4.8: cut, 429, 503).
# Left alone, 5.2 waits 300 s for each of six requests, and for ever on one that is in progress; 4.8 tries an
# account that is gone for ever.
PATIENCE_SECONDS, LOCAL_PATIENCE_SECONDS = 600, 10
ANSWER_SECONDS = 60
# Observed with connector 4.8: its log shows the start of each statement, not every secret masked.
LOGGED_CHARACTERS = 16
_GENERATION = int(connector.__version__.partition(".")[0])
# Observed with 5.2 on Python 3.11: a connection that the garbage collector finds, closed or not, sets a
# context variable, and where that happens in the midst of setting another one the process crashes (a use
# after free, as its core file shows). Ours are closed by us.
_NO_CLEANUP = {"auto_cleanup": False} if _GENERATION >= 5 else {}
_LOOPBACK = ("127.0.0.1", "localhost")
_REFUSALS = (connector.errors.ProgrammingError, connector.errors.IntegrityError)
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class Session:
    """One session of the connector. Every method raises our errors in place of the connector's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, sql: str) -> list[dict[str, Any]]:
        """The rows of one statement by lower-case column name. Raises StatementError."""
        with _statement_errors(), self._connection.cursor(connector.DictCursor) as cursor:
            cursor.execute(sql)
            return [{key.lower(): value for key, value in row.items()} for row in cursor.fetchall()]

    def put(self, sql: str, content: bytes) -> None:
        """Runs a PUT that takes these bytes in place of a local file. Raises StatementError."""
        with _statement_errors(), self._connection.cursor() as cursor:
            cursor.execute(sql, file_stream=io.BytesIO(content))

    def row(self, sql: str) -> tuple[Any, ...]:
        """The one row of a statement, by position. Raises StatementError."""
        with _statement_errors(), self._connection.cursor() as cursor:
            (row,) = cursor.execute(sql).fetchall()
            return tuple(row)

    def registry_token(self) -> tuple[str, int]:
        """A token for the image registry and the seconds it is good for.

        The connector's own token request of type ISSUE, as the official CLI sends it. Raises StatementError
        when none is given.
        """
        rest = getattr(self._connection, "rest", None) or self._connection._rest
        with _statement_errors():
            given = (rest._token_request("ISSUE") or {}).get("data") or {}
        if "sessionToken" not in given:
            raise StatementError("the answer holds no token", errno=None, sqlstate=None, query_id=None)
        return given["sessionToken"], int(given.get("validityInSecondsST") or 3600)

    def close(self) -> None:
        """Ends the session."""
        self._connection.close()


def connect(options: Mapping[str, Any], role: str | None) -> Session:
    """Signs in as ``role`` (None: the connection's or the user's own), once. Raises ConnectError."""
    chosen = {"role": role} if role else {}
    past_the_proxy(str(options.get("host") or ""))
    settings = {
        "login_timeout": LOGIN_SECONDS,
        **_patience(options),
        **_NO_CLEANUP,
        "enable_server_session_keep_alive_auto_detection": False,
        "application": "spcs_milvus",
        **_with_key(options),
        **chosen,
        "secondary_roles": "NONE",
        "log_max_query_length": LOGGED_CHARACTERS,
    }
    try:
        return Session(connector.connect(**settings))
    except connector.errors.Error as error:
        raise _connect_error(error, options, role) from error


def _patience(options: Mapping[str, Any]) -> dict[str, int]:
    """Under the names of the connector's generation, but for what the connection sets under the older ones:
    5 takes those, too, and would heed ours before them.
    """
    if _GENERATION >= 5:
        ours = {"network_timeout": ("query_timeout", PATIENCE_SECONDS)}
        ours |= {"socket_timeout": ("retry_timeout", ANSWER_SECONDS)}
        return dict(limit for older, limit in ours.items() if older not in options)
    threading.excepthook = _hush
    seconds = LOCAL_PATIENCE_SECONDS if options.get("host") in _LOOPBACK else PATIENCE_SECONDS
    return {"network_timeout": seconds, "socket_timeout": min(seconds, ANSWER_SECONDS)}


def _hush(failed: threading.ExceptHookArgs) -> None:
    """Connector 4.8 cancels a statement from a thread of its own; that this failed is no news beside the
    statement's own failure.
    """
    if not issubclass(failed.exc_type, connector.errors.Error):
        threading.__excepthook__(failed)


def past_the_proxy(host: str) -> None:
    """An account on this machine is reached directly; the connector heeds nothing but the environment."""
    if host in _LOOPBACK:
        for name in ("NO_PROXY", "no_proxy"):
            known = os.environ.get(name, "").split(",")
            if host not in known:
                os.environ[name] = ",".join(filter(None, (*known, host)))


def written() -> Written:
    """The connections in connections.toml and config.toml, as the connector reads them, and the default one.

    Raises ConfigError when they cannot be read.
    """
    try:
        default = str(CONFIG_MANAGER["default_connection_name"])
        known = cast(Mapping[str, Any], CONFIG_MANAGER["connections"])
    except (connector.errors.Error, ValueError) as error:
        # observed: the connector's own errors for a file, those of its TOML parser for SNOWFLAKE_CONNECTIONS
        hint = "mend the file, or use `-c local`"
        raise ConfigError("the connections cannot be read", detail=_said(error), hint=hint) from error
    tables = {str(name): dict(table) for name, table in known.items() if isinstance(table, Mapping)}
    return Written(default, tables)


def reachable(host: str, port: int, seconds: float = 3.0) -> bool:
    """Whether something listens there; a connector asked to sign in to a closed port goes on trying for two
    minutes.
    """
    try:
        with socket.create_connection((host, port), seconds):
            return True
    except OSError:
        return False


# --- the private key ----------------------------------------------------------------------------------


def _with_key(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the private key read, so that both generations of the connector take it alike.

    The key is a file or, as the official CLI has it, text (``private_key_raw``); a passphrase goes only to a
    key that has one (observed: the CLI's source). Raises ConfigError for a key that cannot be read.
    """
    given = dict(options)
    passphrase = given.pop("private_key_file_pwd", None)
    raw, path = given.pop("private_key_raw", None), given.pop("private_key_file", None)
    if raw is not None:
        given["private_key"] = _key_in(str(raw).encode(), passphrase, "private_key_raw")
    elif path is not None:
        given["private_key"] = _key_in(_key_file(str(path)), passphrase, str(path))
    return given


def _key_file(path: str) -> bytes:
    if "PRIVATE KEY" in path:
        hint = "private_key_raw takes the key itself, private_key_file the name of its file"
        raise ConfigError("a private key stands where its file should", place="private_key_file", hint=hint)
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise ConfigError("the private key cannot be read", detail=error.strerror, place=path) from error


def _key_in(pem: bytes, passphrase: object, place: str) -> bytes:
    """A passphrase of digits alone may stand in the file as a number."""
    secret = str(passphrase).encode() if passphrase and pem.startswith(_ENCRYPTED) else None
    try:
        key = serialization.load_pem_private_key(pem, secret)
    except (ValueError, TypeError) as error:
        hint = "it is PEM in PKCS#8 form; PRIVATE_KEY_PASSPHRASE holds its passphrase where it has one"
        raise ConfigError("the private key cannot be read", place=place, hint=hint) from error
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)


# --- the connector's errors ---------------------------------------------------------------------------


@contextmanager
def _statement_errors() -> Iterator[None]:
    try:
        yield
    except ReauthenticationRequest as error:
        # connector 4.8 wraps what the server said; that of 5 is an error like the others
        raise _statement_error(getattr(error, "cause", error)) from error
    except connector.errors.Error as error:
        raise _statement_error(error) from error


def _statement_error(error: Any) -> StatementError:
    errno = _number(error)
    return StatementError(
        _said(error), errno=errno, sqlstate=error.sqlstate, query_id=error.sfqid, hint=hint_for(errno)
    )


def _number(error: Any) -> int | None:
    """Snowflake's number of a refusal; None where the connector gave up without an answer. Connector 5 then
    has numbers of its own (observed: 4 for a connection that breaks, 14 for its patience), and some of them
    are numbers of Snowflake's, too.
    """
    told = isinstance(error, _REFUSALS) or error.errno in SESSION_OVER
    return error.errno if told and isinstance(error.errno, int) and error.errno >= 0 else None


def _connect_error(error: Any, options: Mapping[str, Any], role: str | None) -> ConnectError:
    errno = error.errno if isinstance(error.errno, int) else None
    account = options.get("host") or options.get("account") or "Snowflake"
    said = f"{options.get('user', 'the connection')} at {account}: {_said(error).strip().splitlines()[-1]}"
    if errno in SIGN_IN:
        hint = f"{REFUSED.get(errno, 'check user and password')}; it was tried once"
        return ConnectError("the sign-in was refused", detail=said, hint=hint, refused=True)
    if role:
        return ConnectError(f"no session as role {role}", detail=said, hint=hint_for(errno))
    hint = hint_for(errno) or "check that the account is up, and host, port and account name"
    return ConnectError("no session with the account", detail=said, hint=hint)


def _said(error: Any) -> str:
    """The server's own words; the connector's text adds request numbers to them."""
    return getattr(error, "raw_msg", None) or str(error)
