"""Every error the account may answer with: number, SQLSTATE, wording, and where we know it from.

In: the values of one case. Out: a `SqlError` to raise. Each says where it is known
from (see `facts`). Touches nothing.
"""

from dataclasses import dataclass
from typing import Any


class SqlError(Exception):
    """A refused statement: `errno` (an int), five-character `sqlstate`, `message` for a person, `source` of
    it.
    """

    def __init__(self, errno: int, sqlstate: str, message: str, source: str) -> None:
        super().__init__(message)
        self.errno = errno
        self.sqlstate = sqlstate
        self.message = message
        self.source = source

    @property
    def code(self) -> str:
        """The number as it goes over the wire: six digits at least."""
        return f"{self.errno:06d}"


@dataclass(frozen=True)
class Fault:
    """One kind of error; calling it with the values of its wording makes the error to raise."""

    errno: int
    sqlstate: str
    wording: str
    source: str

    def __call__(self, **values: Any) -> SqlError:
        """Return the error with `values` filled into the wording. KeyError when one is missing."""
        return SqlError(self.errno, self.sqlstate, self.wording.format(**values), self.source)


COMPILATION = "SQL compilation error:\n"
ACCESS = "SQL access control error:\n"

UNSUPPORTED = Fault(
    2, "0A000", "Unsupported feature '{feature}'.", "observed: UNSET COMMENT on an image repository"
)
STATEMENT_COUNT = Fault(
    8,
    "0A000",
    "Actual statement count {actual} did not match the desired statement count {desired}.",
    "documented: Executing multiple statements",
)
CANCELED = Fault(
    604, "57014", "SQL execution canceled", "observed: number, SQLSTATE and text, in an answer of the SQL API"
)
TIMED_OUT = Fault(
    630,
    "57014",
    "Statement reached its statement or warehouse timeout of {seconds} second(s) and was canceled.",
    "observed: number, SQLSTATE and start of the text, in the tests of the Terraform provider; assumed: how "
    "it goes on",
)
NO_SUCH_QUERY = Fault(
    709,
    "02000",
    "Statement {query_id} not found",
    "observed: number, SQLSTATE and text, in a report of a statement that reads another's result; assumed: "
    "that RESULT_SCAN says so of an unknown query, and of one that gave no rows",
)
EMPTY = Fault(900, "42000", COMPILATION + "Empty SQL statement.", "observed: connector, empty text")
SYNTAX = Fault(
    1003,
    "42000",
    COMPILATION + "syntax error line {line} at position {position} unexpected '{token}'.",
    "observed: any unknown clause",
)
INVALID_PARAMETER = Fault(
    1006, "22023", COMPILATION + "invalid parameter '{name}'", "observed: text; assumed: number"
)
INVALID_VALUE = Fault(
    1008,
    "22023",
    COMPILATION + "invalid value [{value}] for parameter '{name}'{why}",
    "observed: number and start of the text; assumed: which values",
)
EXISTS = Fault(
    2002, "42710", COMPILATION + "Object '{name}' already exists.", "observed: CREATE of what is there"
)
NOT_FOUND = Fault(
    2003,
    "02000",
    COMPILATION + "{kind} '{name}' does not exist or not authorized.",
    "observed: DROP, DESCRIBE, USE of what is not there or not visible",
)
UNBOUND = Fault(
    2049,
    "42601",
    COMPILATION + "error line {line} at position {position}\nBind variable {name} not set.",
    "observed: text, in reports of users of the connectors; assumed: number and SQLSTATE",
)
MISSING_OPTION = Fault(
    2029, "42601", COMPILATION + "Missing option(s): [{names}]", "observed: a mandatory property left out"
)
CANNOT = Fault(
    2043,
    "02000",
    COMPILATION + "Object does not exist, or operation cannot be performed.",
    "observed: SHOW … IN and USE of what is not there",
)
UNKNOWN_FUNCTION = Fault(
    2140, "42601", COMPILATION + "Unknown function {name}", "assumed: number from other clients' tables"
)
WRONG_ARGUMENTS = Fault(
    938,
    "22023",
    COMPILATION
    + "error line {line} at position {position}\nnot enough or invalid arguments for function [{name}]",
    "assumed: number of the family of wrong argument counts",
)
DENIED = Fault(
    3001,
    "42501",
    ACCESS + "Insufficient privileges to operate on {kind} '{name}'.",
    "observed: some privilege on the object, but not the one that is needed",
)
INVALID_PRIVILEGE = Fault(
    3008,
    "42601",
    COMPILATION + "Invalid object type '{kind}' for privilege '{privilege}'.",
    "observed: number in the official CLI's table; assumed: text",
)
PARTIAL_GRANT = Fault(
    3011,
    "42501",
    "Grant partially executed: privileges [{privileges}] not granted.",
    "observed: GRANT ALL PRIVILEGES without being able to grant each",
)
ROLE_NOT_ASSIGNED = Fault(
    3013,
    "42501",
    ACCESS
    + "Requested role '{name}' is not assigned to the executing user. Specify another role to activate.",
    "observed: USE ROLE of a role the user does not hold",
)
EXISTS_UNSEEN = Fault(
    3041,
    "42710",
    COMPILATION + "Object '{name}' already exists, but current role has no privileges on it. "
    "If this is unexpected and you cannot resolve this problem, contact your system administrator.",
    "observed: number; assumed: text",
)
INVALID_GRANT = Fault(
    3042,
    "42601",
    COMPILATION + "Cannot perform this grant or revoke: {why}",
    "observed: number (privilege and object do not go together); assumed: text",
)
NAME_TOO_LONG = Fault(
    2017,
    "42622",
    COMPILATION + "Identifier '{name}' is too long: {length} characters where 255 are allowed.",
    "documented: limit of 255 characters; assumed: number and text",
)
WAREHOUSE_RUNNING = Fault(
    90063,
    "22000",
    "Invalid state. Warehouse '{name}' cannot be resumed because it is not suspended.",
    "observed: ALTER WAREHOUSE RESUME of a running one",
)
WAREHOUSE_SUSPENDED = Fault(
    90064,
    "22000",
    "Invalid state. Warehouse '{name}' cannot be suspended.",
    "observed: ALTER WAREHOUSE SUSPEND of a suspended one",
)
NO_DATABASE = Fault(
    90105,
    "22000",
    "Cannot perform {operation}. This session does not have a current database. "
    "Call 'USE DATABASE', or use a qualified name.",
    "observed: unqualified names without a current database",
)
NO_SCHEMA = Fault(
    90106,
    "22000",
    "Cannot perform {operation}. This session does not have a current schema. "
    "Call 'USE SCHEMA', or use a qualified name.",
    "observed: unqualified names without a current schema",
)
IN_USE = Fault(
    98509,
    "2BP01",
    COMPILATION + "Cannot drop or replace {kind} '{name}': it is used by {users}.",
    "assumed: that it is refused, number and text, after 098507 (network rules of a policy keep a database)",
)
INTERNAL = Fault(
    300002,
    "XX000",
    "SQL execution internal error: {cause}",
    "observed: number of Snowflake's internal errors; assumed: text",
)

