"""Secrets, the way out and the way in, over the wire: made, seen, mended, set again, taken away."""

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest
import requests

from spcs_emulator.script import Event, Script
from spcs_emulator.store import Store
from spcs_milvus import deployment, rotation
from spcs_milvus.errors import ConfigError
from spcs_milvus.plan import Action
from spcs_milvus.report import failures

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .privileged import without
from .test_least_privilege import is_about_rights
from .test_lesser_users import handed_over, lesser, refused
from .test_services import PROCESS, TEMPLATE
from .test_up_down import done

SPARE = ", SPARE: {generic_string: '${env:KEY}'}"
SECRETS = f"secrets: {{KEY: {{generic_string: '${{env:KEY}}'}}{SPARE}}}\n"
EGRESS = "jupyter: {egress: [hub.test, 'files.mirror-host.test:8443']}\n"
PAGE = "services: {page: {image: images/page, spec: page.yaml.j2, pool: jupyter, egress: [a.org]}}\n"
READS = """
    image: {{ image }}
    secrets:
    - {snowflakeSecret: {{ secrets.KEY }}, secretKeyRef: secret_string, envVarName: KEY}
"""
RULE = "MILVUS_DEMO.PUBLIC.JUPYTER_EGRESS_RULE"
INTEGRATION = "MILVUS_DEMO_JUPYTER_EGRESS"


def _write_page(folder: Path, process: str) -> None:
    (folder / "images" / "page").mkdir(parents=True)
    (folder / "images" / "page" / "process.yaml").write_text(process, encoding="utf-8")
    template = TEMPLATE.replace("\n    image: {{ image }}\n", READS)
    (folder / "page.yaml.j2").write_text(template, encoding="utf-8")


@pytest.fixture
def outside(stack: Stack) -> Stack:
    """A project with all of it, and a service of its own that reads a secret and is let out."""
    _write_page(stack.file.parent, PROCESS)
    stack.variables["KEY"] = "hunter2"
    stack.write(QUICKSTART + SECRETS + EGRESS + PAGE + "ingress_integration: create\n")
    return stack


def test_up_and_up_again_and_down(outside: Stack) -> None:
    before = outside.local.dump()

    (ingress,) = (
        one for one in done(outside.up()).outcomes if one.change.address.kind == "security_integration"
    )

    assert ingress.found == "is there already (error 002043)"
    assert outside.status().ready
    second = done(outside.up())
    assert (second.plan.changes, second.counts.write) == ((), 0)
    with outside.session("SECURITYADMIN") as session:
        shown = {
            row["name"]: row["external_access_integrations"]
            for row in session.run("SHOW SERVICES IN DATABASE MILVUS_DEMO")
        }
    assert INTEGRATION in shown["JUPYTER"]
    assert "MILVUS_DEMO_PAGE_EGRESS" in shown["PAGE"]
    assert not shown["MILVUS"]
    done(outside.down())
    assert outside.local.dump() == before


DRIFT = [
    (f"ALTER NETWORK RULE {RULE} SET VALUE_LIST = ('evil.org:443')", "MILVUS_DEMO_OWNER", "value_list"),
    (f"ALTER EXTERNAL ACCESS INTEGRATION {INTEGRATION} SET ENABLED = FALSE", "ACCOUNTADMIN", "enabled"),
    (
        f"ALTER EXTERNAL ACCESS INTEGRATION {INTEGRATION} SET ALLOWED_NETWORK_RULES ="
        " (MILVUS_DEMO.PUBLIC.PAGE_EGRESS_RULE)",
        "ACCOUNTADMIN",
        "allowed_network_rules",
    ),
    (
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.JUPYTER UNSET EXTERNAL_ACCESS_INTEGRATIONS",
        "MILVUS_DEMO_JUPYTER",
        "external_access_integrations",
    ),
]


@pytest.mark.parametrize(("drift", "role", "attribute"), DRIFT, ids=[drift[2] for drift in DRIFT])
def test_what_somebody_changed_is_seen_and_mended(
    outside: Stack, drift: str, role: str, attribute: str
) -> None:
    done(outside.up())
    before = outside.local.dump()
    with outside.session(role) as session:
        session.run(drift)

    (change,) = (change for change in outside.plan().changes if change.action is not Action.WAIT)
    assert [difference.attribute for difference in change.differences] == [attribute]

    done(outside.up())
    assert outside.local.dump() == before


def test_a_secret_that_somebody_dropped_is_made_again(outside: Stack) -> None:
    done(outside.up())
    with outside.session("MILVUS_DEMO_OWNER") as session:
        session.run("DROP SECRET MILVUS_DEMO.PUBLIC.SPARE")

    report = done(outside.up())

    assert [str(change.address) for change in report.plan.changes] == ["secret.MILVUS_DEMO.PUBLIC.SPARE"]


