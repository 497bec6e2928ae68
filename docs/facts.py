"""Writes ``docs/facts.md``: each behaviour of the local account and where we know it from.

Run it as ``.venv/bin/python docs/facts.py`` after every change of a source.
"""

from collections import Counter
from pathlib import Path

from spcs_emulator.facts import CONFIDENCES, Fact, facts

_HEAD = """# What we know about Snowflake, and from where

Made from the code by `docs/facts.py`: every statement, clause, SHOW, function, column list, parameter,
privilege and error of the local account, and every rule that its docstrings tell.

* **documented**: on the page of Snowflake's documentation that is named
* **observed**: seen from a real account by others (tests of public tools, reports); how is named
* **assumed**: neither; the stricter reading, ours

A fact with several sources counts by the least certain one. No account of ours has confirmed any of them yet:
the live tests (`SPCS_MILVUS_LIVE=1`, see CONTRIBUTING) have been run on the local account only.

"""
_TITLES = {
    "statements": "Statements",
    "kinds": "Statements of each kind",
    "clauses": "Clauses",
    "words": "Other words of statements",
    "show": "SHOW",
    "functions": "Functions",
    "columns": "Columns",
    "parameters": "Parameters",
    "privileges": "Privileges",
    "errors": "Errors",
    "rules": "Rules",
}


def page() -> str:
    """The whole page as Markdown."""
    every = facts()
    areas = sorted({fact.area for fact in every}, key=list(_TITLES).index)
    return _HEAD + _counts(every) + "".join(_table(area, every) for area in areas)


def _counts(every: tuple[Fact, ...]) -> str:
    areas = {title: [fact for fact in every if fact.area == area] for area, title in _TITLES.items()}
    lines = ["| | " + " | ".join(CONFIDENCES) + " |\n", "|---" * (len(CONFIDENCES) + 1) + "|\n"]
    lines += [_count(title, some) for title, some in {**areas, "**all**": list(every)}.items()]
    return "".join(lines)


def _count(title: str, some: list[Fact]) -> str:
    found = Counter(fact.confidence for fact in some)
    return f"| {title} | " + " | ".join(str(found[one]) for one in CONFIDENCES) + " |\n"


def _table(area: str, every: tuple[Fact, ...]) -> str:
    head = f"\n## {_TITLES[area]}\n\n| what | how well | source |\n|---|---|---|\n"
    some = [fact for fact in every if fact.area == area]
    return head + "".join(
        f"| {_cell(fact.subject)} | {fact.confidence} | {_cell(fact.source)} |\n" for fact in some
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    (Path(__file__).parent / "facts.md").write_text(page(), encoding="utf-8")
