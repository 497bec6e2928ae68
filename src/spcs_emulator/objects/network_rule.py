"""NETWORK RULE: columns, and what a list of hosts or addresses may hold.

In: statements' values. Out: results; the catalogue changes. Documented: CREATE NETWORK RULE, ALTER NETWORK
RULE, DROP NETWORK RULE, SHOW NETWORK RULES, DESCRIBE NETWORK RULE. The local account lets traffic through as
it is: a rule is kept and checked, and nothing is held back by it.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.results import columns
from spcs_emulator.faults import IN_USE, INVALID_VALUE, MISSING_OPTION, UNSUPPORTED
from spcs_emulator.objects.kind import Kind, Row, owner_cells, place_cells
from spcs_emulator.statement.values import Drop, ObjectKind

# Documented: the types; assumed: those that need a cloud's own private network do not exist here.
TYPES = ("IPV4", "HOST_PORT")
ELSEWHERE = ("IPV6", "AWSVPCEID", "AZURELINKID", "GCPPSCID", "PRIVATE_HOST_PORT", "COMPUTE_POOL")
MODES = ("INGRESS", "EGRESS")
MODES_ELSEWHERE = (
    "INTERNAL_STAGE",
    "SNOWFLAKE_MANAGED_STORAGE_VOLUME",
    "POSTGRES_INGRESS",
    "POSTGRES_EGRESS",
)
DEFAULT_PORT = 443
ANY_HOST = "0.0.0.0"  # noqa: S104 - a value of Snowflake's, nothing listens on it
ANY_HOST_PORTS = (80, 443)
# Documented: 100 hosts in an external access integration overall.
HOST_LIMIT = 100
_HOST_PORT = re.compile(r"([^:]+)(?::([0-9]{1,5}))?")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FIRST_LABEL = r"[A-Za-z0-9]?[A-Za-z0-9-]{0,61}\*[A-Za-z0-9-]{0,61}"
_HOST = re.compile(rf"({_FIRST_LABEL}\.)?({_LABEL}\.)*{_LABEL}")
_NUMBERS = re.compile(r"[0-9.]+")


class NetworkRule(Kind):
    """Network rules. TYPE and MODE cannot be changed; only the owner changes or drops one."""

    kind = ObjectKind.NETWORK_RULE
    title = "Network rule"
    defaults: ClassVar[Mapping[str, Any]] = {"MODE": "INGRESS"}
    fixed = ("TYPE", "MODE")
    # Observed: 003001 for ACCOUNTADMIN on a rule it does not own (mondoohq/mql, pull request 10237).
    describe_needs = ()
    shape = columns(
        "SHOW NETWORK RULES",
        "created_on name database_name schema_name owner comment type mode entries_in_valuelist "
        "owner_role_type",
        fixed="entries_in_valuelist",
        source="observed: SHOW NETWORK RULES of real accounts, in the tests of the Terraform provider",
    )
    describe_shape = columns(
        "DESCRIBE NETWORK RULE",
        "created_on name database_name schema_name owner comment type mode value_list",
        source="observed: DESCRIBE NETWORK RULE of real accounts, in the tests of the Terraform provider",
    )

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the words in upper case and the list as JSON."""
        values = dict(properties)
        for name, allowed, elsewhere in (("TYPE", TYPES, ELSEWHERE), ("MODE", MODES, MODES_ELSEWHERE)):
            if name in values:
                values[name] = str(values[name]).upper()
                if values[name] in elsewhere:
                    raise UNSUPPORTED(feature=f"{name} = {values[name]}")
                if values[name] not in allowed:
                    raise INVALID_VALUE(name=name, value=values[name], why="")
        if "VALUE_LIST" in values:
            values["VALUE_LIST"] = list(values["VALUE_LIST"])
        return values

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse what is not whole, a mode that the type does not have, and values of another form.

        Documented: HOST_PORT is for EGRESS, IPV4 here for INGRESS (assumed: an IPV4 rule for EGRESS too has
        no use here).
        """
        missing = [name for name in ("TYPE", "VALUE_LIST") if name not in settings]
        if missing:
            raise MISSING_OPTION(names=", ".join(missing))
        wanted = "EGRESS" if settings["TYPE"] == "HOST_PORT" else "INGRESS"
        if settings["MODE"] != wanted:
            why = f": a rule of type {settings['TYPE']} needs {wanted}"
            raise INVALID_VALUE(name="MODE", value=settings["MODE"], why=why)
        for value in settings["VALUE_LIST"]:
            if settings["TYPE"] == "HOST_PORT":
                host_and_port(value)
            else:
                _check_addresses(value)

    def unset_values(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return what UNSET makes of the properties: a list becomes empty."""
        return {**super().unset_values(names), **({"VALUE_LIST": ()} if "VALUE_LIST" in names else {})}

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay the properties over; the integrations that use the rule must stay within their limit."""
        super().change(context, entry, properties)
        for integration in users(context, entry):
            check_host_number(context, integration.settings["ALLOWED_NETWORK_RULES"])

    def check_drop(self, context: Context, entry: AccountObject, _statement: Drop) -> None:
        """Refuse while an integration uses the rule (assumed: neither DROP nor OR REPLACE leaves one behind
        that names what is gone).
        """
        used = users(context, entry)
        if used:
            names = ", ".join(integration.name for integration in used)
            raise IN_USE(kind="network rule", name=entry.name, users=f"integration {names}")

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return the SHOW NETWORK RULES row."""
        return {
            "created_on": entry.created_on,
            "name": entry.name,
            "comment": entry.comment or "",
            "type": entry.settings["TYPE"],
            "mode": entry.settings["MODE"],
            "entries_in_valuelist": len(entry.settings["VALUE_LIST"]),
            **place_cells(context, entry),
            **owner_cells(context, entry),
        }

    def described(self, context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE NETWORK RULE row."""
        row = self.row(context, entry)
        row["value_list"] = ",".join(entry.settings["VALUE_LIST"])
        return [{column.name: row[column.name] for column in self.describe_shape}]


def host_and_port(value: str) -> tuple[str, int]:
    """Return host and port of `host[:port]`; port 0 means every port.

    Documented: the default port, one asterisk in the first of several labels, and 0.0.0.0 for any host on
    port 80 or 443.
    001008 for anything else. Assumed: other addresses than 0.0.0.0 are no hosts.
    """
    match = _HOST_PORT.fullmatch(value)
    host, port = (match[1], int(match[2] or DEFAULT_PORT)) if match else ("", 0)
    if host == ANY_HOST:
        if port not in ANY_HOST_PORTS:
            raise INVALID_VALUE(name="VALUE_LIST", value=value, why=": 0.0.0.0 goes with port 80 or 443 only")
    elif not _HOST.fullmatch(host) or len(host) > 253 or _NUMBERS.fullmatch(host) or port > 65535:
        raise INVALID_VALUE(name="VALUE_LIST", value=value, why=": must be host or host:port")
    return host, port


def _check_addresses(value: str) -> None:
    try:
        ipaddress.IPv4Network(value, strict=False)
    except ValueError as error:
        raise INVALID_VALUE(name="VALUE_LIST", value=value, why=": must be IPv4 addresses") from error


def users(context: Context, rule: AccountObject) -> list[AccountObject]:
    """Return the integrations that use the network rule."""
    return [
        integration
        for integration in context.catalogue.of_kind(ObjectKind.INTEGRATION)
        if rule.key in integration.settings["ALLOWED_NETWORK_RULES"]
    ]


def check_host_number(context: Context, rules: list[str]) -> None:
    """Refuse more hosts in an integration's rules than are allowed."""
    hosts = sum(len(context.catalogue.the(key).settings["VALUE_LIST"]) for key in rules)
    if hosts > HOST_LIMIT:
        why = f": an integration allows {HOST_LIMIT} hosts at most, these are {hosts}"
        raise INVALID_VALUE(name="ALLOWED_NETWORK_RULES", value=hosts, why=why)
