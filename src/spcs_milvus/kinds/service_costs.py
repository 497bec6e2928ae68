"""What it costs to make, change and drop a service, beside the work: outages, data, addresses, nodes.

Comes in: a service as declared, and as it is there. Goes out: a :class:`spcs_milvus.kinds.base.Cost`. Touches
nothing.
"""

from collections.abc import Mapping
from typing import Any

from spcs_milvus.kinds import base
from spcs_milvus.resource import Actual, Resource
from spcs_milvus.specification import listed


def creating(resource: Resource) -> base.Cost:
    """A new service. documented: SHOW ENDPOINTS, a public endpoint has its address some minutes later."""
    public = any(_is_public(one) for one in listed(resource.attributes["specification"], "endpoints"))
    return base.Cost(url="each public endpoint gets an address of its own") if public else base.FREE


def altering(resource: Resource, actual: Actual, differing: frozenset[str], renewed: bool) -> base.Cost:
    """A service of which the attributes in ``differing`` change, or which is ``renewed``: started again.

    documented: ALTER SERVICE: another specification starts the containers again, instance by instance, and
    keeps the addresses; local and memory volumes are lost with a container, block volumes and stages stay;
    integrations take hold at once, a query warehouse at the next start.
    """
    was, becomes = actual.attributes, resource.attributes
    most = becomes["max_instances"]
    down, lost, charged = [], None, None
    if ("specification" in differing or renewed) and actual.live.get("status") not in base.ASLEEP:
        in_turn = most > 1 and not renewed
        down.append("its containers start again" + (", one instance after another" if in_turn else ""))
        lost = "what its containers keep outside of block volumes and stages"
    if "max_instances" in differing and most < was["max_instances"]:
        running = {container["instance"] for container in actual.live.get("containers") or ()}
        down += [f"instances beyond {most} stop"] if len(running) > most or not running else []
        charged = f"{most} instance{'' if most == 1 else 's'} at most, for which its pool needs fewer nodes"
    if "max_instances" in differing and most > was["max_instances"]:
        charged = f"up to {most} instances, for which its pool may add nodes"
    return base.Cost("; ".join(down) or None, lost, None, charged)


def dropping(_resource: Resource, actual: Actual) -> base.Cost:
    """A service that goes. documented: DROP SERVICE; a service made again has other public addresses."""
    urls = [one["url"] for one in actual.live.get("endpoints") or () if one["public"] and one["url"]]
    return base.Cost(
        downtime=None if actual.live.get("status") in base.ASLEEP else "it answers nobody from then on",
        url=f"gone for good, even if it is made again: {', '.join(urls)}" if urls else None,
    )


def _is_public(endpoint: Mapping[str, Any]) -> bool:
    return endpoint.get("public") == "true"