WRONG_PASSWORD = Fault(
    390100, "28000", "Incorrect username or password was specified.", "observed: login with a wrong password"
)
NO_TOKEN = Fault(
    390101,
    "08001",
    "Authorization header not found in the request data.",
    "observed: number, a request without a session token; assumed: SQLSTATE and text",
)
LOGGED_OUT = Fault(
    390104,
    "08001",
    "User must login again to access the service.",
    "observed: number, an unknown session token; assumed: SQLSTATE and text",
)
SESSION_GONE = Fault(
    390111,
    "08003",
    "Session no longer exists. New login required to access the service.",
    "observed: number, which clients take for the end of a session; assumed: SQLSTATE and text",
)
TOKEN_EXPIRED = Fault(
    390112,
    "08001",
    "Your session has expired. Please login again.",
    "observed: number, at which clients renew their token; assumed: SQLSTATE and text",
)
MASTER_TOKEN_GONE = Fault(
    390113, "08001", "Master token not found.", "observed: number in the connector; assumed: text"
)
MASTER_TOKEN_EXPIRED = Fault(
    390114,
    "08001",
    "Authentication token has expired. The user must authenticate again.",
    "observed: number and text in the connector",
)
LOGIN_ROLE = Fault(
    390189,
    "08004",
    "Role '{name}' specified in the connect string is not granted to this user. "
    "Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.",
    "observed: login naming a role the user does not hold",
)
AUTHENTICATOR = Fault(
    390194,
    "08004",
    "The local account cannot sign in with authenticator '{name}'{why}.",
    "assumed: our own limit, said as a login error",
)
USER_LOCKED = Fault(
    390100,
    "28000",
    "Your user account has been temporarily locked due to too many failed attempts. Try again after 15 "
    "minutes or contact your account administrator for assistance.",
    "observed: text, in reports of users; assumed: number, as of any refused sign-in",
)
USER_DISABLED = Fault(
    390100,
    "28000",
    "User access disabled. Contact your local system administrator.",
    "documented: CREATE USER (DISABLED, DAYS_TO_EXPIRY); assumed: number and text, as of any refused sign-in",
)
MUST_CHANGE = Fault(
    390100,
    "28000",
    "Specified password has expired. Password must be changed using the Snowflake web console.",
    "documented: CREATE USER (MUST_CHANGE_PASSWORD); assumed: number and text, as of any refused sign-in",
)
JWT_INVALID = Fault(
    390144,
    "08001",
    "JWT token is invalid. [{id}]",
    "documented: Key pair authentication: troubleshooting (one number for every cause, the cause for "
    "administrators only)",
)
OAUTH_INVALID = Fault(
    390303, "08004", "Invalid OAuth access token.", "observed: number in the connector; assumed: text"
)
OAUTH_EXPIRED = Fault(
    390318, "08004", "OAuth access token expired.", "observed: number in the connector; assumed: text"
)
PAT_INVALID = Fault(
    394400,
    "08004",
    "Programmatic access token is invalid.",
    "documented: Using programmatic access tokens (refused when expired, disabled, removed or of another "
    "user); assumed: number and text",
)
BROWSER_INVALID = Fault(
    390195,
    "08004",
    "The token of the sign-in through a browser is invalid.",
    "observed: number in the connector (ID token is invalid); assumed: text, and that it serves here",
)

