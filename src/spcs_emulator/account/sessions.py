"""Sessions and their tokens: login, renewal, the end.

In: a user's password or a token. Out: sessions; the catalogue changes, so a session outlives a restart.
Assumed: RENEW leaves the old token in force until it ends by itself (the safer reading for parallel
clients); tokens are valid for one hour, master tokens for four, as a real account's answers say.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from spcs_emulator.account.access import assigned_roles, session_access
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject, Session
from spcs_emulator.clock import Clock
from spcs_emulator.faults import (
    LOGGED_OUT,
    LOGIN_ROLE,
    MASTER_TOKEN_EXPIRED,
    MASTER_TOKEN_GONE,
    NO_TOKEN,
    TOKEN_EXPIRED,
    WRONG_PASSWORD,
    SqlError,
)
from spcs_emulator.identity import Identity
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.tokens import tokenize
from spcs_emulator.statement.values import ObjectKind

TOKEN_LIFE = timedelta(hours=1)
MASTER_LIFE = timedelta(hours=4)
_SESSION_NUMBERS = 2**53


@dataclass(frozen=True)
class LoginRequest:
    """What a client says at login; None where it says nothing. `secondary` is ALL, NONE or None, `client`
    what it calls itself, "name version".
    """

    user: str
    password: str
    role: str | None
    warehouse: str | None
    database: str | None
    schema: str | None
    secondary: str | None
    parameters: dict[str, Any]
    client: str = ""


class Sessions:
    """Every session of the account. All methods are thread safe."""

    def __init__(self, catalogue: Catalogue, identity: Identity, clock: Clock) -> None:
        self._catalogue = catalogue
        self._identity = identity
        self._clock = clock

    def check_password(self, user: str, password: str) -> AccountObject | None:
        """Return the user when the password is right, else None."""
        right = _same(password, self._identity.password)
        if user.upper() != self._identity.user or not right:
            return None
        with self._catalogue.transaction():
            return self._catalogue.find(ObjectKind.USER, self._identity.user)

    def login(self, request: LoginRequest) -> Session:
        """Return a new session. 390100 for a wrong user or password, 390189 for a role that is not the
        user's.

        Documented: a warehouse, database or schema that is not there or not to be used is left unset.
        """
        user = self.check_password(request.user, request.password)
        if user is None:
            raise WRONG_PASSWORD()
        with self._catalogue.transaction():
            now = self._clock.now()
            self._forget_ended(now)
            session = Session(
                secrets.randbelow(_SESSION_NUMBERS),
                user.key,
                {secrets.token_urlsafe(32): now + TOKEN_LIFE},
                secrets.token_urlsafe(32),
                now + MASTER_LIFE,
                self._login_role(user, request.role),
                request.secondary != "NONE",
                parameters=request.parameters,
                client=request.client,
            )
            session = self._placed(session, request)
            self._catalogue.sessions.put(session)
            return session

    def _login_role(self, user: AccountObject, name: str | None) -> str:
        wanted = name or str(user.settings["DEFAULT_ROLE"])
        text = _identifier(wanted)
        role = self._catalogue.find(ObjectKind.ROLE, text)
        if role is None or role.key not in assigned_roles(self._catalogue, user.key):
            raise LOGIN_ROLE(name=wanted)
        return role.key

    def _placed(self, session: Session, request: LoginRequest) -> Session:
        access = session_access(self._catalogue, session)

        def usable(kind: ObjectKind, name: str | None, parent: str | None = None) -> str | None:
            found = self._catalogue.find(kind, _identifier(name), parent) if name else None
            return found.key if found and access.usable(found, "USAGE") else None

        database = usable(ObjectKind.DATABASE, request.database)
        schema = usable(ObjectKind.SCHEMA, request.schema or "PUBLIC", database) if database else None
        warehouse = usable(ObjectKind.WAREHOUSE, request.warehouse)
        return replace(session, database=database, schema=schema, warehouse=warehouse)

    def _forget_ended(self, now: datetime) -> None:
        for session in self._catalogue.sessions.values():
            if session.master_until <= now:
                self._catalogue.sessions.remove(session.id)

    def of_token(self, token: str | None) -> Session:
        """Return the session of a session token. 390101 without one, 390104 unknown, 390112 past its time."""
        if not token:
            raise NO_TOKEN()
        with self._catalogue.transaction():
            for session in self._catalogue.sessions.values():
                if token in session.tokens:
                    if session.tokens[token] <= self._clock.now():
                        raise TOKEN_EXPIRED()
                    return session
        raise LOGGED_OUT()

    def of_master(self, token: str | None) -> Session:
        """Return the session of a master token. 390113 when unknown, 390114 past its time."""
        with self._catalogue.transaction():
            for session in self._catalogue.sessions.values():
                if token and _same(session.master_token, token):
                    if session.master_until <= self._clock.now():
                        raise MASTER_TOKEN_EXPIRED()
                    return session
        raise MASTER_TOKEN_GONE()

    def add_token(self, master: str | None) -> tuple[Session, str]:
        """Return the session of the master token and one more session token for it (RENEW and ISSUE)."""
        with self._catalogue.transaction():
            session = self.of_master(master)
            now = self._clock.now()
            token = secrets.token_urlsafe(32)
            tokens = {known: until for known, until in session.tokens.items() if until > now}
            session = replace(session, tokens={**tokens, token: now + TOKEN_LIFE})
            self._catalogue.sessions.put(session)
            return session, token

    def end(self, session: Session) -> None:
        """Forget the session and all its tokens."""
        with self._catalogue.transaction():
            self._catalogue.sessions.remove(session.id)


def _same(one: str, other: str) -> bool:
    """Compare two secrets in a time that tells nothing of them, whatever characters a client sends."""
    return secrets.compare_digest(*(text.encode(errors="surrogatepass") for text in (one, other)))


def _identifier(text: str | None) -> str:
    """Return a name from a connection as stored: as an identifier if it is one, else as it is."""
    try:
        reader = Reader(tokenize(text or ""))
        name = reader.name(1)
        reader.finish()
    except SqlError:
        return text or ""
    return name.last.text
