"""The commands that need no account, and what every command does before it needs one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.spcs_milvus.stack import QUICKSTART
from typer.testing import CliRunner, Result

from spcs_milvus import __version__
from spcs_milvus.cli import COMMANDS, app
from spcs_milvus.config import load
from spcs_milvus.project import Project

Run = Callable[..., Result]
# those that need no word of their own, and render and logs, which do
ON_A_PROJECT = ["validate", "plan", "up", "status", "verify", "open", "down"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program in an empty folder, where nobody can be asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("SPCS_MILVUS_HOME", str(tmp_path / "home"))
    return lambda *words: CliRunner().invoke(app, list(words), prog_name="spcs-milvus")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    file = tmp_path / "spcs-milvus.yaml"
    file.write_text(QUICKSTART, encoding="utf-8")
    return file


# --- the program -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command_in_order(run: Run, option: str) -> None:
    result = run(option)
    assert result.exit_code == 0
    places = [result.stdout.index(f" {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert all(summary in result.stdout for _, summary in COMMANDS.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"spcs-milvus {command}" in result.stdout


GROUPS = ("local", "images")
NAMES = [name for name in COMMANDS if name not in ("init", *GROUPS)]


@pytest.mark.parametrize("command", [*NAMES, "images list", "images build", "images push"])
def test_every_command_on_a_project_takes_the_same_options(run: Run, command: str) -> None:
    told = run(*command.split(), "--help").stdout
    assert all(option in told for option in ("--file", "-f", "--connection", "-c", "--output"))
    assert all(option in told for option in ("--environment", "-e"))


def test_version(run: Run) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"spcs-milvus {__version__}\n")


USAGE = [
    ("nonsense",),
    ("--nonsense",),
    ("validate", "--nonsense"),
    ("validate", "-o", "xml"),
    ("local", "nonsense"),
    ("images", "nonsense"),
    ("logs",),
    ("logs", "milvus", "--lines", "0"),
    ("status", "--watch", "--every", "0"),
    ("status", "--watch", "--every", "nan"),
]


@pytest.mark.parametrize("words", USAGE)
def test_what_is_not_a_command_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: spcs-milvus" in result.stderr


# --- init --------------------------------------------------------------------------------------------------


def test_init_writes_a_project_that_is_right(run: Run, tmp_path: Path) -> None:
    result = run("init", "my-demo")
    file = tmp_path / "spcs-milvus.yaml"
    assert (result.exit_code, result.stdout) == (0, "wrote spcs-milvus.yaml: project my-demo\n")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines == [
        "# yaml-language-server: $schema=spcs-milvus.schema.json",
        "project: my-demo",
        "connection: local",
    ]
    assert load(file, {}).project.project == "my-demo"
    schema = json.loads((tmp_path / "spcs-milvus.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]) == {"project", "names", *Project.model_fields} - {"schema_"}
    assert schema["additionalProperties"] is False


def test_init_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("init", "first")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    result = run("init", "second")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "that file is there already" in result.stderr
    assert "at spcs-milvus.yaml" in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


FOLDERS = [
    ("My Project!", "my-project"),
    ("a" * 60, "a" * 40),
    ("a-" * 30, None),
]


@pytest.mark.parametrize(("folder", "name"), FOLDERS)
def test_init_takes_the_name_of_the_folder(run: Run, tmp_path: Path, folder: str, name: str | None) -> None:
    (tmp_path / folder).mkdir()
    file = tmp_path / folder / "p.yaml"
    assert run("init", "-f", str(file)).exit_code == 0
    found = load(file, {}).project.project
    assert name is None or found == name


@pytest.mark.parametrize("folder", ["42", "x", "_"])
def test_init_asks_for_a_name_where_the_folder_has_none(run: Run, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    result = run("init", "-f", str(tmp_path / folder / "p.yaml"))
    assert result.exit_code == 2
    assert "spcs-milvus init milvus-demo" in result.stderr


@pytest.mark.parametrize("name", ["Demo", "1st", "a b", "x", "", "a" * 41, "demo\n"])
def test_init_refuses_what_is_no_name(run: Run, tmp_path: Path, name: str) -> None:
    result = run("init", name)
    if name == "":
        # an empty word is no word: the folder's name is taken
        assert result.exit_code == 0
        return
    assert result.exit_code == 2
    assert "that is not a project's name" in result.stderr
    assert "2 to 40 small letters" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["file/p.yaml", "gone/p.yaml", "n" * 300])
def test_init_where_nothing_can_be_written(run: Run, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("a file\n", encoding="utf-8")
    result = run("init", "demo", "-f", where)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the file cannot be written" in result.stderr
    assert "hint: go to a folder you may write to" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- validate ----------------------------------------------------------------------------------------------


def test_validate_what_is_right(run: Run, project: Path) -> None:
    result = run("validate")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "spcs-milvus.yaml is right: project milvus-demo\n"


def test_validate_of_an_environment(run: Run, project: Path) -> None:
    project.write_text(QUICKSTART + "environments: {prod: {names: {prefix: P}}}\n", encoding="utf-8")
    assert run("validate", "-e", "prod").stdout == "spcs-milvus.yaml is right: project milvus-demo/prod\n"
    result = run("validate", "-e", "prd")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no environment `prd`" in result.stderr
    assert "hint: did you mean prod?" in result.stderr


def test_validate_reads_the_templates_of_services(run: Run, project: Path) -> None:
    project.write_text(
        QUICKSTART + "services: {page: {image: images/page, spec: page.yaml.j2, pool: milvus}}\n",
        encoding="utf-8",
    )
    (project.parent / "images" / "page").mkdir(parents=True)
    template = project.parent / "page.yaml.j2"
    template.write_text("spec:\n  containers: [{name: page, image: {{ picture }}}]\n", encoding="utf-8")
    result = run("validate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "at page.yaml.j2:2" in result.stderr
    assert "there are image, milvus_uri, secrets, stages" in result.stderr
    template.write_text("spec:\n  containers: [{name: page, image: {{ image }}}]\n", encoding="utf-8")
    assert run("validate").exit_code == 0


def test_validate_says_what_is_wrong_with_place_and_hint(run: Run, project: Path) -> None:
    project.write_text(
        QUICKSTART + "warehose: {}\ncompute_pools: {milvus: {min_nodes: 0}}\n", encoding="utf-8"
    )
    result = run("validate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: `compute_pools.milvus.min_nodes` is not right\n"
        "  should be greater than or equal to 1\n"
        "  at spcs-milvus.yaml:4:26\n"
        "error: unknown key `warehose`\n"
        "  at spcs-milvus.yaml:3:1\n"
        "  hint: did you mean warehouse?\n"
    )


def test_validate_shows_warnings_and_is_content(run: Run, project: Path) -> None:
    project.write_text(QUICKSTART + "milvus: {version: v2.6.1}\n", encoding="utf-8")
    result = run("validate")
    assert result.exit_code == 0
    assert "warning: Milvus v2.6.1 has a known hole" in result.stderr
    assert "is right" in result.stdout


def _document(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_validate_as_json(run: Run, project: Path) -> None:
    result = run("validate", "--output", "json")
    assert _document(result) == {"version": 1, "project": "milvus-demo", "warnings": []}
    project.write_text(QUICKSTART + "milvus: {version: v2.6.1}\n", encoding="utf-8")
    (warning,) = _document(run("validate", "-o", "json"))["warnings"]
    assert warning["place"] == "spcs-milvus.yaml:3:10"


def test_an_error_as_json_is_one_document_too(run: Run, project: Path) -> None:
    project.write_text("project: Demo\n", encoding="utf-8")
    result = run("validate", "--output", "json")
    document = _document(result)
    assert result.exit_code == document["exit_code"] == 2
    assert [error["place"] for error in document["errors"]] == ["spcs-milvus.yaml:1:1"]


# --- render ------------------------------------------------------------------------------------------------


def test_render_writes_a_folder_and_says_what_is_in_it(run: Run, project: Path) -> None:
    result = run("render", "--out", "sql")
    assert result.exit_code == 0
    files = {path.relative_to(project.parent / "sql").as_posix() for path in _files(project.parent / "sql")}
    assert {line.split()[0] for line in result.stdout.splitlines()} == files
    assert "  01-useradmin-roles.sql                    5 statements as USERADMIN\n" in result.stdout
    assert result.stderr == f"wrote {len(files)} files; sql/README.md says how to run them\n"


def test_render_as_json(run: Run, project: Path) -> None:
    document = _document(run("render", "--out", "sql", "-o", "json"))
    assert list(document) == ["version", "folder", "files"]
    assert document["folder"] == "sql"
    first: dict[str, Any] = {"role": None, "statements": 0, "variables": [], "services": False}
    assert document["files"][0] == {"path": "README.md", **first}
    assert document["files"][1] == {
        "path": "01-useradmin-roles.sql",
        "role": "USERADMIN",
        "statements": 5,
        "variables": [],
        "services": False,
    }


def test_render_again_replaces_what_it_wrote(run: Run, project: Path) -> None:
    assert run("render", "--out", "sql").exit_code == 0
    assert [path for path in _files(project.parent / "sql") if "jupyter" in path.name]
    project.write_text(QUICKSTART + "jupyter: null\n", encoding="utf-8")
    assert run("render", "--out", "sql").exit_code == 0
    assert not [path for path in _files(project.parent / "sql") if "jupyter" in path.name]


def test_render_leaves_a_folder_of_others_alone(run: Run, project: Path) -> None:
    result = run("render", "--out", ".")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the folder holds files of others" in result.stderr
    assert "hint: name another folder with --out DIR" in result.stderr
    assert _files(project.parent) == [project]


def test_render_for_an_account_that_runs_containers(run: Run, project: Path) -> None:
    assert run("render", "--out", "sql", "-c", "prod").exit_code == 0
    readme = (project.parent / "sql" / "README.md").read_text(encoding="utf-8")
    assert "--build-arg BASE=milvusdb/milvus:v2.6.25 " in readme
    images = [f"{name}: {{image: {{reference: /a/b/c/{name}:1}}}}\n" for name in ("milvus", "jupyter")]
    project.write_text(QUICKSTART + "".join(images), encoding="utf-8")
    assert run("render", "--out", "sql", "-c", "prod").exit_code == 0
    assert "docker" not in (project.parent / "sql" / "README.md").read_text(encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- before there is an account ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [*ON_A_PROJECT, "render --out sql", "logs milvus"],
)
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_project_file_that_is_wrong_ends_every_command(run: Run, command: str, output: str) -> None:
    result = run(*command.split(), "--output", output, "-f", "gone.yaml")
    assert result.exit_code == 2
    assert "error: the project file is not there" in result.stderr
    assert "Traceback" not in result.output
    assert (result.stdout == "") == (output == "text")


@pytest.mark.parametrize(
    ("words", "says"),
    [("--watch -o json", "--watch is for people"), ("--until-ready", "--until-ready goes with --watch")],
)
def test_what_does_not_go_with_watching(run: Run, words: str, says: str) -> None:
    result = run("status", *words.split())
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize("command", ["up", "down"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_without_a_terminal_nobody_is_asked(run: Run, project: Path, command: str, output: str) -> None:
    result = run(command, "--output", output)
    assert result.exit_code == 2
    assert "there is no terminal to ask on" in result.stderr
    assert "add --yes" in result.stderr
    if output == "json":
        assert _document(result)["errors"][0]["summary"] == "there is no terminal to ask on"


# --- the whole program -------------------------------------------------------------------------------------


def _program(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    source = Path(__file__).parents[3] / "src"
    return subprocess.run(
        [sys.executable, "-m", "spcs_milvus", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source), **environment},
        capture_output=True,
        check=False,
    )


def test_exit_codes_leave_the_program(tmp_path: Path) -> None:
    done = _program(tmp_path, "validate")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr


def test_a_terminal_that_lacks_a_sign_ends_nothing(project: Path) -> None:
    odd = project.rename(project.with_name("prüfung-✓.yaml"))
    done = _program(project.parent, "validate", "-f", odd.name, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout == rb"pr\xfcfung-\u2713.yaml is right: project milvus-demo" + b"\n"
