"""A project file → all that is done with it without an account, and what has to hold of each part.

In: the bytes of a file. Out: ``accepted`` or ``rejected``; AssertionError, or what the program raises, for
what must not be. Writes the file to the folder it is given.
"""

import io
import json
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rich.console import Console
from tests.fuzz.files import VARIABLES, furnish
from tests.fuzz.judges import counts, understood
from tests.spcs_milvus.stack import as_declared, seen

from spcs_emulator.specification import parse_specification
from spcs_emulator.statement.values import Create, Statement
from spcs_milvus.config import Loaded, load
from spcs_milvus.declaration import declare_without_images
from spcs_milvus.drawing import nodes
from spcs_milvus.errors import ConfigError
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import rerunnable
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Plan, plan_up
from spcs_milvus.rendering import render
from spcs_milvus.report import Counts
from spcs_milvus.resource import ABSENT, Resource
from spcs_milvus.steps import Statement as ToRun
from spcs_milvus.steps import Step
from spcs_milvus.teardown import plan_down
from spcs_milvus.views import console, documents
from spcs_milvus.views.graph import show_mermaid, show_tree
from spcs_milvus.views.plan import show_plan
from spcs_milvus.views.problems import show_problems
from spcs_milvus.views.rendering import show_files

ACCEPTED, REJECTED = "accepted", "rejected"
# controls, what cannot be seen or changes the direction, half characters, ends of lines that are none here
_STEERS = ("Cc", "Cf", "Cs", "Zl", "Zp")
Show = Callable[[Console], None]


def run(raw: bytes, folder: Path, *, whole: bool) -> str:
    """What comes of a file of these bytes, in that folder; ``whole``: everything that can be shown of it is
    shown, too.
    """
    furnish(folder)
    file = folder / "spcs-milvus.yaml"
    file.write_bytes(raw)
    try:
        loaded = load(file, VARIABLES)
        resources = declare_without_images(loaded, "nowhere")
    except ConfigError as error:
        _check_refusal(error, file)
        return REJECTED
    there = {one.address: as_declared(one) if one.existing else ABSENT for one in resources}
    plan = plan_up(resources, Observation(there, {}))
    assert not plan.conflicts, plan.conflicts
    _check_plan(plan, resources)
    if whole:
        _check_kinds(resources)
        _show_all(loaded, resources, plan)
    return ACCEPTED


# --- what is refused -----------------------------------------------------------------------------------


def _check_refusal(error: ConfigError, file: Path) -> None:
    assert error.exit_code == 2
    for problem in error.problems:
        assert problem.summary
        assert problem.place, problem
        assert problem.place.startswith(str(file.parent)), problem
    _harmless(lambda out: show_problems(out, error.problems))
    _readable(documents.error_document(error.problems, 2))


# --- what is accepted ----------------------------------------------------------------------------------


def _check_plan(plan: Plan, resources: tuple[Resource, ...]) -> None:
    """Each statement is one, and says what was declared."""
    by_address = {resource.address: resource for resource in resources}
    for change in plan.changes:
        for statement in _read(change.steps):
            if isinstance(statement, Create):
                _says(statement, by_address[change.address])


def _check_kinds(resources: tuple[Resource, ...]) -> None:
    """The statements that the plan for an empty account does not need."""
    for resource in resources:
        kind = kind_of(resource.address.kind)
        for look in kind.looks(resource).values():
            understood(look.sql)
        if not resource.existing:
            _read(kind.create(rerunnable(resource)))
            _read(kind.drop(resource, as_declared(resource)))
            _read(kind.alter(resource, frozenset(kind.attributes)))


def _read(steps: tuple[Step, ...]) -> list[Statement]:
    return [understood(step.text) for step in steps if isinstance(step, ToRun)]


def _says(statement: Create, resource: Resource) -> None:
    said, meant = statement.properties, {**resource.attributes, **resource.detail}
    assert tuple(part.text for part in statement.name.parts) == resource.name.parts
    assert said.get("COMMENT") == str(resource.mark)
    secrets = {"PASSWORD": "password", "SECRET_STRING": "value"}
    for clause, key in secrets.items():
        if clause in said:
            assert said[clause] == meant[key].reveal()
    if "VALUE_LIST" in said:
        assert said["VALUE_LIST"] == meant["value_list"]
    if resource.address.kind == "service" and "stage" not in meant:
        text = said["SPECIFICATION"].text
        assert json.loads(text) == meant["specification"]
        parse_specification(text)


def _show_all(loaded: Loaded, resources: tuple[Resource, ...], plan: Plan) -> None:
    files = render(loaded.title, resources)
    drawn = nodes(resources)
    down = plan_down(resources, seen(resources), {})
    for file in files:
        for statement in file.statements:
            counts(statement)
            understood(statement)
    for show in (
        lambda out: show_plan(out, plan),
        lambda out: show_plan(out, down),
        lambda out: show_tree(out, drawn),
        lambda out: show_mermaid(out, drawn),
        lambda out: show_files(out, files),
        lambda out: show_problems(out, loaded.warnings, "warning"),
    ):
        _harmless(show)
    _readable(documents.plan_document(plan, Counts(0, 0), 0.0))
    _readable(documents.plan_document(down, Counts(0, 0), 0.0))
    _readable(documents.graph_document(drawn))
    _readable(documents.files_document(Path("out"), files))


def _harmless(show: Show) -> None:
    """What is printed steers no terminal, and shows nothing in another order than it stands there."""
    stream = io.StringIO()
    with redirect_stdout(stream):
        show(console.out())
    wrong = [one for one in stream.getvalue() if one != "\n" and unicodedata.category(one) in _STEERS]
    assert not wrong, wrong


def _readable(document: dict[str, Any]) -> None:
    json.dumps(document, allow_nan=False)
