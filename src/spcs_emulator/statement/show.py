"""SHOW in every form but SHOW GRANTS: what may be shown and which clauses each form takes.

In: a reader behind SHOW. Out: a `Show`, or 001003. Touches nothing.
"""

from dataclasses import dataclass

from spcs_emulator.faults import UNSUPPORTED
from spcs_emulator.statement.objects import object_name, workload_types
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.users import SELF
from spcs_emulator.statement.values import Name, ObjectKind, Scope, Show


@dataclass(frozen=True)
class ShowForm:
    """The clauses one SHOW takes, and the `source` of that.

    `scopes` are the words after IN; `must` makes IN mandatory; `narrow` allows STARTS WITH and LIMIT; `terse`
    allows SHOW TERSE; `jobs` allows OF TYPE; `history` is the source of HISTORY, which is refused as a
    feature: what was dropped is gone here.
    """

    source: str
    scopes: tuple[str, ...] = ()
    must: bool = False
    narrow: bool = True
    terse: bool = False
    history: str = ""
    jobs: bool = False


_IN_SCHEMA = ("ACCOUNT", "DATABASE", "SCHEMA", "NAME")
_IN_SERVICE = ("SERVICE",)

# Longest words first, so that IMAGES is not mistaken for the beginning of another form.
SHOW_FORMS = {
    "ROLES IN SERVICE": ShowForm("documented: SHOW ROLES IN SERVICE", narrow=False),
    "SERVICE CONTAINERS": ShowForm("documented: SHOW SERVICE CONTAINERS", _IN_SERVICE, must=True),
    "SERVICE INSTANCES": ShowForm("documented: SHOW SERVICE INSTANCES", _IN_SERVICE, must=True),
    "SERVICE VOLUMES": ShowForm("documented: SHOW SERVICE VOLUMES", _IN_SERVICE, must=True),
    "NODES IN COMPUTE POOL": ShowForm("documented: SHOW NODES IN COMPUTE POOL"),
    "ENDPOINTS": ShowForm("documented: SHOW ENDPOINTS", _IN_SERVICE, must=True, narrow=False),
    "IMAGE REPOSITORIES": ShowForm("documented: SHOW IMAGE REPOSITORIES", _IN_SCHEMA, narrow=False),
    "IMAGES": ShowForm("documented: SHOW IMAGES", ("IMAGE REPOSITORY",), must=True, narrow=False),
    "COMPUTE POOLS": ShowForm("documented: SHOW COMPUTE POOLS"),
    "COMPUTE POOL INSTANCE FAMILIES": ShowForm(
        "documented: SHOW COMPUTE POOL INSTANCE FAMILIES", narrow=False
    ),
    "SERVICES": ShowForm("documented: SHOW SERVICES", (*_IN_SCHEMA, "COMPUTE POOL"), jobs=True),
    "JOB SERVICES": ShowForm("documented: SHOW SERVICES", (*_IN_SCHEMA, "COMPUTE POOL"), jobs=True),
    "ROLES": ShowForm(
        "documented: SHOW ROLES; observed: IN ACCOUNT, sent by other tools", ("ACCOUNT",), terse=True
    ),
    "USER PROGRAMMATIC ACCESS TOKENS": ShowForm(
        "documented: SHOW USER PROGRAMMATIC ACCESS TOKENS", narrow=False
    ),
    "USER PATS": ShowForm("documented: SHOW USER PROGRAMMATIC ACCESS TOKENS", narrow=False),
    "USERS": ShowForm(
        "documented: SHOW USERS; observed: IN ACCOUNT, sent by other tools", ("ACCOUNT",), terse=True
    ),
    "WAREHOUSES": ShowForm(
        "documented: SHOW WAREHOUSES; observed: IN ACCOUNT, sent by other tools", ("ACCOUNT",)
    ),
    "DATABASES": ShowForm(
        "documented: SHOW DATABASES; observed: IN ACCOUNT, sent by other tools",
        ("ACCOUNT",),
        terse=True,
        history="documented: SHOW DATABASES",
    ),
    "SCHEMAS": ShowForm(
        "documented: SHOW SCHEMAS",
        ("ACCOUNT", "DATABASE", "NAME"),
        terse=True,
        history="documented: SHOW SCHEMAS",
    ),
    "STAGES": ShowForm("documented: SHOW STAGES", _IN_SCHEMA),
    "NETWORK RULES": ShowForm("documented: SHOW NETWORK RULES", _IN_SCHEMA),
    "SECRETS": ShowForm("documented: SHOW SECRETS", _IN_SCHEMA, narrow=False),
    "INTEGRATIONS": ShowForm("documented: SHOW INTEGRATIONS", narrow=False),
    "EXTERNAL ACCESS INTEGRATIONS": ShowForm("documented: SHOW INTEGRATIONS", narrow=False),
    "SECURITY INTEGRATIONS": ShowForm("documented: SHOW INTEGRATIONS", narrow=False),
    "SNAPSHOTS": ShowForm("documented: SHOW SNAPSHOTS", _IN_SCHEMA),
    "PARAMETERS": ShowForm(
        "documented: SHOW PARAMETERS; assumed: of the session and the account only",
        ("SESSION", "ACCOUNT"),
        narrow=False,
    ),
    "OBJECTS": ShowForm("documented: SHOW OBJECTS", _IN_SCHEMA, terse=True),
    "TABLES": ShowForm("documented: SHOW TABLES", _IN_SCHEMA, terse=True),
    "VIEWS": ShowForm("documented: SHOW VIEWS", _IN_SCHEMA, terse=True),
    "SEQUENCES": ShowForm("documented: SHOW SEQUENCES", _IN_SCHEMA, narrow=False),
    "USER FUNCTIONS": ShowForm("documented: SHOW USER FUNCTIONS", _IN_SCHEMA, narrow=False),
    "USER PROCEDURES": ShowForm("documented: SHOW USER PROCEDURES", _IN_SCHEMA, narrow=False),
    "TASKS": ShowForm("documented: SHOW TASKS", _IN_SCHEMA, terse=True),
    "STREAMS": ShowForm("documented: SHOW STREAMS", _IN_SCHEMA, terse=True),
    "PIPES": ShowForm("documented: SHOW PIPES", _IN_SCHEMA, narrow=False),
    "FILE FORMATS": ShowForm("documented: SHOW FILE FORMATS", _IN_SCHEMA, narrow=False),
    "ALERTS": ShowForm("documented: SHOW ALERTS", _IN_SCHEMA, terse=True),
    "TAGS": ShowForm("documented: SHOW TAGS", _IN_SCHEMA, narrow=False),
    "MASKING POLICIES": ShowForm("documented: SHOW MASKING POLICIES", _IN_SCHEMA, narrow=False),
    "ROW ACCESS POLICIES": ShowForm("documented: SHOW ROW ACCESS POLICIES", _IN_SCHEMA, narrow=False),
    "EVENT TABLES": ShowForm("documented: SHOW EVENT TABLES", _IN_SCHEMA),
    "DYNAMIC TABLES": ShowForm("documented: SHOW DYNAMIC TABLES", _IN_SCHEMA),
    "STREAMLITS": ShowForm("documented: SHOW STREAMLITS", _IN_SCHEMA, narrow=False, terse=True),
    "NOTEBOOKS": ShowForm("documented: SHOW NOTEBOOKS", _IN_SCHEMA),
    "GIT REPOSITORIES": ShowForm("documented: SHOW GIT REPOSITORIES", _IN_SCHEMA, narrow=False),
    "MODELS": ShowForm("documented: SHOW MODELS", _IN_SCHEMA, narrow=False),
}


