"""The project file: what is refused, with which words, place and hint; and what each line stands for."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.spcs_milvus.stack import CASES, QUICKSTART, project

from spcs_milvus.config import Loaded, load
from spcs_milvus.errors import ConfigError, Problem
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.project import ImageSource
from spcs_milvus.secrets import Secret

BAD: dict[str, dict[str, Any]] = yaml.safe_load((CASES / "config.yaml").read_text(encoding="utf-8"))


def _file(folder: Path, case: dict[str, Any]) -> Path:
    """The file of a case, or what stands instead of one."""
    file = folder / "p.yaml"
    for name, text in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    match case.get("instead"):
        case "folder":
            file.mkdir()
        case "below":
            file.write_text("project: demo\n")
            return file / "p.yaml"
        case "long":
            return folder / ("p" * 300)
        case "pipe":
            os.mkfifo(file)
        case "device":
            return Path("/dev/zero")
        case None if "bytes" in case:
            file.write_bytes(bytes.fromhex(case["bytes"]))
        case None:
            times = case.get("times", 1)
            repeated = case["text"] + case["then"] * times if "then" in case else case["text"] * times
            file.write_text(repeated + case.get("last", ""), encoding="utf-8")
    return file


def _refused(file: Path, variables: dict[str, str], environment: str = DEFAULT_ENVIRONMENT) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(file, variables, environment)
    return caught.value


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str, tmp_path: Path) -> None:
    case = BAD[name]
    file = _file(tmp_path, case)
    error = _refused(file, case.get("environment", {}), case.get("chosen", DEFAULT_ENVIRONMENT))
    assert error.exit_code == 2
    assert [problem.summary for problem in error.problems] == [expected[0] for expected in case["errors"]]
    for problem, (_, detail, position, hint) in zip(error.problems, case["errors"], strict=True):
        assert problem.place == (f"{file}:{position}" if position else str(file))
        _holds(problem.detail, detail, tmp_path)
        _holds(problem.hint, hint, tmp_path)


def _holds(text: str | None, part: str | None, folder: Path) -> None:
    assert (text is None) == (part is None), text
    if text is not None and part is not None:
        assert part in text.replace(f"{folder}/", "")


LITERALS = [
    name
    for name in BAD
    if "literal" in name or name in ("several errors of form at once", "a secret of the wrong form")
]


@pytest.mark.parametrize("name", LITERALS)
def test_what_should_be_secret_is_not_repeated(name: str, tmp_path: Path) -> None:
    error = _refused(_file(tmp_path, BAD[name]), {})
    said = "".join(map(str, (error, error.args, error.__cause__, error.problems, *map(vars, error.problems))))
    assert any(secret in BAD[name]["text"] for secret in ("hunter2", "5318008"))
    assert "hunter2" not in said
    assert "5318008" not in said


# --- what is right -----------------------------------------------------------------------------------------

Read = Callable[..., Loaded]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Loads a project file of that text."""

    def loaded(text: str, environment: str = DEFAULT_ENVIRONMENT, **variables: str) -> Loaded:
        file = tmp_path / "spcs-milvus.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, variables, environment)

    return loaded


def test_two_lines_are_every_default_written_out(read: Read) -> None:
    whole = read((CASES / "whole.yaml").read_text(encoding="utf-8")).project
    assert whole.model_dump(
        exclude={"names", "roles", "warehouse", "compute_pools", "jupyter"}
    ) == project().model_dump(exclude={"names", "roles", "warehouse", "compute_pools", "jupyter"})
    two = project()
    for attribute in ("prefix", "database", "owner_role", "users_role", "warehouse_name", "pools_used"):
        assert getattr(whole, attribute) == getattr(two, attribute)
    assert [whole.pool_name(key) for key in whole.compute_pools] == [
        two.pool_name(key) for key in two.compute_pools
    ]


