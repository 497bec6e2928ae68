"""What an engine says while it builds → `Transfer` values, and the last lines of a step that fails.

Comes in: the events of the classic builder and of BuildKit. Goes out: `Transfer` values to whoever
watches. Observed with engine 20.10: the classic builder prints everything as one stream, in which steps
begin with ``Step 2/8 :``.
"""

import re
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from spcs_milvus.images.layers import Layers
from spcs_milvus.images.trace import said
from spcs_milvus.transfer import Transfer

KEPT_LINES = 20
KEPT_CHARACTERS = 500
_STEP = re.compile(r"Step \d+/\d+ : ")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BOOKKEEPING = (" ---> ", "Removing intermediate container ")
# the classic builder has one stream, which goes under this name
_STREAM = ""


class Console:
    """What was said so far. ``tell`` is called with every line, and while the layers of a base are
    pulled.
    """

    def __init__(self, tell: Callable[[Transfer], object]) -> None:
        self._tell = tell
        self._layers = Layers(tell, "pulled")
        self._step = _STREAM
        self._lines: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT_LINES))
        self._rest: dict[str, str] = {}

    def add(self, event: dict[str, Any]) -> None:
        """One event of the build."""
        if "stream" in event:
            text = event["stream"]
            # what a step printed may not end with its line
            self._print(_STREAM, "\n" + text if text.startswith(_BOOKKEEPING) else text)
        elif event.get("id") == "moby.buildkit.trace":
            for word in said(event["aux"]):
                if word.output:
                    self._print(word.step, word.text)
                else:
                    self._begin(word.step, word.text)
        else:
            self._layers.add(event)

    def last_lines(self) -> list[str]:
        """The last that the step printed which is at work, or failed."""
        lines = [*self._lines[self._step], _readable(self._rest.get(self._step, ""))]
        return [line for line in lines if line][-KEPT_LINES:]

    def _print(self, step: str, text: str) -> None:
        *lines, self._rest[step] = (self._rest.get(step, "") + text).split("\n")
        for line in map(_readable, lines):
            if step == _STREAM and _STEP.match(line):
                self._lines.clear()
                self._begin(step, line)
            elif line and not line.startswith(_BOOKKEEPING):
                self._lines[step].append(line)
                self._tell(Transfer(line))

    def _begin(self, step: str, name: str) -> None:
        self._step = step
        self._tell(Transfer(name))


def _readable(line: str) -> str:
    """Without colours, and of a line that was written over, what it says last."""
    return _COLOUR.sub("", line).rstrip().rpartition("\r")[2][:KEPT_CHARACTERS]
