"""SERVICE: containers that run on a compute pool.

documented: CREATE SERVICE, ALTER SERVICE, DROP SERVICE (FORCE where there is a block volume), DESCRIBE
SERVICE (``spec`` is shown to the owner only, normalised), SHOW SERVICE CONTAINERS, SHOW ENDPOINTS. The
compute pool and the block volumes are fixed when the service is made. With ``stage`` and ``file``
in its detail a service is made from a file that ``uploader`` puts on that stage first, by a name that changes
with what is in it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from spcs_milvus.kinds import base, service_costs
from spcs_milvus.names import DollarQuoted, Name
from spcs_milvus.resource import ABSENT, RESTARTING, Actual, Address, Presence, Resource, Value
from spcs_milvus.specification import canonical, image_digests, managed, volumes
from spcs_milvus.steps import Effect, Look, Row, Statement, Step, Upload
from spcs_milvus.templates import specification_json, sql

LOG_LINES = 20

# settings that may be left out, and the block of the template that takes each away
_UNSET = {"query_warehouse": "unset_warehouse", "external_access_integrations": "unset_integrations"}

# both are safe; the one in C is there wherever PyYAML's wheel is, and a sweep reads many specifications
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _values(resource: Resource) -> dict[str, object]:
    given = base.values(resource)
    warehouse = resource.attributes["query_warehouse"]
    inline = DollarQuoted(specification_json(resource.detail["specification"]))
    return {
        **given,
        "compute_pool": Name.of(resource.attributes["compute_pool"]),
        "query_warehouse": Name.of(warehouse) if warehouse else None,
        "external_access_integrations": tuple(
            Name.of(integration) for integration in resource.attributes["external_access_integrations"]
        ),
        **({} if "stage" in given else {"inline": inline}),
        "force": bool(resource.attributes["volumes"]),
    }


def _looks(resource: Resource) -> base.Looks:
    """SHOW is asked by whoever sees everything; the rest is for the owner."""
    given = _values(resource)
    owner = {
        part: Look(sql("service", part, given), resource.role)
        for part in ("describe", "containers", "endpoints")
    }
    return {"show": Look(sql("service", "show", given), resource.seen_by), **owner}


def log_look(
    resource: Resource,
    instance: str,
    container: str,
    lines: int = LOG_LINES,
    previous: bool = False,
    timestamps: bool = False,
) -> Look:
    """The statement that shows the last lines a container has written, or those that it wrote before it was
    restarted (``previous``); with ``timestamps`` each behind its time.

    documented: SYSTEM$GET_SERVICE_LOGS; observed: the official CLI passes all seven arguments.
    """
    given = {"service": str(resource.name), "instance": instance, "container": container, "lines": lines}
    if previous or timestamps:
        given |= {"previous": previous, "since": "", "timestamps": timestamps}
    return Look(sql("service", "logs", given), resource.role)


def job_statements(job: Resource) -> tuple[Statement, Statement]:
    """The one that runs a service as a job, which ends with its containers, and the one that takes it away.

    documented: EXECUTE JOB SERVICE; its clauses have an order, and with ASYNC it answers at once and the job
    stays until it is dropped.
    """
    given = _values(job)
    run = Statement(sql("service", "execute", given), job.role, effect=Effect.OURS)
    return run, Statement(sql("service", "drop", given), job.role, effect=Effect.GONE)


def _read(resource: Resource, answers: base.Answers) -> Actual:
    answer = answers["show"]
    if answer.refused:
        return Actual(Presence.UNKNOWN, reason=answer.refused)
    row = base.row_of(resource, answer)
    if row is None:
        return ABSENT
    attributes: dict[str, Value] = {
        "compute_pool": row["compute_pool"],
        "min_instances": int(row["min_instances"]),
        "max_instances": int(row["max_instances"]),
        "query_warehouse": row.get("query_warehouse") or None,
        "external_access_integrations": base.names_in(row.get("external_access_integrations")),
    }
    specification = _described(answers)
    digests: dict[str, str] = {}
    if specification is not None:
        digests = image_digests(specification)
        wanted = resource.detail["specification"]
        attributes["specification"] = managed(canonical(wanted), canonical(specification))
        attributes["volumes"] = volumes(specification, asked=wanted)
    live = {
        "owner": row.get("owner"),
        "status": row.get("status"),
        "digests": digests,
        "containers": containers(answers["containers"].rows),
        "endpoints": endpoints(answers["endpoints"].rows),
        "specification": None if specification is None else canonical(specification),
        **({"job": True} if base.text_is_true(row.get("is_job")) else {}),
    }
    return Actual(Presence.PRESENT, attributes, row.get("comment") or None, live)


def _described(answers: base.Answers) -> Mapping[str, Any] | None:
    """The service's own specification; None where Snowflake does not show it to us."""
    rows = answers["describe"].rows if "describe" in answers else ()
    text = rows[0].get("spec") if rows else None
    parsed = yaml.load(text, Loader=_LOADER) if text else None  # noqa: S506 - both loaders are safe
    return parsed if isinstance(parsed, dict) else None


