"""The service specification: what is filled in, and what is refused with its path."""

import copy
import json
from typing import Any

import pytest
import yaml

from spcs_emulator.faults import SqlError
from spcs_emulator.specification import from_document, parse_specification

GOOD: dict[str, Any] = {
    "spec": {
        "containers": [
            {
                "name": "main",
                "image": "/d/s/r/app:1",
                "env": {"A": "b"},
                "readinessProbe": {"port": 9091, "path": "/healthz"},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            }
        ],
        "endpoints": [{"name": "api", "port": 8080}],
        "volumes": [{"name": "data", "source": "block", "size": "10Gi"}],
    },
    "serviceRoles": [{"name": "reader", "endpoints": ["api"]}],
}


def test_values_and_defaults() -> None:
    found = parse_specification(yaml.safe_dump(GOOD))
    (container,) = found.containers
    assert (container.cpu, container.memory, container.gpus) == (0.5, 2**30, 0)
    assert container.readiness is not None
    assert (container.readiness.period_seconds, container.readiness.failure_threshold) == (5, 3)
    assert [(end.name, end.protocol, end.public) for end in found.endpoints] == [("api", "HTTP", False)]
    assert dict(found.service_roles) == {"READER": ("api",)}
    assert parse_specification(json.dumps(GOOD)) == found
    assert from_document(found.document) == found


def _changed(path: str, value: Any) -> str:
    document = copy.deepcopy(GOOD)
    *outer, last = path.split("/")
    place: Any = document
    for part in outer:
        place = place[int(part) if part.isdigit() else part]
    place[int(last) if last.isdigit() else last] = value
    return yaml.safe_dump(document)


CONTAINER = "spec/containers/0"
# Where, what is put there, what the message says.
BAD = [
    ("spec/serviceRoles", [], "unknown option 'serviceRoles' for 'spec'."),
    ("extra", 1, "unknown option 'extra'."),
    (f"{CONTAINER}/ports", [1], "unknown option 'ports' for 'spec.containers[0]'."),
    (f"{CONTAINER}/readinessProbe/tcp", 1, "unknown option 'tcp' for 'spec.containers[0].readinessProbe'."),
    (f"{CONTAINER}/volumeMounts", [], "invalid 'volumeMounts'. Value is empty"),
    (f"{CONTAINER}/volumeMounts/0/name", "gone", "volume 'gone' of container 'main' is not defined"),
    (f"{CONTAINER}/volumeMounts/0/mountPath", "data", "must be an absolute path"),
    (f"{CONTAINER}/env/A", True, "invalid 'spec.containers[0].env.A'. Value must be a string"),
    (f"{CONTAINER}/env/A", 1, "Value must be a string"),
    (f"{CONTAINER}/name", "Main", "spec.containers[0].name"),
    (f"{CONTAINER}/name", None, "missing option 'name' for 'spec.containers[0]'."),
    (
        f"{CONTAINER}/resources/requests/cpu",
        "much",
        "invalid 'spec.containers[0].resources.requests.cpu': much",
    ),
    (f"{CONTAINER}/resources/requests/memory", "4", "resources.requests.memory"),
    (f"{CONTAINER}/resources/limits/memory", "0.5Gi", "the memory request is above the limit"),
    (f"{CONTAINER}/secrets", [{"snowflakeSecret": "x"}], "does not exist or not authorized"),
    ("spec/containers", [], "invalid 'containers'. Value is empty"),
    ("spec/containers", "x", "invalid 'spec.containers'. Not a list"),
    ("spec/endpoints/0/port", 70000, "70000 is not between 1 and 65535"),
    ("spec/endpoints/0/protocol", "UDP", "'UDP' is not one of TCP, HTTP"),
    (
        "spec/endpoints/0",
        {"name": "a", "port": 1, "protocol": "TCP", "public": True},
        "cannot use protocol TCP",
    ),
    ("spec/endpoints/0", {"name": "a"}, "needs either port or portRange"),
    ("spec/endpoints", [{"name": "a", "port": 1}, {"name": "a", "port": 2}], "endpoint 'a' is given twice"),
    ("spec/volumes/0/size", "10", "invalid 'spec.volumes[0].size'"),
    ("spec/volumes/0/size", "99999999Gi", "is not between 1Gi and 65536Gi"),
    ("spec/volumes/0", {"name": "data", "source": "block"}, "missing option 'size'"),
    ("spec/volumes/0/source", "disk", "'disk' is not one of"),
    ("spec/volumes/0/source", "stage", "unknown option 'size'"),
    ("serviceRoles/0/endpoints", ["gone"], "names endpoint 'gone'"),
    ("serviceRoles/0/name", "a b", "invalid 'serviceRoles[0].name'"),
]


@pytest.mark.parametrize(("path", "value", "text"), BAD, ids=[f"{path}={value}" for path, value, _ in BAD])
def test_refused(path: str, value: Any, text: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse_specification(_changed(path, value))
    assert (caught.value.errno, caught.value.sqlstate) == (395018, "22023")
    assert text in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "a: b: c",
        "- 1",
        "just text",
        "a: &x [1]\nb: *x",
        "spec: {}\nspec: {}",
        "[" * 5000,
        "!!python/object:x {}",
    ],
)
def test_not_a_document(text: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse_specification(text)
    assert caught.value.errno == 395018


def test_more_than_three_block_volumes() -> None:
    volumes = [{"name": f"v{number}", "source": "block", "size": "1Gi"} for number in range(4)]
    document = copy.deepcopy(GOOD)
    document["spec"]["volumes"] += volumes
    with pytest.raises(SqlError, match="more than 3 block volumes"):
        parse_specification(yaml.safe_dump(document))
