"""The text of a service's specification: given inline, or read from a file on a stage, a template filled in.

In: where it comes from. Out: the text, or the error that says why not. Reads files of stages. Documented:
CREATE SERVICE (READ on the stage). Assumed: the session's roles need it, as they run the statement.
"""

from spcs_emulator.account.context import Context
from spcs_emulator.account.stage_files import plain_name
from spcs_emulator.faults import NO_SPEC_FILE, UNSUPPORTED
from spcs_emulator.specification_template import render
from spcs_emulator.specification_text import SIZE_LIMIT
from spcs_emulator.statement.values import ObjectKind, SpecificationSource, StageLocation


def specification_text(context: Context, source: SpecificationSource) -> str:
    """Return the specification's text. 002003 or 003001 for the stage, 395019 for the file, 395069 for the
    template.
    """
    text = source.text if source.location is None else _read(context, source.location, source.file)
    return text if source.using is None else render(text, source.using)


def _read(context: Context, location: StageLocation, file: str) -> str:
    if location.name is None:
        raise UNSUPPORTED(feature="a specification from a user's or table's stage")
    stage = context.use(ObjectKind.STAGE, location.name, "READ")
    name = f"{location.path.rstrip('/')}/{file}".strip("/")
    values = {"file": name, "stage": context.catalogue.full_name(stage)}
    folder = context.world.stage_folder(stage.key)
    path = folder / name
    # A service that mounts the stage may have left a link in it.
    inside = plain_name(name) and path.resolve().is_relative_to(folder.resolve())
    if not inside or not path.is_file():
        raise NO_SPEC_FILE(**values, why="there is no such file")
    if path.stat().st_size > SIZE_LIMIT:
        raise NO_SPEC_FILE(**values, why="it is too large")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NO_SPEC_FILE(**values, why="it is not UTF-8 text") from error
