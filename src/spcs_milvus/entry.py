"""Before the first statement: is anybody there, is it the right account, and may this user do the work?

Comes in: a loaded project, the connector's options, an account. Goes out: nothing, or the error that says
what to do. Asks the network whether something answers; the account has said who signed in already.
"""

from collections.abc import Mapping
from typing import Any

from spcs_milvus.account import Account
from spcs_milvus.config import Loaded
from spcs_milvus.errors import ConnectError, RefusedError
from spcs_milvus.session import reachable


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


def check_roles(loaded: Loaded, account: Account) -> None:
    """Raises RefusedError when the user lacks a role. A connection that is good for one role only is judged
    by the plan, step by step.
    """
    if account.bound_to:
        return
    roles = loaded.project.roles
    wanted = [roles.account_admin, roles.security_admin, roles.user_admin]
    wanted += [loaded.project.owner_role] if loaded.project.owner_exists else []
    may = account.identity.roles
    missing = [role for role in wanted if role not in may]
    if missing:
        user = account.identity.user
        raise RefusedError(
            f"the user {user} may not take the role {missing[0]}",
            detail=f"missing: {', '.join(missing)}; it may take: {', '.join(sorted(may)) or 'none'}",
            place=f"{loaded.file}: roles",
            hint=f"GRANT ROLE {missing[0]} TO USER {user}; or name other roles under `roles:`",
        )
