"""What each command that changes an account does once its words are read: the calls that its file in ``cli/``
makes, without questions, printing and signals.

In: words for the command line, and a target. Out: what the command came to. The words are read by the
command line's own parser.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from tests.spcs_milvus.flow.conftest import Stack

from spcs_milvus import deployment, image_deployment, looking, rotation
from spcs_milvus.cli import COMMANDS
from spcs_milvus.opening import Target
from spcs_milvus.report import Report

Given = Mapping[str, Any]


@functools.cache
def every_command() -> dict[str, Any]:
    """The commands of the command line by their names: `up`, `images push`."""
    return dict(_commands())


def _commands() -> Iterator[tuple[str, Any]]:
    for name, (module, _) in COMMANDS.items():
        command = typer.main.get_command(import_module(module).app)
        parts = getattr(command, "commands", None)
        if parts is None:
            yield name, command
        else:
            yield from ((f"{name} {part}", found) for part, found in parts.items())


def read(words: str) -> tuple[str, Given]:
    """The command that the words begin with, and the values of its parameters by their names."""
    commands = every_command()
    name = next(one for one in commands if f"{words} ".startswith(f"{one} "))
    rest = words.removeprefix(name).split()
    return name, commands[name].make_context(name, rest).params


def _up(on: Target, stack: Stack, given: Given) -> Report:
    renewed = rotation.asked_for(on.loaded, given["rotate"] or ())
    planned = deployment.make_plan(on, renewed, given["target"] or (), given["allow_deletions"])
    return deployment.up(on, planned, stack.events.append, threading.Event())


def _down(on: Target, stack: Stack, given: Given) -> Report:
    agreed, targets = given["delete_data"] or (), given["target"] or ()
    plan = deployment.make_down_plan(on, agreed, targets, keep_data=given["keep_data"])
    return deployment.down(on, plan, stack.events.append, threading.Event())


def _pause(on: Target, stack: Stack, given: Given) -> Report:
    plan = deployment.make_pause_plan(on, given["lose"] or ())
    return deployment.rest(on, plan, stack.events.append, threading.Event())


def _resume(on: Target, stack: Stack, given: Given) -> Report:
    return deployment.rest(on, deployment.make_resume_plan(on), stack.events.append, threading.Event())


def _adopt(on: Target, stack: Stack, given: Given) -> Report:
    plan = deployment.make_adoption(on, given["address"])
    return deployment.adopt(on, plan, stack.events.append, threading.Event())


def _verify(on: Target, stack: Stack, given: Given) -> None:
    looking.verify(on, lambda _text: None, threading.Event())


def _push(on: Target, stack: Stack, given: Given) -> Report:
    planned = image_deployment.make_push_plan(on, given["names"] or ())
    return image_deployment.push(on, planned, stack.events.append, threading.Event())


ACTS: dict[str, Callable[[Target, Stack, Given], Report | None]] = {
    "up": _up,
    "adopt": _adopt,
    "verify": _verify,
    "pause": _pause,
    "resume": _resume,
    "images push": _push,
    "down": _down,
}