def test_other_hosts_change_the_rule_and_nothing_else(outside: Stack) -> None:
    done(outside.up())
    text = outside.file.read_text(encoding="utf-8")
    outside.write(text.replace("[hub.test, ", "[other.org, "))

    report = done(outside.up())

    assert [str(change.address) for change in report.plan.changes] == [f"network_rule.{RULE}"]
    assert outside.plan().changes == ()


def test_a_way_out_that_left_the_file_is_detached_and_then_dropped_by_up(outside: Stack) -> None:
    before = outside.local.dump()
    done(outside.up())
    text = outside.file.read_text(encoding="utf-8")
    outside.write(text.replace(EGRESS, "").replace(SPARE, ""))

    report = done(outside.up())

    written = [str(change.address) for change in report.plan.changes if change.action is Action.UPDATE]
    assert written == ["service.MILVUS_DEMO.PUBLIC.JUPYTER"]
    dropped = [str(change.address) for change in report.plan.changes if change.action is Action.DELETE]
    assert dropped == [
        f"external_access_integration.{INTEGRATION}",
        f"network_rule.{RULE}",
        "secret.MILVUS_DEMO.PUBLIC.SPARE",
    ]
    assert outside.plan().changes == ()
    done(outside.down())
    assert outside.local.dump() == before


def test_a_database_that_holds_a_secret_of_others_stays(outside: Stack) -> None:
    done(outside.up())
    with outside.session("MILVUS_DEMO_OWNER") as session:
        session.run("CREATE SECRET MILVUS_DEMO.PUBLIC.MINE TYPE = GENERIC_STRING SECRET_STRING = 'x'")
        values = "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.org')"
        session.run(f"CREATE NETWORK RULE MILVUS_DEMO.PUBLIC.MINE {values}")

    report = outside.down()

    assert report.exit_code == 4
    (held,) = (problem for problem in report.leftovers if problem.place == "database.MILVUS_DEMO")
    assert "secret MILVUS_DEMO.PUBLIC.MINE" in (held.detail or "")
    assert "network rule MILVUS_DEMO.PUBLIC.MINE" in (held.detail or "")


GRANTS = [
    f"grant.USAGE on external access integration {INTEGRATION} to MILVUS_DEMO_JUPYTER",
    "grant.READ on secret MILVUS_DEMO.PUBLIC.KEY to MILVUS_DEMO_PAGE",
]


@pytest.mark.parametrize("left_out", GRANTS)
def test_without_any_one_grant_the_service_is_refused(outside: Stack, left_out: str) -> None:
    report = outside.up(without(left_out))
    (failed,) = failures(report.outcomes)
    assert failed.change.address.kind == "service"
    assert is_about_rights(failed.problem)


# --- rotation ----------------------------------------------------------------------------------------------


def _rotate(stack: Stack, *names: str) -> list[tuple[str, Action]]:
    """What a run with ``--rotate`` changed."""
    with stack.target() as on:
        planned = deployment.make_plan(on, rotation.asked_for(on.loaded, names))
        report = done(deployment.up(on, planned, stack.events.append, threading.Event()))
    return [(str(change.address), change.action) for change in report.plan.changes]


def test_a_rotated_secret_reaches_who_reads_it(outside: Stack) -> None:
    done(outside.up())
    outside.variables["KEY"] = "hunter3"
    assert outside.plan().changes == ()

    assert _rotate(outside, "key") == [
        ("secret.MILVUS_DEMO.PUBLIC.KEY", Action.UPDATE),
        ("service.MILVUS_DEMO.PUBLIC.PAGE", Action.UPDATE),
        ("ready.MILVUS_DEMO.PUBLIC.PAGE", Action.WAIT),
    ]

    assert outside.status().ready
    assert outside.plan().changes == ()


def test_a_rotated_secret_that_nobody_reads(outside: Stack) -> None:
    done(outside.up())
    assert _rotate(outside, "SPARE") == [("secret.MILVUS_DEMO.PUBLIC.SPARE", Action.UPDATE)]


