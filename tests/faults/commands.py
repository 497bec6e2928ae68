"""The commands that are struck, as data.

A command begins in a named state and ends in one; what a struck run leaves must lead to a named state by each
of its ways on. ``MAKING`` tells how each named state is made.
"""

from dataclasses import dataclass

from tests.faults.world import Run

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
