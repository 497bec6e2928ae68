"""What goes by itself when its time is over: automatic snapshots, and jobs that ended long ago.

In: the account. Out: nothing; the catalogue changes. Documented: block storage volumes (an automatic snapshot
is kept as long as `snapshotDeleteAfter` says), EXECUTE JOB SERVICE (a job's metadata is kept 30 days).
Assumed: the job's name is free then.
"""

from datetime import datetime, timedelta

from spcs_emulator.account.context import World
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import ended_on
from spcs_emulator.objects.removal import remove_object
from spcs_emulator.statement.values import ObjectKind

JOB_KEPT_FOR = timedelta(days=30)


def expire(world: World) -> None:
    """Remove what is over by the clock. Call inside a transaction."""
    now = world.clock.now()
    for entry in world.catalogue.objects.values():
        ends = _ends(entry)
        if ends is not None and ends <= now:
            remove_object(world, entry)


def _ends(entry: AccountObject) -> datetime | None:
    if entry.kind is ObjectKind.SNAPSHOT:
        text = entry.settings["expires_on"]
        return datetime.fromisoformat(text) if text else None
    ended = ended_on(entry) if entry.kind is ObjectKind.SERVICE else None
    return ended + JOB_KEPT_FOR if ended else None
