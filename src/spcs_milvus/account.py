"""An account to ask and to change: looks and statements, each as the role it names.

A :class:`Account` signs in once as the connection's user, learns which roles it may take, and leaves to the
connection's strategy (``sign_in``) how a statement gets a session with its role. Secondary roles are off, so
that a missing grant shows. Counts what it sends: looks as reads, everything else as writes.

A look whose answer was lost is asked again, a few times. A statement is sent again only where it found its
session ended and was not begun; what else may come of it is settled by whoever sends it (``settling``).
"""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from spcs_milvus.errors import ConnectError, StatementError
from spcs_milvus.hints import FORBIDDEN, MISSING, SESSION_OVER, UNKNOWN, answer_lost
from spcs_milvus.session import Session, connect
from spcs_milvus.sign_in import signed_in
from spcs_milvus.steps import Answer, Look, Row, Statement, Upload

_CONTEXT = (
    "SELECT CURRENT_ORGANIZATION_NAME(), CURRENT_ACCOUNT_NAME(), CURRENT_USER(), CURRENT_ROLE(),"
    " CURRENT_AVAILABLE_ROLES(), CURRENT_SECONDARY_ROLES()"
)
_ROLES = "SELECT CURRENT_AVAILABLE_ROLES()"
_NO_SECONDARY = "USE SECONDARY ROLES NONE"

LOST_PAUSES_SECONDS = (1.0, 3.0)
"""How long to wait before a look whose answer was lost is asked again."""

