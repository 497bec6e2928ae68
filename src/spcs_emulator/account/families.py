"""Instance families: what one node of each offers to containers.

In: a family's name. Out: its node. Touches nothing. Documented: CREATE COMPUTE POOL and SHOW COMPUTE POOL
INSTANCE FAMILIES, the families on AWS, current and previous generation. Assumed: the local account stands
in an AWS region, so Azure's and GCP's own families are unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """What containers may use of one node: cores, memory in GiB, whole GPUs."""

    vcpu: int
    memory_gib: int
    gpus: int = 0


FAMILIES: Mapping[str, Node] = {
    "CPU_X64_XS": Node(1, 6),
    "CPU_X64_S": Node(3, 13),
    "CPU_X64_M": Node(6, 28),
    "CPU_X64_SL": Node(14, 58),
    "CPU_X64_L": Node(28, 116),
    "HIGHMEM_X64_S": Node(6, 58),
    "HIGHMEM_X64_M": Node(28, 240),
    "HIGHMEM_X64_L": Node(124, 984),
    "GEN_X64_G2_2": Node(1, 6),
    "GEN_X64_G2_4": Node(3, 13),
    "GEN_X64_G2_8": Node(6, 28),
    "GEN_X64_G2_32": Node(28, 116),
    "GEN_ARM_G1_2": Node(1, 6),
    "GEN_ARM_G1_4": Node(3, 13),
    "GEN_ARM_G1_8": Node(6, 28),
    "GEN_ARM_G1_16": Node(14, 58),
    "GEN_ARM_G1_32": Node(28, 116),
    "MEM_X64_G2_8": Node(6, 58),
    "MEM_X64_G2_32": Node(28, 240),
    "MEM_X64_G2_64": Node(60, 492),
    "MEM_X64_G2_192": Node(188, 1436),
    "GPU_NV_S": Node(6, 28, 1),
    "GPU_NV_M": Node(44, 178, 4),
    "GPU_NV_L": Node(92, 1112, 8),
    "GPU_L40S_G1_8": Node(6, 58, 1),
    "GPU_L40S_G1_16": Node(14, 116, 1),
    "GPU_L40S_G1_48": Node(44, 368, 4),
    "GPU_L40S_G1_192": Node(188, 1436, 8),
}

NODE_LIMIT = 150
NODE_LIMIT_CPU = 500


def node_limit(family: str) -> int:
    """Return the most nodes a pool of the family may have (documented: typical limits)."""
    return NODE_LIMIT_CPU if family.startswith("CPU_X64") else NODE_LIMIT


def architecture(family: str) -> str:
    """Return the architecture that images for the family must have."""
    return "arm64" if "ARM" in family else "amd64"
