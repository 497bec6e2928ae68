"""SECURITY INTEGRATION: the ingress client of older guides, which Snowflake itself provides today.

In: statements' values. Out: a refusal. Documented: CREATE SECURITY INTEGRATION (Snowflake OAuth), and the
tutorials of Snowpark Container Services, which have no such step any more. Observed: since August 2024
CREATE … OAUTH_CLIENT = SNOWSERVICES_INGRESS is answered with 002043, for ACCOUNTADMIN too. Assumed: the
built-in one is not listed. So there is never one to show, to alter or to drop.
"""

from spcs_emulator.account.context import Context
from spcs_emulator.account.results import Result
from spcs_emulator.faults import CANNOT, MISSING_OPTION, UNSUPPORTED
from spcs_emulator.objects.integration import Integration
from spcs_emulator.statement.values import Create

_REQUIRED = ("TYPE", "OAUTH_CLIENT")


class SecurityIntegration(Integration):
    """Security integrations: every statement about one is refused."""

    types = ()

    def create(self, context: Context, statement: Create) -> Result:
        """Refuse: 003001 without the privilege, 002043 with it; 000002 for what is no ingress client."""
        context.access.require_create("CREATE INTEGRATION", None)
        missing = [name for name in _REQUIRED if name not in statement.properties]
        if missing:
            raise MISSING_OPTION(names=", ".join(missing))
        for name, wanted in (("TYPE", "OAUTH"), ("OAUTH_CLIENT", "SNOWSERVICES_INGRESS")):
            value = str(statement.properties[name]).upper()
            if value != wanted:
                raise UNSUPPORTED(feature=f"SECURITY INTEGRATION with {name} = {value}")
        raise CANNOT()
