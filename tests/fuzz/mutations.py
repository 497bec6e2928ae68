"""Project files that are perhaps no longer right: changed as bytes, as nodes of YAML, or in one value.

In: random numbers, a file that is right. Out: bytes. Touches nothing.
"""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import yaml
from tests.fuzz.files import right
from tests.fuzz.texts import hostile, piece, word

# the ones in C where there are such: they are quick
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
MARKER = "marker of a value"
# as much as the program reads, and more
_HUGE = (999_000, 1_000_001)
_DEEP = (20, 100, 1000)


def written(data: Any, random: Random) -> str:
    """Data as YAML, in one of the ways in which people write it."""
    style = random.choice((False, None))
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=style))


# --- bytes ---------------------------------------------------------------------------------------------


def changed_bytes(random: Random) -> bytes:
    """A file with something done to its bytes."""
    raw = written(right(random), random).encode("utf-8", "surrogatepass")
    return random.choice(_BYTES)(random, raw)


def _as_it_is(_: Random, raw: bytes) -> bytes:
    return raw


def _insert(random: Random, raw: bytes) -> bytes:
    at = random.randint(0, len(raw))
    put = random.choice(
        (random.randbytes(random.randint(1, 3)), piece(random).encode("utf-8", "surrogatepass"))
    )
    return raw[:at] + put + raw[at:]


def _cut(random: Random, raw: bytes) -> bytes:
    at = random.randint(0, len(raw))
    return raw[:at] + raw[at + random.randint(1, 8) :]


def _flip(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << random.randrange(8))]) + raw[at + 1 :]


def _double(random: Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    at = random.randrange(len(lines))
    return b"".join((*lines[: at + 1], *lines[at : at + 1], *lines[at + 1 :]))


def _endings(random: Random, raw: bytes) -> bytes:
    return raw.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"  # note\n")))


def _encoded(random: Random, raw: bytes) -> bytes:
    coding = random.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7"))
    return raw.decode("utf-8", "surrogatepass").encode(coding, "replace")


def _around(random: Random, raw: bytes) -> bytes:
    note = b"# " + bytes(random.choices(range(32, 127), k=40)) + b"\n"
    return random.choice(
        (note + raw, raw + note, b"---\n" + raw, raw + b"...\n", b"%YAML 1.1\n---\n" + raw, raw + b"---\n")
    )


