"""A YAML file → plain data in which every value knows its place.

Safe by construction: only plain YAML (no tags that build objects), no duplicate keys, no invisible
characters (whether they stand there, are escaped, or are filled in), and a limit on how large aliases may
make it. ``${env:NAME}`` and ``${file:PATH}`` are filled in on loaded scalars, so quoting and places survive.
Reads the file, the files it names (regular files only), and the environment it is given.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.yaml_file import HIDDEN, MAX_BYTES, MAX_NODES, code_point, compose, start, text_of

MAX_BITS = 4096

Path_ = tuple[str | int, ...]
"""Where a value stands in the document: ``("compute_pools", "milvus", "min_nodes")``."""

# a carriage return in the file has become a line end by then, so one that is left was escaped or filled in
_IN_VALUE = re.compile(f"[{HIDDEN}\r]")
_IN_KEY = re.compile(f"[{HIDDEN}\r\n\t]")
_REFERENCE = re.compile(r"\$\{(?P<kind>[^:}]*)(?::(?P<what>[^}]*))?\}")
# a password may begin like a tag, so none is repeated
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
    text = text_of(file)
    document = Document(file, {})
    root = compose(file, text)
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
            raw = start(path)
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
                detail=code_point(found),
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


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    return getattr(error, "strerror", None) or str(error)