WEAK_PASSWORD = Fault(
    3002,
    "28P01",
    "New password rejected by current password policy. Reason: '{reason}'.",
    "observed: number and text for PRIOR_USE, in the tests of the Terraform provider; assumed: other reasons",
)
INVALID_KEY = Fault(
    3002,
    "28P01",
    "New public key rejected by current policy. Reason: 'Invalid public key'.",
    "documented: Key-pair authentication and key-pair rotation; assumed: number and text",
)
WRONG_TYPE = Fault(
    1008,
    "22023",
    COMPILATION + "Cannot set {properties} on users with TYPE={type}.",
    "observed: text, in the tests of the Terraform provider; assumed: number",
)
NO_LEGACY = Fault(
    1008,
    "22023",
    COMPILATION + "Users with TYPE=LEGACY_SERVICE can no longer be created.",
    "documented: Planning for the deprecation of single-factor password sign-ins (second phase); assumed: "
    "number and text",
)
TOKEN_NEEDS_ROLE = Fault(
    2029,
    "42601",
    COMPILATION + "Missing option(s): [ROLE_RESTRICTION]",
    "documented: ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN (service users); assumed: number and text",
)
TOKEN_LIMIT = Fault(
    1008,
    "22023",
    COMPILATION + "User {name} has {limit} programmatic access tokens already.",
    "documented: Using programmatic access tokens (15 a user); assumed: number and text",
)

POOL_IN_USE = Fault(
    392506,
    "22000",
    "Cannot drop compute pool {name} with active services: {services}. Drop them first, or use "
    "ALTER COMPUTE POOL {name} STOP ALL.",
    "observed: that it is refused; assumed: number and text",
)
POOL_STATE = Fault(
    392511,
    "22000",
    "Compute pool {name} cannot be changed this way: {why}.",
    "documented: ALTER COMPUTE POOL; assumed: number and text",
)
INVALID_FAMILY = Fault(
    392502,
    "22023",
    "Invalid instance family {name}. Please refer to Snowflake documentation for supported instance "
    "families.",
    "observed: text; assumed: number",
)
INVALID_SPEC = Fault(
    395018, "22023", "Invalid spec: {why}", "observed: CREATE SERVICE with a bad specification"
)
BAD_TEMPLATE = Fault(
    395069,
    "23001",
    "Unable to render service spec from given template: {why}",
    "observed: a template that cannot be rendered; assumed: what follows the colon",
)
NO_SPEC_FILE = Fault(
    395019,
    "22023",
    "Failed to read service spec file '{file}' from stage '{stage}': {why}",
    "documented: CREATE SERVICE (SPECIFICATION_FILE); assumed: number and text",
)
JOB_FAILED = Fault(
    395031,
    "22000",
    "Job {name} did not complete: its status is {status}.",
    "documented: EXECUTE JOB SERVICE (ends when all containers have exited); assumed: number and text",
)
WAITED_IN_VAIN = Fault(
    395032,
    "22000",
    "Waiting for {names} to reach status {wanted} failed: {why}.",
    "documented: SPCS_WAIT_FOR, SYSTEM$WAIT_FOR_SERVICES (an error that tells the status); assumed: number "
    "and text",
)
SPCS_LIMIT = Fault(
    395033,
    "22000",
    "The account has reached its limit of {limit} {what}.",
    "documented: Snowpark Container Services, limits; assumed: number and text",
)
BLOCK_VOLUMES = Fault(
    395085,
    "22000",
    "Failed to drop service {name} since it contains block storage volumes. Please use DROP SERVICE "
    "{name} FORCE "
    "if you want to continue with the operation.",
    "observed: DROP SERVICE without FORCE",
)
SERVICE_STATE = Fault(
    395029,
    "22000",
    "Service {name} cannot be changed this way: {why}",
    "documented: ALTER SERVICE (what cannot be altered); assumed: number and text",
)
CANNOT_RUN = Fault(
    395099,
    "22023",
    "The local account cannot run service {name}: {why}",
    "assumed: our own limit, Snowflake would run any image",
)
IMAGE_MISSING = Fault(
    397012,
    "02000",
    "Failed to retrieve image {path}: image manifest not found in the image repository.",
    "observed: number in the official CLI's table; assumed: text and SQLSTATE",
)
IMAGE_ARCHITECTURE = Fault(
    397013,
    "22023",
    "Failed to retrieve image: SPCS only supports image for {wanted} architecture. "
    "Please rebuild your image with '--platform linux/{wanted}' option.",
    "observed: text; assumed: number",
)
