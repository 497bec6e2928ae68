"""A small world whose runs can be struck: an account with things of others in it, and one project.

In: the state an account was left in (a folder) and what is to be done to it. Out: how the run ended, and the
state it left. The deployer works by the real connector over the real wire, on an account in this process
whose clock stands still until somebody waits. Touches the folders it is given.
"""

import contextlib
import hashlib
import json
import logging
import re
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import snowflake.connector
from tests.faults.acts import ACTS, read
from tests.spcs_milvus.flow.conftest import Stack

from spcs_emulator.clock import TurnedClock
from spcs_emulator.folder import DataFolder
from spcs_emulator.script import Event, Script
from spcs_emulator.server import LocalAccount, read_dump
from spcs_emulator.store import Store
from spcs_milvus.errors import DeployError

# Things of others: names of ours in another database, unmarked; another project's objects, by their mark.
BYSTANDERS = """
USE ROLE SYSADMIN
CREATE DATABASE ELSEWHERE
CREATE SCHEMA ELSEWHERE.SMALL
CREATE STAGE ELSEWHERE.SMALL.DATA
CREATE STAGE ELSEWHERE.PUBLIC.DATA COMMENT = 'spcs-milvus:other/default#1.a81f29baf0c6'
CREATE IMAGE REPOSITORY ELSEWHERE.PUBLIC.MILVUS_REPO
CREATE SECRET ELSEWHERE.PUBLIC.KEY TYPE = GENERIC_STRING SECRET_STRING = 'theirs'
CREATE WAREHOUSE SMALLER_WAREHOUSE COMMENT = 'spcs-milvus:small/prod#1.44136fa355b3'
CREATE COMPUTE POOL SMALL_POOL MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS
USE ROLE USERADMIN
CREATE ROLE SMALLER_ROLE COMMENT = 'spcs-milvus:other/default#1.44136fa355b3'
CREATE USER BOB
USE ROLE SECURITYADMIN
GRANT USAGE ON DATABASE ELSEWHERE TO ROLE SMALLER_ROLE
"""
# the job of ``verify`` has a new name each time
_NEW_NAME = re.compile(r"(?<=VERIFY_)[0-9A-F]{8}")
QUIET = {"login_timeout": 10, "enable_server_session_keep_alive_auto_detection": False}
PROCESS = "version: 1\ncommand: ['{python}', -c, 'print(%d)']\nports: [19530]\nreadiness: {tcp: 19530}\n"
IMAGES = ("milvus", "jupyter", "page")
PAGE = """
spec:
  containers:
  - name: page
    image: {{ image }}
    secrets:
    - {snowflakeSecret: {{ secrets.KEY }}, secretKeyRef: secret_string, envVarName: KEY}
"""


@dataclass(frozen=True)
class State:
    """An account at rest, with the project's folder: where it is kept, and a digest of all that may differ,
    equal for two states exactly when the accounts are and the passwords of the same users are kept.
    """

    folder: Path
    digest: str


@dataclass(frozen=True)
class Ending:
    """How a run ended: its exit code, what it said, the text of a bug (None: none), whether the trouble came
    to pass, and the state it left.
    """

    code: int
    said: str
    bug: str | None
    struck: bool
    state: State


