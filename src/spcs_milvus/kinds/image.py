"""An image in an image repository: pushed, not created by SQL, and gone with its repository.

documented: SHOW IMAGES IN IMAGE REPOSITORY; single images cannot be dropped by SQL.
"""

from spcs_milvus.kinds import base
from spcs_milvus.resource import ABSENT, Actual, Presence, Resource
from spcs_milvus.steps import Look, Push, Step
from spcs_milvus.templates import sql


def _looks(resource: Resource) -> base.Looks:
    return {"show": Look(sql("image", "show", base.values(resource)), resource.role)}


def _read(resource: Resource, answers: base.Answers) -> Actual:
    answer = answers["show"]
    if answer.refused:
        return Actual(Presence.UNKNOWN, reason=answer.refused)
    name, tag = resource.detail["image_name"], resource.attributes["tag"]
    for row in answer.rows:
        tags = [item.strip() for item in str(row["tags"]).strip("[]").split(",")]
        if row["image_name"] == name and tag in tags:
            return Actual(Presence.PRESENT, {"tag": tag, "digest": row["digest"]})
    return ABSENT


def _push(resource: Resource, *_ignored: object) -> tuple[Step, ...]:
    detail = resource.detail
    return (Push(detail["repository"], detail["image_name"], detail["image"], resource.role),)


KIND = base.Kind(
    name="image",
    title="image",
    attributes=("tag", "digest"),
    marked=False,
    goes_with="its image repository",
    looks=_looks,
    read=_read,
    create=_push,
    alter=_push,
    drop=base.no_steps,
)
