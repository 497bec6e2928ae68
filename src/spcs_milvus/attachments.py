"""What somebody attached to things of ours from outside: it is shown, and kept.

Comes in: what is declared and what there is. Goes out: a service as it should be with what others attached to
it, and a problem for each attachment, with the SQL that takes it off. Touches nothing.

Tags are attached without a trace in SHOW (documented: TAG_REFERENCES shows them, with a warehouse); no
statement of ours changes one.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from spcs_milvus.errors import Problem
from spcs_milvus.kinds import grant, kind_of
from spcs_milvus.observe import Observation
from spcs_milvus.ownership import Ownership, ownership
from spcs_milvus.resource import Actual, Address, Presence, Resource
from spcs_milvus.steps import Answer

_INTEGRATIONS = "external_access_integrations"


def with_attached(resource: Resource, actual: Actual) -> Resource:
    """The resource, with the integrations that others attached to a service among those it should have."""
    others = _attached(resource, actual)
    if not others:
        return resource
    wanted = tuple(sorted({*resource.attributes[_INTEGRATIONS], *others}))
    return replace(resource, attributes={**resource.attributes, _INTEGRATIONS: wanted})


def attachments(
    resources: Collection[Resource], observation: Observation, undeclared: Collection[Address] = ()
) -> Iterator[Problem]:
    """Everything that hangs on something of ours and is not declared; what belongs to ``undeclared`` things
    of ours is told with them.
    """
    for resource in resources:
        actual = observation.actual[resource.address]
        ours = resource.mark and ownership(resource, actual) is Ownership.OURS
        if actual.presence is Presence.PRESENT and ours:
            yield from _integrations(resource, actual)
            yield from _owner(resource, actual)
        if resource.address.kind == "role" and not resource.existing:
            yield from _members(resource, resources, observation, undeclared)
            yield from _privileges(resource, resources, observation, undeclared)


def _attached(resource: Resource, actual: Actual) -> tuple[str, ...]:
    """The integrations at a service that are neither declared nor ours; one of ours has a name of its own."""
    ours = {*resource.attributes.get(_INTEGRATIONS, ()), *resource.detail.get("integrations", ())}
    return tuple(name for name in actual.attributes.get(_INTEGRATIONS, ()) if name not in ours)


def _integrations(service: Resource, actual: Actual) -> Iterator[Problem]:
    for name in _attached(service, actual):
        left = [one for one in actual.attributes[_INTEGRATIONS] if one != name]
        change = f"SET EXTERNAL_ACCESS_INTEGRATIONS = ({', '.join(left)})"
        change = change if left else "UNSET EXTERNAL_ACCESS_INTEGRATIONS"
        yield Problem(
            f"the integration {name} is attached to {service.address}, which the project file does not say",
            "it lets the service out, and is left attached",
            str(service.address),
            f"USE ROLE {service.role}; ALTER SERVICE {service.name} {change};",
        )


def _owner(resource: Resource, actual: Actual) -> Iterator[Problem]:
    owner = actual.live.get("owner")
    if owner and owner != resource.role:
        title = kind_of(resource.address.kind).title.upper()
        back = f"GRANT OWNERSHIP ON {title} {resource.name} TO ROLE {resource.role} COPY CURRENT GRANTS;"
        yield Problem(
            f"{resource.address} is owned by {owner}, and {resource.role} made it",
            f"what {resource.role} may not do to it any more fails",
            str(resource.address),
            f"USE ROLE {owner}; {back}",
        )


def _members(
    role: Resource,
    resources: Collection[Resource],
    observation: Observation,
    undeclared: Collection[Address],
) -> Iterator[Problem]:
    """Who has a role of ours though the file does not say so (any more)."""
    grants = [one for one in resources if one.detail.get("form") == "role" and one.detail["on"] == role.name]
    answers = observation.answers.get(grants[0].address, {}) if grants else {}
    for who, revoke in grant.others(grants, answers.get("show", Answer())):
        if who not in undeclared:
            yield Problem(
                f"{role.address} is granted to {who}, which the project file does not say",
                None,
                str(role.address),
                f"USE ROLE {grants[0].role}; {revoke};",
            )


def _privileges(
    role: Resource,
    resources: Collection[Resource],
    observation: Observation,
    undeclared: Collection[Address],
) -> Iterator[Problem]:
    """What a role of ours may do beside what is declared."""
    grants = [one for one in resources if one.address.kind == "grant" and one.detail["role"] == role.name]
    asked = [one for one in grants if one.detail["form"] in ("account", "object")]
    answers = observation.answers.get(asked[0].address, {}) if asked else {}
    for on, words, revoke in grant.held(role.name, grants, answers.get("show", Answer())):
        if not any(on.name == one.name and one.kind.endswith(on.kind) for one in undeclared):
            yield Problem(
                f"{role.address} has {words}, which the project file does not say",
                None,
                str(role.address),
                f"USE ROLE {role.seen_by}; {revoke};",
            )
