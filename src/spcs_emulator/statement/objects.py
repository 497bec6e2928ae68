"""CREATE, ALTER, DROP and DESCRIBE of every kind.

In: a reader behind the first word. Out: the statement's value, or 001003. Touches nothing. Which forms
exist stands in `forms`.
"""

from spcs_emulator.faults import UNSUPPORTED
from spcs_emulator.statement.forms import CREATE, FORMS, SET, kinds_with
from spcs_emulator.statement.properties import read_properties, read_unset
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import Alter, Create, Describe, Drop, Name, ObjectKind

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
    if kind is ObjectKind.SERVICE and reader.looking_at("FROM"):
        return Alter(kind, name, "SPECIFICATION", _specification(reader), if_exists=if_exists)
    action = reader.one_of(*form.actions)
    return Alter(kind, name, action, if_exists=if_exists)


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
    return {"COMPUTE POOL": pool, **_specification(reader)}


def _specification(reader: Reader) -> dict[str, object]:
    reader.words("FROM")
    if reader.at_location or reader.looking_at("SPECIFICATION_FILE"):
        raise UNSUPPORTED(feature="a specification from a stage")
    if reader.looking_at("SPECIFICATION_TEMPLATE"):
        raise UNSUPPORTED(feature="SPECIFICATION_TEMPLATE")
    reader.words("SPECIFICATION")
    return {"SPECIFICATION": reader.string()}
