"""The external access integrations of a service.

In: their names and the role that owns the service. Out: their keys, or the error that says what is wrong.
Touches nothing. Documented: CREATE SERVICE (EXTERNAL_ACCESS_INTEGRATIONS), Configuring network egress.
"""

import json

from spcs_emulator.account.access import Access
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.faults import INVALID_VALUE
from spcs_emulator.objects.network_rule import host_and_port
from spcs_emulator.statement.values import Name, ObjectKind

PROPERTY = "EXTERNAL_ACCESS_INTEGRATIONS"
INTEGRATION_LIMIT = 10
LOW_PORTS = (22, 80, 443)
FIRST_FREE_PORT = 1024


def find_integrations(context: Context, names: tuple[Name, ...], owner: Access) -> list[str]:
    """Return the keys of the integrations, on which the owner role holds USAGE.

    002003 or 003001 when it does not, 001008 for more than ten, and for a rule with a port that services
    cannot reach.
    """
    if len(names) > INTEGRATION_LIMIT:
        raise INVALID_VALUE(name=PROPERTY, value=len(names), why=f": at most {INTEGRATION_LIMIT}")
    found = [_usable(context, name, owner) for name in names]
    return list(dict.fromkeys(integration.key for integration in found))


def _usable(context: Context, name: Name, owner: Access) -> AccountObject:
    found = owner.use(ObjectKind.INTEGRATION, name, None, "USAGE")
    for key in found.settings["ALLOWED_NETWORK_RULES"]:
        _check_reach(context, found, context.catalogue.the(key))
    return found


def _check_reach(context: Context, integration: AccountObject, rule: AccountObject) -> None:
    """Documented: services reach ports 22, 80, 443 and from 1024 on, and wildcards are not for them; assumed:
    port 0, every port, holds some that they do not.
    """
    for value in rule.settings["VALUE_LIST"]:
        host, port = host_and_port(value)
        if "*" in host or (port not in LOW_PORTS and port < FIRST_FREE_PORT):
            rule_name = context.catalogue.full_name(rule)
            why = (
                f": network rule {rule_name} has '{value}', and services reach single hosts on ports 22, 80, "
            )
            raise INVALID_VALUE(name=PROPERTY, value=integration.name, why=f"{why}443 and from 1024 on")


def shown_integrations(catalogue: Catalogue, service: AccountObject) -> str | None:
    """Return the integrations as SHOW SERVICES has them, None for none.

    Observed: a list with commas that other tools strip of brackets and quotes; assumed: it is JSON.
    """
    names = [catalogue.name_of(key) for key in service.settings.get(PROPERTY, ())]
    return json.dumps(names, separators=(",", ":")) if names else None
