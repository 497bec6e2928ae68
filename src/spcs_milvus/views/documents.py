"""Values → JSON documents for scripts: exactly one on stdout; its version changes when a key goes."""

import json
from collections.abc import Collection, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from spcs_milvus.apply import Outcome
from spcs_milvus.differences import leaves, parts
from spcs_milvus.drawing import Node
from spcs_milvus.errors import Problem
from spcs_milvus.image_plans import Images
from spcs_milvus.logs import Log
from spcs_milvus.plan import Change, Plan
from spcs_milvus.rendering import File
from spcs_milvus.report import Counts, Report
from spcs_milvus.status import StackStatus

VERSION = 1


def write(document: dict[str, Any]) -> None:
    """Prints one document, in ASCII, which any stdout can take."""
    print(json.dumps(document, indent=2))


def error_document(problems: Sequence[Problem], exit_code: int) -> dict[str, Any]:
    """``{version, exit_code, errors: [{summary, detail, place, hint}]}``."""
    return {"version": VERSION, "exit_code": exit_code, "errors": [vars(problem) for problem in problems]}


def plan_document(plan: Plan, counts: Counts, seconds: float) -> dict[str, Any]:
    """``{version, fingerprint, changes, existing, conflicts, kept, along, left_out, statements, seconds}``;
    changes are ``planned``.
    """
    return {
        "version": VERSION,
        "fingerprint": plan.fingerprint,
        "changes": [_change(change, "planned", 0.0) for change in plan.changes],
        "existing": [str(address) for address in plan.existing],
        "conflicts": [vars(problem) for problem in plan.conflicts],
        "kept": [vars(problem) for problem in plan.kept],
        "along": [str(address) for address in plan.along],
        "left_out": [str(address) for address in plan.left_out],
        "statements": {"read": counts.read, "write": counts.write},
        "seconds": round(seconds, 3),
    }


def report_document(report: Report) -> dict[str, Any]:
    """``{version, changes, errors, passwords, left, stays, along, left_out, files_removed, statements,
    seconds, spent, exit_code}``: a password that was made up is told by the file that keeps it, one that is
    of no use any more by its file that was removed; ``spent`` says what the seconds went to.
    """
    problems = [outcome.problem for outcome in report.outcomes if outcome.problem]
    return {
        "version": VERSION,
        "changes": [_outcome(outcome) for outcome in report.outcomes],
        "errors": [vars(problem) for problem in problems],
        "passwords": [
            {"address": str(address), "file": str(made.file)} for address, made in report.generated
        ],
        "left": [vars(problem) for problem in report.leftovers],
        "stays": [vars(problem) for problem in (*report.plan.lasting, *report.plan.strange)],
        "along": [str(address) for address in report.plan.along],
        "left_out": [str(address) for address in report.plan.left_out],
        "files_removed": list(map(str, report.removed)),
        "statements": {"read": report.counts.read, "write": report.counts.write},
        "seconds": round(report.seconds, 3),
        "spent": {name: round(seconds, 3) for name, seconds in report.spent.items()},
        "exit_code": report.exit_code,
    }


def files_document(folder: Path, files: Collection[File]) -> dict[str, Any]:
    """``{version, folder, files: [{path, role, statements, variables, services}]}``; the paths are relative
    to the folder.
    """
    return {
        "version": VERSION,
        "folder": str(folder),
        "files": [
            {
                "path": file.path,
                "role": file.role,
                "statements": len(file.statements),
                "variables": list(file.variables),
                "services": file.services,
            }
            for file in files
        ],
    }


def images_document(shown: Images) -> dict[str, Any]:
    """``{version, images: [{name, tag, source, engine, repository}], engine_problem}``; null: not there, and
    no problem.
    """
    problem = vars(shown.blind) if shown.blind else None
    return {"version": VERSION, "images": [vars(image) for image in shown.images], "engine_problem": problem}


def status_document(shown: StackStatus) -> dict[str, Any]:
    """``{version, project, ready, paused, kept, costs, compute_pools, services}``; ``costs`` says what costs
    though no service runs.
    """
    return {
        "version": VERSION,
        "project": shown.project,
        "ready": shown.ready,
        "paused": shown.paused,
        "kept": shown.kept,
        "costs": list(shown.costs),
        "compute_pools": list(shown.pools),
        "services": list(shown.services),
    }


def graph_document(nodes: Collection[Node]) -> dict[str, Any]:
    """``{version, nodes: [{address, needs, state}]}``; the state is null where no account was asked."""
    return {
        "version": VERSION,
        "nodes": [
            {"address": str(node.address), "needs": list(map(str, node.needs)), "state": node.state}
            for node in nodes
        ],
    }


def log_document(shown: Log) -> dict[str, Any]:
    """``{version, service, instance, container, lines}``; the lines are as they were written."""
    lines = shown.text.removesuffix("\n").split("\n") if shown.text else []
    return {
        "version": VERSION,
        "service": shown.service,
        "instance": shown.instance,
        "container": shown.container,
        "lines": lines,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    because = outcome.problem.summary if outcome.problem else outcome.found
    return _change(outcome.change, outcome.status.value, outcome.seconds, because)


def _change(change: Change, status: str, seconds: float, because: str | None = None) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "status": status,
        "seconds": round(seconds, 3),
        "because": because or change.because,
        "differences": [vars(one) for one in chain.from_iterable(map(leaves, change.differences))],
        "loses": change.loses,
        "cost": vars(change.cost),
        "images": [vars(image) for image in change.images],
        "specification": [vars(part) for part in chain.from_iterable(map(parts, change.differences))],
        "forced_by": list(change.forced_by),
        "takes_along": [str(address) for address in change.takes_along],
    }