def test_a_rotation_that_others_do_is_not_asked_for_once_more(outside: Stack) -> None:
    done(outside.up())
    lesser(outside, "SECURITYADMIN")

    problem = refused(outside, lambda: _rotate(outside, "KEY"))

    assert "and then you run the command again, without --rotate KEY; or GRANT" in str(problem.hint)
    statements = handed_over(outside, problem, "hunter3")
    assert [text.partition(" SET ")[0] for text in statements] == [
        "USE ROLE MILVUS_DEMO_PAGE;",
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.PAGE",
        "USE ROLE MILVUS_DEMO_OWNER;",
        "ALTER SECRET MILVUS_DEMO.PUBLIC.KEY",
        "USE ROLE MILVUS_DEMO_PAGE;",
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.PAGE SUSPEND;",
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.PAGE RESUME;",
        "ALTER SERVICE MILVUS_DEMO.PUBLIC.PAGE",
    ]
    assert _value(outside, "KEY") == "hunter3"
    assert done(outside.up()).plan.changes == ()


def _value(stack: Stack, secret: str) -> str:
    """What the account keeps of a secret, and shows nobody."""
    with closing(Store(stack.local.folder.catalogue)) as store:
        found = [one.body for one in store.load() if one.table == "object"]
    (value,) = (one["settings"]["SECRET_STRING"] for one in found if one["name"] == secret)
    return str(value)


@pytest.mark.parametrize("target", ["secret.MILVUS_DEMO.PUBLIC.KEY", "warehouse.MILVUS_DEMO_WAREHOUSE"])
def test_a_rotation_is_not_done_in_part(outside: Stack, target: str) -> None:
    done(outside.up())
    with outside.target() as on, pytest.raises(ConfigError) as caught:
        deployment.make_plan(on, {"KEY"}, [target])
    assert caught.value.problem.hint == (
        "leave out --target, or name all of it: --target secret.MILVUS_DEMO.PUBLIC.KEY "
        "--target service.MILVUS_DEMO.PUBLIC.PAGE"
    )


def test_a_secret_that_is_not_in_the_file_cannot_be_rotated(outside: Stack) -> None:
    with outside.target() as on, pytest.raises(ConfigError) as caught:
        rotation.asked_for(on.loaded, ["KEYS"])
    problem = caught.value.problem
    assert (problem.summary, problem.detail) == ("there is no secret `KEYS` to rotate", "known: KEY, SPARE")
    assert problem.hint == "did you mean KEY?"


def test_no_secret_is_said(here: CommandLine, outside: Stack) -> None:
    here.environment["KEY"] = "hunter2"
    started = here.run("local", "start", "--runtime", "none")
    said = [
        here.run(*words, "-f", str(outside.file))
        for words in (
            ("plan", "-o", "json"),
            ("up", "--yes"),
            ("plan", "--rotate", "KEY"),
            ("up", "--yes", "--rotate", "KEY", "--rotate", "spare", "-o", "json"),
            ("up", "--yes", "--rotate", "KEYS"),
            ("down", "--yes", "-o", "json"),
        )
    ]
    assert [started.returncode, *(result.returncode for result in said)] == [0, 0, 0, 0, 0, 2, 0]
    assert "secret            MILVUS_DEMO.PUBLIC.KEY  (its value is set again)" in said[2].stdout
    assert "known: KEY, SPARE" in said[4].stderr
    assert "hunter2" not in "".join(result.stdout + result.stderr for result in said)


@pytest.mark.real
def test_a_rotated_secret_really_reaches_the_container(here: CommandLine) -> None:
    told = PROCESS.replace('os.environ["MILVUS_URI"]', 'os.environ["KEY"]')
    _write_page(here.folder, told)
    page = PAGE.replace("pool: jupyter", "pool: milvus")
    here.write(QUICKSTART + SECRETS + page + "jupyter: null\n")

    def read() -> str:
        shown = json.loads(here.run("status", "-o", "json").stdout)
        (found,) = (service for service in shown["services"] if service["name"] == "PAGE")
        return requests.get(found["endpoints"][0]["url"], timeout=10).text

    here.environment["KEY"] = "first"
    assert here.run("up", "--yes").returncode == 0
    assert read() == "first"
    here.environment["KEY"] = "second"
    assert here.run("up", "--yes").returncode == 0
    assert read() == "first"
    assert here.run("up", "--yes", "--rotate", "KEY").returncode == 0
    assert read() == "second"
    assert here.run("down", "--yes").returncode == 0


NEVER_ANSWERED = [Event(at, "error before", "CREATE SECRET MILVUS_DEMO.PUBLIC.KEY") for at in range(1, 5)]


@pytest.mark.parametrize("script", [Script(events=NEVER_ANSWERED)])
def test_a_refusal_does_not_repeat_the_secret(outside: Stack) -> None:
    report = outside.up()
    (failed,) = failures(report.outcomes)
    assert failed.problem is not None
    assert failed.problem.summary.startswith("whether it was done cannot be told")
    assert "300002" in (failed.problem.detail or "")
    assert "hunter2" not in repr(report)
    done(outside.up())
