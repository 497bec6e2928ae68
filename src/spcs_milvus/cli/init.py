"""``init``: writes a project file of two lines, with a schema beside it for editors."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.config import DEFAULT_FILE
from spcs_milvus.errors import ConfigError
from spcs_milvus.project import Project
from spcs_milvus.project_values import FORMS, PROJECT_NAME
from spcs_milvus.views import console

app = options.commands()
SCHEMA = "spcs-milvus.schema.json"


@app.command()
def init(
    name: Annotated[str | None, typer.Argument(help="The project's name. Default: the folder's.")] = None,
    file: options.ProjectFile = DEFAULT_FILE,
) -> None:
    """Write a project file: two lines, every other setting has a default."""
    with boundary(options.Output.TEXT):
        project = name or _name_of(file.resolve().parent.name)
        if not re.fullmatch(PROJECT_NAME.strip("^$"), project):
            hint = "name it: spcs-milvus init milvus-demo"
            raise ConfigError(
                "that is not a project's name",
                detail=f"{project or '(none)'}; wanted: {FORMS[PROJECT_NAME]}",
                hint=hint,
            )
        text = f"# yaml-language-server: $schema={SCHEMA}\nproject: {project}\nconnection: local\n"
        _write(file, text)
        schema = file.parent / SCHEMA
        if not schema.exists():
            _write(schema, json.dumps(Project.model_json_schema(), indent=1) + "\n")
        console.out().print(f"wrote {file}: project {project}")
        console.talk().print("next: spcs-milvus up" + ("" if file == DEFAULT_FILE else f" -f {file}"))


def _name_of(folder: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return name[:40].rstrip("-")


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise ConfigError(
            "that file is there already", place=str(file), hint="name another with -f FILE"
        ) from error
    except OSError as error:
        hint = "go to a folder you may write to, or name a file with -f FILE"
        raise ConfigError(
            "the file cannot be written", detail=error.strerror, place=str(file), hint=hint
        ) from error
