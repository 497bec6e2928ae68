"""The commands that are struck and the troubles that strike them, as data.

A command begins in a named state and ends in one; what a struck run leaves must lead to a named state by each
of its ways on. ``MAKING`` tells how each named state is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.world import Run

from spcs_emulator.script import Trouble

SMALL = """
project: small
connection: local
jupyter: null
milvus: {image: images/milvus}
secrets: {KEY: {generic_string: '${env:KEY}'}}
users: [{name: ALICE, password: generate}]
"""
# the specification, an image, a number and a word change; a stage comes
UPGRADED = """
project: small
connection: local
jupyter: null
milvus: {image: images/milvus, settings: {log.level: warn}}
secrets: {KEY: {generic_string: '${env:KEY}'}}
users: [{name: ALICE, password: generate}]
warehouse: {size: SMALL}
compute_pools: {milvus: {max_nodes: 2}}
stages: {DATA: {encryption: SNOWFLAKE_SSE}, MORE: {encryption: SNOWFLAKE_SSE}}
"""
# with an owner that is there already, what is made by hand has the owner that it needs
GUIDE = SMALL + "roles: {owner: SYSADMIN}\nexisting: [role.SYSADMIN]\n"

UP, DOWN = Run("up", SMALL), Run("down", SMALL)
UPGRADE = Run("up", UPGRADED, image=2)
DOWN_UPGRADED = Run("down", UPGRADED, image=2)
KEEP, PAUSE, RESUME = Run("down --keep-data", SMALL), Run("pause", SMALL), Run("resume", SMALL)
ADOPT, DOWN_ADOPTED = Run("adopt", GUIDE), Run("down", GUIDE)

# state → the state before it, and what leads from there
MAKING: dict[str, tuple[str, Run]] = {
    "up": ("nothing", UP),
    "upgraded": ("up", UPGRADE),
    "paused": ("up", PAUSE),
    "kept": ("up", KEEP),
    "adopted": ("by hand", ADOPT),
}


@dataclass(frozen=True)
class Then:
    """A way on from what a struck run left, and the state it must lead to; ``undone`` is that state where the
    struck run had done nothing (None: the same), and what is not ours may then be told as a leftover.
    """

    run: Run
    wanted: str
    undone: str | None = None


@dataclass(frozen=True)
class Command:
    """A command from one named state to another, and the ways on from anywhere between them, beside the same
    command again.
    """

    start: str
    run: Run
    wanted: str
    others: tuple[Then, ...]

    @property
    def then(self) -> tuple[Then, ...]:
        """All ways on."""
        return (Then(self.run, self.wanted), *self.others)


TO_NOTHING = Then(DOWN, "nothing")
COMMANDS = {
    "up": Command("nothing", UP, "up", (TO_NOTHING,)),
    "upgrade": Command("up", UPGRADE, "upgraded", (Then(DOWN_UPGRADED, "nothing"),)),
    "adopt": Command("by hand", ADOPT, "adopted", (Then(DOWN_ADOPTED, "nothing", undone="by hand"),)),
    "pause": Command("up", PAUSE, "paused", (TO_NOTHING,)),
    "resume": Command("paused", RESUME, "up", (TO_NOTHING,)),
    "down": Command("up", DOWN, "nothing", (Then(UP, "up"),)),
    "down --keep-data": Command("up", KEEP, "kept", (Then(UP, "up"), TO_NOTHING)),
}
# No fewer cases than these: lower it where a command is meant to send fewer statements, or a fault to go.
CASES = 2700

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
