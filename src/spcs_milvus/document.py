"""A YAML file → plain data in which every value knows its place.

Safe by construction: only plain YAML (no tags that build objects), no duplicate keys, no invisible
characters (whether they stand there, are escaped, or are filled in), and a limit on how large aliases may
make it. ``${env:NAME}`` and ``${file:PATH}`` are filled in on loaded scalars, so quoting and places survive.
Reads the file, the files it names (regular files only), and the environment it is given.
"""

import errno
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from spcs_milvus.errors import ConfigError, Problem

MAX_BYTES = 1_000_000
MAX_NODES = 10_000
MAX_BITS = 4096

Path_ = tuple[str | int, ...]
"""Where a value stands in the document: ``("compute_pools", "milvus", "min_nodes")``."""

# documented: Unicode Standard Annex #9: characters that change the direction of what is shown; what YAML does
# not take for text; and half characters, which no file can hold but an escape or the environment can
_HIDDEN = (
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff"
)
_SAVE = "save it as UTF-8, without a byte order mark"
_IN_TEXT = re.compile(f"[{_HIDDEN}]")
# a carriage return in the file has become a line end by then, so one that is left was escaped or filled in
_IN_VALUE = re.compile(f"[{_HIDDEN}\r]")
_IN_KEY = re.compile(f"[{_HIDDEN}\r\n\t]")
_REFERENCE = re.compile(r"\$\{(?P<kind>[^:}]*)(?::(?P<what>[^}]*))?\}")
# what PyYAML repeats of the file: the names of aliases, anchors and tags
_WORDS = re.compile(r" '[\w!-]{2,}'")
# a password may begin like an alias or a tag, so neither is repeated
_QUOTE = "quote a value that begins with * or !"
_UNTAGGED = "write the plain value, in quotes where it begins with !"
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp", "merge", "value")
)