def test_the_default_names(read: Read) -> None:
    found = read(QUICKSTART).project
    assert (found.prefix, found.database) == ("MILVUS_DEMO", "MILVUS_DEMO")
    assert (found.owner_role, found.users_role) == ("MILVUS_DEMO_OWNER", "MILVUS_DEMO_ROLE")
    assert found.warehouse_name == "MILVUS_DEMO_WAREHOUSE"
    assert [found.pool_name(key) for key in found.pools_used] == [
        "MILVUS_DEMO_JUPYTER_POOL",
        "MILVUS_DEMO_MILVUS_POOL",
    ]


def test_a_name_of_255_characters_is_right(read: Read) -> None:
    assert len(read(QUICKSTART + f"names: {{database: {'n' * 255}}}\n").project.database) == 255


def test_names_are_stored_as_snowflake_stores_them(read: Read) -> None:
    found = read(QUICKSTART + "names: {database: vectors, prefix: team_a}\nwarehouse: {name: wh}\n").project
    assert (found.database, found.prefix, found.warehouse_name) == ("VECTORS", "TEAM_A", "WH")


@pytest.mark.parametrize("written", ["x-small", "XSMALL", "X-Small", "xSmall"])
def test_a_size_in_any_spelling(read: Read, written: str) -> None:
    assert read(QUICKSTART + f"warehouse: {{size: {written}}}\n").project.warehouse.size == "X-SMALL"


def test_a_plain_reference_is_typed_as_if_it_stood_there(read: Read) -> None:
    text = QUICKSTART + "account: ${env:A}\ncompute_pools:\n  milvus:\n    max_nodes: ${env:NODES}\n"
    found = read(text, A="o-a", NODES="2").project
    assert (found.account, found.compute_pools["milvus"].max_nodes) == ("o-a", 2)


def test_a_password_from_the_environment_is_no_literal(read: Read) -> None:
    text = QUICKSTART + "users: [{name: ALICE, password: '${env:PASSWORD}'}]\n"
    (user,) = read(text, PASSWORD="hunter2").project.users
    assert user.password == Secret("hunter2")
    assert "hunter2" not in repr(user)


ABSENT = """
users: [{name: ALICE, password: "${env:PASSWORD}"}]
secrets: {KEY: {generic_string: "${file:key.txt}"}}
environments: {prod: {secrets: {KEY: {generic_string: "${env:KEY}"}}}}
"""


@pytest.mark.parametrize("environment", ["default", "prod"])
def test_what_sends_no_secret_does_not_ask_for_one(tmp_path: Path, environment: str) -> None:
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(QUICKSTART + ABSENT, encoding="utf-8")
    with pytest.raises(ConfigError):
        load(file, {}, environment)
    assert load(file, {}, environment, secrets_too=False).project.secrets.keys() == {"KEY"}


