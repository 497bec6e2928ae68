"""The troubles that strike a command, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spcs_emulator.script import Trouble

READING = ("SHOW ", "DESCRIBE ", "SELECT ", "USE ", "LIST ")
# the patience of a client, in the whole seconds that the connector counts it in
PATIENCE: dict[str, object] = {"network_timeout": 2}


@dataclass(frozen=True)
class Fault:
    """A trouble, at which statements it can do something of its own, and what the client is told beside.

    A statement that only reads has no effect to lose, so that "after" is "before" there. With ``kills`` the
    client is killed while the account has its statement.
    """

    trouble: Trouble
    reads: bool = True
    writes: bool = True
    changes: int = 1
    kills: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The trouble, and how far back it goes."""
        if self.kills:
            return self.trouble.replace("hang", "killed")
        return f"{self.trouble} {self.changes}" if self.trouble == "stale" else self.trouble

    def strikes(self, statement: str) -> bool:
        """Whether it can do something there."""
        if self.trouble == "stale":
            return statement.startswith(("SHOW ", "DESCRIBE "))
        return self.reads if statement.startswith(READING) else self.writes


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("error before"),
        Fault("error after", reads=False),
        Fault("refused", reads=False),
        Fault("cut before"),
        Fault("cut after", reads=False),
        Fault("hang before", options=PATIENCE),
        Fault("hang after", reads=False, options=PATIENCE),
        Fault("hang before", kills=True),
        Fault("hang after", reads=False, kills=True),
        Fault("503 before", reads=False),
        Fault("503 after", reads=False),
        Fault("stale"),
        Fault("stale", changes=100),
        Fault("session expired"),
        Fault("master expired", reads=False),
    )
}
