"""Milvus on Snowpark Container Services: one standalone server with embedded etcd and its data on a block
volume.

Comes in: the project and the foundation. Goes out: the resources of the service MILVUS. Touches nothing.

The settings answer to faults of the guide: without ``ETCD_DATA_DIR`` on the volume everything is lost at each
restart, and without a short session lease loaded collections answer only half a minute after one.
"""

import re
from collections.abc import Iterator

from spcs_milvus.components.foundation import Foundation
from spcs_milvus.components.service import ServicePart, service_resources, specification
from spcs_milvus.project import Milvus
from spcs_milvus.project_values import ROCKSMQ, WOODPECKER, old_queue, setting_name
from spcs_milvus.resource import Resource

SERVICE = "MILVUS"
PORT = 19530
DATA = "/var/lib/milvus"
_QUEUE = setting_name("MQ_TYPE")

_ENVIRONMENT = {
    "DEPLOY_MODE": "STANDALONE",
    "ETCD_USE_EMBED": "true",
    "ETCD_DATA_DIR": "/var/lib/milvus/etcd",
    "ETCD_CONFIG_PATH": "/milvus/configs/embedEtcd.yaml",
    "COMMON_STORAGETYPE": "local",
    # seconds; the upstream defaults keep a restarted server from answering for half a minute, and from
    # stopping in time
    "COMMON_SESSION_TTL": "5",
    "COMMON_GRACEFULSTOPTIMEOUT": "5",
}

# documented: Milvus, Message Queue Overview: an upgrade has to stay with the queue there is; milvus.md §1.4
_FIXED = {
    "MQ_TYPE": "to stay with it: milvus: {{settings: {{mq.type: {}}}}}; another queue takes a new volume: "
    "bring the vectors out (milvus-backup), then `down` and `up`; CREATE SNAPSHOT keeps the old volume"
}


def build_arguments(version: str) -> dict[str, str]:
    """What the Dockerfile that travels with the program is given, so that Milvus is of that version."""
    return {"BASE": f"milvusdb/milvus:v{version.removeprefix('v')}"}


def resources(foundation: Foundation) -> Iterator[Resource]:
    """The service, its image, its role and what that role may do."""
    milvus = foundation.project.milvus
    values: dict[str, object] = {"environment": _environment(milvus)}
    if milvus.volume is not None:
        values["volume"] = _volume(milvus)
    rendered = specification(foundation, "milvus", milvus.image, milvus.resources, values)
    part = ServicePart(SERVICE, "milvus", milvus.image, milvus.pool, rendered, data=DATA, fixed=_FIXED)
    return service_resources(foundation, part)


def _environment(milvus: Milvus) -> dict[str, str]:
    """Keys of milvus.yaml are set by name in capitals, dots as underscores (documented: Milvus, "Configure
    with environment"). A setting of the file stands in place of ours, also when it is spelled otherwise.
    """
    settings = {re.sub(r"[./]", "_", key).upper(): _text(value) for key, value in milvus.settings.items()}
    queues = [settings.pop(name) for name in list(settings) if setting_name(name) == _QUEUE]
    given = set(map(setting_name, settings))
    ours = {**_ENVIRONMENT, **_queue(queues[0] if queues else _default_queue(milvus.version))}
    return {name: value for name, value in ours.items() if setting_name(name) not in given} | settings


def _default_queue(version: str) -> str:
    """The message queue is fixed at the first start from 2.6 on, so it is named instead of left to a default
    that changes.
    """
    return ROCKSMQ if old_queue(version) else WOODPECKER


def _queue(name: str) -> dict[str, str]:
    if name != WOODPECKER:
        return {"MQ_TYPE": name}
    return {
        "MQ_TYPE": name,
        "WOODPECKER_STORAGE_TYPE": "local",
        "WOODPECKER_STORAGE_ROOTPATH": "/var/lib/milvus/wp",
    }


def _volume(milvus: Milvus) -> dict[str, object]:
    assert milvus.volume is not None
    volume: dict[str, object] = {"name": "data", "source": "block", "size": milvus.volume.size}
    limits = {"iops": milvus.volume.iops, "throughput": milvus.volume.throughput_mib_per_second}
    if given := {key: value for key, value in limits.items() if value is not None}:
        volume["blockConfig"] = given
    return volume


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
