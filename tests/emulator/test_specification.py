"""The service specification: what is filled in, and what is refused with its path."""

import copy
import datetime
import json
from typing import Any

import pytest
import yaml

from spcs_emulator.faults import SqlError
from spcs_emulator.specification import SecretUse, from_document, parse_specification

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


# Every section there is.
FULL: dict[str, Any] = {
    **GOOD,
    "spec": {
        **GOOD["spec"],
        "containers": [
            {
                **GOOD["spec"]["containers"][0],
                "livenessProbe": {"port": 9091, "path": "/healthz", "periodSeconds": 3},
                "mountSessionToken": True,
                "sessionTokenConfig": {
                    "path": "/token",
                    "permission": "0644",
                    "mountConnectionConfig": False,
                },
                "secrets": [
                    {"snowflakeSecret": "x", "envVarName": "X", "secretKeyRef": "username"},
                    {"snowflakeSecret": {"objectName": "d.s.x"}, "directoryPath": "/s/"},
                ],
            }
        ],
        "endpoints": [
            {
                "name": "api",
                "port": 8080,
                "public": True,
                "corsSettings": {"Access-Control-Allow-Origin": ["https://a.example"]},
            }
        ],
        "volumes": [
            {
                "name": "data",
                "source": "block",
                "size": "10Gi",
                "blockConfig": {
                    "iops": 3000,
                    "throughput": 125,
                    "encryption": "SNOWFLAKE_SSE",
                    "snapshotOnDelete": True,
                    "snapshotDeleteAfter": "7d",
                },
            },
            {
                "name": "files",
                "source": "stage",
                "stageConfig": {
                    "name": "@d.s.files/in",
                    "metadataCache": "30s",
                    "enableSymlink": True,
                    "resources": {"requests": {"memory": "1Gi", "cpu": "0.5"}, "limits": {"memory": "1Gi"}},
                    "uid": 1000,
                    "gid": 1000,
                },
            },
        ],
        "logExporters": {"eventTableConfig": {"logLevel": "INFO"}},
        "platformMonitor": {"metricConfig": {"groups": ["system", "storage"]}},
        "resourceManagement": {
            "autoScalingPolicies": {
                "scaleUp": {"anyConditions": [{"metric": "cpu", "targetScaling": {"targetValue": 1}}]}
            }
        },
    },
    "capabilities": {"securityContext": {"executeAsCaller": True, "enableCustomCredentials": False}},
}


