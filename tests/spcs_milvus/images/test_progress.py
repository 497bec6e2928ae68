"""What the engine says, as values: events recorded with engine 20.10, and what must hold whatever it says."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spcs_milvus.images.console import KEPT_CHARACTERS, KEPT_LINES, Console
from spcs_milvus.images.layers import Layers
from spcs_milvus.images.trace import Said, said
from spcs_milvus.transfer import Layer, Transfer

Event = dict[str, Any]

# RUN echo one; echo two >&2; exit 3
STEP = "sha256:d538ec5fc9c4305a0d91742393e21bcca7a04b6508ba7b0db39a5912d05ce1b6"
NAME = "[2/2] RUN echo one; echo two >&2; exit 3"
CACHED = (
    "CqYBCkdzaGEyNTY6ODQ5ODNmZjU5ODVkODRhNDJiZmRhMDc4Y2VkN2QzMDJlZTIyZDUzNjk1ZDU4MTE4ZmFkOGNjYzMwODIwNmE3Mxo9WzEv"
    "Ml0gRlJPTSBkb2NrZXIuaW8vc3Bjcy1taWx2dXMtdGVzdC90aW55OmFtZDY0LTA0NTgzMmQ5ZWFkZiABKgwIiKGN2AYQypTh2wEyDAiIoY3Y"
    "BhCrk+PbAQ=="
)
BEGUN = (
    "CsoBCkdzaGEyNTY6ZDUzOGVjNWZjOWM0MzA1YTBkOTE3NDIzOTNlMjFiY2NhN2EwNGI2NTA4YmE3YjBkYjM5YTU5MTJkMDVjZTFiNhJHc2hh"
    "MjU2Ojg0OTgzZmY1OTg1ZDg0YTQyYmZkYTA3OGNlZDdkMzAyZWUyMmQ1MzY5NWQ1ODExOGZhZDhjY2MzMDgyMDZhNzMaKFsyLzJdIFJVTiBl"
    "Y2hvIG9uZTsgZWNobyB0d28gPiYyOyBleGl0IDMqDAiIoY3YBhDt6fPdAQ=="
)
PRINTED = (
    "Gl4KR3NoYTI1NjpkNTM4ZWM1ZmM5YzQzMDVhMGQ5MTc0MjM5M2UyMWJjY2E3YTA0YjY1MDhiYTdiMGRiMzlhNTkxMmQwNWNlMWI2EgsIiaGN"
    "2AYQoffkDxgCIgR0d28K"
)
FAILED = (
    "CqoCCkdzaGEyNTY6ZDUzOGVjNWZjOWM0MzA1YTBkOTE3NDIzOTNlMjFiY2NhN2EwNGI2NTA4YmE3YjBkYjM5YTU5MTJkMDVjZTFiNhJHc2hh"
    "MjU2Ojg0OTgzZmY1OTg1ZDg0YTQyYmZkYTA3OGNlZDdkMzAyZWUyMmQ1MzY5NWQ1ODExOGZhZDhjY2MzMDgyMDZhNzMaKFsyLzJdIFJVTiBl"
    "Y2hvIG9uZTsgZWNobyB0d28gPiYyOyBleGl0IDMqDAiIoY3YBhDt6fPdATILCImhjdgGENH9zDM6UWV4ZWN1dG9yIGZhaWxlZCBydW5uaW5n"
    "IFsvYmluL3NoIC1jIGVjaG8gb25lOyBlY2hvIHR3byA+JjI7IGV4aXQgM106IGV4aXQgY29kZTogMw=="
)


@pytest.mark.parametrize(
    ("aux", "expected"),
    [
        (CACHED, []),
        (BEGUN, [Said(STEP, NAME, output=False)]),
        (PRINTED, [Said(STEP, "two\n", output=True)]),
        (FAILED, [Said(STEP, NAME, output=False)]),
    ],
)
def test_what_buildkit_says(aux: str, expected: list[Said]) -> None:
    assert list(said(aux)) == expected


def test_fields_that_are_not_known_are_passed_over() -> None:
    # 9: a varint of two bytes, 10: eight bytes, 11: four bytes; then a log that says "x" of step "s"
    unknown = b"\x48\x80\x01" + b"\x51" + bytes(8) + b"\x5d" + bytes(4)
    log = b"\x1a\x06" + b"\x0a\x01s" + b"\x22\x01x"
    assert list(said(base64.b64encode(unknown + log).decode())) == [Said("s", "x", output=True)]


def console(*events: Event) -> tuple[list[str], list[str]]:
    """What was told, and the last lines."""
    told: list[Transfer] = []
    own = Console(told.append)
    for event in events:
        own.add(event)
    return [transfer.text for transfer in told], own.last_lines()


def test_the_classic_builder() -> None:
    told, last = console(
        {"stream": "Step 1/2 : FROM base"},
        {"stream": "\n"},
        {"stream": " ---> 8b0218ef9a1f\n"},
        {"stream": "Step 2/2 : RUN make"},
        {"stream": "\n"},
        {"stream": " ---> Running in 2add46c2c40e\n"},
        {"stream": "10%\r90%\rdone\nhal"},
        {"stream": "f\n\n"},
        {"stream": "\x1b[91mno rule\x1b[0m"},
        {"stream": "Removing intermediate container 2add46c2c40e\n"},
    )
    assert told == ["Step 1/2 : FROM base", "Step 2/2 : RUN make", "done", "half", "no rule"]
    assert last == ["done", "half", "no rule"]


def test_buildkit_says_which_step_failed() -> None:
    other = base64.b64encode(b"\x1a\x0a" + b"\x0a\x01s" + b"\x22\x05noise").decode()
    events = [{"id": "moby.buildkit.trace", "aux": aux} for aux in (BEGUN, PRINTED, other, FAILED)]
    told, last = console(*events)
    assert told == [NAME, "two", NAME]
    assert last == ["two"]


def test_a_step_that_prints_much_is_cut() -> None:
    lines = [f"{number} {'x' * 1000}\n" for number in range(100)]
    last = console(*({"stream": line} for line in lines))[1]
    assert len(last) == KEPT_LINES
    assert all(len(line) == KEPT_CHARACTERS for line in last)
    assert last[-1].startswith("99 ")


def moving(status: str, key: str = "a", **detail: int) -> Event:
    return {"id": key, "status": status, "progressDetail": detail}


def told(*events: Event) -> list[Transfer]:
    transfers: list[Transfer] = []
    layers = Layers(transfers.append, "pushed")
    for event in events:
        layers.add(event)
    return transfers


def test_the_layers_of_a_push() -> None:
    transfers = told(
        {"status": "The push refers to repository [hub.test/a]"},
        moving("Preparing"),
        moving("Preparing", "b"),
        moving("Pushing", current=34304, total=1982263),
        moving("Layer already exists", "b"),
        moving("Pushing", current=1986560, total=1982263),
        moving("Pushed"),
        {"status": "ctx-1: digest: sha256:52 size: 527"},
        {"progressDetail": {}, "aux": {"Tag": "ctx-1", "Digest": "sha256:52", "Size": 527}},
    )
    assert [(transfer.text, transfer.done, transfer.total) for transfer in transfers] == [
        ("0 of 1 layers pushed", 0, None),
        ("0 of 2 layers pushed", 0, None),
        ("0 of 2 layers pushed", 34304, None),
        ("1 of 2 layers pushed", 34304, 1982263),
        ("1 of 2 layers pushed", 1982263, 1982263),
        ("2 of 2 layers pushed", 1982263, 1982263),
    ]


def test_a_small_layer_arrives_without_a_size() -> None:
    assert told(moving("Preparing"), moving("Pushed"))[-1].layers == (Layer("a", "Pushed", 0, 0),)


def test_no_layers_are_no_total() -> None:
    assert Transfer("Step 1/2 : FROM base").total is None


_statuses = st.sampled_from(
    (
        "Preparing",
        "Waiting",
        "Pushing",
        "Pushed",
        "Layer already exists",
        "Mounted from x",
        "Retrying in 5 seconds",
    )
)
_details = st.fixed_dictionaries({}, optional={"current": st.integers(0, 99), "total": st.integers(0, 99)})


@given(st.lists(st.tuples(_statuses, st.sampled_from("abc"), _details)))
def test_done_is_never_beyond_the_total(events: list[tuple[str, str, dict[str, int]]]) -> None:
    for transfer in told(*(moving(status, key, **detail) for status, key, detail in events)):
        for layer in transfer.layers:
            assert layer.done >= 0
            assert layer.total is None or layer.done <= layer.total
        assert transfer.total is None or transfer.done <= transfer.total
