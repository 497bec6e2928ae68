"""Every behaviour of the local account that stands in a table, with where we know it from.

In: the tables of statements, clauses, functions, columns, privileges and errors. Out: facts, in the order of
the documentation made from them. Imports every module of the local account, touches nothing else.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import spcs_emulator
from spcs_emulator.account.functions import FUNCTIONS, SERVICE_METHODS
from spcs_emulator.account.privileges import PRIVILEGES, PRIVILEGES_SOURCE
from spcs_emulator.account.results import Shape
from spcs_emulator.account.session_parameters import PARAMETERS, PARAMETERS_SOURCE
from spcs_emulator.faults import Fault
from spcs_emulator.statement.files import FILE_CLAUSES
from spcs_emulator.statement.forms import FORMS, JOB_FORM
from spcs_emulator.statement.parse import STARTS
from spcs_emulator.statement.show import SHOW_FORMS

Confidence = Literal["documented", "observed", "assumed"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
SOURCE = re.compile(r"(?:(?:^|; )(?:documented|observed|assumed): [^;]*[^; ])+")
_WORD = re.compile(r"(?:^|; )(documented|observed|assumed): ")


@dataclass(frozen=True)
class Fact:
    """One behaviour: the part of the account it belongs to, what it is, and its source as in the table."""

    area: str
    subject: str
    source: str

    @property
    def confidence(self) -> Confidence:
        """How well it is known: by the least certain of its sources.

        ValueError when the source is not of the form `SOURCE`.
        """
        if not SOURCE.fullmatch(self.source):
            raise ValueError(f"{self.subject}: no proper source: {self.source!r}")
        return max(_WORD.findall(self.source), key=CONFIDENCES.index)


def facts() -> tuple[Fact, ...]:
    """Return every fact: statements, clauses, SHOW, functions, columns, parameters, privileges, errors."""
    return (
        *(Fact("statements", start.words, start.source) for start in STARTS),
        *_kinds(),
        *_clauses_of_files(),
        *(Fact("show", f"SHOW {what}", form.source) for what, form in SHOW_FORMS.items()),
        *(
            Fact("show", f"SHOW {what} HISTORY is refused", form.history)
            for what, form in SHOW_FORMS.items()
            if form.history
        ),
        *(Fact("functions", name, function.source) for name, function in sorted(FUNCTIONS.items())),
        *(Fact("functions", f"service!{name}", one.source) for name, one in SERVICE_METHODS.items()),
        *(Fact("columns", shape.title, shape.source) for shape in _found(Shape)),
        *(Fact("parameters", name, PARAMETERS_SOURCE) for name in sorted(PARAMETERS)),
        *(Fact("privileges", kind.value, PRIVILEGES_SOURCE) for kind in PRIVILEGES),
        *(Fact("errors", f"{fault.errno:06d} ({fault.sqlstate})", fault.source) for fault in _found(Fault)),
    )


def _kinds() -> Iterator[Fact]:
    for kind, form in FORMS.items():
        if form.source:
            yield Fact("kinds", f"CREATE, ALTER, DROP {kind.value}", form.source)
        own = {
            f"CREATE OR REPLACE {kind.value}": form.replaced,
            f"CREATE OR ALTER {kind.value}": form.altered,
            f"CREATE {kind.value} has no IF NOT EXISTS": form.always_new,
            f"DROP {kind.value}": form.dropped,
            f"ALTER {kind.value} … RENAME TO": form.renamed,
            f"DESCRIBE {kind.value}": form.described,
            f"ALTER {kind.value} … UNSET is refused": form.no_unset,
            **{f"ALTER {kind.value} … {action}": source for action, source in form.actions.items()},
            **{f"DROP {kind.value} … {option}": source for option, source in form.options.items()},
        }
        yield from (Fact("kinds", subject, source) for subject, source in own.items() if source)
        for name, clause in form.clauses.items():
            where = ", ".join(sorted(clause.where))
            yield Fact("clauses", f"{kind.value}: {name} ({where})", clause.source)
    for name, clause in JOB_FORM.clauses.items():
        yield Fact("clauses", f"EXECUTE JOB SERVICE: {name}", clause.source)


def _clauses_of_files() -> Iterator[Fact]:
    for statement, clauses in FILE_CLAUSES.items():
        yield from (Fact("clauses", f"{statement}: {name}", one.source) for name, one in clauses.items())


def _found(wanted: type) -> list[Any]:
    """Return every value of the type that a module or a class of the local account holds, in stable order."""
    found: dict[int, Any] = {}
    for info in pkgutil.walk_packages(spcs_emulator.__path__, "spcs_emulator."):
        if info.name.endswith("__main__"):
            continue
        for held in vars(importlib.import_module(info.name)).values():
            found.update({id(one): one for one in (held, *_inside(held)) if isinstance(one, wanted)})
    return sorted(found.values(), key=lambda one: (getattr(one, "errno", 0), getattr(one, "title", "")))


def _inside(held: Any) -> list[Any]:
    if isinstance(held, dict):
        return list(held.values())
    return list(vars(held).values()) if isinstance(held, type) else []
