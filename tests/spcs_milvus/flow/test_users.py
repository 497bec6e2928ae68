"""Users over the wire: made with a password that only its owner learns, mended, taken away."""

import json
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import snowflake.connector

from spcs_emulator.script import Event, Script
from spcs_milvus import deployment
from spcs_milvus.plan import Action
from spcs_milvus.report import failures

from .command_line import CommandLine
from .conftest import QUICKSTART, Session, Stack
from .test_up_down import done

USERS = """
users:
  - {name: alice, password: generate, must_change_password: false}
  - {name: bob, password: "${env:BOB}", must_change_password: false}
  - {name: robot, type: SERVICE}
"""
# long, with every sort of character, and what SQL would have to escape
BOB = "It's a \\ Canary 5318008"


@pytest.fixture
def people(stack: Stack) -> Stack:
    stack.variables["BOB"] = BOB
    stack.write(QUICKSTART + USERS)
    return stack


def kept_password(folder: Path, user: str = "ALICE") -> Path:
    return folder / ".spcs-milvus" / f"{user}@local.password"


@contextmanager
def signed_in_as(stack: Stack, user: str, password: str, **more: str) -> Iterator[Session]:
    """A session as one of the people signs in, in the role that they get by default."""
    options = {**stack.local.connection, "user": user, "password": password, "login_timeout": 10, **more}
    with snowflake.connector.connect(**options) as connection:
        yield Session(connection)


def _who(session: Session) -> tuple[object, ...]:
    (row,) = session.run("SELECT CURRENT_USER(), CURRENT_ROLE()")
    return tuple(row.values())


def test_up_and_up_again_and_down(people: Stack) -> None:
    before = people.local.dump()

    first = done(people.up())

    assert [str(address) for address, _ in first.generated] == ["user.ALICE"]
    second = done(people.up())
    assert (second.plan.changes, second.counts.write, second.generated) == ((), 0, ())
    done(people.down())
    assert people.local.dump() == before


def test_people_sign_in_with_their_passwords_and_open_the_notebook_by_their_role(people: Stack) -> None:
    done(people.up())
    file = kept_password(people.file.parent)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir() if one.name != ".gitignore"] == [file.name]
    password = file.read_text(encoding="utf-8").removesuffix("\n")
    assert len(password) >= 32

    for user, given in (("ALICE", password), ("BOB", BOB)):
        with signed_in_as(people, user, given) as session:
            assert _who(session) == (user, "MILVUS_DEMO_ROLE")
    done(people.up())
    assert file.read_text(encoding="utf-8").removesuffix("\n") == password


DRIFT = [
    ("ROBOT SET TYPE = PERSON", "type"),
    ("ROBOT SET DEFAULT_ROLE = PUBLIC", "default_role"),
    ("ALICE SET DEFAULT_SECONDARY_ROLES = ()", "default_secondary_roles"),
]


@pytest.mark.parametrize(("drift", "attribute"), DRIFT, ids=[drift[1] for drift in DRIFT])
def test_what_somebody_changed_is_seen_and_mended(people: Stack, drift: str, attribute: str) -> None:
    done(people.up())
    before = people.local.dump()
    with people.session("USERADMIN") as session:
        session.run(f"ALTER USER {drift}")

    (change,) = people.plan().changes
    assert (str(change.address), change.action) == (f"user.{drift.split(maxsplit=1)[0]}", Action.UPDATE)
    assert [difference.attribute for difference in change.differences] == [attribute]

    done(people.up())
    assert people.local.dump() == before


def test_another_password_and_what_a_person_does_with_it_are_no_difference(people: Stack) -> None:
    done(people.up())
    with people.session("USERADMIN") as session:
        session.run("ALTER USER ALICE SET MUST_CHANGE_PASSWORD = TRUE")
    people.variables["BOB"] = "another Canary 5318008"

    assert people.plan().changes == ()


def test_users_that_left_the_file_are_dropped_by_up(people: Stack) -> None:
    before = people.local.dump()
    done(people.up())
    password = kept_password(people.file.parent)
    assert password.exists()
    people.write(QUICKSTART)

    report = done(people.up())

    assert report.removed == (password,)
    assert not password.exists()

    dropped = {str(change.address) for change in report.plan.changes}
    assert dropped == {"user.ALICE", "user.BOB", "user.ROBOT"}
    with people.session("SECURITYADMIN") as session:
        assert not {"ALICE", "BOB", "ROBOT"} & {row["name"] for row in session.run("SHOW USERS")}
    done(people.down())
    assert people.local.dump() == before


