"""The program that holds a network: a file that Linux can execute, as small as it can be."""

import os
import platform
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from spcs_emulator.runtime.docker import pause


def test_it_is_one_segment_that_begins_at_its_instructions() -> None:
    elf = pause.elf()
    assert elf[:7] == b"\x7fELF\x02\x01\x01"
    kind, machine, _, entry, headers = struct.unpack_from("<HHIQQ", elf, 16)
    assert (kind, machine, headers) == (2, 62, 64)
    load, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", elf, headers)
    assert (load, flags, offset) == (1, 5, 0)
    assert in_file == in_memory == len(elf) == 129
    assert elf[entry - address :] == bytes.fromhex("b8220000000f05ebf7")


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the program is one for linux/amd64"
)
def test_it_waits_until_it_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(pause.elf())
    program.chmod(0o755)
    process = subprocess.Popen([program])
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        ticks = os.sysconf("SC_CLK_TCK")
        spent = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        assert sum(map(int, spent)) / ticks < 0.1
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