class Listening(Script):
    """A script that keeps what it was asked: every statement's text, and whether any was struck."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        super().__init__(events=events)
        self.texts: list[str] = []
        self.struck = False

    def at_statement(self, text: str) -> Event | None:
        """As the script does."""
        self.texts.append(text)
        event = super().at_statement(text)
        self.struck = self.struck or event is not None
        return event


@dataclass(frozen=True)
class Run:
    """One command on one project: its words, the project file, the number that its images print, the value of
    its secret, and the exit code where nothing strikes.
    """

    words: str
    project: str
    image: int = 1
    key: str = "hunter2"
    code: int = 0


# --- running ----------------------------------------------------------------------------------------------


def first_state(states: Path) -> State:
    """An account in which others live."""
    with tempfile.TemporaryDirectory(dir=states) as folder:
        work = Path(folder) / "copy"
        (work / "project").mkdir(parents=True)
        (work / "time").write_text(TurnedClock().now().isoformat())
        return _done_by_hand(work, BYSTANDERS, states)


def by_hand(state: State, statements: str, states: Path) -> State:
    """The state after somebody ran these statements, one a line."""
    with copy(state, states) as work:
        return _done_by_hand(work, statements, states)


def _done_by_hand(work: Path, statements: str, states: Path) -> State:
    with account(work, Script()) as local:
        with snowflake.connector.connect(**local.connection, **QUIET) as connection:
            for statement in statements.strip().splitlines():
                connection.cursor().execute(statement)
        return kept(work, local, states)


def run(state: State, wanted: Run, script: Listening, states: Path, **options: object) -> Ending:
    """Do it to a copy of the state, which stays as it is; what is left is kept in ``states``. ``options`` are
    the connector's.
    """
    with copy(state, states) as work, bugs_of_the_account() as bugs, account(work, script) as local:
        stack = Stack(local, work / "project")
        stack.options = options
        code, said, bug = ended(stack, wanted)
        state = kept(work, local, states)
    return Ending(code, said, bug or "\n".join(bugs) or None, script.struck, state)


@contextmanager
def bugs_of_the_account() -> Iterator[list[str]]:
    """What the account says of bugs of its own, which a client sees as an error like others; with a traceback
    where there is one.
    """
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger("spcs_emulator").addHandler(handler)
    try:
        yield said
    finally:
        logging.getLogger("spcs_emulator").removeHandler(handler)


@contextmanager
def copy(state: State, states: Path) -> Iterator[Path]:
    """A copy of the state's folder, which goes with the block unless it is kept."""
    with tempfile.TemporaryDirectory(dir=states) as folder:
        yield Path(shutil.copytree(state.folder, Path(folder) / "copy"))


def account(work: Path, script: Script) -> LocalAccount[TurnedClock]:
    """The account in a copy of a state, at the time at which it was left."""
    clock = TurnedClock(datetime.fromisoformat((work / "time").read_text()))
    return LocalAccount(work / "account", clock, script=script)


def ended(stack: Stack, wanted: Run) -> tuple[int, str, str | None]:
    """What the command line's boundary makes of the same run."""
    _write_project(stack, wanted)
    command, given = read(wanted.words)
    try:
        with stack.target() as on:
            report = ACTS[command](on, stack, given)
    except DeployError as error:
        return error.exit_code, "\n".join(str(problem) for problem in error.problems), None
    except Exception:
        return 70, "", traceback.format_exc()
    if report is None:
        return 0, "", None
    problems = [outcome.problem for outcome in report.outcomes if outcome.problem]
    bugs = [str(outcome.problem) for outcome in report.outcomes if outcome.exit_code == 70]
    said = "\n".join(str(problem) for problem in (*problems, *report.leftovers))
    return report.exit_code, said, "\n".join(bugs) or None


def _write_project(stack: Stack, wanted: Run) -> None:
    folder = stack.file.parent
    for image in IMAGES:
        (folder / "images" / image).mkdir(parents=True, exist_ok=True)
        (folder / "images" / image / "process.yaml").write_text(PROCESS % wanted.image, encoding="utf-8")
    (folder / "page.yaml.j2").write_text(PAGE, encoding="utf-8")
    stack.write(wanted.project)
    stack.variables["KEY"] = wanted.key


def kept(work: Path, local: LocalAccount[TurnedClock], states: Path) -> State:
    """Keep the account, once every statement has ended, and its project; once for all that are equal."""
    local.close()
    dump = read_dump(DataFolder(work / "account"), local.clock)
    # what Snowflake keeps of a dropped service's volume has a name that never comes twice
    dump["objects"] = [one for one in dump["objects"] if ".SYS_BACKUP_ON_DELETE_" not in one["name"]]
    (work / "time").write_text(local.clock.now().isoformat())
    # in its file, or in the draft of a run that was cut short
    known = {path.name.partition(".password")[0] for path in work.glob("project/.spcs-milvus/*.password*")}
    beside = {"passwords": sorted(known), **_unseen(DataFolder(work / "account"))}
    text = _NEW_NAME.sub("", json.dumps({"account": dump, **beside}, sort_keys=True))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    (work / "state.json").write_text(text)
    folder = states / digest
    with contextlib.suppress(OSError):  # an equal one is there
        work.rename(folder)
    return State(folder, digest)


def _unseen(folder: DataFolder) -> dict[str, list[str]]:
    """What no dump tells: what secrets hold, and whether the service that reads one was started again."""
    with closing(Store(folder.catalogue)) as store:
        found = [document.body for document in store.load() if document.table == "object"]
    values = [one["settings"]["SECRET_STRING"] for one in found if "SECRET_STRING" in one["settings"]]
    again = [one["name"] for one in found if one["name"] == "PAGE" and one["settings"].get("resumed_on")]
    return {"secrets": sorted(values), "started again": again}
