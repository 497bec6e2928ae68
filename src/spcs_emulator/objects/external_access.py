"""EXTERNAL ACCESS INTEGRATION: which hosts a service may reach, by network rules.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE EXTERNAL ACCESS INTEGRATION,
ALTER EXTERNAL ACCESS INTEGRATION. The local account lets traffic through as it is: an integration is kept
and checked, and nothing is held back without one.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.faults import INVALID_VALUE, MISSING_OPTION
from spcs_emulator.objects.integration import Integration
from spcs_emulator.objects.network_rule import check_host_number
from spcs_emulator.statement.values import Name, ObjectKind

RULES = "ALLOWED_NETWORK_RULES"
SECRETS = "ALLOWED_AUTHENTICATION_SECRETS"
INTEGRATIONS = "ALLOWED_API_AUTHENTICATION_INTEGRATIONS"


class ExternalAccessIntegration(Integration):
    """External access integrations.

    Documented: USAGE on each network rule and secret is needed; ENABLED is TRUE when it is not written (since
    bundle 2026_01).
    """

    other_needs = ("CREATE EXTERNAL ACCESS INTEGRATION",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "TYPE": "EXTERNAL_ACCESS",
        "ENABLED": True,
        RULES: [],
        SECRETS: [],
        INTEGRATIONS: [],
    }

    def settings(self, context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new integration's settings, its rules and secrets as keys."""
        if RULES not in properties:
            raise MISSING_OPTION(names=RULES)
        return super().settings(context, _resolved(context, properties))

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay the properties over, names resolved now."""
        super().change(context, entry, _resolved(context, properties))


def _resolved(context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties with keys for names: NONE is no name, and ALL stays the word."""
    values = dict(properties)
    if RULES in values:
        rules = [_rule(context, name) for name in values[RULES]]
        values[RULES] = _keys(rules)
        check_host_number(context, values[RULES])
    if isinstance(values.get(SECRETS), tuple):
        values[SECRETS] = _keys(context.use(ObjectKind.SECRET, name, "USAGE") for name in values[SECRETS])
    if isinstance(values.get(INTEGRATIONS), tuple):
        # None can be made here that would do, so each is one that is not there.
        values[INTEGRATIONS] = _keys(
            context.use(ObjectKind.INTEGRATION, name, "USAGE") for name in values[INTEGRATIONS]
        )
    return values


def _rule(context: Context, name: Name) -> AccountObject:
    rule = context.use(ObjectKind.NETWORK_RULE, name, "USAGE")
    if rule.settings["MODE"] != "EGRESS":
        why = f": its mode is {rule.settings['MODE']}, and only EGRESS goes out"
        raise INVALID_VALUE(name=RULES, value=rule.name, why=why)
    return rule


def _keys(entries: Iterable[AccountObject]) -> list[str]:
    return list(dict.fromkeys(entry.key for entry in entries))
