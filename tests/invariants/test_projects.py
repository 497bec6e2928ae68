"""Every key of the project file is generated: a new one that nobody draws fails here."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from spcs_milvus.config import load
from spcs_milvus.project import Project

from .conftest import projects_of
from .projects import NOTHING, VARIABLES, completed, projects, write_beside
from .sections import SECTIONS, Data

ANY = "*"
EACH = 200


def _keys(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path at which the model has a key; names of a person's own are ``*``."""
    for name, field in model.model_fields.items():
        path = (*at, field.alias or name)
        inner = list(_models(field.annotation))
        yield path
        for section, own_names in inner:
            yield from _keys(section, (*path, ANY) if own_names else path)


def _models(annotation: Any, own_names: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """The sections in a type, each with whether it stands under names or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, own_names
        return
    origin = getattr(annotation, "__origin__", None)
    several = own_names or origin in (dict, tuple)
    for inner in get_args(annotation):
        yield from _models(inner, several)


def _drawn(value: Any, known: set[tuple[str, ...]], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the model at which a project file says something."""
    items: Iterable[tuple[object, Any]] = ()
    if isinstance(value, list | dict):
        items = enumerate(value) if isinstance(value, list) else value.items()
    for key, inner in items:
        named = (*at, str(key))
        path = named if named in known else (*at, ANY)
        yield path
        yield from _drawn(inner, known, path)


def test_every_key_of_the_model_is_drawn() -> None:
    keys = set(_keys(Project))
    drawn: set[tuple[str, ...]] = set()

    @projects_of(EACH)
    @given(data=projects(), sections=st.fixed_dictionaries(SECTIONS))
    def draw(data: Data, sections: Data) -> None:
        drawn.update(_drawn(data, keys))
        # with every section at once it takes fewer of them
        drawn.update(_drawn(completed("made-up", sections, NOTHING), keys))

    draw()

    assert keys - drawn == set()


@projects_of(20)
@given(data=projects())
def test_what_is_drawn_is_valid(data: Data, tmp_path_factory: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("project")
    write_beside(folder)
    file = folder / "spcs-milvus.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    for environment in ("default", *data.get("environments", ())):
        load(file, VARIABLES, environment)


def test_the_model_is_read_as_deep_as_it_is() -> None:
    assert {
        ("names", "schema"),
        ("users", ANY, "password"),
        ("secrets", ANY, "generic_string"),
        ("milvus", "volume", "iops"),
        ("services", ANY, "image", "arguments"),
    } <= set(_keys(Project))
    assert SECTIONS.keys() < set(Project.model_fields)
