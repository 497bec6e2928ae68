"""Which privileges exist, on what, and what CREATE of each kind needs.

In: a kind. Out: names of privileges. Touches nothing.
Documented: Access control privileges, the section of each kind. SERVICE ROLE takes none.
"""

from collections.abc import Mapping

from spcs_emulator.statement.values import ObjectKind

GLOBAL = (
    "BIND SERVICE ENDPOINT",
    "CREATE COMPUTE POOL",
    "CREATE DATABASE",
    "CREATE EXTERNAL ACCESS INTEGRATION",
    "CREATE INTEGRATION",
    "CREATE NETWORK POLICY",
    "CREATE ROLE",
    "CREATE USER",
    "CREATE WAREHOUSE",
    "EXECUTE TASK",
    "MANAGE GRANTS",
    "MANAGE WAREHOUSES",
    "MONITOR",
    "MONITOR EXECUTION",
    "MONITOR USAGE",
)

PRIVILEGES_SOURCE = "documented: Access control privileges"
PRIVILEGES: Mapping[ObjectKind, tuple[str, ...]] = {
    ObjectKind.ROLE: (),
    ObjectKind.USER: ("MODIFY PROGRAMMATIC AUTHENTICATION METHODS", "MONITOR"),
    ObjectKind.WAREHOUSE: ("APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"),
    ObjectKind.DATABASE: (
        "APPLYBUDGET",
        "CREATE DATABASE ROLE",
        "CREATE SCHEMA",
        "MODIFY",
        "MONITOR",
        "USAGE",
    ),
    ObjectKind.SCHEMA: (
        "ADD SEARCH OPTIMIZATION",
        "APPLYBUDGET",
        "CREATE FUNCTION",
        "CREATE IMAGE REPOSITORY",
        "CREATE NETWORK RULE",
        "CREATE PROCEDURE",
        "CREATE SECRET",
        "CREATE SEQUENCE",
        "CREATE SERVICE",
        "CREATE SNAPSHOT",
        "CREATE STAGE",
        "CREATE TABLE",
        "CREATE VIEW",
        "MODIFY",
        "MONITOR",
        "USAGE",
    ),
    ObjectKind.IMAGE_REPOSITORY: ("READ", "SERVICE READ", "SERVICE WRITE", "WRITE"),
    ObjectKind.STAGE: ("READ", "WRITE"),
    ObjectKind.COMPUTE_POOL: ("APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"),
    ObjectKind.SERVICE: ("MONITOR", "OPERATE", "USAGE"),
    ObjectKind.SERVICE_ROLE: (),
    ObjectKind.NETWORK_RULE: ("USAGE",),
    ObjectKind.SECRET: ("READ", "USAGE"),
    ObjectKind.INTEGRATION: ("USAGE",),
    ObjectKind.SNAPSHOT: ("USAGE",),
    ObjectKind.SEQUENCE: ("USAGE",),
}

# The privilege that CREATE needs, and the kind it is on; None is the account.
CREATE_NEEDS: Mapping[ObjectKind, tuple[str, ObjectKind | None]] = {
    ObjectKind.ROLE: ("CREATE ROLE", None),
    ObjectKind.USER: ("CREATE USER", None),
    ObjectKind.WAREHOUSE: ("CREATE WAREHOUSE", None),
    ObjectKind.DATABASE: ("CREATE DATABASE", None),
    ObjectKind.COMPUTE_POOL: ("CREATE COMPUTE POOL", None),
    ObjectKind.SCHEMA: ("CREATE SCHEMA", ObjectKind.DATABASE),
    ObjectKind.IMAGE_REPOSITORY: ("CREATE IMAGE REPOSITORY", ObjectKind.SCHEMA),
    ObjectKind.STAGE: ("CREATE STAGE", ObjectKind.SCHEMA),
    ObjectKind.SERVICE: ("CREATE SERVICE", ObjectKind.SCHEMA),
    ObjectKind.NETWORK_RULE: ("CREATE NETWORK RULE", ObjectKind.SCHEMA),
    ObjectKind.SECRET: ("CREATE SECRET", ObjectKind.SCHEMA),
    ObjectKind.INTEGRATION: ("CREATE INTEGRATION", None),
    ObjectKind.SNAPSHOT: ("CREATE SNAPSHOT", ObjectKind.SCHEMA),
    ObjectKind.SEQUENCE: ("CREATE SEQUENCE", ObjectKind.SCHEMA),
}

# Documented: GRANT <privileges>: WRITE on a stage only together with or after READ, and READ goes last.
NEEDS_FIRST: Mapping[tuple[ObjectKind, str], str] = {(ObjectKind.STAGE, "WRITE"): "READ"}


def privileges_on(kind: ObjectKind | None) -> tuple[str, ...]:
    """Return every privilege of the kind, of the account for None, in the order ALL PRIVILEGES means them."""
    return GLOBAL if kind is None else PRIVILEGES[kind]


def words(kind: ObjectKind) -> str:
    """Return the kind as an error message begins with it: `Compute pool`."""
    return kind.value.capitalize()
