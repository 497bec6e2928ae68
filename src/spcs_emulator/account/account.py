"""The account: one statement in, one result out, everything durable before the result leaves.

In: statements of sessions, and what the registry and the ticker ask. Out: results and the dump. Touches the
store, the runtime, and the folders of stages and volumes.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from spcs_emulator.account.access import primary_role
from spcs_emulator.account.authentication import Authentication
from spcs_emulator.account.builtin import build_account
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.context import Context, World
from spcs_emulator.account.dump import dump
from spcs_emulator.account.entries import Session
from spcs_emulator.account.file_statements import get_files, list_files, put_files, remove_listed
from spcs_emulator.account.functions import described, select
from spcs_emulator.account.history import History, Query
from spcs_emulator.account.images import RegistryAccount
from spcs_emulator.account.life import Life
from spcs_emulator.account.pending import Moves, Pending
from spcs_emulator.account.privilege_grants import grant_ownership, grant_privileges
from spcs_emulator.account.query_functions import LONGEST_SECONDS, result_scan
from spcs_emulator.account.requests import RequestBuilder
from spcs_emulator.account.results import Result, Transfer, status
from spcs_emulator.account.role_grants import grant_role, show_grants
from spcs_emulator.account.session_parameters import DEFAULT_TIMEOUT_SECONDS
from spcs_emulator.account.session_statements import alter_session, use, use_secondary_roles
from spcs_emulator.account.sessions import Sessions
from spcs_emulator.account.show import show
from spcs_emulator.account.stage_files import StageFiles
from spcs_emulator.clock import Clock
from spcs_emulator.faults import CANCELED, INTERNAL, LOGGED_OUT, TIMED_OUT, UNSUPPORTED, SqlError
from spcs_emulator.identity import Identity
from spcs_emulator.objects.expiry import expire
from spcs_emulator.objects.job import execute_job
from spcs_emulator.objects.kinds import KINDS
from spcs_emulator.objects.service_logs import show_log_lines
from spcs_emulator.objects.snapshot import collect_all, pack_folders
from spcs_emulator.objects.volumes import discard_lost, tidy_volumes
from spcs_emulator.registry.api import ImageStore
from spcs_emulator.runtime import disk
from spcs_emulator.runtime.api import NoFreePortError, Runtime, VolumeError
from spcs_emulator.statement.parse import Written, parse
from spcs_emulator.statement.values import (
    Alter,
    AlterSession,
    Create,
    Describe,
    Drop,
    ExecuteJob,
    GetFiles,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    ListFiles,
    ObjectKind,
    PutFiles,
    RemoveFiles,
    ResultScan,
    Select,
    ServiceTable,
    Show,
    ShowGrants,
    Statement,
    Use,
    UseSecondaryRoles,
)
from spcs_emulator.store import Store

_log = logging.getLogger(__name__)

# Statements that change nothing.
READING = (Describe, ListFiles, ResultScan, ServiceTable, Show, ShowGrants)
# Those of them that may see the account as it was.
STALE = (Describe, Show, ShowGrants)
# What a statement's handler gives back.
Outcome = Result | Transfer | Pending[Result]

HANDLERS: dict[type[Statement], Callable[[Context, Any], Outcome]] = {
    Alter: lambda context, statement: KINDS[statement.kind].alter(context, statement),
    AlterSession: alter_session,
    Create: lambda context, statement: KINDS[statement.kind].create(context, statement),
    Describe: lambda context, statement: KINDS[statement.kind].describe(context, statement),
    Drop: lambda context, statement: KINDS[statement.kind].drop(context, statement),
    GetFiles: get_files,
    ExecuteJob: execute_job,
    GrantOwnership: grant_ownership,
    GrantPrivileges: grant_privileges,
    GrantRole: grant_role,
    ListFiles: list_files,
    PutFiles: put_files,
    RemoveFiles: remove_listed,
    ResultScan: result_scan,
    ServiceTable: show_log_lines,
    Select: select,
    Show: show,
    ShowGrants: show_grants,
    Use: use,
    UseSecondaryRoles: use_secondary_roles,
}


def _timed(context: Context, pending: Pending[Result]) -> Pending[Result]:
    """Let the statement wait for as long as its session allows. Documented: Parameters,
    STATEMENT_TIMEOUT_IN_SECONDS; 0 is the longest there is.
    """
    given = context.session.parameters.get("STATEMENT_TIMEOUT_IN_SECONDS", DEFAULT_TIMEOUT_SECONDS)
    seconds = given if isinstance(given, int) and 0 < given < LONGEST_SECONDS else LONGEST_SECONDS
    return replace(pending, since=context.query.started, seconds=seconds)


def _remove(path: Path) -> None:
    """Remove what belongs to nothing. What a container wrote there as root may have to stay."""
    try:
        disk.remove(path)
    except OSError as error:
        _log.warning("%s stays: %s", path, error)


class Account(RegistryAccount):
    """The account. All methods are thread safe; statements run one after another."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        clock: Clock,
        runtime: Runtime,
        images: ImageStore,
        data: Path,
        registry_host: Callable[[], str],
    ) -> None:
        """Load the catalogue, or make a new account in an empty one. StoreError or SqlError when it cannot
        be.
        """
        catalogue = Catalogue(store)
        self._moves = Moves()
        self.history = History(self.wake)
        requests = RequestBuilder(catalogue, identity, data)
        life = Life(catalogue, clock, runtime, requests)
        failures: dict[str, dict[str, str]] = {}
        self._world = World(
            catalogue,
            identity,
            clock,
            runtime,
            images,
            data,
            requests,
            life,
            self.history,
            registry_host,
            failures,
        )
        self.files = StageFiles(catalogue, data / "stages")
        self.sessions = Sessions(catalogue, clock)
        self.authentication = Authentication(catalogue, identity, clock, failures)
        super().__init__(catalogue, self.sessions, self.authentication, clock)
        self._closed = False
        with catalogue.transaction():
            build_account(catalogue, identity, clock.now())

    def start(self) -> None:
        """Remove what belongs to a stage, service or repository that is gone, and start every service that
        should run.
        """
        # In one transaction, so that nothing is taken for nobody's that is made meanwhile.
        with self._catalogue.transaction():
            pack_folders(self._world)
            discard_lost(self._world)
            tidy_volumes(self._world)
            known = {entry.key for entry in self._catalogue.objects.values()}
            stages = {self._world.stage_folder(key) for key in known}
            snapshots = self._catalogue.unsorted(ObjectKind.SNAPSHOT)
            archives = {self._world.snapshot_file(entry) for entry in snapshots}
            for part, wanted in (("stages", stages), ("snapshots", archives)):
                for path in set((self._world.data / part).glob("*")) - wanted:
                    _remove(path)
            self._world.images.keep_only(known)
        self.tick()

    def collect(self) -> None:
        """Take what automatic snapshots are still to take, which a killed account has not come to.

        May take long, and holds nobody up.
        """
        collect_all(self._world)

    def tick(self) -> None:
        """Make every move that is due by the clock; nothing once closed."""
        with self._catalogue.transaction():
            if not self._closed:
                self._world.life.tick()
                expire(self._world)
        self._moves.made()

    def close(self) -> None:
        """Make no further move, and let no statement wait. What runs in the runtime is the runtime's to
        end.
        """
        with self._catalogue.transaction():
            self._closed = True
        self._moves.made()

    def execute(self, session: Session, query: Query, written: Written, past: int = 0) -> Outcome:
        """Run one statement, known as `query`; return its result, or what to `wait` for or to transfer.

        A SHOW or DESCRIBE sees the account as it was `past` changes ago.

        SqlError when the statement is refused, and then nothing has changed, but for what a GRANT ALL could
        grant.
        """
        statement = parse(written)
        try:
            return self._perform(session, query, statement, past)
        except (NoFreePortError, VolumeError) as error:
            raise INTERNAL(cause=str(error)) from error
        finally:
            self._moves.made()

    def wait(self, pending: Pending[Result], cancelled: threading.Event) -> Result:
        """Return the result of a statement that was not done at once.

        SqlError the one it ends with, 000604 when `cancelled` is set first (and `wake` called), 000630 when
        its session's STATEMENT_TIMEOUT_IN_SECONDS are over, 300002 when the account closes or its work fails.
        """
        try:
            pending.work()
        except VolumeError as error:
            raise INTERNAL(cause=str(error)) from error
        while True:
            seen = self._moves.count
            with self._catalogue.transaction():
                if self._closed:
                    raise INTERNAL(cause="the local account was stopped")
                stopped = cancelled.is_set()
                result = None if stopped else pending.until()
                late = result is None and pending.late(self._world.clock.now())
                if stopped or late:
                    pending.cancel()
            if stopped:
                raise CANCELED()
            if late:
                raise TIMED_OUT(seconds=pending.seconds)
            if result is not None:
                return result
            self._moves.wait_past(seen)

    def wake(self) -> None:
        """Let every statement that waits look again."""
        self._moves.made()

    def _perform(self, session: Session, query: Query, statement: Statement, past: int = 0) -> Outcome:
        # Where what is due cannot be stored, the statement's own refusal says so; reading goes on.
        with contextlib.suppress(SqlError):
            self.tick()
        with self._catalogue.transaction():
            current = self._catalogue.sessions.get(session.id)
            if current is None:
                raise LOGGED_OUT()
            context = Context(self._world, current, query)
            with self._catalogue.as_it_was(past if isinstance(statement, STALE) else 0):
                outcome = HANDLERS[type(statement)](context, statement)
            return _timed(context, outcome) if isinstance(outcome, Pending) else outcome

    def describe(self, session: Session, query: Query, written: Written) -> Result:
        """Return the columns that the statement would answer with, and no rows; nothing is changed.

        SqlError when it is not understood, or when one that only reads would be refused; 000002 for PUT and
        GET. Assumed: a statement that changes something is not checked further, and answers with `status`.
        """
        statement = parse(written)
        if isinstance(statement, PutFiles | GetFiles):
            raise UNSUPPORTED(feature="describing PUT and GET")
        if isinstance(statement, Select):
            statement = described(statement)
        elif not isinstance(statement, READING):
            return Result(status("").columns, (), "ddl")
        outcome = self._perform(session, query, statement)
        if not isinstance(outcome, Result):
            raise UNSUPPORTED(feature="describing a statement that waits")
        return replace(outcome, rows=())

    def names(self, session: Session) -> dict[str, str | None]:
        """Return the session's user and its role, warehouse, database and schema now by name, None where
        it has none.
        """
        with self._catalogue.transaction():
            session = self._catalogue.sessions.get(session.id) or session
            keys = {
                "user": session.user,
                "role": primary_role(self._catalogue, session),
                "warehouse": session.warehouse,
                "database": session.database,
                "schema": session.schema,
            }
            return {part: self._catalogue.name_of(key) or None for part, key in keys.items()}

    def dump(self) -> dict[str, Any]:
        """Return the whole account as a canonical value."""
        with self._catalogue.transaction():
            return dump(self._catalogue, self._world.identity, self._world.data)
