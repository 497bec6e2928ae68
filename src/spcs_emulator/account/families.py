"""Instance families: what one node of each offers to containers.

In: a family's name. Out: its node. Touches nothing. Documented: CREATE COMPUTE POOL and SHOW COMPUTE POOL
INSTANCE FAMILIES, the families of all clouds, current and previous generation. Assumed: the local account
has them all, and where clouds differ the node is the smaller one.
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
    "HIGHMEM_X64_SL": Node(60, 492),
    "HIGHMEM_X64_L": Node(124, 984),
    "GEN_X64_G2_2": Node(1, 6),
    "GEN_X64_G2_4": Node(3, 13),
    "GEN_X64_G2_8": Node(6, 28),
    "GEN_X64_G2_16": Node(14, 58),
    "GEN_X64_G2_32": Node(28, 116),
    "GEN_ARM_G1_2": Node(1, 6),
    "GEN_ARM_G1_4": Node(3, 13),
    "GEN_ARM_G1_8": Node(6, 28),
    "GEN_ARM_G1_16": Node(14, 58),
    "GEN_ARM_G1_32": Node(28, 116),
    "MEM_X64_G2_8": Node(6, 58),
    "MEM_X64_G2_32": Node(28, 240),
    "MEM_X64_G2_64": Node(60, 492),
    "MEM_X64_G2_96": Node(92, 652),
    "MEM_X64_G2_192": Node(188, 1436),
    "GPU_NV_XS": Node(3, 26, 1),
    "GPU_NV_S": Node(6, 28, 1),
    "GPU_NV_SM": Node(32, 424, 1),
    "GPU_NV_M": Node(44, 178, 4),
    "GPU_NV_2M": Node(68, 858, 2),
    "GPU_NV_3M": Node(44, 424, 2),
    "GPU_NV_SL": Node(92, 858, 4),
    "GPU_NV_L": Node(92, 1112, 8),
    "GPU_L40S_G1_8": Node(6, 58, 1),
    "GPU_L40S_G1_16": Node(14, 116, 1),
    "GPU_L40S_G1_48": Node(44, 368, 4),
    "GPU_L40S_G1_192": Node(188, 1436, 8),
    "GPU_R6K_G1_8": Node(6, 58, 1),
    "GPU_R6K_G1_16": Node(14, 116, 1),
    "GPU_R6K_G1_32": Node(28, 240, 1),
    "GPU_R6K_G1_48": Node(44, 490, 2),
    "GPU_R6K_G1_96": Node(92, 984, 4),
    "GPU_R6K_G1_192": Node(188, 1843, 8),
    "GPU_GCP_NV_L4_1_24G": Node(6, 28, 1),
    "GPU_GCP_NV_L4_4_24G": Node(44, 178, 4),
    "GPU_A100_G1_12": Node(10, 77, 1),
    "GPU_A100_G1_48": Node(44, 324, 4),
    "GPU_GCP_NV_A100_8_40G": Node(92, 654, 8),
}

NODE_LIMIT = 150
NODE_LIMIT_CPU = 500
NODE_LIMIT_LARGE_GPU = 10
_LARGE_GPU = 8


def node_limit(family: str) -> int:
    """Return the most nodes a pool of the family may have.

    Documented: the typical limits 150, 500 for CPU_X64 and 10 for the largest GPU nodes. Assumed: the largest
    are those with eight GPUs.
    """
    if FAMILIES[family].gpus >= _LARGE_GPU:
        return NODE_LIMIT_LARGE_GPU
    return NODE_LIMIT_CPU if family.startswith("CPU_X64") else NODE_LIMIT


def architecture(family: str) -> str:
    """Return the architecture that images for the family must have."""
    return "arm64" if "ARM" in family else "amd64"