def containers(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """``{name, status, message, restarts, instance}`` for each container of SHOW SERVICE CONTAINERS.

    A suspended service has one row without a container (documented), which is left out.
    """
    return [
        {
            "name": row["container_name"],
            "status": row["status"],
            "message": row["message"],
            "restarts": int(row["restart_count"] or 0),
            "instance": str(row["instance_id"]),
        }
        for row in rows
        if row["container_name"]
    ]


def endpoints(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """``{name, port, protocol, public, url}`` for each endpoint of SHOW ENDPOINTS; ``url`` is None until
    there is one.

    On Snowflake a public endpoint has a host name once it is provisioned and a text with blanks before that
    (documented). The local account adds a column ``local_address``, which private endpoints have too.
    """
    return [
        {
            "name": row["name"],
            "port": int(row["port"]) if row.get("port") else None,
            "protocol": row["protocol"],
            "public": base.text_is_true(row["is_public"]),
            "url": _url(row),
        }
        for row in rows
    ]


def _url(row: Row) -> str | None:
    if local := row.get("local_address"):
        return f"http://{local}"
    host = row.get("ingress_url")
    return f"https://{host}" if host and " " not in host else None


def _upload(resource: Resource) -> tuple[Step, ...]:
    """What has to be on the stage before the statement names it; nothing where it is sent inline."""
    detail = resource.detail
    if "stage" not in detail:
        return ()
    given = {"name": detail["stage"], "source": f"file:///{detail['file']}"}
    return (
        Upload(
            sql("stage", "put", given),
            specification_json(detail["specification"]).encode(),
            detail["uploader"],
        ),
    )


def _create(resource: Resource) -> tuple[Step, ...]:
    statement = sql("service", "create", _values(resource))
    return (*_upload(resource), Statement(statement, resource.role, effect=Effect.OURS))


def _alter(resource: Resource, differing: frozenset[str]) -> tuple[Step, ...]:
    """A new specification first, since that is what can be refused; then the settings and the mark. A setting
    that is there and should not be cannot be set to nothing.
    """
    given = _values(resource)
    blocks = [block for name, block in _UNSET.items() if name in differing and not given[name]]
    settings = tuple(Statement(sql("service", block, given), resource.role) for block in (*blocks, "alter"))
    if "specification" not in differing:
        return settings
    return (*_upload(resource), Statement(sql("service", "upgrade", given), resource.role), *settings)


def _renew(resource: Resource, actual: Actual, differing: frozenset[str]) -> tuple[Step, ...]:
    """Its containers start again, as a new specification makes them do anyway; those of a suspended service
    will. What is noted by then (:func:`restarting`) is taken back at the end.

    documented: a secret in the environment is fixed when the container starts, and the same specification
    once more changes nothing.
    """
    if "specification" in differing or actual.live.get("status") in base.ASLEEP:
        return ()
    ended = base.comment_step(resource, str(resource.mark))
    return (*base.basic_suspend(resource), *base.basic_resume(resource), ended)


def restarting(resource: Resource) -> Statement:
    """Notes on a service that it is to start again: a run that is cut short is gone on with by the next."""
    assert resource.mark is not None
    return base.comment_step(resource, str(replace(resource.mark, note=RESTARTING)))


def _drop(resource: Resource, actual: Actual) -> tuple[Step, ...]:
    held = actual.attributes.get("volumes", resource.attributes["volumes"])
    seen = replace(resource, attributes={**resource.attributes, "volumes": held})
    return (Statement(sql("service", "drop", _values(seen)), resource.role, effect=Effect.GONE),)


def _loses(resource: Resource, actual: Actual) -> str | None:
    held = actual.attributes.get("volumes", resource.attributes["volumes"])
    return f"the data on its volume ({', '.join(held)})" if held else None


def _leaves(resource: Resource, actual: Actual) -> str | None:
    """documented: Using block storage volumes, snapshotOnDelete: a service's volume is copied as it goes, and
    the copy kept for seven days."""
    return "Snowflake's own snapshot of its volume, for seven days" if _loses(resource, actual) else None


def _stands_on(resource: Resource) -> frozenset[Address]:
    pool = Name.of(resource.attributes["compute_pool"])
    return base.within(resource) | {Address("compute_pool", str(pool))}


def _undeclared(row: Row) -> Mapping[str, Value]:
    """Dropped with FORCE: whether it holds a volume is known to its owner only."""
    return {
        "compute_pool": row["compute_pool"],
        "volumes": ("if it has one",),
        "query_warehouse": None,
        "external_access_integrations": (),
        "min_instances": 1,
        "max_instances": 1,
    }


KIND = base.Kind(
    name="service",
    title="service",
    attributes=(
        "compute_pool",
        "specification",
        "volumes",
        "query_warehouse",
        "external_access_integrations",
        "min_instances",
        "max_instances",
    ),
    create_only=frozenset({"compute_pool", "volumes"}),
    looks=_looks,
    read=_read,
    create=_create,
    alter=_alter,
    drop=_drop,
    loses=_loses,
    leaves=_leaves,
    undeclared=_undeclared,
    renew=_renew,
    suspend=base.basic_suspend,
    resume=base.basic_resume,
    stands_on=_stands_on,
    creating=service_costs.creating,
    altering=service_costs.altering,
    dropping=service_costs.dropping,
)
