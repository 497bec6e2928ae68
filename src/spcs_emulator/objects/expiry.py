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
        if entry.kind in _ENDS:
            ends = _ENDS[entry.kind](entry)
            if ends is not None and ends <= now:
                remove_object(world, entry)


def _snapshot_ends(snapshot: AccountObject) -> datetime | None:
    text = snapshot.settings["expires_on"]
    return datetime.fromisoformat(text) if text else None


def _job_ends(service: AccountObject) -> datetime | None:
    ended = ended_on(service)
    return ended + JOB_KEPT_FOR if ended else None


_ENDS = {ObjectKind.SNAPSHOT: _snapshot_ends, ObjectKind.SERVICE: _job_ends}
