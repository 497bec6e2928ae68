"""What the script does to a request: something in place of its answer, or of the answer to what it has done.

In: a trouble. Out: the exception that keeps the answer back. Touches nothing.
"""

from collections.abc import Callable

from spcs_emulator.script import INTERRUPTIONS, Event, Script
from spcs_emulator.wire.http import HangUp, NoAnswer, OtherStatus, Silence
from spcs_emulator.wire.messages import Request, Response


def kept_back(event: Event | None, when: str) -> NoAnswer | None:
    """Return what comes in place of an answer "before" or "after" the request has its effect, None when it is
    answered.
    """
    if event is None or event.trouble not in INTERRUPTIONS:
        return None
    what, _, arranged = event.trouble.partition(" ")
    if arranged != when:
        return None
    match what:
        case "cut":
            return HangUp()
        case "hang":
            return Silence()
    return OtherStatus(int(what))


def interrupted(script: Script, answer: Callable[[Request], Response], request: Request) -> Response:
    """Return the answer to a request that carries no statement. NoAnswer when the script keeps it back."""
    event = script.at_request(f"{request.method} {request.path}")
    if instead := kept_back(event, "before"):
        raise instead
    response = answer(request)
    if instead := kept_back(event, "after"):
        raise instead
    return response