def parse_show(reader: Reader) -> Show:
    """Read what follows SHOW."""
    place = reader.here
    terse = reader.try_words("TERSE")
    what = reader.one_of(*SHOW_FORMS)
    form = SHOW_FORMS[what]
    if terse and not form.terse:
        raise place.unexpected()
    if form.history and reader.try_words("HISTORY"):
        raise UNSUPPORTED(feature=f"SHOW {what} HISTORY")
    if what == "ROLES IN SERVICE":
        return Show(what, scope=Scope("SERVICE", object_name(reader, ObjectKind.SERVICE)))
    if what.startswith("USER P") and what != "USER PROCEDURES":
        named = reader.try_words("FOR", "USER")
        name = object_name(reader, ObjectKind.USER) if named else SELF
        return Show("USER TOKENS", scope=Scope("USER", name))
    pool = object_name(reader, ObjectKind.COMPUTE_POOL) if what == "NODES IN COMPUTE POOL" else None
    excluded = what == "SERVICES" and reader.try_words("EXCLUDE", "JOBS")
    like = reader.string() if reader.try_words("LIKE") else None
    scope = Scope("COMPUTE POOL", pool) if pool else _scope(reader, form)
    starts_with = reader.string() if form.narrow and reader.try_words("STARTS", "WITH") else None
    limit = limit_from = None
    if form.narrow and reader.try_words("LIMIT"):
        limit = reader.integer()
        limit_from = reader.string() if reader.try_words("FROM") else None
    jobs = {"JOB SERVICES": True, "SERVICES": False if excluded else None}.get(what)
    types = workload_types(reader) if form.jobs and reader.try_words("OF", "TYPE") else ()
    return Show(what, like, scope, starts_with, limit, limit_from, terse, jobs, types)


def _scope(reader: Reader, form: ShowForm) -> Scope | None:
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


def _bare(reader: Reader, form: ShowForm) -> Scope:
    if "NAME" not in form.scopes:
        raise reader.fail()
    return Scope("NAME", reader.name(2 if "SCHEMA" in form.scopes else 1))


def _optional_name(reader: Reader, word: str) -> Name | None:
    if word in ("ACCOUNT", "SESSION"):
        return None
    if word == "COMPUTE POOL":
        return object_name(reader, ObjectKind.COMPUTE_POOL)
    ahead = (("STARTS", "WITH"), ("LIMIT",), ("OF", "TYPE"))
    if reader.at_end or any(reader.looking_at(*words) for words in ahead):
        return None
    return object_name(reader, ObjectKind(word))
