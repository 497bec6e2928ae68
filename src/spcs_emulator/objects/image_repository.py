"""IMAGE REPOSITORY: columns, rules, and the images in one.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE IMAGE REPOSITORY, SHOW IMAGE
REPOSITORIES, SHOW IMAGES IN IMAGE REPOSITORY. Observed: names must be unquoted identifiers, also the
parents'.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.results import Result, columns, pattern_matches, table
from spcs_emulator.faults import INVALID_VALUE
from spcs_emulator.objects.kind import Kind, Row, check_plain, owner_cells, place_cells
from spcs_emulator.statement.reader import stored_identifier
from spcs_emulator.statement.values import Create, ObjectKind

ENCRYPTIONS = ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")
IMAGES = columns(
    "SHOW IMAGES", "created_on image_name tags digest image_path", source="documented: SHOW IMAGES"
)


class ImageRepository(Kind):
    """Image repositories. Encryption cannot be changed."""

    kind = ObjectKind.IMAGE_REPOSITORY
    plain_names = True
    title = "Image Repository"
    defaults: ClassVar[Mapping[str, Any]] = {"ENCRYPTION": "SNOWFLAKE_FULL"}
    shape = columns(
        "SHOW IMAGE REPOSITORIES",
        "created_on name database_name schema_name repository_url owner owner_role_type comment encryption",
        source="documented: SHOW IMAGE REPOSITORIES",
    )

    def create(self, context: Context, statement: Create) -> Result | Pending[Result]:
        """Create it, unless its name or that of its schema or database needs quotes, written or not."""
        schema = context.require_parent(self.kind, statement.name)
        places = context.catalogue.path(schema) if schema else ()
        for part in (*map(stored_identifier, places), *statement.name.parts):
            check_plain(part)
        return super().create(context, statement)

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse an unknown encryption."""
        check_encryption(properties)
        return dict(properties)

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW IMAGE REPOSITORIES row."""
        return {
            "created_on": entry.created_on,
            "name": entry.name,
            "repository_url": f"{context.world.registry_host()}/{repository_path(context, entry)}",
            "comment": entry.comment or "",
            "encryption": entry.settings["ENCRYPTION"],
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }

    def show_images(self, context: Context, entry: AccountObject, like: str | None) -> Result:
        """Return a row for each tag, and one with no tag for a manifest that has none. READ or WRITE is
        needed.
        """
        context.access.require(entry, "READ", "WRITE")
        path = repository_path(context, entry)
        rows = [
            {
                "created_on": image.created_on,
                "image_name": image.name,
                "tags": tag,
                "digest": image.digest,
                "image_path": f"{path}/{image.name}:{tag}" if tag else f"{path}/{image.name}",
            }
            for image in context.catalogue.images.values()
            if image.repository == entry.key and (like is None or pattern_matches(like, image.name))
            for tag in (image.tags or (None,))
        ]
        return table(IMAGES, sorted(rows, key=lambda row: (str(row["image_path"]), str(row["digest"]))))


def repository_path(context: Context, entry: AccountObject) -> str:
    """Return "db/schema/repo" in lower case."""
    return "/".join(context.catalogue.path(entry)).lower()


def check_encryption(properties: Mapping[str, Any]) -> None:
    """Refuse an encryption that is not one of the two for internal storage."""
    encryption = properties.get("ENCRYPTION", ENCRYPTIONS[0])
    if encryption not in ENCRYPTIONS:
        raise INVALID_VALUE(name="ENCRYPTION", value=encryption, why="")
