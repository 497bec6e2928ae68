"""The image of the containers that do nothing but hold an instance's network: eight bytes that wait.

In: an engine. Out: the image's name. Imported once an engine and shared by all local accounts of it; made
here from nothing, so that no registry is asked.
"""

import io
import struct
import tarfile

from docker import APIClient
from docker.errors import ImageNotFound

REPOSITORY, TAG = "spcs-emulator/pause", "1"
IMAGE = f"{REPOSITORY}:{TAG}"

_PROGRAM = bytes.fromhex(
    "b822000000"  # mov eax, 34   system call pause: sleeps until a signal comes
    "0f05"  #       syscall
    "ebf7"  #       jmp -9        and again
)
_ADDRESS = 0x400000
_ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")


def elf() -> bytes:
    """A static program for linux/amd64 (ELF-64): two headers and the instructions, loaded as one segment."""
    start = _ELF_HEADER.size + _PROGRAM_HEADER.size
    size = start + len(_PROGRAM)
    header = _ELF_HEADER.pack(
        b"\x7fELF\x02\x01\x01",  # 64 bits, little endian, version 1
        2,  # an executable
        62,  # for x86-64
        1,
        _ADDRESS + start,  # where it begins
        _ELF_HEADER.size,  # where the program headers are
        0,  # no sections
        0,
        _ELF_HEADER.size,
        _PROGRAM_HEADER.size,
        1,  # one program header
        0,
        0,
        0,
    )
    segment = _PROGRAM_HEADER.pack(
        1,  # load it
        5,  # to read and execute
        0,
        _ADDRESS,
        _ADDRESS,
        size,
        size,
        0x1000,
    )
    return header + segment + _PROGRAM


def ensure(api: APIClient) -> str:
    """Imports the image unless the engine has it; its name either way."""
    try:
        api.inspect_image(IMAGE)
    except ImageNotFound:
        changes = ['ENTRYPOINT ["/pause"]', "LABEL spcs-emulator.pause=1"]
        api.import_image_from_data(_archive(), repository=REPOSITORY, tag=TAG, changes=changes)
    return IMAGE


def _archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("pause")
        content = elf()
        member.size, member.mode = len(content), 0o755
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()
