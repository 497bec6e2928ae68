"""How a service or compute pool is: what may be read from what an account shows of it.

Comes in: what there is. Goes out: its state, as Snowflake spells it, and what follows from that. Touches
nothing.
"""

from collections.abc import Collection

from spcs_milvus.kinds.base import ASLEEP, Found, text_is_true
from spcs_milvus.resource import Actual, Presence


def state_of(actual: Actual) -> str:
    """The state of a service or compute pool as Snowflake spells it; ``ABSENT`` when it is not there,
    ``UNKNOWN`` where that cannot be told.
    """
    if actual.presence is Presence.ABSENT:
        return "ABSENT"
    return str(actual.live.get("status") or actual.live.get("state") or "UNKNOWN")


def is_suspended(actual: Actual) -> bool:
    """Whether a service or compute pool rests, or is about to."""
    return state_of(actual) in ASLEEP


def is_ready(actual: Actual) -> bool:
    """Whether every container of a service runs and every public endpoint has its address."""
    containers = actual.live.get("containers") or ()
    endpoints = actual.live.get("endpoints") or ()
    runs = bool(containers) and all(container["status"] == "READY" for container in containers)
    return runs and all(endpoint["url"] for endpoint in endpoints if endpoint["public"])


def unseen(contents: Collection[Found], actual: Actual) -> int:
    """How many services run on a compute pool beside those shown, as far as its own count tells."""
    services = [found.row for found in contents if found.address.kind == "service"]
    shown = sum(not text_is_true(row.get("is_job")) for row in services)
    return max(0, int(actual.live.get("services", 0)) - shown)
