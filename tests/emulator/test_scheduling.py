"""Which instances fit on which nodes."""

import pytest

from spcs_emulator.account.families import FAMILIES, Node, architecture, node_limit
from spcs_emulator.account.scheduling import Demand, lacking, place

GIB = 2**30
NODE = Node(4, 8, 1)


@pytest.mark.parametrize(
    ("most", "demands", "placed", "nodes", "refused"),
    [
        (1, [], "", 0, {}),
        (1, [("a", 4, 8, 1)], "a", 1, {}),
        (1, [("a", 2, 2, 0), ("b", 2, 2, 0)], "ab", 1, {}),
        (2, [("a", 3, 2, 0), ("b", 3, 2, 0), ("c", 1, 2, 0)], "abc", 2, {}),
        (1, [("a", 3, 2, 0), ("b", 2, 2, 0)], "a", 1, {"b": "CPU"}),
        (1, [("a", 1, 6, 0), ("b", 1, 4, 0)], "a", 1, {"b": "memory"}),
        (1, [("a", 1, 1, 1), ("b", 1, 1, 1)], "a", 1, {"b": "GPU"}),
        (5, [("a", 9, 1, 0)], "", 0, {"a": "CPU"}),
        (1, [("a", 3, 2, 0), ("b", 2, 2, 0), ("c", 1, 1, 0)], "ac", 1, {"b": "CPU"}),
    ],
)
def test_first_fit(
    most: int,
    demands: list[tuple[str, float, int, int]],
    placed: str,
    nodes: int,
    refused: dict[str, str],
) -> None:
    found = place(NODE, most, [Demand(key, cpu, memory * GIB, gpus) for key, cpu, memory, gpus in demands])
    assert found.placed == frozenset(placed)
    assert found.nodes == nodes
    expected = {key: f"Unschedulable due to insufficient {what} resources." for key, what in refused.items()}
    assert found.refused == expected


def test_families() -> None:
    assert lacking(FAMILIES["CPU_X64_S"], Demand("", 3, 13 * GIB, 0)) == ""
    assert lacking(FAMILIES["CPU_X64_S"], Demand("", 3.1, GIB, 0)) == "CPU"
    assert [node_limit(name) for name in ("CPU_X64_S", "GPU_NV_S", "GPU_NV_L")] == [500, 150, 10]
    assert (FAMILIES["GPU_NV_2M"].gpus, FAMILIES["HIGHMEM_X64_SL"].memory_gib) == (2, 492)
    assert (architecture("GEN_ARM_G1_2"), architecture("GEN_X64_G2_2")) == ("arm64", "amd64")
