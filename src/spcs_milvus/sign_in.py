"""How many sign-ins an authenticator allows, and what that means for acting as a role.

A step names its role; what stands here decides how it gets a session with it:

* :class:`SessionPerRole`: a session a role, opened side by side. Key pair, password, the local account.
* :class:`OneSession`: a person agrees to each sign-in (browser, MFA), so there is one, and ``USE ROLE``
  between steps.
* :class:`OneRole`: a token that is good for one role (a PAT with a role restriction, most OAuth tokens).

Comes in: the first session and how to open another. Goes out: sessions to work with. A session that has ended
is opened once more where that takes no person. A refused sign-in is never tried again, for any role: accounts
are locked that way.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from spcs_milvus.errors import ConnectError, DeployError, RefusedError, StatementError
from spcs_milvus.names import Name
from spcs_milvus.session import Session

ANY_ROLE = ""
# a look waits on the network and nothing else, so one sweep may have many under way
MANY = 256

# documented: "Connecting to Snowflake with the Python Connector": each of these asks a person; so does an
# Okta URL, which is an authenticator too
ASKS_A_PERSON = {"EXTERNALBROWSER", "USERNAME_PASSWORD_MFA", "OAUTH_AUTHORIZATION_CODE"}
# documented: "Using programmatic access tokens", "OAuth": each of these may stand for one role only
TOKENS = {"PROGRAMMATIC_ACCESS_TOKEN", "OAUTH", "OAUTH_CLIENT_CREDENTIALS"}

Connect = Callable[[str | None], Session]


class SignedIn(Protocol):
    """What the account needs of a strategy.

    ``at_once`` is how many statements may be under way, ``bound_to`` the one role that there is, or None.
    """

    at_once: int
    bound_to: str | None

    def acting_as(self, role: str | None) -> AbstractContextManager[Session]:
        """A session that acts as ``role`` until the block ends; None: as whichever it has. Raises
        ConnectError or RefusedError.
        """
        ...

    def renew(self, role: str | None, over: Session | None, /) -> None:
        """Opens another session in place of one that has ended (None: before it had the role), unless
        somebody has done so already. Raises ConnectError where that takes a person, or is refused.
        """
        ...

    def acted_as(self, role: str) -> bool:
        """Whether the role has been taken already, so that the user may take it."""
        ...

    def open(self, role: str) -> None:
        """Makes ready what :meth:`acting_as` would need. Raises as it does."""
        ...

    def keep(self, roles: Collection[str]) -> None:
        """Ends what belongs to other roles than these."""
        ...

    def close(self) -> None:
        """Ends every session."""
        ...


class SessionPerRole:
    """One session a role, opened when first needed and then kept; threads share it."""

    at_once = MANY
    bound_to: str | None = None

    def __init__(self, first: Session, role: str | None, connect: Connect) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._opening: dict[str | None, threading.Lock] = {}
        self._sessions: dict[str | None, Session] = {None: first, role: first}
        self._over: set[Session] = set()
        self._closed_doors: dict[str | None, DeployError] = {}

    @contextmanager
    def acting_as(self, role: str | None) -> Iterator[Session]:
        """The role's own session."""
        self.open(role)
        yield self._sessions[role]

    def renew(self, role: str | None, over: Session | None) -> None:
        """Opens another session for the role, one after the other: a refusal of the first is one of all. The
        one in its place is ended with the others, as a thread may still be in it: where only its renewal
        failed, the account has it for hours.
        """
        with self._renewing, self._door_of(role):
            if self._sessions.get(role) is over:
                self._sessions[role] = self._opened(role)
                self._over |= {over} if over else set()

    def acted_as(self, role: str) -> bool:
        """Whether the role has a session."""
        return role in self._sessions

    def open(self, role: str | None) -> None:
        """Opens the role's session, unless it is open."""
        with self._door_of(role):
            if role not in self._sessions:
                self._sessions[role] = self._opened(role)

    def _door_of(self, role: str | None) -> threading.Lock:
        with self._lock:
            return self._opening.setdefault(role, threading.Lock())

    def _opened(self, role: str | None) -> Session:
        for refused in (ANY_ROLE, role):
            if refused in self._closed_doors:
                raise self._closed_doors[refused]
        try:
            return self._connect(role)
        except ConnectError as error:
            self._closed_doors[ANY_ROLE if error.refused else role] = error
            raise

    def keep(self, roles: Collection[str]) -> None:
        """Ends the sessions of other roles."""
        for role in [role for role in list(self._sessions) if role is not None and role not in roles]:
            session = self._sessions.pop(role)
            if session is not self._sessions[None]:
                session.close()

    def close(self) -> None:
        """Ends every session."""
        for session in self._over.union(self._sessions.values()):
            session.close()


