"""Which options a connection has: what the files say, and what the environment lays over and under it.

Comes in: a name, the connections that are written down, and an environment. Goes out: the connector's
options. Touches nothing. The order is the official CLI's (observed: source of snowflake-cli, August 2026,
``snow_connector.connect_to_snowflake`` and ``config.get_config_section``), strongest first:

1. ``SNOWFLAKE_CONNECTIONS_<NAME>_<KEY>``
2. the connection in connections.toml, or where there is no such file in config.toml; the variable
   ``SNOWFLAKE_CONNECTIONS`` stands for both (the session's door reads them)
3. ``SNOWFLAKE_<KEY>``, for the keys in ``FROM_ENVIRONMENT``, where nothing stronger says anything

A key that only the environment gives does not make a connection: its name must be written down.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spcs_milvus.errors import ConfigError, nearest

Environment = Mapping[str, str]

# observed: SUPPORTED_ENV_OVERRIDES of the official CLI
FROM_ENVIRONMENT = (
    "account user password host port protocol authenticator workload_identity_provider private_key_file "
    "private_key_path private_key_raw database schema role warehouse token token_file_path oauth_client_id "
    "oauth_client_secret oauth_authorization_url oauth_token_request_url oauth_redirect_uri oauth_scope "
    "oauth_disable_pkce oauth_enable_refresh_tokens oauth_enable_single_use_refresh_tokens "
    "client_store_temporary_credential"
).split()
# the connector takes any text for true, so these are turned into what they say
TRUTHS = {
    "oauth_disable_pkce",
    "oauth_enable_refresh_tokens",
    "oauth_enable_single_use_refresh_tokens",
    "client_store_temporary_credential",
}
# the CLI's names for what the connector calls otherwise
ALIASES = {"private_key_path": "private_key_file", "private_key_passphrase": "private_key_file_pwd"}
PASSPHRASE = "PRIVATE_KEY_PASSPHRASE"  # noqa: S105


@dataclass(frozen=True)
class Written:
    """The connections that are written down, by name, and the one to take when none is named."""

    default: str
    connections: Mapping[str, Mapping[str, Any]] = field(repr=False)


def options(name: str, written: Written, environment: Environment) -> dict[str, Any]:
    """The connector's options for the connection ``name``.

    Raises ConfigError when nobody wrote it down, for a port that is none, and for what is no text.
    """
    if name not in written.connections:
        raise _unknown(name, written)
    found = {_key(key): value for key, value in written.connections[name].items()}
    found |= _of_connection(name, written, environment)
    for key in FROM_ENVIRONMENT:
        if value := environment.get(f"SNOWFLAKE_{key.upper()}"):
            found.setdefault(_key(key), value)
    if PASSPHRASE in environment:
        found["private_key_file_pwd"] = environment[PASSPHRASE]
    if not str(found.get("port", 443)).isdecimal():
        raise ConfigError("the connection's port is not a number", detail=str(found["port"]), place=name)
    for key, value in found.items():
        # what the environment has that is no UTF-8; the connector takes text only
        if re.search("[\ud800-\udfff]", str(value)):
            raise ConfigError(f"the connection's {key} is not UTF-8 text", place=name)
    return {key: _truth(value) if key in TRUTHS else value for key, value in found.items()}


def _of_connection(name: str, written: Written, environment: Environment) -> dict[str, str]:
    """The variables of this connection; those of PROD_EU are not read as keys of PROD."""
    longer = tuple(
        _prefix(other)
        for other in written.connections
        if _prefix(other).startswith(_prefix(name)) and other != name
    )
    return {
        _key(variable.removeprefix(_prefix(name)).lower()): value
        for variable, value in environment.items()
        if variable.startswith(_prefix(name)) and not (longer and variable.startswith(longer))
    }


def _prefix(name: str) -> str:
    return f"SNOWFLAKE_CONNECTIONS_{name.upper()}_"


def _key(key: str) -> str:
    return ALIASES.get(key, key)


def _truth(value: Any) -> Any:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower(), value)


def _unknown(name: str, written: Written) -> ConfigError:
    return ConfigError(
        f"there is no connection `{name}`",
        detail=f"known: {', '.join(sorted(written.connections)) or 'none'}",
        place="connections.toml, usually in ~/.snowflake or $SNOWFLAKE_HOME",
        hint=nearest("use `-c local`, or write it down there", name, (*written.connections, "local")),
    )
