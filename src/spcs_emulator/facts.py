"""Every behaviour of the local account, with where we know it from: what stands in tables, and the rules
that docstrings tell.

In: the tables of statements, clauses, functions, columns, privileges and errors; the docstrings. Out: facts,
in the order of the page made from them (docs/facts.md). Imports every module of the local account, touches
nothing else.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
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
from spcs_emulator.statement.sessions import TABLE_SOURCES
from spcs_emulator.statement.show import SHOW_FORMS
from spcs_emulator.statement.users import TOKEN_CLAUSES
from spcs_emulator.statement.words import WORDS

Confidence = Literal["documented", "observed", "assumed"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
# The form of a source in a table: "documented: <page>" (Snowflake's own), "observed: <how>" (seen from a real
# account by others), "assumed: <what, why>" (the stricter reading), or several of them.
SOURCE = re.compile(r"(?:(?:^|; )(?:documented|observed|assumed): [^;]*[^; ])+")
_TAG = re.compile(rf"\b({'|'.join(CONFIDENCES)})\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=\.)\s+(?=[A-Z`])")


@dataclass(frozen=True)
class Fact:
    """One behaviour: the part of the account it belongs to, what it is, and where we know it from."""

    area: str
    subject: str
    source: str

    @property
    def confidence(self) -> Confidence:
        """How well it is known, by the least certain tag in its source. ValueError when it has none."""
        tags = {tag.lower() for tag in _TAG.findall(self.source)}
        return max((one for one in CONFIDENCES if one in tags), key=CONFIDENCES.index)


def facts() -> tuple[Fact, ...]:
    """Return every fact, one area of the page after the other."""
    return (
        *(Fact("statements", start.words, start.source) for start in STARTS),
        *_kinds(),
        *_words(),
        *_other_clauses(),
        *(Fact("show", f"SHOW {what}", form.source) for what, form in SHOW_FORMS.items()),
        *(
            Fact("show", f"SHOW {what} HISTORY is refused", form.history)
            for what, form in SHOW_FORMS.items()
            if form.history
        ),
        *(Fact("functions", name, function.source) for name, function in sorted(FUNCTIONS.items())),
        *(Fact("functions", f"service!{name}", one.source) for name, one in SERVICE_METHODS.items()),
        *(Fact("functions", f"TABLE({name})", source) for name, source in TABLE_SOURCES.items()),
        *(Fact("columns", shape.title, shape.source) for shape in _found(Shape)),
        *(Fact("parameters", name, PARAMETERS_SOURCE) for name in sorted(PARAMETERS)),
        *(Fact("privileges", kind.value, PRIVILEGES_SOURCE) for kind in PRIVILEGES),
        *(Fact("errors", f"{fault.errno:06d} ({fault.sqlstate})", fault.source) for fault in _found(Fault)),
        *_rules(),
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


def _other_clauses() -> Iterator[Fact]:
    """Of what is about no kind: files, and tokens of users."""
    tokens = {f"ALTER USER … {verb} PROGRAMMATIC ACCESS TOKEN": some for verb, some in TOKEN_CLAUSES.items()}
    for statement, clauses in {**FILE_CLAUSES, **tokens}.items():
        yield from (Fact("clauses", f"{statement}: {name}", one.source) for name, one in clauses.items())


def _words() -> Iterator[Fact]:
    for file, words in WORDS.items():
        yield from (Fact("words", f"{file}: {word}", source) for word, source in sorted(words.items()))


def _rules() -> Iterator[Fact]:
    """The sentences of docstrings that carry a tag, by where they stand."""
    for module in _modules():
        for name, thing in ((module.__name__, module), *_documented(module)):
            text = " ".join((thing.__doc__ or "").split())
            for sentence in _SENTENCE_END.split(text):
                if _TAG.search(sentence):
                    yield Fact("rules", name.removeprefix("spcs_emulator."), sentence)


def _documented(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The module's own classes, their methods, and its functions, with their full names."""
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) != module.__name__ or not callable(thing):
            continue
        yield f"{module.__name__}.{name}", thing
        for inner, method in vars(thing).items() if isinstance(thing, type) else ():
            if inspect.isroutine(method) or isinstance(method, property):
                yield f"{module.__name__}.{name}.{inner}", method


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(spcs_emulator.__path__, "spcs_emulator."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def _found(wanted: type) -> list[Any]:
    """Return every value of the type that a module or a class of the local account holds, in stable order."""
    found: dict[int, Any] = {}
    for module in _modules():
        for held in vars(module).values():
            found.update({id(one): one for one in (held, *_inside(held)) if isinstance(one, wanted)})
    return sorted(found.values(), key=lambda one: (getattr(one, "errno", 0), getattr(one, "title", "")))


def _inside(held: Any) -> list[Any]:
    if isinstance(held, dict):
        return list(held.values())
    return list(vars(held).values()) if isinstance(held, type) else []
