"""A service's instance as the runtime is asked to run it.

In: a service object (stored or about to be). Out: an `InstanceRequest`. Touches nothing.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from spcs_emulator.account.access import closure
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.jobs import is_job, is_over
from spcs_emulator.account.secrets import secret_values
from spcs_emulator.account.services import (
    dns_name,
    local_ports,
    peers_of,
    search_domain,
    specification_of,
    unreachable_from,
    volume_key,
)
from spcs_emulator.faults import SqlError
from spcs_emulator.identity import Identity
from spcs_emulator.runtime.api import (
    CannotRunError,
    ContainerRequest,
    Image,
    InstanceRequest,
    Mount,
    Probe,
)
from spcs_emulator.specification import Container, SecretUse, Volume
from spcs_emulator.statement.values import ObjectKind

_STAGE = re.compile(r"@([^/]+)(?:/(.*))?")


def split_stage(text: str) -> tuple[str, str]:
    """Return the stage's name and the folder in it, of "@db.schema.stage/folder". ValueError when it is
    neither.
    """
    match = _STAGE.fullmatch(text)
    folder = (match[2] or "").strip("/") if match else ""
    if not match or ".." in folder.split("/"):
        raise ValueError(text)
    return match[1], folder


class RequestBuilder:
    """Makes requests from the account's folders and names."""

    def __init__(self, catalogue: Catalogue, identity: Identity, data: Path) -> None:
        self._catalogue = catalogue
        self._identity = identity
        self._data = data

    def build(self, service: AccountObject, number: int) -> InstanceRequest:
        """Return the request for one instance. CannotRunError when the owner can read a secret no more, or a
        folder of a stage leads out of it.
        """
        peers, hosts = peers_of(self._catalogue, service)
        schema = self._catalogue.the(service.parent)
        database = self._catalogue.the(schema.parent)
        own = {
            "SNOWFLAKE_ACCOUNT": self._identity.locator,
            "SNOWFLAKE_HOST": f"{self._identity.account}.local",
            "SNOWFLAKE_DATABASE": database.name,
            "SNOWFLAKE_SCHEMA": schema.name,
            "SNOWFLAKE_SERVICE_NAME": service.name,
        }
        specification = specification_of(service)
        if is_job(service):
            # Documented: EXECUTE JOB SERVICE, REPLICAS.
            own["SNOWFLAKE_JOBS_COUNT"] = str(service.settings["MIN_INSTANCES"])
            own["SNOWFLAKE_JOB_INDEX"] = str(number)
        volumes = {volume.name: volume for volume in specification.volumes}
        containers = tuple(
            self._container(service, number, container, volumes, own)
            for container in specification.containers
        )
        return InstanceRequest(
            key=f"{service.key}-{number}",
            service=f"{database.name}.{schema.name}.{service.name}",
            instance_id=number,
            containers=containers,
            ports=local_ports(service, number),
            peers=peers,
            hosts=hosts,
            name=dns_name(service),
            search=search_domain(service),
            unreachable=unreachable_from(self._catalogue, service),
            once=is_job(service),
        )

    def _container(
        self,
        service: AccountObject,
        number: int,
        container: Container,
        volumes: dict[str, Volume],
        own: dict[str, str],
    ) -> ContainerRequest:
        probe = container.readiness
        return ContainerRequest(
            container.name,
            Image(**service.settings["images"][container.name]),
            container.command,
            container.args,
            {**own, **container.environment},
            (
                *(self._mount(service, number, volumes[name], path) for name, path in container.mounts),
                *self._secret_mounts(service, number, container),
            ),
            Probe(probe.port, probe.path, probe.period_seconds, probe.failure_threshold) if probe else None,
            container.cpu_limit,
            container.memory_limit,
            self._secret_environment(service, container),
        )

    def secret_folder(self, key: str) -> Path:
        """Return the folder of all files with secrets of the instance with that key."""
        return self._data / "secrets" / key

    def _secret_environment(self, service: AccountObject, container: Container) -> dict[str, str]:
        uses = [use for use in container.secrets if use.variable]
        return {use.variable: self._secret(service, use)[use.key] for use in uses}

    def _secret_mounts(self, service: AccountObject, number: int, container: Container) -> Iterator[Mount]:
        inside = self.secret_folder(f"{service.key}-{number}") / container.name
        for index, use in enumerate(container.secrets):
            if use.directory:
                files = self._secret(service, use)
                yield Mount(use.directory, "secret", folder=inside / str(index), secrets=files)

    def _secret(self, service: AccountObject, use: SecretUse) -> dict[str, str]:
        schema = self._catalogue.the(service.parent)
        try:
            return secret_values(self._catalogue, use, schema, service.owner)
        except SqlError as error:
            raise CannotRunError(f"secret {use.name}: {error}") from error

    def _mount(self, service: AccountObject, number: int, volume: Volume, path: str) -> Mount:
        if volume.source != "stage":
            key = volume_key(service, number, volume.name)
            size = volume.size_bytes or None
            return Mount(path, volume.source, key, size_bytes=size, uid=volume.uid, gid=volume.gid)
        key = service.settings["stages"][volume.name]
        stage = self._catalogue.get(key)
        _, inner = split_stage(volume.stage)
        whole = self._data / "stages" / key
        folder = whole / inner
        if not folder.resolve().is_relative_to(whole.resolve()):
            # Through a link that a container has made, and an engine would follow as root.
            raise CannotRunError(f"{inner} of stage {stage.name if stage else key} leads out of it")
        read_only = not self._writes(service, stage)
        return Mount(path, "stage", folder=folder, read_only=read_only, uid=volume.uid, gid=volume.gid)

    def _writes(self, service: AccountObject, stage: AccountObject | None) -> bool:
        if stage is None:
            return False
        roles = closure(self._catalogue, [service.owner] if service.owner else [])
        return stage.owner in roles or any(
            grant.on == stage.key and grant.grantee in roles and grant.privilege == "WRITE"
            for grant in self._catalogue.grants.values()
        )


def services_of(catalogue: Catalogue, pool: AccountObject) -> list[AccountObject]:
    """Return the services on the pool that are no jobs, oldest first."""
    return [entry for entry in workloads_of(catalogue, pool) if not is_job(entry)]


def jobs_of(catalogue: Catalogue, pool: AccountObject) -> list[AccountObject]:
    """Return the jobs on the pool that are not over, oldest first."""
    return [entry for entry in workloads_of(catalogue, pool) if is_job(entry) and not is_over(entry)]


def workloads_of(catalogue: Catalogue, pool: AccountObject) -> list[AccountObject]:
    """Return the services on the pool, jobs of every age among them, oldest first."""
    found = [
        entry
        for entry in catalogue.unsorted(ObjectKind.SERVICE)
        if entry.settings["COMPUTE POOL"] == pool.key
    ]
    return sorted(found, key=lambda entry: entry.created_on)
