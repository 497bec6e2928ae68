"""What is wrong with the services of a project and what they take: compute pools, images, hosts, settings of
Milvus.

Comes in: the project and its document (for places). Goes out: problems. Touches nothing.
"""

import re
from collections.abc import Iterator

from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import Problem, nearest
from spcs_milvus.families import FAMILIES, Family
from spcs_milvus.project import Milvus, Pool, Project, Resources
from spcs_milvus.project_values import ROCKSMQ, WOODPECKER, old_queue, service_name, setting_name
from spcs_milvus.secrets import looks_secret

# documented: Snowpark Container Services, limits
MOST_HOSTS = 100

# where Milvus keeps vectors, and what finds them again after a restart
_KEEPS_VECTORS = frozenset(
    map(
        setting_name,
        """DEPLOY_MODE ETCD_USE_EMBED ETCD_DATA_DIR ETCD_CONFIG_PATH ETCD_ENDPOINTS COMMON_STORAGETYPE
        LOCALSTORAGE_PATH ROCKSMQ_PATH WOODPECKER_STORAGE_TYPE
        WOODPECKER_STORAGE_ROOTPATH""".split(),
    )
)


def about_services(project: Project, document: Document) -> Iterator[Problem]:
    """Values about services that do not go together, and what one of them lacks."""
    yield from _pools(project, document)
    yield from _services(project, document)
    yield from _egress(project, document)
    yield from _ways_out(project, document)
    yield from _settings(project.milvus, document)
    yield from _images(project, document)
    if project.milvus.volume is None and not project.milvus.volatile:
        yield Problem(
            "without a volume, vectors are lost at every restart",
            None,
            document.place(("milvus", "volume")),
            "give it a size, or add `volatile: true` if that is meant",
        )
    if project.jupyter is not None and project.jupyter.files not in project.stages:
        yield Problem(
            f"the notebook's files go to the stage {project.jupyter.files}, which is not declared",
            None,
            document.place(("jupyter", "files")),
            f"declare it under `stages:` ({', '.join(project.stages) or 'none yet'})",
        )


def _pools(project: Project, document: Document) -> Iterator[Problem]:
    names: dict[str, str] = {}
    for key, pool in project.compute_pools.items():
        path: Path_ = ("compute_pools", key)
        if pool.min_nodes > pool.max_nodes:
            yield Problem(
                "min_nodes is above max_nodes",
                f"{pool.min_nodes} > {pool.max_nodes}",
                document.place((*path, "min_nodes")),
                f"set max_nodes to {pool.min_nodes} or more",
            )
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", key):
            yield Problem("a pool's key is lower case letters, digits, - and _", key, document.place(path))
        name = project.pool_name(key)
        if name in names:
            yield Problem(
                "two compute pools have one name", f"{name}: {names[name]} and {key}", document.place(path)
            )
        names[name] = key


def _services(project: Project, document: Document) -> Iterator[Problem]:
    sections: list[tuple[Path_, str, Resources | None]] = [
        (("milvus",), project.milvus.pool, project.milvus.resources)
    ]
    if project.jupyter is not None:
        sections.append((("jupyter",), project.jupyter.pool, project.jupyter.resources))
    sections += [(("services", key), extra.pool, None) for key, extra in project.services.items()]
    for path, pool, resources in sections:
        if pool not in project.compute_pools:
            known = ", ".join(project.compute_pools) or "none"
            yield Problem(
                f"there is no compute pool `{pool}`",
                f"declared: {known}",
                document.place((*path, "pool")),
                nearest(
                    f"declare it under `compute_pools:`, or name one of: {known}", pool, project.compute_pools
                ),
            )
        elif resources is not None:
            yield from _fits(project.compute_pools[pool], resources, document.place((*path, "resources")))
    taken = {"MILVUS", "JUPYTER"} if project.jupyter is not None else {"MILVUS"}
    for key, extra in project.services.items():
        name = service_name(key)
        if extra.min_instances > extra.max_instances:
            yield Problem(
                "min_instances is above max_instances",
                f"{extra.min_instances} > {extra.max_instances}",
                document.place(("services", key, "min_instances")),
                f"set max_instances to {extra.min_instances} or more",
            )
        if name in taken:
            yield Problem(
                "two services have one name", name, document.place(("services", key)), "rename yours"
            )
        taken.add(name)


