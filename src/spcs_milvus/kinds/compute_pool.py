"""COMPUTE POOL: the nodes that services run on, and what costs money while it is up.

documented: CREATE COMPUTE POOL and ALTER COMPUTE POOL; a pool cannot be dropped while a service is on it, and
a service that was just dropped may stand there for a while (a field report says about 30 s), hence the
patience of the drop.
"""

from collections.abc import Mapping
from dataclasses import replace

from spcs_milvus.families import FAMILIES
from spcs_milvus.kinds import base
from spcs_milvus.names import Name
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource, Value
from spcs_milvus.steps import Look, Row, Statement, Step
from spcs_milvus.templates import sql

DROP_PATIENCE_SECONDS = 120


def attributes(row: Row) -> Mapping[str, Value]:
    """The settings of one row of SHOW COMPUTE POOLS."""
    return {
        "instance_family": row["instance_family"],
        "min_nodes": int(row["min_nodes"]),
        "max_nodes": int(row["max_nodes"]),
        "auto_resume": base.text_is_true(row["auto_resume"]),
        "auto_suspend_seconds": int(row["auto_suspend_secs"] or 0),
    }


def _read(resource: Resource, answers: base.Answers) -> Actual:
    actual = base.reader(attributes)(resource, answers)
    if actual.presence is not Presence.PRESENT:
        return actual
    row = base.row_of(resource, answers["show"]) or {}
    # documented: SHOW COMPUTE POOLS counts the services of whoever they are
    counted = {"services": int(row["num_services"])} if row.get("num_services") is not None else {}
    nodes = {"nodes": _up(row)} if row.get("target_nodes") is not None else {}
    return replace(actual, live={**actual.live, "state": row.get("state"), **counted, **nodes})


def _up(row: Row) -> int:
    """documented: SHOW COMPUTE POOLS; observed by others: a pool that starts has only its target."""
    return max(int(row["active_nodes"]) + int(row["idle_nodes"]), int(row["target_nodes"]))


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"


def _price(family: str, nodes: int, word: str = "about") -> str:
    """As much of a price as is known."""
    known = FAMILIES.get(family)
    if known is None or known.credits_per_hour is None:
        return ""
    return f", {word} {known.credits_per_hour * nodes:g} credits an hour"


def _saved(family: str, nodes: int) -> str:
    return f"{_nodes(nodes)} of {family} less{_price(family, nodes, 'saving about')}"


def _creating(resource: Resource) -> base.Cost:
    """documented: a pool starts with MIN_NODES; what is up is charged by the second, for five minutes at
    least, whether a service runs on it or not.
    """
    attributes = resource.attributes
    low, high, family = (attributes[name] for name in ("min_nodes", "max_nodes", "instance_family"))
    grows = f", up to {_nodes(high)}" if high > low else ""
    return base.Cost(credits=f"{_nodes(low)} of {family} from now on{_price(family, low)}{grows}")


def _altering(resource: Resource, actual: Actual, differing: frozenset[str], _renewed: bool) -> base.Cost:
    """documented: ALTER COMPUTE POOL; a smaller MAX_NODES stops what runs on the nodes too many, and a pool
    that never suspends, or later, is charged for while it is idle.
    """
    was, becomes = actual.attributes, resource.attributes
    family = becomes["instance_family"]
    charged, down = [], []
    if "min_nodes" in differing:
        more = becomes["min_nodes"] - was["min_nodes"]
        costs = f"{_nodes(more)} of {family} more at any time{_price(family, more)}"
        charged.append(costs if more > 0 else f"when little runs, {_saved(family, -more)}")
    if "max_nodes" in differing:
        most = becomes["max_nodes"]
        grows = most > was["max_nodes"]
        charged.append(f"it may grow to {_nodes(most)}" if grows else f"it grows to {_nodes(most)} at most")
        if actual.live.get("nodes", was["max_nodes"]) > most:
            down.append(f"what runs on nodes beyond {most} is stopped")
    if "auto_suspend_seconds" in differing:
        seconds = becomes["auto_suspend_seconds"]
        idle = f"for {seconds} s" if seconds else "for as long as it is there, since it never suspends"
        charged.append(f"idle nodes stay up {idle}{'' if _longer(becomes, was) else ' only'}")
    if "auto_resume" in differing and not becomes["auto_resume"]:
        down.append("once suspended, it stays so until somebody resumes it")
    return base.Cost(downtime="; ".join(down) or None, credits="; ".join(charged) or None)


def _dropping(_resource: Resource, actual: Actual) -> base.Cost:
    """What is up is charged for no more; it is told where the account says how many nodes that is."""
    nodes, family = actual.live.get("nodes"), actual.attributes.get("instance_family")
    return base.Cost(credits=_saved(family, nodes)) if nodes and family else base.FREE


def _longer(becomes: Mapping[str, Value], was: Mapping[str, Value]) -> bool:
    """Whether a pool is idle for longer than before; 0 is for ever (documented)."""
    one, other = (attributes["auto_suspend_seconds"] for attributes in (becomes, was))
    return bool(other and (not one or one > other))


def _drop(resource: Resource, actual: Actual) -> tuple[Step, ...]:
    (step,) = base.basic_drop(resource, actual)
    assert isinstance(step, Statement)
    return (replace(step, patience_seconds=DROP_PATIENCE_SECONDS),)


def _services_looks(resource: Resource) -> base.Looks:
    return {"services": Look(sql("compute_pool", "services", base.values(resource)), resource.seen_by)}


def _services(resource: Resource, answers: base.Answers) -> tuple[base.Found, ...]:
    rows = answers["services"].rows
    names = [Name.of(row["database_name"], row["schema_name"], row["name"]) for row in rows]
    shown = [
        base.Found(Address("service", str(name)), name, row) for name, row in zip(names, rows, strict=True)
    ]
    if answers["services"].refused or answers["services"].partial:
        shown.append(base.unseen(resource, "services"))
    return tuple(shown)


def state(resource: Resource, answers: base.Answers) -> str:
    """The pool's state as Snowflake spells it; ``ABSENT`` when it is not there."""
    actual = _read(resource, answers)
    return "ABSENT" if actual is ABSENT else str(actual.live.get("state") or "UNKNOWN")


KIND = base.Kind(
    name="compute_pool",
    title="compute pool",
    attributes=("instance_family", "min_nodes", "max_nodes", "auto_resume", "auto_suspend_seconds"),
    # documented as alterable while suspended since 2026, but not on every account yet
    create_only=frozenset({"instance_family"}),
    looks=base.basic_looks,
    read=_read,
    create=base.basic_create,
    alter=base.basic_alter,
    drop=_drop,
    holds=base.Holds(_services_looks, _services),
    suspend=base.basic_suspend,
    resume=base.basic_resume,
    creating=_creating,
    altering=_altering,
    dropping=_dropping,
)