def test_every_section_is_kept() -> None:
    found = parse_specification(yaml.safe_dump(FULL))
    text = json.dumps(found.document, sort_keys=True)
    assert from_document(json.loads(text)) == found
    for section in ("logExporters", "platformMonitor", "resourceManagement"):
        assert found.document["spec"][section] == FULL["spec"][section]
    assert found.document["capabilities"] == FULL["capabilities"]
    assert found.document["spec"]["volumes"][1]["stageConfig"]["metadataCache"] == "30s"
    assert found.document["spec"]["containers"][0]["sessionTokenConfig"]["permission"] == "0644"
    assert found.containers[0].secrets == (
        SecretUse("x", "X", "username", ""),
        SecretUse("d.s.x", "", "", "/s"),
    )


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
VARIABLE = {"snowflakeSecret": "x", "envVarName": "X", "secretKeyRef": "secret_string"}
FOLDER = {"snowflakeSecret": "d.s.x", "directoryPath": "/s"}
# Where, what is put there, what the message says.
BAD = [
    ("spec/serviceRoles", [], "unknown option 'serviceRoles' for 'spec'."),
    ("extra", 1, "unknown option 'extra'."),
    (f"{CONTAINER}/ports", [1], "unknown option 'ports' for 'spec.containers[0]'."),
    (f"{CONTAINER}/readinessProbe/tcp", 1, "unknown option 'tcp' for 'spec.containers[0].readinessProbe'."),
    (f"{CONTAINER}/volumeMounts", [], "invalid 'volumeMounts'. Value is empty"),
    (f"{CONTAINER}/volumeMounts/0/name", "gone", "volume 'gone' of container 'main' is not defined"),
    (f"{CONTAINER}/volumeMounts/0/mountPath", "data", "must be an absolute path"),
    (f"{CONTAINER}/env/A", 1, "invalid 'spec.containers[0].env.A'. Value must be a string"),
    (f"{CONTAINER}/name", "Main", "spec.containers[0].name"),
    (f"{CONTAINER}/name", None, "missing option 'name' for 'spec.containers[0]'."),
    (
        f"{CONTAINER}/resources/requests/cpu",
        "much",
        "invalid 'spec.containers[0].resources.requests.cpu': much",
    ),
    (f"{CONTAINER}/resources/requests/memory", "4", "resources.requests.memory"),
    (f"{CONTAINER}/resources/limits/memory", "0.5Gi", "the memory request is above the limit"),
    (f"{CONTAINER}/secrets", [], "invalid 'secrets'. Value is empty"),
    (f"{CONTAINER}/secrets", [{"snowflakeSecret": "x"}], "needs either envVarName or directoryPath"),
    (f"{CONTAINER}/secrets", [{"envVarName": "X"}], "missing option 'snowflakeSecret'"),
    (f"{CONTAINER}/secrets", [VARIABLE | {"directoryPath": "/s"}], "needs either envVarName or directory"),
    (f"{CONTAINER}/secrets", [FOLDER | {"secretKeyRef": "username"}], "secretKeyRef goes with envVarName"),
    (f"{CONTAINER}/secrets", [{"snowflakeSecret": "x", "envVarName": "X"}], "secretKeyRef goes with"),
    (f"{CONTAINER}/secrets", [VARIABLE | {"secretKeyRef": "value"}], "'value' is not one of secret_string"),
    (f"{CONTAINER}/secrets", [VARIABLE | {"envVarName": "A=B"}], "invalid name 'A=B'"),
    (f"{CONTAINER}/secrets", [VARIABLE | {"key": "x"}], "unknown option 'key'"),
    (f"{CONTAINER}/secrets", [FOLDER | {"directoryPath": "s"}], "must be an absolute path"),
    (f"{CONTAINER}/secrets", [FOLDER | {"directoryPath": "/s/../t"}], "must be an absolute path"),
    (f"{CONTAINER}/secrets", [FOLDER, FOLDER | {"directoryPath": "/s/"}], "'/s' is given twice"),
    (f"{CONTAINER}/secrets", [VARIABLE, {**VARIABLE}], "envVarName 'X' is given twice"),
    (f"{CONTAINER}/secrets", [VARIABLE | {"envVarName": "A"}], "variable 'A' is given twice"),
    (f"{CONTAINER}/secrets", [FOLDER | {"directoryPath": "/data"}], "mountPath '/data' is given twice"),
    (f"{CONTAINER}/secrets", [{"snowflakeSecret": {"objectReference": "x"}}], "unknown option 'objectRefer"),
    (f"{CONTAINER}/env/A", "{{secret.token.secret_string}}", "names a secret in a template"),
    (f"{CONTAINER}/env/A", "x {{ secret .token}}", "names a secret in a template"),
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
    (f"{CONTAINER}/resources/requests/memory", "1024Ki", "resources.requests.memory"),
    (f"{CONTAINER}/resources/requests/memory", "1T", "resources.requests.memory"),
    ("spec/volumes/0/size", "1.5Gi", "invalid 'spec.volumes[0].size': 1.5Gi"),
    (f"{CONTAINER}/env", {"A=B": "x"}, "invalid name 'A=B'"),
    (f"{CONTAINER}/env", {"": "x"}, "invalid name ''"),
    (f"{CONTAINER}/env", {1: "x"}, "invalid name '1'"),
    (f"{CONTAINER}/env/A", "a\0b", "a character that is not allowed"),
    (f"{CONTAINER}/mountSessionToken", "perhaps", "mountSessionToken'. Value must be true or false"),
    (f"{CONTAINER}/mountSessionToken", datetime.date(2020, 1, 1), "Value must be true or false"),
    (f"{CONTAINER}/sessionTokenConfig", 7, "sessionTokenConfig'. Not a mapping"),
    (f"{CONTAINER}/sessionTokenConfig", {1: "a", "b": "c"}, "unknown option '1'"),
    (f"{CONTAINER}/sessionTokenConfig", {"permission": "rw"}, "sessionTokenConfig.permission"),
    (f"{CONTAINER}/readinessProbe/port", 2**70, "is too large"),
    ("capabilities", {"nonsense": 1}, "unknown option 'nonsense' for 'capabilities'."),
    ("capabilities", {"securityContext": {"root": True}}, "unknown option 'root'"),
    ("capabilities", {"securityContext": {"executeAsCaller": 1}}, "Value must be true or false"),
    ("spec/logExporters", 5, "invalid 'spec.logExporters'. Not a mapping"),
    ("spec/logExporters", {"eventTableConfig": {"logLevel": "DEBUG"}}, "'DEBUG' is not one of"),
    (
        "spec/logExporters",
        {"eventTableConfig": {"logLevel": datetime.date(2020, 1, 1)}},
        "'2020-01-01' is not one of",
    ),
    ("spec/platformMonitor", "x", "invalid 'spec.platformMonitor'. Not a mapping"),
    ("spec/platformMonitor", {"metricConfig": {"groups": ["disk"]}}, "'disk' is not one of"),
    ("spec/resourceManagement", [1], "invalid 'spec.resourceManagement'. Not a mapping"),
    ("spec/resourceManagement", {"autoScalingPolicies": {"grow": {}}}, "unknown option 'grow'"),
    (
        "spec/resourceManagement",
        {"autoScalingPolicies": {"suspend": {"allConditions": [{1: "a", "b": "c"}]}}},
        "invalid name '1'",
    ),
    (
        "spec/resourceManagement",
        {"autoScalingPolicies": {"suspend": {"allConditions": [{"stepScaling": {}}]}}},
        "unknown option 'stepScaling' for "
        "'spec.resourceManagement.autoScalingPolicies.suspend.allConditions[0]' of policy suspend.",
    ),
    (
        "spec/resourceManagement",
        {
            "autoScalingPolicies": {
                "scaleUp": {
                    "anyConditions": [
                        {
                            "stepScaling": {
                                "adjustmentType": "double",
                                "scalingSteps": [],
                            }
                        }
                    ]
                }
            }
        },
        "anyConditions[0].stepScaling.adjustmentType': 'double' is not one of",
    ),
    (
        "spec/resourceManagement",
        {"autoScalingPolicies": {"scaleUp": {"anyConditions": [{"targetScaling": {"value": 1}}]}}},
        "unknown option 'value' for 'spec.resourceManagement.autoScalingPolicies.scaleUp.anyConditions[0]"
        ".targetScaling'.",
    ),
    (
        "spec/resourceManagement",
        {"autoScalingPolicies": {"scaleUp": {"anyConditions": [{"targetScaling": {}, "stepScaling": {}}]}}},
        "either targetScaling or stepScaling",
    ),
    (
        "spec/endpoints",
        [{"name": "a", "portRange": "10-20", "protocol": "TCP"}, {"name": "b", "port": 15}],
        "endpoint port '15' is given twice",
    ),
    (
        "spec/endpoints/0",
        {"name": "a", "port": 1, "protocol": "TCP", "corsSettings": {"Access-Control-Allow-Origin": ["x"]}},
        "unknown option 'corsSettings' for 'spec.endpoints[0]' with protocol TCP.",
    ),
    (
        "spec/volumes/0/blockConfig",
        {"initialContents": {"fromBackup": "x"}},
        "unknown option 'fromBackup' for 'spec.volumes[0].blockConfig.initialContents'.",
    ),
    ("spec/endpoints/0/corsSettings", {"nope": 1}, "unknown option 'nope'"),
    ("spec/endpoints/0/corsSettings", {"Access-Control-Allow-Origin": "*"}, "Not a list"),
    ("spec/volumes/0/blockConfig", {"snapshotOnDelete": "never"}, "Value must be true or false"),
    (
        "spec/volumes/0/blockConfig",
        {"snapshotDeleteAfter": -3},
        "snapshotDeleteAfter'. Value must be a string",
    ),
    ("spec/volumes/0/blockConfig", {"snapshotDeleteAfter": "7w"}, "snapshotDeleteAfter': 7w"),
    (
        "spec/volumes/0",
        {"name": "data", "source": "stage", "stageConfig": {"name": "@s", "metadataCache": -5}},
        "metadataCache'. Value must be a string",
    ),
    (
        "spec/volumes/0",
        {"name": "data", "source": "stage", "stageConfig": {"name": "@s", "uid": -1}},
        "stageConfig.uid",
    ),
    ("serviceRoles/0/name", "a b", "invalid 'serviceRoles[0].name'"),
]