class OneSession:
    """One sign-in for the whole run; the session takes one role after the other, one statement at a time."""

    at_once = 1
    bound_to: str | None = None

    def __init__(self, first: Session, role: str | None, _connect: Connect) -> None:
        self._session = first
        self._role = role
        self._taken = {role} if role else set()
        self._lock = threading.RLock()

    @contextmanager
    def acting_as(self, role: str | None) -> Iterator[Session]:
        """The session, nobody else's until the block ends, after USE ROLE where that is needed."""
        with self._lock:
            if role not in (None, self._role):
                self._session.run(f"USE ROLE {Name.of(role)}")
                self._role = role
                self._taken.add(role)
            yield self._session

    def renew(self, _role: str | None, _over: Session | None) -> None:
        """Raises ConnectError: a person would have to agree, who may not be there any more."""
        raise ConnectError(
            "the session has ended, and signing in again takes a person",
            hint="run the command again; it goes on from here",
        )

    def acted_as(self, role: str) -> bool:
        """Whether the session has had the role."""
        return role in self._taken

    def open(self, role: str) -> None:
        """There is nothing to open."""

    def keep(self, roles: Collection[str]) -> None:
        """Forgets that it had other roles."""
        self._taken &= set(roles)

    def close(self) -> None:
        """Ends the session."""
        self._session.close()


class OneRole:
    """One sign-in with a token that is good for one role; nothing can be done as another."""

    at_once = MANY

    def __init__(self, first: Session, role: str | None, connect: Connect) -> None:
        self._sessions = SessionPerRole(first, role, connect)
        self.bound_to: str | None = role

    @contextmanager
    def acting_as(self, role: str | None) -> Iterator[Session]:
        """The session. Raises RefusedError for another role."""
        self.open(role or self.bound_to)
        with self._sessions.acting_as(self.bound_to) as session:
            yield session

    def renew(self, _role: str | None, over: Session | None) -> None:
        """Signs in with the token again, which may be good no longer."""
        self._sessions.renew(self.bound_to, over)

    def acted_as(self, role: str) -> bool:
        """Whether it is the role."""
        return role == self.bound_to

    def open(self, role: str | None) -> None:
        """Raises RefusedError for another role."""
        if role != self.bound_to:
            raise RefusedError(
                f"the token of this connection is good for the role {self.bound_to} only",
                detail=f"needed: {role}",
                hint="use a connection with a key pair, or a token without a role restriction",
            )

    def keep(self, roles: Collection[str]) -> None:
        """The role stays."""

    def close(self) -> None:
        """Ends the session."""
        self._sessions.close()


def signed_in(
    options: Mapping[str, Any], first: Session, role: str | None, roles: Collection[str], connect: Connect
) -> SignedIn:
    """The strategy for a connection with these ``options``, whose first session has ``role`` out of
    ``roles``.
    """
    authenticator = str(options.get("authenticator") or "").upper()
    if authenticator in ASKS_A_PERSON or authenticator.startswith("HTTPS://"):
        return OneSession(first, role, connect)
    if authenticator in TOKENS and _is_bound(first, role, roles):
        return OneRole(first, role, connect)
    return SessionPerRole(first, role, connect)


def _is_bound(first: Session, role: str | None, roles: Collection[str]) -> bool:
    """Whether the session can take no other role. No statement tells, so one is tried: USE ROLE changes
    nothing but the session.
    """
    other = min((name for name in roles if name != role), default=None)
    if role is None or other is None:
        return role is not None
    try:
        first.run(f"USE ROLE {Name.of(other)}")
    except StatementError:
        return True
    first.run(f"USE ROLE {Name.of(role)}")
    return False