@dataclass
class Document:
    """What a file says. ``places`` maps each path to (line, column), from 1; ``filled`` holds the paths whose
    whole value was a reference.
    """

    file: Path
    data: dict[str, Any]
    places: dict[Path_, tuple[int, int]] = field(default_factory=dict)
    filled: set[Path_] = field(default_factory=set)

    def place(self, path: Path_) -> str:
        """``file:line:column`` of a value, or of the nearest thing around it that is in the file."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return f"{self.file}:{line}:{column}"


def read_document(
    file: Path, environment: Mapping[str, str], leave: Callable[[Path_], bool] = lambda _path: False
) -> Document:
    """The document in ``file``, references filled in from ``environment`` and files beside it.

    At a path that ``leave`` says yes to they are left as they stand. Raises ConfigError with every problem of
    one kind at once, each with its place.
    """
    text = _text(file)
    document = Document(file, {})
    root = _compose(file, text)
    if not isinstance(root, yaml.MappingNode):
        what = (
            "empty" if root is None else "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
        )
        raise ConfigError(
            f"the project file is {what}, not a mapping",
            place=f"{file}:1:1",
            hint="start with a line `project: milvus-demo`",
        )
    builder = _Builder(document, environment, leave)
    try:
        document.data = builder.build(root, ())
    except RecursionError as error:
        raise ConfigError("the project file is nested too deeply", place=str(file)) from error
    if builder.problems:
        raise ConfigError.of(builder.problems)
    return document


def _text(file: Path) -> str:
    try:
        raw = _start(file)
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
            detail=_code_point(found),
            place=_place(file, text[: found.start()]),
            hint=_SAVE if saved else "delete it; an editor that shows invisible characters helps",
        )
    return text


def _place(file: Path, before: str) -> str:
    """The place behind that text."""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{file}:{line}:{column}"


def _start(file: Path) -> bytes:
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


def _compose(file: Path, text: str) -> yaml.Node | None:
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


class _Builder:
    """Walks the node tree once; collects problems instead of stopping at the first."""

    def __init__(
        self, document: Document, environment: Mapping[str, str], leave: Callable[[Path_], bool]
    ) -> None:
        self.document = document
        self.environment = environment
        self.leave = leave
        self.problems: list[Problem] = []
        self.nodes = 0

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self._count(node)
        self.document.places.setdefault(path, _position(node))
        if node.tag not in _TAGS:
            self._problem("a YAML tag is not allowed here", node, hint=_UNTAGGED)
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _pairs(self, node: yaml.MappingNode, path: Path_) -> Iterator[tuple[str, Any]]:
        seen: dict[str, tuple[int, int]] = {}
        for key_node, value_node in node.value:
            self._count(key_node)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in _TAGS:
                self._problem("a key must be plain text", key_node)
                continue
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._problem("keys cannot be merged", key_node, hint="write them out in place of `<<`")
                continue
            key = str(key_node.value)
            if self._hidden(_IN_KEY, key_node, key, "key"):
                continue
            if key in seen:
                self._problem(
                    f"the key `{key}` stands twice", key_node, detail=f"first in line {seen[key][0]}"
                )
                continue
            seen[key] = self.document.places[(*path, key)] = _position(key_node)
            yield key, self.build(value_node, (*path, key))

    def _scalar(self, node: yaml.Node, path: Path_) -> Any:
        assert isinstance(node, yaml.ScalarNode)
        text = node.value
        tag = node.tag
        if self._hidden(_IN_VALUE, node, text, "value"):
            return None
        if "${" in text:
            filled = text if self.leave(path) else self._fill(node, text)
            if filled is None or self._hidden(_IN_VALUE, node, filled, "value"):
                return None
            if _REFERENCE.fullmatch(text):
                self.document.filled.add(path)
                tag = _plain_tag(filled) if node.style is None else tag
            text = filled
        # YAML 1.1 takes 1:30 for a number to the base 60, which nobody means here and which may have no end
        base_60 = tag.endswith((":int", ":float")) and ":" in text
        if base_60 or tag.endswith((":timestamp", ":value", ":merge", ":seq", ":map")):
            tag = "tag:yaml.org,2002:str"
        scalar = yaml.ScalarNode(tag, text, node.start_mark, node.end_mark)
        try:
            value = yaml.SafeLoader("").construct_object(scalar)
        except (ValueError, LookupError):
            # a tag that the text does not fit: LookupError is what PyYAML's own constructors raise then
            return text
        # Python would refuse to write such a number out again
        return text if isinstance(value, int) and value.bit_length() > MAX_BITS else value

    def _fill(self, node: yaml.Node, text: str) -> str | None:
        """The text with its references filled in; None after a problem was noted."""
        before = len(self.problems)
        # behind the last brace nothing ends any more: each ${ there would be followed to the end of the text
        end = text.rfind("}") + 1
        filled = _REFERENCE.sub(lambda match: self._reference(node, match), text[:end])
        return filled + text[end:] if len(self.problems) == before else None

    def _reference(self, node: yaml.Node, match: re.Match[str]) -> str:
        kind, what = match["kind"], match["what"] or ""
        if kind == "env" and what in self.environment:
            return self.environment[what]
        if kind == "env" and what:
            self._problem(f"the environment variable {what} is not set", node, hint=f"export {what}=…")
        elif kind == "file":
            return self._file(node, what)
        else:
            self._problem("only ${env:NAME} and ${file:PATH} can be filled in", node)
        return ""

    def _file(self, node: yaml.Node, what: str) -> str:
        path = self.document.file.parent / what
        try:
            raw = _start(path)
            if len(raw) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
            return raw.decode("utf-8").replace("\r\n", "\n").rstrip("\n")
        except (OSError, ValueError) as error:
            self._problem(
                "a file the project file refers to cannot be read", node, detail=f"{path}: {_why(error)}"
            )
            return ""

    def _hidden(self, which: re.Pattern[str], node: yaml.Node, text: str, what: str) -> bool:
        """Whether the text holds such a character; if so, that is noted, without the text."""
        found = which.search(text)
        if found:
            self._problem(
                f"a control or invisible character stands in a {what}",
                node,
                detail=_code_point(found),
                hint="delete it, there or in what fills the value",
            )
        return found is not None

    def _count(self, node: yaml.Node) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ConfigError(
                "the project file grows too large",
                detail=f"aliases make it more than {MAX_NODES} values",
                place=f"{self.document.file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}",
                hint="write the values out instead of using anchors",
            )

    def _problem(
        self, summary: str, node: yaml.Node, *, detail: str | None = None, hint: str | None = None
    ) -> None:
        line, column = _position(node)
        self.problems.append(Problem(summary, detail, f"{self.document.file}:{line}:{column}", hint))


def _plain_tag(text: str) -> str:
    """The tag YAML gives that text when it stands without quotes.

    Never null: an empty variable would otherwise stand for the default, as if the line were not there.
    """
    tag = str(yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]
    return "tag:yaml.org,2002:str" if tag == "tag:yaml.org,2002:null" else tag


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _code_point(found: re.Match[str]) -> str:
    return f"U+{ord(found.group()):04X}"


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    return getattr(error, "strerror", None) or str(error)
