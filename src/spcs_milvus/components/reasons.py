"""Why the stack needs each privilege it grants, for whoever reads a rendered file before running it.

Comes in: a grant, as the components declare it. Goes out: one sentence. Touches nothing. Who needs the
privilege stands in the grant itself; here is what it is for.
"""

from spcs_milvus.resource import Resource

# what a role may do, and on what → why (documented: Snowpark Container Services, "Privileges"; Access control
# privileges)
_PRIVILEGES = {
    ("CREATE DATABASE", "ACCOUNT"): "the owner role makes the database, and so owns what holds the stack",
    ("CREATE WAREHOUSE", "ACCOUNT"): "the owner role makes the warehouse that the notebook queries with",
    ("CREATE COMPUTE POOL", "ACCOUNT"): "the owner role makes the nodes that the services run on",
    ("BIND SERVICE ENDPOINT", "ACCOUNT"): "a service with a public endpoint is refused without it",
    ("USAGE", "DATABASE"): "nothing in the database can be reached without it",
    ("USAGE", "SCHEMA"): "nothing in the schema can be reached without it",
    ("USAGE", "WAREHOUSE"): "queries need a warehouse to run on",
    ("USAGE", "COMPUTE POOL"): "a service runs on the pool, and wakes it when it is suspended",
    ("USAGE", "INTEGRATION"): "the service reaches the hosts that the integration allows, and no others",
    ("CREATE SCHEMA", "DATABASE"): "the schema is made in a database that was there before",
    ("CREATE STAGE", "SCHEMA"): "stages are made in a schema that was there before",
    ("CREATE IMAGE REPOSITORY", "SCHEMA"): "the repository is made in a schema that was there before",
    ("CREATE SERVICE", "SCHEMA"): "whoever makes a service owns it, and its containers act as that role",
    ("CREATE NETWORK RULE", "SCHEMA"): "the hosts that a service may reach are listed in a rule",
    ("CREATE SECRET", "SCHEMA"): "a password reaches a container as a secret, never as plain text",
    ("READ", "IMAGE REPOSITORY"): "the service pulls its image",
    (
        "READ",
        "STAGE",
    ): "the service is made from a file on it, or has its files mounted",
    ("WRITE", "STAGE"): "what people save in the notebook is kept on the stage",
    ("READ", "SECRET"): "the secret is given to the container",
}
_TO_USER = "this person may open the notebook"
_TO_ROLE = "the second role acts as the first: to make its service, or to open the notebook"
# documented: Access control considerations, "Aligning object access with business functions"
_TO_SYSADMIN = "Snowflake advises it for every role, so that administrators can manage what it owns"
_ENDPOINTS = "without it nobody but the owner of the service connects to its endpoints"


def reason(grant: Resource) -> str:
    """Why a grant is needed. Raises KeyError for one that nobody gave a reason: a bug of ours."""
    detail = grant.detail
    match detail["form"]:
        case "account":
            return _PRIVILEGES[detail["privilege"].text, "ACCOUNT"]
        case "object":
            return _PRIVILEGES[detail["privilege"].text, detail["object_kind"].text]
        case "role":
            to_role = _TO_SYSADMIN if detail["role"].last == "SYSADMIN" else _TO_ROLE
            return to_role if detail["grantee_kind"].text == "ROLE" else _TO_USER
    return _ENDPOINTS