def test_a_literal_secret_is_named_to_everybody(tmp_path: Path) -> None:
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(QUICKSTART + "secrets: {KEY: {generic_string: hunter2}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="a secret stands in the project file"):
        load(file, {}, secrets_too=False)


REFERENCES = [
    "/db/schema/repo/milvus:1",
    "/db_1/_s/repo/milvus-x.y:v2.6.25-GPU",
    "org-acc.registry.snowflakecomputing.com/db/s/r/milvus:1",
    "localhost:5000/db/s/r/milvus:1",
    f"/db/s/r/milvus@sha256:{'0' * 64}",
    f"/db/s/r/milvus:1@sha256:{'a' * 64}",
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_an_image_that_is_already_there(read: Read, reference: str) -> None:
    # no arguments ask for nothing
    image = read(QUICKSTART + f"milvus: {{image: {{reference: '{reference}', arguments: {{}}}}}}\n")
    assert image.project.milvus.image == ImageSource(reference=reference)


NO_REFERENCES = [
    "",
    "milvus:1",
    "/db/schema/repo/milvus",
    "/db/schema/repo/milvus:",
    "/db/schema/milvus:1",
    "db/schema/repo/milvus:1",
    "/DB/schema/repo/milvus:1",
    "/db/schema/repo/more/milvus:1",
    "https://host/db/schema/repo/milvus:1",
    "Host/db/schema/repo/milvus:1",
    "/db/schema/repo/milvus:1\n",
    "/db/schema/repo/milvus:é",
    "/db/schema/repo/milvus@sha256:0",
    "/db/schema/repo/../milvus:1",
]


@pytest.mark.parametrize("reference", NO_REFERENCES)
def test_a_reference_of_another_form(read: Read, reference: str) -> None:
    text = QUICKSTART + f"milvus: {{image: {{reference: {json.dumps(reference)}}}}}\n"
    with pytest.raises(ConfigError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert problem.summary == "`milvus.image.reference` is not right"
    assert (problem.detail or "").startswith("write /db/schema/repository/name:tag or host/")


def test_an_image_folder_beside_the_project_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "my" / "own").mkdir(parents=True)
    assert read(QUICKSTART + "milvus: {image: my/own}\n").project.milvus.image == ImageSource(
        context="my/own"
    )
    absolute = str(tmp_path / "my")
    assert read(QUICKSTART + f"milvus: {{image: {absolute}}}\n").project.milvus.image.context == absolute


def test_the_folders_that_travel_with_the_program_need_not_be_there(read: Read) -> None:
    read(QUICKSTART + "milvus: {image: images/milvus}\njupyter: {image: images/jupyter}\n")


LIMITS = [
    "milvus: {resources: {cpu: 0.1, memory: 1Gi}}",
    "milvus: {resources: {cpu: 1, memory: 1Gi}}",
    "compute_pools: {milvus: {min_nodes: 500, max_nodes: 500}}",
    "warehouse: {auto_suspend_seconds: 604800}",
]


@pytest.mark.parametrize("line", LIMITS)
def test_a_value_at_its_limit_is_right(read: Read, line: str) -> None:
    read(QUICKSTART + line + "\n")


NO_SECRETS = [
    "common.security.authorizationEnabled",
    "common.security.superUsers",
    "proxy.maxPasswordLength",
    "function.analyzer.tokenizer",
    "rootCoord.gcIntervalSec.retry",
    "tls.keyPath",
    "dataCoord.segment.primaryKey",
]


@pytest.mark.parametrize("key", NO_SECRETS)
def test_a_setting_that_only_sounds_like_a_secret(read: Read, key: str) -> None:
    assert read(QUICKSTART + f"milvus: {{settings: {{{key}: 1}}}}\n").project.milvus.settings == {key: 1}


SECRETS = [
    "minio.secretAccessKey",
    "minio.accessKeyID",
    "MINIO_ACCESS_KEY",
    "etcd.auth.password",
    "COMMON_SECURITY_DEFAULTROOTPASSWORD",
    "kafka.saslPasswd",
    "some.token",
    "credential.one.api_key",
    "credential.one.credential_json",
    "pulsar.authParams",
]


@pytest.mark.parametrize("key", SECRETS)
def test_a_setting_that_is_a_secret(read: Read, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(QUICKSTART + f"milvus:\n  settings:\n    {key}: hunter2\n")
    (problem,) = caught.value.problems
    assert problem.summary == f"the setting `{key}` looks like a secret"
    assert (problem.place or "").endswith(":5:5")
    assert "hunter2" not in repr(problem)


VERSIONS = [
    ("v2.6.25", None),
    ("v2.6.10", None),
    ("v2.6.9", "v2.6.10"),
    ("2.5.26", "v2.5.27"),
    ("v2.5.27", None),
    ("v2.4.1", "v2.6.10"),
    ("v2.7.0", None),
    ("v2.6.9-gpu", "v2.6.10"),
    ("v2.6.10-gpu", None),
]


@pytest.mark.parametrize(("version", "floor"), VERSIONS)
def test_a_version_below_the_security_floor_is_a_warning(read: Read, version: str, floor: str | None) -> None:
    loaded = read(QUICKSTART + f"milvus: {{version: {version}}}\n")
    assert [_floor(problem) for problem in loaded.warnings] == ([floor] if floor else [])


def test_more_hosts_than_an_integration_takes(read: Read) -> None:
    listed = [f"h{number}.org" for number in range(101)]
    assert read(QUICKSTART + f"jupyter: {{egress: {listed[:100]}}}\n").project.jupyter
    with pytest.raises(ConfigError, match="100 hosts at most"):
        read(QUICKSTART + f"jupyter: {{egress: {listed}}}\n")


def test_a_legacy_service_is_a_warning(read: Read) -> None:
    text = QUICKSTART + "users: [{name: OLD, type: LEGACY_SERVICE, password: generate}]\n"
    (warning,) = read(text).warnings
    assert "LEGACY_SERVICE" in warning.summary
    assert (warning.place or "").endswith(":3:21")


def _floor(problem: Problem) -> str:
    assert "CVE-2026-26190" in problem.summary
    assert problem.place is not None
    assert problem.place.endswith(":3:10")
    return (problem.hint or "").split()[1]


# --- environments ------------------------------------------------------------------------------------------

TWO = """
warehouse: {size: SMALL, auto_suspend_seconds: 60}
roles: {grant_to: [user ALICE]}
environments:
  prod:
    account: ${env:ACCOUNT}
    names: {prefix: PROD}
    warehouse: {size: LARGE}
    roles: {grant_to: [user BOB, role ANALYST]}
    jupyter: null
  test: {}
"""


def test_an_environment_is_laid_over_the_file(read: Read) -> None:
    loaded = read(QUICKSTART + TWO, "prod", ACCOUNT="o-a")
    found = loaded.project
    assert (loaded.environment, loaded.title) == ("prod", "milvus-demo/prod")
    assert (found.account, found.prefix, found.jupyter) == ("o-a", "PROD", None)
    assert (found.warehouse.size, found.warehouse.auto_suspend_seconds) == ("LARGE", 60)
    assert found.roles.grant_to == ("user BOB", "role ANALYST")


@pytest.mark.parametrize("environment", [DEFAULT_ENVIRONMENT, "test"])
def test_another_environment_changes_nothing(read: Read, environment: str) -> None:
    """Not even what it refers to has to be there."""
    loaded = read(QUICKSTART + TWO, environment)
    without = TWO[: TWO.index("environments")]
    assert loaded.project.model_copy(update={"environments": {}}) == read(QUICKSTART + without).project


def test_without_a_choice_the_project_alone_says_whose_it_is(read: Read) -> None:
    loaded = read(QUICKSTART + TWO)
    assert (loaded.environment, loaded.title) == ("default", "milvus-demo")


def test_many_values_are_laid_over_many_in_no_time(read: Read) -> None:
    """Each place is moved once, however many values an environment has."""
    many = ", ".join(f"m{number}: 1" for number in range(2000))
    text = f"milvus: {{settings: {{{many}}}}}\nenvironments: {{prod: {{milvus: {{settings: {{{many}}}}}}}}}\n"
    assert len(read(QUICKSTART + text, "prod").project.milvus.settings) == 2000


# --- existing ----------------------------------------------------------------------------------------------


def test_an_owner_that_exists_is_a_warning(read: Read) -> None:
    loaded = read(QUICKSTART + "roles: {owner: sysadmin}\nexisting: [role.SYSADMIN]\n")
    (warning,) = loaded.warnings
    assert warning.summary == "containers act as SYSADMIN, which owns their services"
    assert (warning.place or "").endswith(":3:9")


def test_existing_addresses_are_stored_as_snowflake_stores_names(read: Read) -> None:
    found = read(QUICKSTART + "existing: [warehouse.compute_wh, stage.db.public.Files]\n").project
    assert found.existing == ("warehouse.COMPUTE_WH", "stage.DB.PUBLIC.FILES")
    assert found.exists("warehouse", "COMPUTE_WH")
