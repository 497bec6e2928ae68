"""CREATE, ALTER, DROP and DESCRIBE of every kind.

In: a reader behind the first word. Out: the statement's value, or 001003. Touches nothing. Which forms
exist stands in `forms`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from spcs_emulator.faults import UNSUPPORTED
from spcs_emulator.statement import properties as values
from spcs_emulator.statement.forms import CREATE, FORMS, JOB_FORM, SET, kinds_with
from spcs_emulator.statement.properties import read_properties, read_unset
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import (
    Alter,
    Create,
    Describe,
    Drop,
    ExecuteJob,
    Name,
    ObjectKind,
    SpecificationSource,
)

CREATED = kinds_with("source")
DROPPED = (*CREATED, *kinds_with("dropped"))
DESCRIBED = kinds_with("described")
MODIFIERS = tuple({form.modifier for form in FORMS.values() if form.modifier})


def object_name(reader: Reader, kind: ObjectKind) -> Name:
    """Read the name of an object of `kind`: as many parts as it may have."""
    return reader.name(FORMS[kind].parts if kind in FORMS else 1)


def read_kind(reader: Reader, kinds: tuple[ObjectKind, ...]) -> ObjectKind:
    """Read the one of `kinds` that comes next."""
    return ObjectKind(reader.one_of(*(kind.value for kind in kinds)))


def parse_create(reader: Reader) -> Create:
    """Read what follows CREATE."""
    instead = reader.try_one_of("OR REPLACE", "OR ALTER")
    modifier = reader.try_one_of(*MODIFIERS)
    place = reader.here
    kind = read_kind(reader, CREATED)
    form = FORMS[kind]
    has_form = {"": True, "OR REPLACE": form.replaced, "OR ALTER": form.altered}
    if not has_form[instead] or (modifier and form.modifier != modifier):
        raise place.unexpected()
    conditional = not instead and not form.always_new
    if_not_exists = conditional and reader.try_words("IF", "NOT", "EXISTS")
    name = object_name(reader, kind)
    properties: dict[str, object] = {modifier: True} if modifier else {}
    if kind is ObjectKind.SERVICE:
        properties.update(_service_head(reader))
    elif kind is ObjectKind.SNAPSHOT:
        properties.update(_snapshot_head(reader))
    elif kind is ObjectKind.SCHEMA and reader.try_words("WITH", "MANAGED", "ACCESS"):
        properties["MANAGED ACCESS"] = True
    elif kind is ObjectKind.WAREHOUSE:
        reader.try_words("WITH")
    properties.update(read_properties(reader, form.readers(CREATE)))
    return Create(kind, name, properties, if_not_exists, instead == "OR REPLACE", instead == "OR ALTER")


def parse_alter(reader: Reader) -> Alter:
    """Read what follows ALTER, unless that is SESSION or USER."""
    kind = read_kind(reader, CREATED)
    if_exists = reader.try_words("IF", "EXISTS")
    return altered(reader, kind, object_name(reader, kind), if_exists)


def altered(reader: Reader, kind: ObjectKind, name: Name, if_exists: bool) -> Alter:
    """Read what ALTER says of the object, behind its name."""
    form = FORMS[kind]
    if reader.try_words("SET"):
        return Alter(kind, name, "SET", _some(reader, kind), if_exists=if_exists)
    if reader.try_words("UNSET"):
        if form.no_unset:
            raise UNSUPPORTED(feature="UNSET")
        unset = read_unset(reader, form.unset)
        return Alter(kind, name, "UNSET", unset=unset, if_exists=if_exists)
    if form.renamed and reader.try_words("RENAME", "TO"):
        return Alter(kind, name, "RENAME", new_name=object_name(reader, kind), if_exists=if_exists)
    action = reader.one_of(*form.actions)
    read = ACTION_READERS.get(action)
    return Alter(kind, name, action, read(reader) if read else {}, if_exists=if_exists)


def parse_execute_job(reader: Reader) -> ExecuteJob:
    """Read what follows EXECUTE JOB SERVICE."""
    return ExecuteJob({**_service_head(reader), **read_properties(reader, JOB_FORM.readers(CREATE))})


def parse_drop(reader: Reader) -> Drop:
    """Read what follows DROP."""
    kind = read_kind(reader, DROPPED)
    if_exists = reader.try_words("IF", "EXISTS")
    name = object_name(reader, kind)
    return Drop(kind, name, if_exists, reader.try_one_of(*FORMS[kind].options))


def parse_describe(reader: Reader) -> Describe:
    """Read what follows DESCRIBE or DESC."""
    kind = read_kind(reader, DESCRIBED)
    return Describe(kind, object_name(reader, kind))


def _some(reader: Reader, kind: ObjectKind) -> dict[str, object]:
    if reader.at_end:
        raise reader.fail()
    return read_properties(reader, FORMS[kind].readers(SET))


def _service_head(reader: Reader) -> dict[str, object]:
    reader.words("IN", "COMPUTE", "POOL")
    pool = object_name(reader, ObjectKind.COMPUTE_POOL)
    reader.words("FROM")
    return {"COMPUTE POOL": pool, **_specification(reader)}


def _specification(reader: Reader) -> dict[str, object]:
    """Read what follows FROM. Documented: FROM SPECIFICATION_FILE without a stage is for native apps only."""
    if not reader.at_location:
        if reader.looking_at("SPECIFICATION_FILE"):
            raise UNSUPPORTED(feature="a specification file outside a stage")
        word = reader.one_of("SPECIFICATION_TEMPLATE", "SPECIFICATION")
        text = reader.string()
        return {"SPECIFICATION": SpecificationSource(text, using=_using(reader, word))}
    location = reader.location()
    word = reader.one_of("SPECIFICATION_TEMPLATE_FILE", "SPECIFICATION_FILE")
    reader.symbol("=")
    file = reader.string()
    return {"SPECIFICATION": SpecificationSource(location=location, file=file, using=_using(reader, word))}


def _using(reader: Reader, word: str) -> Mapping[str, Any] | None:
    """Read `USING (key => value, …)` of a template; None after the words of what is none.

    Assumed: keys keep their case, as the template's do.
    """
    if "TEMPLATE" not in word:
        return None
    reader.words("USING")
    return dict(values.items(reader, _key_and_value))


def _key_and_value(reader: Reader) -> tuple[str, Any]:
    token = reader.take()
    if token.kind not in ("word", "quoted"):
        raise token.unexpected()
    reader.symbol("=>")
    return token.text if token.kind == "word" else token.value, values.constant(reader)


def _snapshot_head(reader: Reader) -> dict[str, object]:
    reader.words("FROM", "SERVICE")
    service = object_name(reader, ObjectKind.SERVICE)
    reader.words("VOLUME")
    volume = reader.identifier().text
    reader.words("INSTANCE")
    return {"SERVICE": service, "VOLUME": volume, "INSTANCE": reader.integer()}


def _restore(reader: Reader) -> dict[str, object]:
    volume = reader.identifier().text
    reader.words("INSTANCES")
    instances = [reader.integer()]
    while reader.try_symbol(","):
        instances.append(reader.integer())
    reader.words("FROM", "SNAPSHOT")
    snapshot = object_name(reader, ObjectKind.SNAPSHOT)
    return {"VOLUME": volume, "INSTANCES": tuple(instances), "SNAPSHOT": snapshot}


def _types(reader: Reader) -> dict[str, object]:
    return {"TYPES": workload_types(reader)}


def workload_types(reader: Reader) -> tuple[str, ...]:
    """Read what follows OF TYPE."""
    types = [reader.identifier().text]
    while reader.try_symbol(","):
        types.append(reader.identifier().text)
    return tuple(types)


# What follows the words of an action that has more to say.
ACTION_READERS: Mapping[str, Callable[[Reader], dict[str, object]]] = {
    "FROM": _specification,
    "RESTORE VOLUME": _restore,
    "STOP ALL OF TYPE": _types,
}
