"""A YAML file → its text and its nodes, or what is wrong with it as a file: neither yet means anything.

Comes in: a path. Goes out: text without a character that nobody sees, and the tree of nodes of a bounded
size. Reads that file, and regular files only.
"""

import errno
import re
import stat
from pathlib import Path
from typing import Any

import yaml

from spcs_milvus.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_NODES = 10_000

# documented: Unicode Standard Annex #9: characters that change the direction of what is shown; what YAML does
# not take for text; and half characters, which no file can hold but an escape or the environment can
HIDDEN = (
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff"
)
_IN_TEXT = re.compile(f"[{HIDDEN}]")
# what PyYAML repeats of the file: the names of aliases, anchors and tags; a password may begin like one
_WORDS = re.compile(r" '[\w!-]{2,}'")
_QUOTE = "quote a value that begins with * or !"
_SAVE = "save it as UTF-8, without a byte order mark"


def text_of(file: Path) -> str:
    """The text of a file. Raises ConfigError for one that cannot be read, is too large, or no plain text."""
    try:
        raw = start(file)
    except IsADirectoryError as error:
        raise ConfigError(
            "that is a folder, not a project file",
            place=str(file),
            hint=f"try -f {file / 'spcs-milvus.yaml'}",
        ) from error
    except FileNotFoundError as error:
        raise ConfigError(
            "the project file is not there",
            place=str(file),
            hint="write one with `spcs-milvus init`, or name it with -f FILE",
        ) from error
    except OSError as error:
        raise ConfigError(
            "the project file cannot be read", detail=error.strerror, place=str(file)
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(
            "the project file is too large", detail=f"more than {MAX_BYTES} bytes", place=str(file)
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            "the project file is not UTF-8 text",
            detail=f"byte {error.start}",
            place=_place(file, raw[: error.start].decode("utf-8")),
            hint=_SAVE,
        ) from error
    if found := _IN_TEXT.search(text):
        # what other encodings leave
        saved = found.group() in "\0\ufeff"
        raise ConfigError(
            "a control or invisible character stands in the project file",
            detail=code_point(found),
            place=_place(file, text[: found.start()]),
            hint=_SAVE if saved else "delete it; an editor that shows invisible characters helps",
        )
    return text


def _place(file: Path, before: str) -> str:
    """The place behind that text."""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{file}:{line}:{column}"


def start(file: Path) -> bytes:
    """The first MAX_BYTES bytes of a regular file, and one more if there are more.

    Raises OSError, also for what is no regular file: opening a pipe would wait for whoever writes to it.
    """
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "not a regular file")
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


class _TooLarge(yaml.MarkedYAMLError):
    pass


class _Loader(yaml.SafeLoader):
    """Stops in the midst of a file that has too many values: to read on would take a minute."""

    composed = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.composed += 1
        if self.composed > MAX_NODES:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _TooLarge(problem=f"more than {MAX_NODES} values", problem_mark=mark)
        return super().compose_node(parent, index)


def compose(file: Path, text: str) -> yaml.Node | None:
    """The nodes of the text; None where it is empty. Raises ConfigError for what is no YAML, or too much."""
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        # the brace of an unquoted ${…} opens a mapping where one is already open
        unquoted = mark is not None and text[mark.index - 1 : mark.index + 1] == "${"
        detail, words = _WORDS.subn("", error.problem or error.context or "")
        hint = 'between { } and [ ], quote it: "${env:NAME}"' if unquoted else _QUOTE if words else None
        wrong = "too large" if isinstance(error, _TooLarge) else "not YAML"
        raise ConfigError(f"the project file is {wrong}", detail=detail, place=place, hint=hint) from error
    except RecursionError as error:
        raise ConfigError("the project file is nested too deeply", place=str(file)) from error
    except (ValueError, OverflowError) as error:
        # PyYAML's scanner lets these out
        wrong = "an escape that stands for no character, or a number of too many digits"
        mark = loader.get_mark()
        place = f"{file}:{mark.line + 1}:{mark.column + 1}"
        raise ConfigError("the project file is not YAML", detail=wrong, place=place) from error


def code_point(found: re.Match[str]) -> str:
    """The character that was found, by its number: ``U+202E``."""
    return f"U+{ord(found.group()):04X}"