def _fits(pool: Pool, resources: Resources, place: str) -> Iterator[Problem]:
    family: Family = FAMILIES[pool.instance_family]
    number, unit = re.fullmatch(r"(\d+)(\w+)", resources.memory).groups()  # type: ignore[union-attr]
    gib = int(number) * {"M": 1e6, "Mi": 2**20, "G": 1e9, "Gi": 2**30}[unit] / 2**30
    if resources.cpu > family.cpus or gib > family.memory_gib:
        yield Problem(
            "no node of the pool is large enough for the container",
            f"asked: {resources.cpu:g} cores, {resources.memory}; "
            f"{pool.instance_family} gives {family.cpus} cores, {family.memory_gib}Gi",
            place,
            "ask for less, or take a larger instance_family",
        )


def _images(project: Project, document: Document) -> Iterator[Problem]:
    """An image is built from a folder, or is there already."""
    for name, image in project.images.items():
        path: Path_ = (*project.image_path(name), "image")
        how = [key for key in ("context", "dockerfile", "arguments") if getattr(image, key)]
        if image.reference is None and image.context is None:
            ours = "FOLDER" if name in project.services else f"images/{name}"
            yield Problem(
                "the image names neither a folder nor a reference",
                None,
                document.place(path),
                f"write a build folder, {{context: {ours}}}, or {{reference: /db/schema/repo/name:tag}}",
            )
        if image.reference and how:
            yield Problem(
                "the image is there already, and is to be built",
                f"with `reference`: {', '.join(f'`{key}`' for key in how)}",
                document.place((*path, how[0])),
                "leave out `reference`, or everything beside it",
            )
        for argument in filter(looks_secret, image.arguments):
            yield Problem(
                f"the build argument `{argument}` looks like a secret",
                "it can be read in the history of the image",
                document.place((*path, "arguments", argument)),
                "leave it out, and give the secret to the service, under `secrets:`",
            )


def _settings(milvus: Milvus, document: Document) -> Iterator[Problem]:
    """Settings become the container's environment, where anyone who may see the service can read them."""
    names: dict[str, str] = {}
    for key in milvus.settings:
        place = document.place(("milvus", "settings", key))
        name = setting_name(key)
        other = names.setdefault(name, key)
        if other != key:
            yield Problem("two settings have one name", f"{other} and {key}", place, "leave one of them out")
        if looks_secret(key):
            yield Problem(
                f"the setting `{key}` looks like a secret",
                "what stands here can be read in the service's specification",
                place,
                "leave it out; a secret belongs under `secrets:`, for a service that mounts it",
            )
        if name == setting_name("MQ_TYPE"):
            yield from _queue(milvus, key, place)
        if name in _KEEPS_VECTORS:
            yield Problem(
                f"the setting `{key}` is not yours to make",
                "it decides where vectors are kept; another value loses them at a restart",
                place,
                "leave it out",
            )


def _queue(milvus: Milvus, key: str, place: str) -> Iterator[Problem]:
    """The queues that keep their messages on the volume (documented: Milvus, Message Queue Overview)."""
    known = (ROCKSMQ,) if old_queue(milvus.version) else (ROCKSMQ, WOODPECKER)
    if milvus.settings[key] not in known:
        yield Problem(
            f"the setting `{key}` names a queue that does not keep its messages on the volume",
            f"{milvus.settings[key]}; Milvus {milvus.version} has {' and '.join(known)}",
            place,
            "leave it out; it is for a volume that has the other queue",
        )


def _egress(project: Project, document: Document) -> Iterator[Problem]:
    listed: list[tuple[Path_, tuple[str, ...]]] = [
        (("services", key, "egress"), service.egress) for key, service in project.services.items()
    ]
    if project.jupyter is not None:
        listed.insert(0, (("jupyter", "egress"), project.jupyter.egress))
    for path, hosts in listed:
        for index, host in enumerate(hosts):
            if host in hosts[:index]:
                place = document.place((*path, index))
                yield Problem(f"{host} stands twice", None, place, "leave one of them out")
        if len(hosts) > MOST_HOSTS:
            summary = f"an integration lets out to {MOST_HOSTS} hosts at most"
            yield Problem(summary, f"{len(hosts)} are listed", document.place(path), "list fewer")


def _ways_out(project: Project, document: Document) -> Iterator[Problem]:
    """Each service has a way out of its own: with one for two, both would reach what either may."""
    others = [service for service in project.egress if service != "JUPYTER"]
    if "JUPYTER" not in project.egress:
        return
    for key, name in (
        ("jupyter_egress_rule", project.egress_rule),
        ("jupyter_egress_integration", project.egress_integration),
    ):
        if name("JUPYTER") in map(name, others):
            place = document.place(("names", key))
            hint = "give it another name, or leave the line out for the default"
            yield Problem(f"the name {name('JUPYTER')} is that of another service's", None, place, hint)
