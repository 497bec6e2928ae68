"""Before the first statement: is anybody there, is it the right account, and may this user do the work?

Comes in: a loaded project, the connector's options, an account. Goes out: nothing, or the error that says
what to do. Asks the network whether something answers; the account has said who signed in already. Tells
the account who looks where the user lacks a role.
"""

from collections.abc import Collection, Mapping
from typing import Any

from spcs_milvus.account import Account
from spcs_milvus.config import Loaded
from spcs_milvus.errors import ConnectError, RefusedError
from spcs_milvus.footing import Footing, on_footing
from spcs_milvus.observe import Observation
from spcs_milvus.plan import Plan
from spcs_milvus.reach import within, within_up
from spcs_milvus.resource import Address
from spcs_milvus.rights import on_rights
from spcs_milvus.session import reachable
from spcs_milvus.sight import Reach


def check_reachable(options: Mapping[str, Any]) -> None:
    """Raises ConnectError when an account of this machine does not answer; others are not tried."""
    host, port = options.get("host"), options.get("port")
    if host and port and options.get("protocol") == "http" and not reachable(str(host), int(port)):
        raise ConnectError(
            "the account cannot be reached",
            detail=f"nothing answers at {host}:{port}",
            hint="start it with `spcs-milvus local start`, or name another connection with -c",
        )


def check_account(loaded: Loaded, account: Account) -> None:
    """Raises RefusedError when it is another account than the project is pinned to."""
    pinned, here = loaded.project.account, account.identity.account
    if pinned is not None and pinned.upper().replace("_", "-") != here.replace("_", "-"):
        raise RefusedError(
            "this is another account than the project is pinned to",
            detail=f"connected to {here}, pinned to {pinned}",
            place=f"{loaded.file}: account",
            hint="use another connection with -c, or change `account:`",
        )


def choose_who_looks(loaded: Loaded, account: Account) -> None:
    """Lets another role look where the user lacks one of those that see all: the owner of what is ours, else
    whichever there is. What the user cannot do is judged by the plan, step by step (``reach``).
    """
    roles, project = loaded.project.roles, loaded.project
    wanted = [roles.security_admin, roles.account_admin, roles.user_admin]
    wanted += [project.owner_role] if project.owner_exists else []
    may = account.identity.roles
    if not may.issuperset(wanted):
        looking = (
            project.owner_role,
            roles.security_admin,
            roles.account_admin,
            "SYSADMIN",
            roles.user_admin,
        )
        account.stand_in = next((role for role in looking if role in may), account.identity.role)


def reach(loaded: Loaded, account: Account) -> Reach:
    """Who runs this, and which roles they may take."""
    bound, identity = account.bound_to, account.identity
    roles = frozenset({bound}) if bound else identity.roles
    return Reach(identity.user, roles, bound is not None, f"{loaded.file}: roles")


def judged_up(
    loaded: Loaded, account: Account, plan: Plan, observation: Observation, rotated: Collection[Address]
) -> Plan:
    """A plan of ``up``, refused where this user may not do a part of it. Asks what administrators other than
    the built-in ones may do, as far as they may be taken: what is for the others is refused already.
    ``rotated`` are the secrets that it was asked to set again.
    """
    roles, who = loaded.project.roles, reach(loaded, account)
    plan = within_up(on_footing(plan, observation, _footing(account)), observation, who, rotated)
    administrators = {roles.account_admin, roles.security_admin, roles.user_admin} & who.roles
    return on_rights(plan, administrators, roles.security_admin, who.place, account.query)


def judged(loaded: Loaded, account: Account, plan: Plan, observation: Observation) -> Plan:
    """Any other plan in the same way, without asking."""
    return within(on_footing(plan, observation, _footing(account)), observation, reach(loaded, account))


def _footing(account: Account) -> Footing:
    identity = account.identity
    return Footing(identity.user, identity.role)
