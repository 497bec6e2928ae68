"""What can go wrong with a local account as a whole, in words for a person.

In: the case. Out: exceptions with a summary and a hint. Pure. (Errors of statements are in `faults`.)
"""

from collections.abc import Sequence
from pathlib import Path


class LocalAccountError(Exception):
    """`summary` says what is wrong, `hint` what would help. Neither ever holds a secret."""

    def __init__(self, summary: str, hint: str) -> None:
        super().__init__(f"{summary.rstrip('.')}. {hint}")
        self.summary = summary
        self.hint = hint


class PortTakenError(LocalAccountError):
    """Another program listens on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} of 127.0.0.1 is taken by another program",
            "Ask for another one, or for none: then a free port is picked.",
        )
        self.port = port


class UnusableFolderError(LocalAccountError):
    """The data folder cannot be made, read or written, or holds something else."""

    def __init__(self, data: Path, reason: str) -> None:
        super().__init__(
            f"the data folder {data} cannot be used: {reason}",
            "It must be a folder that you may write, on a disk with room. Name another one with --data or in "
            "SPCS_MILVUS_HOME.",
        )


class DamagedAccountError(LocalAccountError):
    """The folder holds a local account, but its catalogue is lost or cannot be understood."""

    def __init__(self, data: Path, reason: str) -> None:
        super().__init__(
            f"the local account in {data} is damaged: {reason}",
            "Bring its files back from a copy, or begin anew with spcs-milvus local reset, which deletes all "
            "of it.",
        )


class RunsAlreadyError(LocalAccountError):
    """Another local account serves this data folder."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"a local account already serves {data}", "Use that one, stop it first, or name another folder."
        )


class OtherSettingsError(LocalAccountError):
    """It runs already, but not with the settings that were asked for."""

    def __init__(self, setting: str, running: object, asked: object) -> None:
        super().__init__(
            f"the local account runs with {setting} {running}, and {asked} was asked for",
            "Stop it first, `spcs-milvus local stop`, then start it with the new setting; nothing is lost.",
        )


class OtherRuntimeError(LocalAccountError):
    """Another runtime was asked for, which does not have the volumes that the account's services have."""

    def __init__(self, data: Path, has: str, asked: str, holders: Sequence[str]) -> None:
        super().__init__(
            f"the account in {data} has volumes or snapshots that the runtime {has} made and {asked} cannot "
            f"read: {', '.join(holders)}",
            f"Start it with --runtime {has}, or name another folder with --data. To give them up for good, "
            f"start it with --runtime {has}, then `spcs-milvus down`, or DROP SERVICE … FORCE and DROP "
            "SNAPSHOT.",
        )


class CopiedAccountError(LocalAccountError):
    """A copy of a data folder, without the volumes that are in a Docker engine."""

    def __init__(self, data: Path, original: Path, holders: Sequence[str]) -> None:
        super().__init__(
            f"{data} is a copy of {original}, whose block volumes, in a Docker engine, were not copied: "
            f"{', '.join(holders)}",
            f"Start the account in {original}. Once that folder is gone, this one takes its place.",
        )


class NoEngineError(LocalAccountError):
    """No Docker engine of this machine answers, or it does not do as it is asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the runtime docker needs a Docker engine on this machine: {reason}",
            "Start one (systemctl start docker) and see that `docker info` answers without sudo. Or start "
            "the local account with --runtime process.",
        )


class NotStartedError(LocalAccountError):
    """The background process ended, or did not answer in time. The summary holds its last words."""


class NotALocalAccountError(LocalAccountError):
    """The folder holds no local account, so nothing in it is touched."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"{data} holds no local account",
            "Name the folder that it was started with, or start one there first.",
        )
