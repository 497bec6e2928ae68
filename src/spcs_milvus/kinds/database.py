"""DATABASE: holds everything of the stack that lives in a schema. Dropping it takes along what is inside, so
look first.
"""

from collections.abc import Iterator, Mapping

from spcs_milvus.kinds import base
from spcs_milvus.names import Name
from spcs_milvus.resource import Actual, Resource
from spcs_milvus.steps import Answer, Look
from spcs_milvus.templates import sql

_CONTENTS = {
    "contents": "table or view",
    "schemas": "schema",
    "services": "service",
    "stages": "stage",
    "repositories": "image repository",
}


def contents_looks(resource: Resource) -> Mapping[str, Look]:
    """The statements that show what stands in the database, asked by whoever can see it all."""
    return {part: Look(sql("database", part, base.values(resource)), resource.seen_by) for part in _CONTENTS}


def contents(resource: Resource, answers: Mapping[str, Answer]) -> Iterator[tuple[str, Name]]:
    """(what it is, its name) for each object that :func:`contents_looks` showed."""
    for part, title in _CONTENTS.items():
        for row in answers[part].rows:
            schema = row.get("schema_name")
            name = Name(tuple(p for p in (resource.name.last, schema, row["name"]) if p))
            yield str(row.get("kind", title)).lower() if part == "contents" else title, name


def _loses(_resource: Resource, _actual: Actual) -> str:
    return "the database with everything in it"


KIND = base.Kind(
    name="database",
    title="database",
    attributes=(),
    looks=base.basic_looks,
    read=base.reader(lambda _row: {}),
    create=base.basic_create,
    alter=base.basic_alter,
    drop=base.basic_drop,
    loses=_loses,
)
