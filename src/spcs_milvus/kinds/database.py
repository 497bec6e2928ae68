"""DATABASE: holds everything of the stack that lives in a schema. Dropping it takes along what is inside, so
look first.
"""

from spcs_milvus.kinds import base
from spcs_milvus.names import Name
from spcs_milvus.resource import Actual, Address, Resource
from spcs_milvus.steps import Look
from spcs_milvus.templates import sql

# the blocks of the template that show what stands in a database, with the kind of what they show
_CONTENTS = {
    "contents": "table",
    "schemas": "schema",
    "services": "service",
    "stages": "stage",
    "repositories": "image_repository",
    "secrets": "secret",
    "rules": "network_rule",
    "snapshots": "snapshot",
    "functions": "function",
    "procedures": "procedure",
    "sequences": "sequence",
    "tasks": "task",
    "streams": "stream",
    "pipes": "pipe",
    "formats": "file_format",
    "alerts": "alert",
    "tags": "tag",
    "masking_policies": "masking_policy",
    "row_access_policies": "row_access_policy",
    "event_tables": "event_table",
    "dynamic_tables": "dynamic_table",
    "streamlits": "streamlit",
    "notebooks": "notebook",
    "git_repositories": "git_repository",
    "models": "model",
}


def _looks(resource: Resource) -> base.Looks:
    given = base.values(resource)
    return {part: Look(sql("database", part, given), resource.seen_by, newer=True) for part in _CONTENTS}


def _contents(resource: Resource, answers: base.Answers) -> tuple[base.Found, ...]:
    found = []
    for part, kind in _CONTENTS.items():
        if answers[part].refused or answers[part].partial:
            # nobody knows whether there is one, so the database stays
            found.append(base.unseen(resource, _plural(kind)))
        for row in answers[part].rows:
            if row["name"].startswith(base.AUTOMATIC_SNAPSHOT):
                continue
            parts = (resource.name.last, row.get("schema_name"), row["name"])
            name = Name(tuple(str(one) for one in parts if one))
            shown = str(row.get("kind", kind)).lower() if part == "contents" else kind
            found.append(base.Found(Address(shown, str(name)), name, row))
    return tuple(found)


def _plural(kind: str) -> str:
    words = kind.replace("_", " ")
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def _loses(_resource: Resource, _actual: Actual) -> str:
    return "everything in it"


KIND = base.Kind(
    name="database",
    title="database",
    attributes=(),
    looks=base.basic_looks,
    read=base.reader(lambda _row: {}),
    create=base.basic_create,
    alter=base.only_comment,
    drop=base.basic_drop,
    loses=_loses,
    holds=base.Holds(_looks, _contents),
)
