"""The words of the grammar that stand in no table of forms, by the file that reads them, with their sources.

In: nothing. Out: `WORDS`. Touches nothing. A test holds it against what those files read, in both directions.
"""

from collections.abc import Mapping

_GRANT = "documented: GRANT <privileges>"
_REVOKE = "documented: REVOKE <privileges>"
_OWNERSHIP = "documented: GRANT OWNERSHIP"
_SERVICE = "documented: CREATE SERVICE"
_RESTORE = "documented: ALTER SERVICE"
_SNAPSHOT = "documented: CREATE SNAPSHOT"
_ALTER = "documented: ALTER <object>"
_USER = "documented: ALTER USER"
_LOGICAL = "documented: Logical data types"
_SCAN = "documented: RESULT_SCAN"
_SHOW = "documented: SHOW <objects>"

WORDS: Mapping[str, Mapping[str, str]] = {
    "grants": {
        **dict.fromkeys(("ACCOUNT", "ALL", "FUTURE", "IN", "ON", "PRIVILEGES", "ROLE", "TO"), _GRANT),
        **dict.fromkeys(("CASCADE", "FROM", "GRANT OPTION FOR", "RESTRICT"), _REVOKE),
        **dict.fromkeys(("COPY CURRENT GRANTS", "OWNERSHIP", "REVOKE CURRENT GRANTS", "TO ROLE"), _OWNERSHIP),
        "OF": "documented: SHOW GRANTS",
        "SERVICE ROLE": "documented: GRANT SERVICE ROLE",
        "WITH GRANT OPTION": _GRANT,
    },
    "objects": {
        **dict.fromkeys(("IN COMPUTE POOL", "FROM", "SPECIFICATION", "SPECIFICATION_FILE"), _SERVICE),
        **dict.fromkeys(("SPECIFICATION_TEMPLATE", "SPECIFICATION_TEMPLATE_FILE", "USING"), _SERVICE),
        **dict.fromkeys(("FROM SERVICE", "INSTANCE", "VOLUME"), _SNAPSHOT),
        **dict.fromkeys(("FROM SNAPSHOT", "INSTANCES"), _RESTORE),
        **dict.fromkeys(("IF NOT EXISTS", "OR REPLACE"), "documented: CREATE <object>"),
        **dict.fromkeys(("IF EXISTS", "RENAME TO", "SET", "UNSET"), _ALTER),
        "OR ALTER": "documented: CREATE OR ALTER <object>",
        "WITH": "documented: CREATE WAREHOUSE",
        "WITH MANAGED ACCESS": "documented: CREATE SCHEMA",
    },
    "properties": {
        **dict.fromkeys(("FALSE", "TRUE"), _LOGICAL),
        "ENABLE": "documented: CREATE STAGE, DIRECTORY",
        "NULL": "observed: SET COMMENT = NULL, sent by the Terraform provider",
        "TAG": "documented: CREATE <object>, TAG",
        "TYPE": "documented: CREATE STAGE, ENCRYPTION",
    },
    "reader": {
        **dict.fromkeys(("FALSE", "TRUE"), _LOGICAL),
        "IDENTIFIER": "documented: Literals and variables as identifiers",
    },
    "sessions": {
        **dict.fromkeys(("ALL", "NONE", "SECONDARY ROLES"), "documented: USE SECONDARY ROLES"),
        **dict.fromkeys(("SET", "UNSET"), "documented: ALTER SESSION"),
        **dict.fromkeys(("FROM TABLE", "LAST_QUERY_ID", "RESULT_SCAN"), _SCAN),
        "AS": "documented: SELECT",
    },
    "show": {
        **dict.fromkeys(("FROM", "HISTORY", "IN", "LIKE", "LIMIT", "STARTS WITH", "TERSE"), _SHOW),
        **dict.fromkeys(("EXCLUDE JOBS", "OF TYPE"), "documented: SHOW SERVICES"),
        "FOR USER": "documented: SHOW USER PROGRAMMATIC ACCESS TOKENS",
    },
    "users": dict.fromkeys(("IF EXISTS", "RENAME TO", "SET", "UNSET"), _USER),
}
