"""Facts of Snowflake that are lists: instance families with what a container may use of them and what a node
costs, warehouse sizes.

documented: CREATE COMPUTE POOL, "Supported instance families" (as crawled in 2026); a family that is missing
here is refused when the project file is read, so a new one is one line.
assumed: the credits, from the consumption table of 2026-01-13 as others extracted it; contracts differ.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What containers may use on one node, and what a node costs in an hour; None where that is not known."""

    cpus: int
    memory_gib: int
    credits_per_hour: float | None = None


def _families(text: str) -> dict[str, Family]:
    rows = (line.split() for line in text.strip().splitlines())
    return {name: Family(int(cpus), int(memory), *map(float, rest)) for name, cpus, memory, *rest in rows}


# name, vCPUs, GiB, credits an hour; where clouds differ, the smaller figure
FAMILIES = _families("""
CPU_X64_XS 1 6 0.06
CPU_X64_S 3 13 0.11
CPU_X64_M 6 28 0.22
CPU_X64_SL 14 58 0.41
CPU_X64_L 28 116 0.83
HIGHMEM_X64_S 6 58 0.28
HIGHMEM_X64_M 28 240 1.11
HIGHMEM_X64_SL 60 492 2.93
HIGHMEM_X64_L 124 984 4.44
GEN_X64_G2_2 1 6
GEN_X64_G2_4 3 13
GEN_X64_G2_8 6 28
GEN_X64_G2_16 14 58
GEN_X64_G2_32 28 116
MEM_X64_G2_8 6 58
MEM_X64_G2_32 28 240
MEM_X64_G2_64 60 492
MEM_X64_G2_96 92 652
MEM_X64_G2_192 188 1436
GPU_NV_XS 3 26 0.25
GPU_NV_S 6 28 0.57
GPU_NV_SM 32 424 1.70
GPU_NV_M 44 178 2.68
GPU_NV_2M 68 858 3.50
GPU_NV_3M 44 424 3.55
GPU_NV_SL 92 858 13.50
GPU_NV_L 92 1112 14.12
GPU_L40S_G1_8 6 58
GPU_L40S_G1_16 14 116
GPU_L40S_G1_48 44 368
GPU_L40S_G1_192 188 1436
GPU_R6K_G1_8 6 58
GPU_R6K_G1_16 14 116
GPU_R6K_G1_32 28 240
GPU_R6K_G1_48 44 490
GPU_R6K_G1_96 92 984
GPU_R6K_G1_192 188 1843
GPU_GCP_NV_L4_1_24G 6 28 0.43
GPU_GCP_NV_L4_4_24G 44 178 1.94
GPU_A100_G1_12 10 77
GPU_A100_G1_48 44 324
GPU_GCP_NV_A100_8_40G 92 654 11.68
""")

# documented: CREATE WAREHOUSE, WAREHOUSE_SIZE
WAREHOUSE_SIZES = (
    "X-SMALL",
    "SMALL",
    "MEDIUM",
    "LARGE",
    "X-LARGE",
    "2X-LARGE",
    "3X-LARGE",
    "4X-LARGE",
    "5X-LARGE",
    "6X-LARGE",
)

_WRITTEN_OUT = {"XXLARGE": "2XLARGE", "XXXLARGE": "3XLARGE", "X2LARGE": "2XLARGE", "X3LARGE": "3XLARGE"}


def warehouse_size(text: str) -> str | None:
    """The canonical spelling of a size as people and SHOW WAREHOUSES write it (``X-Small``, ``XSMALL``); None
    if unknown.
    """
    bare = text.upper().replace("-", "").replace("_", "").replace(" ", "")
    bare = _WRITTEN_OUT.get(bare, bare)
    return next((size for size in WAREHOUSE_SIZES if size.replace("-", "") == bare), None)
