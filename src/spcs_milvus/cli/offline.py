"""What is declared for an account that is not asked; loads nothing that could ask it."""

import os

from spcs_milvus.cli.image_format import from_folder, image_format
from spcs_milvus.config import Loaded
from spcs_milvus.declaration import declare
from spcs_milvus.resource import Resource


def without_account(loaded: Loaded, asked: str | None) -> tuple[Resource, ...]:
    """What the project declares for the account that is meant, which is not asked: which images are meant
    depends on it; nothing else does. Raises ConfigError for what cannot be deployed there.
    """
    named = asked or loaded.project.connection or os.environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME")
    account = named or "the default connection"
    return declare(loaded, account, image_format(account), from_folder)
