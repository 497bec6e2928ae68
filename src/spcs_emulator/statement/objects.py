"""CREATE, ALTER, DROP and DESCRIBE of every kind.

In: a reader behind the first word. Out: the statement's value, or 001003. Touches nothing. Which forms
exist is documented on each kind's CREATE, ALTER, DROP and DESCRIBE page; the tables name the kinds.
"""

from spcs_emulator.faults import UNSUPPORTED
from spcs_emulator.statement.properties import TABLES, read_properties, read_unset
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import Alter, Create, Describe, Drop, Name, ObjectKind

CREATED = tuple(kind for kind in ObjectKind if kind in TABLES)
REPLACED = frozenset(
    {
        ObjectKind.ROLE,
        ObjectKind.WAREHOUSE,
        ObjectKind.DATABASE,
        ObjectKind.SCHEMA,
        ObjectKind.IMAGE_REPOSITORY,
        ObjectKind.STAGE,
    }
)
RENAMED = frozenset(
    {ObjectKind.ROLE, ObjectKind.WAREHOUSE, ObjectKind.DATABASE, ObjectKind.SCHEMA, ObjectKind.STAGE}
)
DESCRIBED = frozenset(
    {
        ObjectKind.USER,
        ObjectKind.WAREHOUSE,
        ObjectKind.DATABASE,
        ObjectKind.SCHEMA,
        ObjectKind.STAGE,
        ObjectKind.COMPUTE_POOL,
        ObjectKind.SERVICE,
    }
)
PARTS = {ObjectKind.SCHEMA: 2, ObjectKind.IMAGE_REPOSITORY: 3, ObjectKind.STAGE: 3, ObjectKind.SERVICE: 3}
MODIFIERS = {
    ObjectKind.DATABASE: "TRANSIENT",
    ObjectKind.SCHEMA: "TRANSIENT",
}
OWN_ACTIONS = {
    ObjectKind.WAREHOUSE: ("SUSPEND", "RESUME IF SUSPENDED", "RESUME", "ABORT ALL QUERIES"),
    ObjectKind.SCHEMA: ("ENABLE MANAGED ACCESS", "DISABLE MANAGED ACCESS"),
    ObjectKind.COMPUTE_POOL: ("SUSPEND", "RESUME", "STOP ALL"),
    ObjectKind.SERVICE: ("SUSPEND", "RESUME"),
}
DROP_OPTIONS = {
    ObjectKind.DATABASE: ("CASCADE", "RESTRICT"),
    ObjectKind.SCHEMA: ("CASCADE", "RESTRICT"),
    ObjectKind.SERVICE: ("FORCE",),
}
# Documented: UNSET of an image repository's comment is not there; observed: 000002, not a syntax error.
NO_UNSET = frozenset({ObjectKind.IMAGE_REPOSITORY})


def object_name(reader: Reader, kind: ObjectKind) -> Name:
    """Read the name of an object of `kind`: as many parts as it may have."""
    return reader.name(PARTS.get(kind, 1))


def read_kind(reader: Reader, kinds: tuple[ObjectKind, ...]) -> ObjectKind:
    """Read the one of `kinds` that comes next."""
    return ObjectKind(reader.one_of(*(kind.value for kind in kinds)))


def parse_create(reader: Reader) -> Create:
    """Read what follows CREATE."""
    or_replace = reader.try_words("OR", "REPLACE")
    modifier = reader.try_one_of(*MODIFIERS.values())
    place = reader.here
    kind = read_kind(reader, CREATED)
    if (or_replace and kind not in REPLACED) or (modifier and MODIFIERS.get(kind) != modifier):
        raise place.unexpected()
    if_not_exists = not or_replace and reader.try_words("IF", "NOT", "EXISTS")
    name = object_name(reader, kind)
    properties: dict[str, object] = {modifier: True} if modifier else {}
    if kind is ObjectKind.SERVICE:
        properties.update(_service_head(reader))
    elif kind is ObjectKind.SCHEMA and reader.try_words("WITH", "MANAGED", "ACCESS"):
        properties["MANAGED ACCESS"] = True
    elif kind is ObjectKind.WAREHOUSE:
        reader.try_words("WITH")
    properties.update(read_properties(reader, TABLES[kind].create))
    return Create(kind, name, properties, if_not_exists, or_replace)


def parse_alter(reader: Reader) -> Alter:
    """Read what follows ALTER, unless that is SESSION."""
    kind = read_kind(reader, CREATED)
    if_exists = reader.try_words("IF", "EXISTS")
    name = object_name(reader, kind)
    if reader.try_words("SET"):
        return Alter(kind, name, "SET", _some(reader, kind), if_exists=if_exists)
    if reader.try_words("UNSET"):
        if kind in NO_UNSET:
            raise UNSUPPORTED(feature="UNSET")
        unset = read_unset(reader, TABLES[kind].unset)
        return Alter(kind, name, "UNSET", unset=unset, if_exists=if_exists)
    if kind in RENAMED and reader.try_words("RENAME", "TO"):
        return Alter(kind, name, "RENAME", new_name=object_name(reader, kind), if_exists=if_exists)
    if kind is ObjectKind.SERVICE and reader.looking_at("FROM"):
        return Alter(kind, name, "SPECIFICATION", _specification(reader), if_exists=if_exists)
    action = reader.one_of(*OWN_ACTIONS.get(kind, ()))
    return Alter(kind, name, action, if_exists=if_exists)


def parse_drop(reader: Reader) -> Drop:
    """Read what follows DROP."""
    kind = read_kind(reader, CREATED)
    if_exists = reader.try_words("IF", "EXISTS")
    name = object_name(reader, kind)
    return Drop(kind, name, if_exists, reader.try_one_of(*DROP_OPTIONS.get(kind, ())))


def parse_describe(reader: Reader) -> Describe:
    """Read what follows DESCRIBE or DESC."""
    kind = read_kind(reader, tuple(kind for kind in ObjectKind if kind in DESCRIBED))
    return Describe(kind, object_name(reader, kind))


def _some(reader: Reader, kind: ObjectKind) -> dict[str, object]:
    if reader.at_end:
        raise reader.fail()
    return read_properties(reader, TABLES[kind].alter)


def _service_head(reader: Reader) -> dict[str, object]:
    reader.words("IN", "COMPUTE", "POOL")
    pool = object_name(reader, ObjectKind.COMPUTE_POOL)
    return {"COMPUTE POOL": pool, **_specification(reader)}


def _specification(reader: Reader) -> dict[str, object]:
    reader.words("FROM")
    if reader.here.text == "@" or reader.looking_at("SPECIFICATION_FILE"):
        raise UNSUPPORTED(feature="a specification from a stage")
    if reader.looking_at("SPECIFICATION_TEMPLATE"):
        raise UNSUPPORTED(feature="SPECIFICATION_TEMPLATE")
    reader.words("SPECIFICATION")
    return {"SPECIFICATION": reader.string()}
