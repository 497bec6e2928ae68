"""SHOW in every form but SHOW GRANTS: what may be shown and which clauses each form takes.

In: a reader behind SHOW. Out: a `Show`, or 001003. Touches nothing.
Documented: the SHOW page of each kind; `IN ACCOUNT` of account-level kinds is observed (other tools send it).
"""

from dataclasses import dataclass

from spcs_emulator.statement.objects import object_name
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import Name, ObjectKind, Scope, Show


@dataclass(frozen=True)
class Form:
    """The clauses one SHOW takes. `scopes` are the words after IN; `must` makes IN mandatory; `narrow` allows
    STARTS WITH and LIMIT; `terse` allows SHOW TERSE."""

    scopes: tuple[str, ...] = ()
    must: bool = False
    narrow: bool = True
    terse: bool = False


_IN_SCHEMA = ("ACCOUNT", "DATABASE", "SCHEMA", "NAME")
_IN_SERVICE = ("SERVICE",)

# Longest words first, so that IMAGES is not mistaken for the beginning of another form.
FORMS = {
    "ROLES IN SERVICE": Form(narrow=False),
    "SERVICE CONTAINERS": Form(_IN_SERVICE, must=True),
    "SERVICE INSTANCES": Form(_IN_SERVICE, must=True),
    "ENDPOINTS": Form(_IN_SERVICE, must=True, narrow=False),
    "IMAGE REPOSITORIES": Form(_IN_SCHEMA, narrow=False),
    "IMAGES": Form(("IMAGE REPOSITORY",), must=True, narrow=False),
    "COMPUTE POOLS": Form(),
    "COMPUTE POOL INSTANCE FAMILIES": Form(narrow=False),
    "SERVICES": Form((*_IN_SCHEMA, "COMPUTE POOL")),
    "ROLES": Form(("ACCOUNT",), terse=True),
    "USERS": Form(("ACCOUNT",), terse=True),
    "WAREHOUSES": Form(("ACCOUNT",)),
    "DATABASES": Form(("ACCOUNT",), terse=True),
    "SCHEMAS": Form(("ACCOUNT", "DATABASE", "NAME"), terse=True),
    "STAGES": Form(_IN_SCHEMA),
    "OBJECTS": Form(_IN_SCHEMA, terse=True),
    "TABLES": Form(_IN_SCHEMA, terse=True),
    "VIEWS": Form(_IN_SCHEMA, terse=True),
}


def parse_show(reader: Reader) -> Show:
    """Read what follows SHOW."""
    place = reader.here
    terse = reader.try_words("TERSE")
    what = reader.one_of(*FORMS)
    form = FORMS[what]
    if terse and not form.terse:
        raise place.unexpected()
    if what == "ROLES IN SERVICE":
        return Show(what, scope=Scope("SERVICE", object_name(reader, ObjectKind.SERVICE)))
    like = reader.string() if reader.try_words("LIKE") else None
    scope = _scope(reader, form)
    starts_with = reader.string() if form.narrow and reader.try_words("STARTS", "WITH") else None
    limit = limit_from = None
    if form.narrow and reader.try_words("LIMIT"):
        limit = reader.integer()
        limit_from = reader.string() if reader.try_words("FROM") else None
    return Show(what, like, scope, starts_with, limit, limit_from, terse)


def _scope(reader: Reader, form: Form) -> Scope | None:
    if not form.scopes or not reader.try_words("IN"):
        if form.must:
            raise reader.fail()
        return None
    if form.must:
        word = reader.one_of(*form.scopes)
        return Scope(word, object_name(reader, ObjectKind(word)))
    word = reader.try_one_of(*(scope for scope in form.scopes if scope != "NAME"))
    if not word:
        return _bare(reader, form)
    return Scope(word, _optional_name(reader, word))


def _bare(reader: Reader, form: Form) -> Scope:
    if "NAME" not in form.scopes:
        raise reader.fail()
    return Scope("NAME", reader.name(2 if "SCHEMA" in form.scopes else 1))


def _optional_name(reader: Reader, word: str) -> Name | None:
    if word == "ACCOUNT":
        return None
    if word == "COMPUTE POOL":
        return object_name(reader, ObjectKind.COMPUTE_POOL)
    if reader.at_end or reader.looking_at("STARTS", "WITH") or reader.looking_at("LIMIT"):
        return None
    return object_name(reader, ObjectKind(word))
