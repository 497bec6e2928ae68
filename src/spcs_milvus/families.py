"""Facts of Snowflake that are lists: instance families with what a container may use of them, warehouse
sizes.

documented: CREATE COMPUTE POOL, "Supported instance families" (as crawled in 2026); a family that is missing
here is refused when the project file is read, so a new one is one line.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What containers may use on one node."""

    cpus: int
    memory_gib: int


def _families(text: str) -> dict[str, Family]:
    rows = (line.split() for line in text.strip().splitlines())
    return {name: Family(int(cpus), int(memory)) for name, cpus, memory in rows}


# name, vCPUs, GiB; where clouds differ, the smaller figure
FAMILIES = _families("""
CPU_X64_XS 1 6
CPU_X64_S 3 13
CPU_X64_M 6 28
CPU_X64_SL 14 58
CPU_X64_L 28 116
HIGHMEM_X64_S 6 58
HIGHMEM_X64_M 28 240
HIGHMEM_X64_SL 60 492
HIGHMEM_X64_L 124 984
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
GPU_NV_XS 3 26
GPU_NV_S 6 28
GPU_NV_SM 32 424
GPU_NV_M 44 178
GPU_NV_2M 68 858
GPU_NV_3M 44 424
GPU_NV_SL 92 858
GPU_NV_L 92 1112
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
GPU_GCP_NV_L4_1_24G 6 28
GPU_GCP_NV_L4_4_24G 44 178
GPU_A100_G1_12 10 77
GPU_A100_G1_48 44 324
GPU_GCP_NV_A100_8_40G 92 654
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
