"""The table of places holds what the program has: ratchets, and a proof that every observer can see."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import quote

import psutil
import pytest
from tests.canaries.commands import Program
from tests.canaries.observers import Seen, account, below, lasting, leaks, processes, texts
from tests.canaries.places import WAYS, Place, every_place, files, variables

from spcs_emulator import daemon
from spcs_emulator.clock import RealClock
from spcs_emulator.server import LocalAccount
from spcs_milvus.config import load
from spcs_milvus.project import Project, Section
from spcs_milvus.secrets import Secret

SHOWN = Place("a place that is shown", "Canary950Of5318008")


def ways(annotation: Any, way: tuple[str, ...] = ()) -> Iterator[str]:
    """The way to every Secret that the annotation can hold; ``*`` for the key of a mapping, or an index."""
    if annotation is Secret:
        yield ".".join(way)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        for name, field in annotation.model_fields.items():
            yield from ways(field.annotation, (*way, name))
            yield from (found for one in field.metadata for found in ways(one, (*way, name)))
    origin = get_origin(annotation)
    inside = get_args(annotation)
    if origin is Annotated or origin in (Union, UnionType):
        yield from (found for one in inside for found in ways(one, way))
    elif origin is tuple:
        yield from ways(inside[0], (*way, "*"))
    elif origin is dict:
        yield from ways(inside[1], (*way, "*"))


def test_every_secret_of_the_model_is_planted() -> None:
    assert set(ways(Project)) == set(WAYS)


def test_the_project_holds_what_is_planted(tmp_path: Path) -> None:
    for name, text in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    file = tmp_path / "spcs-milvus.yaml"
    held = set()
    for environment in ("default", "prod"):
        project = load(file, variables(), environment).project
        held |= {user.password.reveal() for user in project.users if user.password and not user.generated}
        held |= {secret.generic_string.reveal() for secret in project.secrets.values()}
    planted = {place.text for place in every_place() if any(place.name in names for names in WAYS.values())}
    assert held == planted


# --- every observer can see ---------------------------------------------------------------------------

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "in capitals": str.upper,
    "as Python shows it": repr,
    "in SQL": lambda text: text.replace("'", "''"),
    "in JSON": json.dumps,
    "in a URL": quote,
    "in base64": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "in base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "in hexadecimal": lambda text: text.encode().hex(),
    "wrapped": lambda text: text.replace("Of", "O\n   \x1b[2mf"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_canary_is_found_in_every_form(form: str) -> None:
    (leak,) = leaks(texts("streams", stdout=f"before {FORMS[form](SHOWN.text)} after"), [SHOWN])
    assert str(leak).startswith("a place that is shown: seen by streams in stdout: …")


@pytest.fixture
def shouting(tmp_path: Path) -> Program:
    """A program in whose project file a canary stands where it is shown: in the name of a database."""
    program = Program(tmp_path / "here")
    text = f"project: milvus-demo\nconnection: local\nnames: {{database: {SHOWN.core}}}\n"
    (program.project / "spcs-milvus.yaml").write_text(text, encoding="utf-8")
    return program


def observers(seen: Iterable[Seen]) -> set[str]:
    """Who sees it."""
    return {leak.seen.observer for leak in leaks(seen, [SHOWN])}


def test_streams_terminal_files_and_account_see(shouting: Program) -> None:
    with LocalAccount(shouting.home, RealClock()) as local:
        _, seen = shouting.run("up", "--yes", "--target", f"database.{SHOWN.core.upper()}")
        assert observers(seen) == {"streams"}
        assert {one.what for one in account(local) if observers([one])} == {"dump", "statement history"}
        _, seen = shouting.run_on_a_terminal("plan")
        assert observers(seen) == {"terminal"}
        _, seen = shouting.run("render", "--out", "sql")
        assert observers(seen) == {"files"}


def test_who_looks_at_processes_sees(shouting: Program) -> None:
    shouting.environment["PYTHONSTARTUP"] = SHOWN.text
    try:
        code, seen = shouting.run("local", "start", "--runtime", "none")
        assert code == 0, seen[1]
        told = [
            {**json.loads(line), "words": [SHOWN.text]} for line in shouting.audit.read_text().splitlines()
        ]
        assert told
        shouting.audit.write_text("\n".join(map(json.dumps, told)), encoding="utf-8")
        assert observers(processes(shouting.audit, shouting.variables())) == {"processes"}
        running = daemon.status(shouting.home)
        assert running
        assert observers(lasting([psutil.Process(running.pid).environ()])) == {"processes"}
    finally:
        daemon.stop(shouting.home)


def test_who_looks_at_files_leaves_out_only_what_is_meant_and_private(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "catalogue.sqlite"
    kept.parent.mkdir()
    for path, mode in ((kept, 0o600), (kept, 0o640), (tmp_path / "home" / "other", 0o600)):
        path.write_text(SHOWN.text, encoding="utf-8")
        path.chmod(mode)
        assert bool(observers(below(tmp_path))) == (path != kept or mode != 0o600)