def _huge(random: Random, raw: bytes) -> bytes:
    if random.random() < 0.9:  # each takes a second
        return raw
    length = random.choice(_HUGE) - len(raw)
    line = random.choice((b"# x\n", b"x", b" ", b"\n", b"- ", b"a,", b"&a ", b"k: [", b"${", b"'"))
    return raw + (line * (length // len(line) + 1))[:length]


_BYTES = (
    _as_it_is,
    _insert,
    _insert,
    _cut,
    _flip,
    _double,
    _endings,
    _endings,
    _encoded,
    _around,
    _around,
    _huge,
)


# --- nodes ---------------------------------------------------------------------------------------------

Holder = yaml.MappingNode | yaml.SequenceNode


def changed_nodes(random: Random) -> bytes:
    """A file of whose nodes some were taken out, doubled, moved, put elsewhere, or made another type."""
    root = _composed(right(random), random)
    for _ in range(random.choice((0, 1, 1, 2))):
        if root.value:
            random.choice(_NODES)(random, root)
    return str(yaml.serialize(root, Dumper=_Dumper, allow_unicode=True)).encode("utf-8", "surrogatepass")


def _composed(data: Any, random: Random) -> yaml.Node:
    node = yaml.compose(written(data, random), Loader=_Loader)
    assert node is not None
    return node


def _holders(root: yaml.Node) -> list[Holder]:
    """Every mapping and list, each once."""
    found: dict[int, Holder] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode | yaml.SequenceNode) and id(node) not in found:
            found[id(node)] = node
            waiting += map(_value, node.value)
    return list(found.values())


def _holder(random: Random, root: yaml.Node) -> Holder:
    holders = [one for one in _holders(root) if one.value]
    return random.choice(holders)


def _value(item: Any) -> Any:
    return item[1] if isinstance(item, tuple) else item


def _with(item: Any, value: yaml.Node) -> Any:
    return (item[0], value) if isinstance(item, tuple) else value


def _remove(random: Random, root: yaml.Node) -> None:
    holder = _holder(random, root)
    del holder.value[random.randrange(len(holder.value))]


def _repeat(random: Random, root: yaml.Node) -> None:
    holder = _holder(random, root)
    at = random.randrange(len(holder.value))
    holder.value.insert(at, copy.deepcopy(holder.value[at]))


def _move(random: Random, root: yaml.Node) -> None:
    source = _holder(random, root)
    item = source.value.pop(random.randrange(len(source.value)))
    target = random.choice(_holders(root))
    value = (
        (item if isinstance(item, tuple) else (_scalar(word(random)), item))
        if isinstance(target, yaml.MappingNode)
        else _value(item)
    )
    target.value.insert(random.randint(0, len(target.value)), value)


def _reorder(random: Random, root: yaml.Node) -> None:
    random.shuffle(_holder(random, root).value)


def _replace_with(
    node_of: Callable[[Random, yaml.Node, yaml.Node], yaml.Node],
) -> Callable[[Random, yaml.Node], None]:
    def replaced(random: Random, root: yaml.Node) -> None:
        holder = _holder(random, root)
        at = random.randrange(len(holder.value))
        holder.value[at] = _with(holder.value[at], node_of(random, root, _value(holder.value[at])))

    return replaced


def _of_another(random: Random, _root: yaml.Node, _old: yaml.Node) -> yaml.Node:
    other: yaml.Node = _value(random.choice(_holder(random, _composed(right(random), random)).value))
    return other


def _of_same(random: Random, root: yaml.Node, _old: yaml.Node) -> yaml.Node:
    """The same node twice is an alias; what stands in itself is one without an end."""
    return random.choice((_value(random.choice(_holder(random, root).value)), root))


def _other_type(random: Random, _root: yaml.Node, old: yaml.Node) -> yaml.Node:
    listed = yaml.SequenceNode("tag:yaml.org,2002:seq", [old])
    mapped = yaml.MappingNode("tag:yaml.org,2002:map", [(_scalar(word(random)), old)])
    return random.choice(
        (listed, mapped, _scalar("text"), _scalar("1"), _scalar("true"), _scalar(""), _scalar("~"))
    )


def _deep(random: Random, _root: yaml.Node, old: yaml.Node) -> yaml.Node:
    for _ in range(random.choice(_DEEP[:2])):
        old = yaml.SequenceNode("tag:yaml.org,2002:seq", [old], flow_style=True)
    return old


def _bomb(random: Random, _root: yaml.Node, old: yaml.Node) -> yaml.Node:
    for _ in range(random.randint(2, 12)):
        old = yaml.SequenceNode("tag:yaml.org,2002:seq", [old] * random.randint(2, 9), flow_style=True)
    return old


def _tagged(random: Random, _root: yaml.Node, _old: yaml.Node) -> yaml.Node:
    tag = random.choice(
        (
            "!x",
            "tag:yaml.org,2002:python/object:os.system",
            "tag:yaml.org,2002:int",
            "tag:yaml.org,2002:binary",
        )
    )
    return yaml.ScalarNode(tag, word(random))


def _scalar(text: str) -> yaml.ScalarNode:
    tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return yaml.ScalarNode(str(tag), text)


_NODES = (
    *(_remove, _remove, _repeat, _move, _reorder, _reorder, _reorder),
    *map(_replace_with, (_of_another, _of_same, _other_type, _deep, _bomb, _tagged)),
)


# --- values --------------------------------------------------------------------------------------------


def changed_value(random: Random) -> bytes:
    """A file in which one value is another text, or stands there bare, whatever YAML makes of it; or a key
    is.
    """
    data = right(random)
    places = list(_places(data))
    free = [(holder, key) for holder, key in places if str(key).startswith(_FREE)]
    holder, key = random.choice(random.choice((free, free, places)) or places)
    text = random.choice((hostile, piece, word))(random)
    how = random.choice(("as it is", "value", "bare", "bare", "key"))
    if how == "key" and isinstance(holder, dict):
        holder[text] = holder.pop(key)
    elif how != "as it is":
        holder[key] = MARKER if how == "bare" else text
    return written(data, random).replace(MARKER, text).encode("utf-8", "surrogatepass")


# keys whose values are any text; log.… are settings
_FREE = ("account", "connection", "BASE", "log.")


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key in data if isinstance(data, dict) else range(len(data)):
        if isinstance(data[key], dict | list):
            yield from _places(data[key])
        else:
            yield data, key
