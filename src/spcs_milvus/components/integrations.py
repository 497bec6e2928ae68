"""The doors of the account: out of a service to hosts of the internet, and in for people.

Comes in: the foundation and what asks for it. Goes out: resources. Touches nothing.

The account administrator makes integrations. It sees the owner role's network rule through SYSADMIN, so
nothing is granted to it (documented: CREATE EXTERNAL ACCESS INTEGRATION, which takes CREATE INTEGRATION
and a right on the rules).
"""

from collections.abc import Iterator

from spcs_milvus.components.foundation import Foundation
from spcs_milvus.names import Name
from spcs_milvus.resource import Resource

_RULE = {"type": "HOST_PORT", "mode": "EGRESS"}
INGRESS = Name.of("SNOWSERVICES_INGRESS_OAUTH")


def egress_name(foundation: Foundation, service: str) -> Name:
    """The integration that lets a service out. Services take these names as they are stored, in capitals."""
    return Name.of(foundation.project.egress_integration(service))


def rule_name(foundation: Foundation, service: str) -> Name:
    """The network rule with the hosts that a service is let out to."""
    return foundation.schema.child(foundation.project.egress_rule(service))


def egress(foundation: Foundation, service: str, hosts: tuple[str, ...], role: str) -> Iterator[Resource]:
    """The network rule with the hosts, the integration with the rule, and its use for the service's role."""
    name = rule_name(foundation, service)
    rule = foundation.owned(
        "network_rule",
        name,
        {**_RULE, "value_list": tuple(sorted(hosts))},
        foundation.in_schema,
        {"database": foundation.database},
    )
    yield rule
    integration = egress_name(foundation, service)
    yield foundation.context.marked(
        "external_access_integration",
        integration,
        foundation.project.roles.account_admin,
        {"enabled": True, "allowed_network_rules": (str(name),)},
        frozenset({rule.address}),
    )
    yield foundation.grant_object("USAGE", "external_access_integration", integration, role)


def ingress(foundation: Foundation) -> Iterator[Resource]:
    """The OAuth client of public endpoints, where the project file asks for it."""
    if foundation.project.ingress_integration == "create":
        administrator = foundation.project.roles.account_admin
        yield foundation.context.marked("security_integration", INGRESS, administrator, {"enabled": True})
