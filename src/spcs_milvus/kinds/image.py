"""An image in an image repository: built and pushed, not created by SQL, and gone with its repository.

documented: SHOW IMAGES IN IMAGE REPOSITORY; single images cannot be dropped by SQL. The tag says what went
into an image. The digest of a process image is known before it is pushed, and compared; that of a container
image is made by the engine that builds it, so it is declared as None.
"""

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.kinds import base
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource
from spcs_milvus.steps import Build, Look, Push, Step
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
            compared = {"digest": row["digest"]} if resource.attributes["digest"] else {}
            return Actual(Presence.PRESENT, {"tag": tag, **compared}, live={"digest": row["digest"]})
    return ABSENT


def _push(resource: Resource, *_ignored: object) -> tuple[Step, ...]:
    detail = resource.detail
    name, image = detail["image_name"], detail["image"]
    push = Push(detail["repository"], name, image, resource.role)
    return (Build(name, image), push) if isinstance(image, ContainerImage) else (push,)


def _stands_on(resource: Resource) -> frozenset[Address]:
    return frozenset({Address("image_repository", str(resource.detail["repository"]))})


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
    stands_on=_stands_on,
)
