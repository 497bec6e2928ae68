"""What SHOW … IN SERVICE and the system functions tell of a running service.

In: a service. Out: rows and texts. Documented: SHOW SERVICE CONTAINERS, SHOW SERVICE INSTANCES, SHOW
ENDPOINTS, SHOW ROLES IN SERVICE, SYSTEM$GET_SERVICE_STATUS.
"""

import json
from datetime import datetime

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import Instance
from spcs_emulator.account.results import Result, columns, table
from spcs_emulator.account.services import covers, local_ports, may_bind, specification_of
from spcs_emulator.objects.kind import Row, place_cells, true_false
from spcs_emulator.runtime.api import ContainerState
from spcs_emulator.specification import Container, Volume

CONTAINERS = columns(
    "SHOW SERVICE CONTAINERS",
    "database_name schema_name service_name service_status instance_id instance_status "
    "container_name status message "
    "image_name image_digest restart_count start_time last_exit_code last_restart_time",
    fixed="restart_count last_exit_code",
    source="documented: SHOW SERVICE CONTAINERS",
)
INSTANCES = columns(
    "SHOW SERVICE INSTANCES",
    "database_name schema_name service_name service_status instance_id status spec_digest "
    "creation_time start_time "
    "ip_address",
    source="documented: SHOW SERVICE INSTANCES",
)
VOLUMES = columns(
    "SHOW SERVICE VOLUMES",
    "volume_name instance_id container_name volume_type size iops throughput encryption snapshot_used "
    "stage_source volume_mounts",
    source="documented: SHOW SERVICE VOLUMES; assumed: a row for each container that mounts one",
    fixed="iops throughput",
)
# The last column is the local account's own: where the endpoint really listens on this machine.
ENDPOINTS = columns(
    "SHOW ENDPOINTS",
    "name port port_range protocol is_public ingress_url local_address",
    fixed="port",
    source="documented: SHOW ENDPOINTS; assumed: local_address, a column of our own (docs/decisions)",
)
ROLES = columns(
    "SHOW ROLES IN SERVICE", "created_on name comment", source="documented: SHOW ROLES IN SERVICE"
)
PROVISIONING = "Endpoints provisioning in progress... check back in a few minutes"


def show_containers(context: Context, service: AccountObject) -> Result:
    """Return a row for each container; one row of NULLs when there is no instance. MONITOR is needed."""
    context.access.require(service, "MONITOR")
    head = _head(context, service)
    instances = context.world.life.instances(service)
    if not instances:
        empty: Row = {column.name: None for column in CONTAINERS}
        return table(CONTAINERS, [{**empty, **head}])
    rows = []
    for instance in instances:
        for state in instance.containers:
            image = service.settings["images"][state.name]
            rows.append(
                {
                    **head,
                    "instance_id": str(instance.number),
                    "instance_status": instance.status,
                    "container_name": state.name,
                    "status": state.status,
                    "message": state.message,
                    "image_name": f"{context.world.registry_host()}/{image['path']}",
                    "image_digest": image["digest"],
                    "restart_count": state.restart_count,
                    "start_time": _iso(state.start_time),
                    "last_exit_code": state.last_exit_code,
                    "last_restart_time": _iso(state.last_restart_time),
                }
            )
    return table(CONTAINERS, rows)


def show_instances(context: Context, service: AccountObject) -> Result:
    """Return a row for each instance. MONITOR is needed."""
    context.access.require(service, "MONITOR")
    since = datetime.fromisoformat(service.settings["since"])
    rows = [
        {
            **_head(context, service),
            "instance_id": str(instance.number),
            "status": instance.status,
            "spec_digest": service.settings["spec_digest"],
            "creation_time": _iso(since),
            "start_time": _iso(instance.started_on),
            "ip_address": "127.0.0.1" if instance.started_on else None,
        }
        for instance in context.world.life.instances(service)
    ]
    return table(INSTANCES, rows)


def show_endpoints(context: Context, service: AccountObject) -> Result:
    """Return a row for each endpoint a role of the session may use (documented). Any privilege shows the
    service.

    Revoking BIND SERVICE ENDPOINT from the owner role takes the public URL away (documented: unreachable).
    """
    ports = local_ports(service, 0)
    running = any(instance.started_on for instance in context.world.life.instances(service))
    rows = []
    for endpoint in specification_of(service).endpoints:
        if not covers(context.catalogue, context.access.roles, service, endpoint):
            continue
        local = f"127.0.0.1:{ports[endpoint.port]}" if endpoint.port is not None else None
        url = local if context.world.life.endpoints_ready(service) else PROVISIONING
        rows.append(
            {
                "name": endpoint.name,
                "port": endpoint.port,
                "port_range": endpoint.port_range,
                "protocol": endpoint.protocol,
                "is_public": true_false(endpoint.public),
                "ingress_url": url if endpoint.public and may_bind(context.catalogue, service) else None,
                "local_address": local if running else None,
            }
        )
    return table(ENDPOINTS, rows)


def show_volumes(context: Context, service: AccountObject) -> Result:
    """Return a row for each volume of each instance, and each container that mounts it. MONITOR is needed."""
    context.access.require(service, "MONITOR")
    specification = specification_of(service)
    return table(
        VOLUMES,
        [
            _volume_row(service, number, volume, container)
            for number in range(service.settings["MIN_INSTANCES"])
            for volume in specification.volumes
            for container in specification.containers
            if any(name == volume.name for name, _ in container.mounts)
        ],
    )


def _volume_row(service: AccountObject, number: int, volume: Volume, container: Container) -> Row:
    iops, throughput, encryption = volume.block or (None, None, None)
    used = service.settings.get("snapshots", {}).get(volume.name)
    return {
        "volume_name": volume.name,
        "instance_id": str(number),
        "container_name": container.name,
        "volume_type": volume.source,
        "size": volume.size or None,
        "iops": iops,
        "throughput": throughput,
        "encryption": encryption,
        "snapshot_used": used["name"] if used else None,
        "stage_source": volume.stage or None,
        "volume_mounts": ",".join(path for name, path in container.mounts if name == volume.name),
    }


def show_roles(context: Context, service: AccountObject) -> Result:
    """Return a row for each service role."""
    rows = [
        {"created_on": role.created_on, "name": role.name, "comment": role.comment}
        for role in sorted(context.catalogue.children(service.key), key=lambda role: role.name)
    ]
    return table(ROLES, rows)


def service_status(context: Context, service: AccountObject) -> str:
    """Return the JSON text of SYSTEM$GET_SERVICE_STATUS (deprecated on Snowflake). MONITOR is needed."""
    context.access.require(service, "MONITOR")
    entries = [
        _status_entry(context, service, instance, state)
        for instance in context.world.life.instances(service)
        for state in instance.containers
    ]
    return json.dumps(entries, separators=(",", ":"))


def _status_entry(context: Context, service: AccountObject, instance: Instance, state: ContainerState) -> Row:
    path = service.settings["images"][state.name]["path"]
    entry: Row = {
        "status": state.status,
        "message": state.message,
        "containerName": state.name,
        "instanceId": str(instance.number),
        "serviceName": service.name,
        "image": f"{context.world.registry_host()}/{path}",
        "restartCount": state.restart_count,
        "startTime": _iso(state.start_time) or "",
    }
    if state.last_exit_code is not None:
        entry["lastExitCode"] = state.last_exit_code
    return entry


def _head(context: Context, service: AccountObject) -> Row:
    return {
        **place_cells(context, service),
        "service_name": service.name,
        "service_status": context.world.life.service_status(service),
    }


def _iso(time: datetime | None) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