def test_without_its_grant_a_person_has_not_the_role(people: Stack) -> None:
    done(people.up())
    with signed_in_as(people, "bob", BOB, role="PUBLIC") as session:
        assert session.errno("USE ROLE MILVUS_DEMO_ROLE") is None
        with people.session("SECURITYADMIN") as admin:
            admin.run("REVOKE ROLE MILVUS_DEMO_ROLE FROM USER BOB")
        assert session.errno("USE ROLE PUBLIC") is None
        assert session.errno("USE ROLE MILVUS_DEMO_ROLE") == 3013

    (change,) = people.plan().changes
    assert str(change.address) == "grant.role MILVUS_DEMO_ROLE to user BOB"


NEVER_ANSWERED = [Event(at, "error before", "CREATE USER ALICE") for at in range(1, 5)]


@pytest.mark.parametrize("script", [Script(events=NEVER_ANSWERED)])
def test_a_password_is_kept_when_nobody_knows_whether_it_was_taken(people: Stack) -> None:
    (failed,) = failures(people.up().outcomes)
    assert str(failed.change.address) == "user.ALICE"
    assert kept_password(people.file.parent).exists()
    done(people.up())


def test_a_password_that_was_refused_is_not_kept(people: Stack) -> None:
    with people.target() as on:
        planned = deployment.make_plan(on)
        with people.session("USERADMIN") as session:
            session.run("CREATE USER ALICE")
        report = deployment.up(on, planned, people.events.append, threading.Event())

    (failed,) = failures(report.outcomes)
    assert str(failed.change.address) == "user.ALICE"
    assert report.generated == ()
    assert [one.name for one in kept_password(people.file.parent).parent.iterdir()] == [".gitignore"]


def test_a_password_of_a_run_that_was_killed_is_told(people: Stack) -> None:
    draft = kept_password(people.file.parent).parent / "ALICE@local.password.abcdefgh"
    draft.parent.mkdir()
    draft.write_text("hunter2\n", encoding="utf-8")
    # nobody has it yet
    assert not people.plan().kept

    done(people.up())

    (told,) = people.plan().kept
    assert told.place == str(draft)
    assert "user.ALICE" in told.summary
    assert "hunter2" not in str(told)
    draft.unlink()
    assert not people.plan().kept


def test_a_folder_that_cannot_be_written_to_stops_before_the_user_is_made(people: Stack) -> None:
    (people.file.parent / ".spcs-milvus").write_text("in the way", encoding="utf-8")

    (failed,) = failures(people.up().outcomes)

    assert failed.problem is not None
    assert failed.problem.summary.startswith("what is generated cannot be written down")
    with people.session("SECURITYADMIN") as session:
        assert "ALICE" not in [row["name"] for row in session.run("SHOW USERS")]


def test_a_password_is_shown_once(here: CommandLine) -> None:
    here.environment["BOB"] = BOB
    here.write(QUICKSTART + USERS)
    assert here.run("local", "start", "--runtime", "none").returncode == 0

    first = here.run("up", "--yes")
    second = here.run("up", "--yes")

    password = kept_password(here.folder).read_text(encoding="utf-8").strip()
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert (first.stdout + first.stderr).count(password) == 1
    assert f"kept in {kept_password(Path())}" in first.stderr
    assert password not in second.stdout + second.stderr
    assert here.run("down", "--yes").returncode == 0
    as_json = here.run("up", "--yes", "-o", "json")
    assert json.loads(as_json.stdout)["passwords"] == [
        {"address": "user.ALICE", "file": str(kept_password(Path()))}
    ]
    again = kept_password(here.folder).read_text(encoding="utf-8").strip()
    assert again != password
    said = [first, second, as_json]
    assert again not in as_json.stdout + as_json.stderr
    assert "5318008" not in "".join(one.stdout + one.stderr for one in said)


def test_a_stack_is_shown_and_removed_without_the_passwords_it_was_made_with(here: CommandLine) -> None:
    here.write(QUICKSTART + "jupyter: null\nusers: [{name: bob, password: '${env:BOB}'}]\n")
    assert here.run("local", "start", "--runtime", "none").returncode == 0
    here.environment["BOB"] = BOB
    assert here.run("up", "--yes").returncode == 0
    del here.environment["BOB"]

    assert here.run("up", "--yes").returncode == 2
    assert here.run("status").returncode == 0
    assert here.run("down", "--yes").returncode == 0
