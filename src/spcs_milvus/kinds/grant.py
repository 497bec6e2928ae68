"""GRANT: a privilege on an object or the account, a role to a role or user, a service role to a role.

A grant is ours when its grantee is, and goes when the role goes, so none is ever revoked (documented: DROP
ROLE, DROP SERVICE). documented: GRANT <privileges>, GRANT ROLE, GRANT SERVICE ROLE; SHOW GRANTS.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from spcs_milvus.kinds import base
from spcs_milvus.names import Keyword, Name
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource
from spcs_milvus.steps import Answer, Effect, Look, Row, Statement, Step
from spcs_milvus.templates import sql

# how the form of a grant is shown: the block of the template that looks for it
_SHOWN_BY = {"account": "to_role", "object": "to_role", "role": "of_role", "service_role": "of_service_role"}

_MEMBERS = ("ROLE", "USER")


def _looks(resource: Resource) -> base.Looks:
    detail = dict(resource.detail)
    if detail["form"] == "role":
        detail["role"] = detail["on"]
    role = resource.role if detail["form"] == "service_role" else resource.seen_by
    # assumed: a role is shown everything that it was granted itself, and who has it
    also = None if detail["form"] == "service_role" else detail["role"].last
    return {"show": Look(sql("grant", _SHOWN_BY[detail["form"]], detail), role, also=also)}


def _read(resource: Resource, answers: base.Answers) -> Actual:
    answer = answers["show"]
    if answer.refused:
        return Actual(Presence.UNKNOWN, reason=answer.refused)
    row = next((row for row in answer.rows if _is(resource.detail, row)), None)
    return Actual(Presence.PRESENT, live=base.since(row)) if row else ABSENT


def _is(detail: Mapping[str, Any], row: Row) -> bool:
    """Whether a row of SHOW GRANTS is this grant."""
    if detail["form"] in ("role", "service_role"):
        kind = detail["grantee_kind"].text if detail["form"] == "role" else "ROLE"
        return bool(row["granted_to"] == kind and _same(row["grantee_name"], detail["role"]))
    if detail["form"] == "account":
        return bool(row["privilege"] == detail["privilege"].text and row["granted_on"] == "ACCOUNT")
    # an owner holds every privilege on what it owns (documented: Overview of access control)
    if row["privilege"] not in (detail["privilege"].text, "OWNERSHIP"):
        return False
    # documented sample output: granted_on is written with underscores
    return bool(
        row["granted_on"] == detail["object_kind"].text.replace(" ", "_") and _same(row["name"], detail["on"])
    )


def others(grants: Collection[Resource], answer: Answer) -> Iterator[tuple[Address, str]]:
    """Who has a role beside those that ``grants`` of it say, each with the SQL that takes it back.

    ``answer`` is that of any of them, since they all look at the role.
    """
    for row in answer.rows:
        if row["granted_to"] in _MEMBERS and not any(_is(grant.detail, row) for grant in grants):
            kind, name = Keyword(row["granted_to"]), Name.of(str(row["grantee_name"]).strip('"'))
            given = {**next(iter(grants)).detail, "grantee_kind": kind, "role": name}
            yield Address(kind.text.lower(), str(name)), sql("grant", "revoke_role", given)


def held(role: Name, grants: Collection[Resource], answer: Answer) -> Iterator[tuple[Address, str, str]]:
    """What a role has beside what ``grants`` to it say: on what, in a person's words, and the SQL that takes
    it back. What it owns is not among it.

    ``answer`` is that of SHOW GRANTS TO ROLE.
    """
    for row in answer.rows:
        if row["privilege"] != "OWNERSHIP" and not any(_is_held(grant.detail, row) for grant in grants):
            kind, name = str(row["granted_on"]).replace("_", " "), str(row["name"])
            on = Address(kind.lower().replace(" ", "_"), name.replace('"', ""))
            if kind in ("ROLE", "SERVICE ROLE"):
                service = Address("service", on.name.split("!")[0])
                words, revoke = f"the {kind.lower()} {name}", f"REVOKE {kind} {name} FROM ROLE {role}"
                yield (service if kind == "SERVICE ROLE" else on), words, revoke
                continue
            where = "ACCOUNT" if kind == "ACCOUNT" else f"{kind} {name}"
            revoke = f"REVOKE {row['privilege']} ON {where} FROM ROLE {role}"
            yield on, f"{row['privilege']} on {where.lower() if kind == 'ACCOUNT' else where}", revoke


def _is_held(detail: Mapping[str, Any], row: Row) -> bool:
    """Whether a row of SHOW GRANTS TO ROLE is this grant."""
    kind = str(row["granted_on"]).replace("_", " ")
    if detail["form"] == "role":
        return kind == "ROLE" and _same(row["name"], detail["on"])
    if detail["form"] == "service_role":
        named = f"{'.'.join(detail['service'].parts)}!{detail['service_role'].last}"
        return kind == "SERVICE ROLE" and str(row["name"]).replace('"', "") == named
    return _is(detail, row)


def _same(shown: object, name: Name) -> bool:
    return str(shown).replace('"', "") == ".".join(name.parts)


def _grant(resource: Resource) -> tuple[Step, ...]:
    statement = sql("grant", resource.detail["form"], resource.detail)
    return (Statement(statement, resource.role, effect=Effect.OURS),)


def _revoke(resource: Resource, _actual: Actual) -> tuple[Step, ...]:
    """How to take back what goes with nothing of ours: a privilege on the account of a role of others."""
    if resource.detail["form"] != "account":
        return ()
    statement = sql("grant", "revoke", resource.detail)
    return (Statement(statement, resource.role, effect=Effect.GONE),)


def _stands_on(resource: Resource) -> frozenset[Address]:
    """A grant goes with its role, with what it is on, and with who has it (documented: DROP ROLE, DROP
    SERVICE).
    """
    detail = resource.detail
    grantee = "user" if detail["form"] == "role" and detail["grantee_kind"].text == "USER" else "role"
    found = {Address(grantee, str(detail["role"]))}
    match detail["form"]:
        case "role":
            found.add(Address("role", str(detail["on"])))
        case "service_role":
            found.add(Address("service", str(detail["service"])))
        case "object":
            found.add(detail["object"])
    return frozenset(found)


KIND = base.Kind(
    name="grant",
    title="grant",
    attributes=(),
    marked=False,
    goes_with="its role",
    looks=_looks,
    read=_read,
    create=_grant,
    alter=base.no_steps,
    drop=_revoke,
    stands_on=_stands_on,
)