@pytest.mark.parametrize(("path", "value", "text"), BAD, ids=[f"{path}={value}" for path, value, _ in BAD])
def test_refused(path: str, value: Any, text: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse_specification(_changed(path, value))
    assert (caught.value.errno, caught.value.sqlstate) == (395018, "22023")
    assert text in caught.value.message


def test_a_bare_boolean_is_a_variable_s_value_as_in_the_guide() -> None:
    document = copy.deepcopy(GOOD)
    document["spec"]["containers"][0]["env"] = {"ETCD_USE_EMBED": True}
    (container,) = parse_specification(yaml.safe_dump(document)).document["spec"]["containers"]
    assert container["env"] == {"ETCD_USE_EMBED": "true"}


def test_a_service_has_fifty_secrets_at_most() -> None:
    secrets = [{**FOLDER, "directoryPath": f"/s/{number}"} for number in range(51)]
    parse_specification(_changed(f"{CONTAINER}/secrets", secrets[:50]))
    with pytest.raises(SqlError, match="more than 50 secrets"):
        parse_specification(_changed(f"{CONTAINER}/secrets", secrets))


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
        "spec: !!set {a}",
        "spec: !!binary aGk=",
        "spec: !!timestamp 2020-01-01",
        "spec: .nan",
        "spec: !!bool perhaps",
        "spec: !!map [1]",
        "spec: !!map x",
        'spec: !!int ""',
        "spec: 0x" + "f" * 5000,
        'spec: "\\ud800"',
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