Given = TypeVar("Given")


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
    """Sessions with one account; ``options`` are the connector's own, a password in them is never shown;
    ``pause`` waits so many seconds. ``stand_in`` is the role that looks for a user who may not take one that
    sees all (None: they may).

    Raises ConnectError when there is no way in.
    """

    def __init__(self, options: Mapping[str, Any], pause: Callable[[float], object] = time.sleep) -> None:
        self._options = dict(options)
        self._pause = pause
        self._lock = threading.Lock()
        self._secondary_off = True
        self.stand_in: str | None = None
        self.reads = 0
        self.writes = 0
        self.written = 0
        first = connect(self._options, None)
        self.identity = self._identify(first)
        role, roles = self.identity.role, self.identity.roles
        self._sessions = signed_in(self._options, first, role, roles, self._connect)
        self._workers = ThreadPoolExecutor(self._sessions.at_once, thread_name_prefix="look")

    @property
    def bound_to(self) -> str | None:
        """The one role that this connection is good for; None when it may take all the user's."""
        return self._sessions.bound_to

    # --- asking and doing -----------------------------------------------------------------------------

    def query(self, looks: Collection[Look]) -> dict[Look, Answer]:
        """The answers to all looks, asked at once. A look as a role that is not there (yet) finds nothing.

        Raises StatementError for an error that is neither "missing" nor "forbidden".
        """
        by_role = sorted(looks, key=lambda look: look.role)
        list(self._workers.map(self._open, {look.role for look in looks}))
        return dict(zip(by_role, self._workers.map(self._look, by_role), strict=True))

    def perform(self, statement: Statement) -> None:
        """Runs one statement that changes the account. Raises StatementError."""
        with self._writing():
            try:
                self._run(statement.text, statement.role)
            except StatementError as error:
                if statement.secret:
                    raise _without_words(error) from None
                raise

    def upload(self, upload: Upload) -> None:
        """Puts a file on a stage. Raises StatementError."""
        with self._writing():
            self._done(upload.role, lambda session: session.put(upload.sql, upload.content))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Counts as written unless Snowflake refused it: an answer that was lost may have had its effect."""
        with self._lock:
            self.writes += 1
            self.written += 1
        try:
            yield
        except StatementError as error:
            if not answer_lost(error.errno):
                with self._lock:
                    self.written -= 1
            raise

    @contextmanager
    def registry_token(self, role: str) -> Iterator[tuple[str, int]]:
        """A token for the image registry and the seconds it is good for, of a session that has that role
        until the block ends: what the token may do is what its session may do (assumed).

        Raises ConnectError when none is given.
        """
        with self._sessions.acting_as(role):
            try:
                token = self._asked_again(lambda: self._done(role, Session.registry_token))
            except StatementError as error:
                said = f"{error.problem.summary} ({error.problem.detail})"
                hint = "run the command again; it goes on from here"
                summary = "the account gave no token for its image registry"
                raise ConnectError(summary, detail=said, hint=hint) from error
            yield token

    def sign_in_ahead(self, role: str) -> None:
        """Opens a role's session in the background. A failure shows when the session is needed."""
        self._workers.submit(self._sessions.open, role)

    def refresh_roles(self) -> None:
        """Learns which roles the user may take now, and ends the sessions of roles that are gone."""
        (roles,) = self._asked_again(lambda: self._done(None, lambda session: session.row(_ROLES)))
        self.identity = replace(self.identity, roles=frozenset(json.loads(str(roles))))
        self._sessions.keep(self.identity.roles)

    def close(self) -> None:
        """Ends every session."""
        self._workers.shutdown()
        self._sessions.close()

    # --- one statement --------------------------------------------------------------------------------

    def _look(self, look: Look) -> Answer:
        if not self.bound_to and self._may_act_as(look.role):
            return self._asked(look, look.role)
        role = self._instead_of(look)
        return self._asked_instead(look, role) if role else Answer(missing=True)

    def _instead_of(self, look: Look) -> str | None:
        """Who looks where the role cannot be taken; None where it is not there (yet)."""
        if self.bound_to or self.stand_in is None:
            return self.bound_to
        return look.also if look.also and self._may_act_as(look.also) else self.stand_in

    def _asked_instead(self, look: Look, role: str) -> Answer:
        """What that role does not see may be there all the same."""
        answer = self._asked(look, role)
        if role in (look.role, look.also) or answer.refused:
            return answer
        whose = "the connection is good for" if self.bound_to else f"{self.identity.user} looked as"
        why = f"{whose} the role {role} only, and {look.role} may see more"
        return Answer(refused=why) if answer.missing else replace(answer, partial=why)

    def _asked(self, look: Look, role: str) -> Answer:
        try:
            return Answer(tuple(self._asked_again(lambda: self._run(look.sql, role))))
        except StatementError as error:
            if error.errno in MISSING:
                return Answer(missing=True)
            if error.errno in FORBIDDEN:
                return Answer(refused=f"the role {role} may not see it: {error.problem.summary}")
            if look.newer and error.errno in UNKNOWN:
                return Answer()
            raise

    def _asked_again(self, ask: Callable[[], Given]) -> Given:
        """What ``ask`` gives, which only reads: tried again where its answer was lost."""
        for seconds in LOST_PAUSES_SECONDS:
            self._count_read()
            try:
                return ask()
            except StatementError as error:
                if not answer_lost(error.errno):
                    raise
            self._pause(seconds)
        self._count_read()
        return ask()

    def _run(self, sql: str, role: str) -> list[Row]:
        return self._done(role, lambda session: list[Row](session.run(sql)))

    def _done(self, role: str | None, do: Callable[[Session], Given]) -> Given:
        """What is done in a session of the role, with another one where that had ended before it began."""
        over: Session | None = None
        try:
            with self._sessions.acting_as(role) as over:
                return do(over)
        except StatementError as error:
            if error.errno not in SESSION_OVER:
                raise
        self._sessions.renew(role, over)
        with self._sessions.acting_as(role) as session:
            return do(session)

    def _count_read(self) -> None:
        with self._lock:
            self.reads += 1

    # --- sessions -------------------------------------------------------------------------------------

    def _identify(self, first: Session) -> Identity:
        organisation, account, user, role, roles, secondary = (
            "" if value is None else str(value) for value in self._asked_again(lambda: first.row(_CONTEXT))
        )
        # connectors before 5 do not ask for it at the sign-in, so it is said once more
        self._secondary_off = not json.loads(secondary or "{}").get("roles")
        if not self._secondary_off:
            self._count_read()
            first.run(_NO_SECONDARY)
        available = frozenset(json.loads(roles or "[]"))
        return Identity(f"{organisation}-{account}".upper(), user, role or None, available)

    def _connect(self, role: str | None) -> Session:
        session = connect(self._options, role)
        if not self._secondary_off:
            self._count_read()
            session.run(_NO_SECONDARY)
        return session

    def _may_act_as(self, role: str) -> bool:
        """A role made during this run is not among those read at the sign-in, but was acted as by now."""
        return role in self.identity.roles or self._sessions.acted_as(role)

    def _open(self, role: str) -> None:
        if not self.bound_to and self._may_act_as(role):
            self._sessions.open(role)


def _without_words(error: StatementError) -> StatementError:
    """The same refusal without the server's words, which may repeat a part of the statement."""
    return StatementError(
        "a statement that carries a secret was refused; Snowflake's words are left out, they may repeat it",
        errno=error.errno,
        sqlstate=error.sqlstate,
        query_id=error.query_id,
        hint=error.problem.hint,
    )
