"""What may be written about each kind: its statements, its clauses, and where we know each from.

In: nothing. Out: `FORMS`. Touches nothing. What does not stand here is a syntax error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spcs_emulator.statement import properties
from spcs_emulator.statement.properties import Read, read_properties
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import ObjectKind

CREATE, SET, UNSET = "CREATE", "SET", "UNSET"


@dataclass(frozen=True)
class Clause:
    """One property: how its value is read, in which of CREATE, SET and UNSET it may stand, its source."""

    read: Read
    source: str
    where: frozenset[str]


def clause(read: Read, source: str, *where: str) -> Clause:
    """Return the property that may stand in `where`, by default in CREATE, SET and UNSET."""
    return Clause(read, source, frozenset(where or (CREATE, SET, UNSET)))


def read_options(reader: Reader, clauses: Mapping[str, Clause]) -> dict[str, Any]:
    """Read the properties of a statement that is about no kind. See `read_properties`."""
    return read_properties(reader, {name: one.read for name, one in clauses.items()})


@dataclass(frozen=True)
class Form:
    """The statements about one kind.

    `clauses` are its properties by name, `parts` how many parts its name may have, `modifier` the word that
    may stand between CREATE and the kind. `replaced`, `altered`, `renamed` and `described` hold the source of
    CREATE OR REPLACE, CREATE OR ALTER, ALTER … RENAME TO and DESCRIBE; "" where there is none. `always_new`
    is the source of there being no IF NOT EXISTS, `dropped` that of DROP where there is no CREATE and no
    ALTER. `actions` are the words of ALTER's own actions and `options` what may stand at the end of DROP,
    each with its source; `no_unset` the source of UNSET being refused as a feature. `source` is that of
    CREATE, ALTER and DROP; "" when the kind has none of them here.
    """

    source: str
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    parts: int = 1
    modifier: str = ""
    replaced: str = ""
    altered: str = ""
    always_new: str = ""
    dropped: str = ""
    renamed: str = ""
    described: str = ""
    no_unset: str = ""
    actions: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def readers(self, where: str) -> dict[str, Read]:
        """Return how the properties of CREATE or SET are read, by name."""
        return {name: clause.read for name, clause in self.clauses.items() if where in clause.where}

    @property
    def unset(self) -> tuple[str, ...]:
        """The properties that UNSET takes."""
        return tuple(name for name, clause in self.clauses.items() if UNSET in clause.where)


def _clauses(source: str, **reads: Read) -> dict[str, Clause]:
    return {name: clause(read, source) for name, read in reads.items()}


_ROLE = "documented: CREATE ROLE"
_USER = "documented: CREATE USER"
_WAREHOUSE = "documented: CREATE WAREHOUSE"
_DATABASE = "documented: CREATE DATABASE"
_SCHEMA = "documented: CREATE SCHEMA"
_REPOSITORY = "documented: CREATE IMAGE REPOSITORY"
_STAGE = "documented: CREATE STAGE"
_POOL = "documented: CREATE COMPUTE POOL"
_SERVICE = "documented: CREATE SERVICE"
_ALTER_SERVICE = "documented: ALTER SERVICE"
_OR_ALTER = "documented: CREATE OR ALTER <object>"
_RULE = "documented: CREATE NETWORK RULE"
_SECRET = "documented: CREATE SECRET"  # noqa: S105 - a page
_ALTER_SECRET = "documented: ALTER SECRET"  # noqa: S105 - a page
_EXTERNAL = "documented: CREATE EXTERNAL ACCESS INTEGRATION"
_ALTER_EXTERNAL = "documented: ALTER EXTERNAL ACCESS INTEGRATION"
_SECURITY = "documented: CREATE SECURITY INTEGRATION (Snowflake OAuth)"
_ALTER_POOL = "documented: ALTER COMPUTE POOL"
_JOB = "documented: EXECUTE JOB SERVICE"
_SNAPSHOT = "documented: CREATE SNAPSHOT"
_SEQUENCE = "documented: CREATE SEQUENCE"
_TAG = "documented: SET TAG, UNSET TAG; assumed: the account holds no tags, so every one is missing"

FORMS: Mapping[ObjectKind, Form] = {
    ObjectKind.ROLE: Form(
        _ROLE,
        _clauses(_ROLE, COMMENT=properties.text),
        replaced=_ROLE,
        altered=_OR_ALTER,
        renamed="documented: ALTER ROLE",
    ),
    ObjectKind.USER: Form(
        _USER,
        _clauses(
            _USER,
            LOGIN_NAME=properties.text,
            DISPLAY_NAME=properties.text,
            FIRST_NAME=properties.text,
            MIDDLE_NAME=properties.text,
            LAST_NAME=properties.text,
            EMAIL=properties.text,
            MUST_CHANGE_PASSWORD=properties.boolean,
            DISABLED=properties.boolean,
            DAYS_TO_EXPIRY=properties.integer_or_null,
            MINS_TO_UNLOCK=properties.integer_or_null,
            MINS_TO_BYPASS_MFA=properties.integer_or_null,
            DEFAULT_WAREHOUSE=properties.stored_name,
            DEFAULT_NAMESPACE=properties.stored_name,
            DEFAULT_ROLE=properties.stored_name,
            DEFAULT_SECONDARY_ROLES=properties.strings,
            RSA_PUBLIC_KEY=properties.text,
            RSA_PUBLIC_KEY_2=properties.text,
            TYPE=properties.word,
            COMMENT=properties.text,
            PASSWORD=properties.text,
        ),
        replaced=_USER,
        renamed="documented: ALTER USER",
        described="documented: DESCRIBE USER",
        actions={
            f"{verb} PROGRAMMATIC ACCESS TOKEN": f"documented: ALTER USER … {verb} PROGRAMMATIC ACCESS TOKEN"
            for verb in ("ADD", "MODIFY", "ROTATE", "REMOVE")
        },
    ),
    ObjectKind.WAREHOUSE: Form(
        _WAREHOUSE,
        {
            **_clauses(
                _WAREHOUSE,
                WAREHOUSE_SIZE=properties.word,
                WAREHOUSE_TYPE=properties.word,
                MIN_CLUSTER_COUNT=properties.integer,
                MAX_CLUSTER_COUNT=properties.integer,
                SCALING_POLICY=properties.word,
                AUTO_SUSPEND=properties.integer_or_null,
                AUTO_RESUME=properties.boolean,
                GENERATION=properties.string,
                ENABLE_QUERY_ACCELERATION=properties.boolean,
                QUERY_ACCELERATION_MAX_SCALE_FACTOR=properties.integer,
                MAX_CONCURRENCY_LEVEL=properties.integer,
                STATEMENT_QUEUED_TIMEOUT_IN_SECONDS=properties.integer,
                STATEMENT_TIMEOUT_IN_SECONDS=properties.integer,
                COMMENT=properties.text,
            ),
            "INITIALLY_SUSPENDED": clause(properties.boolean, _WAREHOUSE, CREATE),
        },
        replaced=_WAREHOUSE,
        altered=_OR_ALTER,
        renamed="documented: ALTER WAREHOUSE",
        described="documented: DESCRIBE WAREHOUSE",
        actions=dict.fromkeys(
            ("SUSPEND", "RESUME IF SUSPENDED", "RESUME", "ABORT ALL QUERIES"), "documented: ALTER WAREHOUSE"
        ),
    ),
    ObjectKind.DATABASE: Form(
        _DATABASE,
        _clauses(
            _DATABASE,
            DATA_RETENTION_TIME_IN_DAYS=properties.integer,
            MAX_DATA_EXTENSION_TIME_IN_DAYS=properties.integer,
            COMMENT=properties.text,
        ),
        modifier="TRANSIENT",
        replaced=_DATABASE,
        altered=_OR_ALTER,
        renamed="documented: ALTER DATABASE",
        described="documented: DESCRIBE DATABASE",
        options=dict.fromkeys(("CASCADE", "RESTRICT"), "documented: DROP DATABASE"),
    ),
    ObjectKind.SCHEMA: Form(
        _SCHEMA,
        _clauses(
            _SCHEMA,
            DATA_RETENTION_TIME_IN_DAYS=properties.integer,
            MAX_DATA_EXTENSION_TIME_IN_DAYS=properties.integer,
            COMMENT=properties.text,
        ),
        parts=2,
        modifier="TRANSIENT",
        replaced=_SCHEMA,
        altered=_OR_ALTER,
        renamed="documented: ALTER SCHEMA",
        described="documented: DESCRIBE SCHEMA",
        actions=dict.fromkeys(
            ("ENABLE MANAGED ACCESS", "DISABLE MANAGED ACCESS"), "documented: ALTER SCHEMA"
        ),
        options=dict.fromkeys(("CASCADE", "RESTRICT"), "documented: DROP SCHEMA"),
    ),
    ObjectKind.IMAGE_REPOSITORY: Form(
        _REPOSITORY,
        {
            "ENCRYPTION": clause(properties.encryption, _REPOSITORY, CREATE),
            "COMMENT": clause(properties.text, _REPOSITORY, CREATE, SET),
        },
        parts=3,
        replaced=_REPOSITORY,
        no_unset="observed: 000002, not a syntax error, in the tests of the Terraform provider",
    ),
    ObjectKind.STAGE: Form(
        _STAGE,
        {
            "ENCRYPTION": clause(properties.encryption, _STAGE, CREATE),
            "DIRECTORY": clause(properties.directory, _STAGE, CREATE, SET),
            "COMMENT": clause(properties.text, _STAGE),
        },
        parts=3,
        replaced=_STAGE,
        altered=_OR_ALTER,
        renamed="documented: ALTER STAGE",
        described="documented: DESCRIBE STAGE",
    ),
    ObjectKind.COMPUTE_POOL: Form(
        _POOL,
        {
            "MIN_NODES": clause(properties.integer, _POOL, CREATE, SET),
            "MAX_NODES": clause(properties.integer, _POOL, CREATE, SET),
            "INSTANCE_FAMILY": clause(properties.word, _POOL, CREATE, SET),
            "AUTO_RESUME": clause(properties.boolean, _POOL),
            "AUTO_SUSPEND_SECS": clause(properties.integer, _POOL),
            "PLACEMENT_GROUP": clause(properties.text, _POOL),
            "BACKUP_INSTANCE_FAMILIES": clause(properties.strings, _POOL),
            "COMMENT": clause(properties.text, _POOL),
            "INITIALLY_SUSPENDED": clause(properties.boolean, _POOL, CREATE),
            "TAG": clause(properties.tags, _TAG),
        },
        described="documented: DESCRIBE COMPUTE POOL",
        actions=dict.fromkeys(("SUSPEND", "RESUME", "STOP ALL OF TYPE", "STOP ALL"), _ALTER_POOL),
    ),
    ObjectKind.SERVICE: Form(
        _SERVICE,
        {
            **_clauses(
                _SERVICE,
                MIN_INSTANCES=properties.integer,
                MAX_INSTANCES=properties.integer,
                MIN_READY_INSTANCES=properties.integer,
                AUTO_RESUME=properties.boolean,
                AUTO_SUSPEND_SECS=properties.integer,
                QUERY_WAREHOUSE=properties.name,
                EXTERNAL_ACCESS_INTEGRATIONS=properties.exact_names,
                LOG_LEVEL=properties.word,
                COMMENT=properties.text,
            ),
            "TAG": clause(properties.tags, _TAG),
        },
        parts=3,
        described="documented: DESCRIBE SERVICE",
        actions=dict.fromkeys(("SUSPEND", "RESUME", "FROM", "RESTORE VOLUME"), _ALTER_SERVICE),
        options={"FORCE": "documented: DROP SERVICE"},
    ),
    ObjectKind.NETWORK_RULE: Form(
        _RULE,
        {
            "TYPE": clause(properties.word, _RULE, CREATE),
            "MODE": clause(properties.word, _RULE, CREATE),
            "VALUE_LIST": clause(properties.strings, _RULE),
            "COMMENT": clause(properties.text, _RULE),
        },
        parts=3,
        replaced=_RULE,
        altered=_OR_ALTER,
        always_new=_RULE,
        described="documented: DESCRIBE NETWORK RULE; observed: ownership is needed",
    ),
    ObjectKind.SECRET: Form(
        _SECRET,
        {
            "TYPE": clause(properties.secret_type, _SECRET, CREATE),
            "SECRET_STRING": clause(properties.string, _ALTER_SECRET, CREATE, SET),
            "USERNAME": clause(properties.string, _ALTER_SECRET, CREATE, SET),
            "PASSWORD": clause(properties.string, _ALTER_SECRET, CREATE, SET),
            "COMMENT": clause(properties.text, _ALTER_SECRET),
        },
        parts=3,
        replaced=_SECRET,
        described="documented: DESCRIBE SECRET",
    ),
    ObjectKind.INTEGRATION: Form(
        "", dropped="documented: DROP INTEGRATION", described="documented: DESCRIBE INTEGRATION"
    ),
    ObjectKind.EXTERNAL_ACCESS_INTEGRATION: Form(
        _EXTERNAL,
        {
            "ALLOWED_NETWORK_RULES": clause(properties.names, _ALTER_EXTERNAL),
            "ALLOWED_API_AUTHENTICATION_INTEGRATIONS": clause(properties.names_or_none, _ALTER_EXTERNAL),
            "ALLOWED_AUTHENTICATION_SECRETS": clause(properties.names_all_or_none, _ALTER_EXTERNAL),
            "ENABLED": clause(properties.boolean, _EXTERNAL, CREATE, SET),
            "COMMENT": clause(properties.text, _EXTERNAL),
        },
        replaced=_EXTERNAL,
        always_new=_EXTERNAL,
        described="documented: DESCRIBE INTEGRATION",
    ),
    ObjectKind.SECURITY_INTEGRATION: Form(
        _SECURITY,
        {
            "TYPE": clause(properties.word, _SECURITY, CREATE),
            "OAUTH_CLIENT": clause(properties.word, _SECURITY, CREATE),
            "ENABLED": clause(properties.boolean, _SECURITY, CREATE, SET),
            "COMMENT": clause(properties.text, _SECURITY),
        },
        replaced=_SECURITY,
        described="documented: DESCRIBE INTEGRATION",
    ),
    ObjectKind.SNAPSHOT: Form(
        _SNAPSHOT,
        {
            "COMMENT": clause(properties.text, f"{_SNAPSHOT}; assumed: UNSET, as of other kinds"),
            "TAG": clause(properties.tags, _TAG),
        },
        parts=3,
        replaced=_SNAPSHOT,
        described="documented: DESCRIBE SNAPSHOT",
    ),
    ObjectKind.SEQUENCE: Form(
        _SEQUENCE,
        {
            "START": clause(properties.integer, _SEQUENCE, CREATE),
            "INCREMENT": clause(properties.integer, _SEQUENCE, CREATE, SET),
            "COMMENT": clause(properties.text, _SEQUENCE),
        },
        parts=3,
        replaced=_SEQUENCE,
        renamed="documented: ALTER SEQUENCE",
    ),
}


JOB_FORM = Form(
    _JOB,
    {
        **_clauses(
            _JOB,
            NAME=properties.name,
            ASYNC=properties.boolean,
            REPLICAS=properties.integer,
            QUERY_WAREHOUSE=properties.name,
            EXTERNAL_ACCESS_INTEGRATIONS=properties.exact_names,
            COMMENT=properties.text,
        ),
        "TAG": clause(properties.tags, _TAG),
    },
)


def kinds_with(what: str) -> tuple[ObjectKind, ...]:
    """Return the kinds whose form has `what` (a field of `Form`) in it."""
    return tuple(kind for kind, form in FORMS.items() if getattr(form, what))
