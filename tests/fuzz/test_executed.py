"""Some hundreds of names and comments, made on a local account over the wire: SHOW tells each as it was."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import DictCursor
from tests.fuzz.cases import CASES, random_of
from tests.fuzz.texts import hostile
from tests.spcs_milvus.stack import QUICKSTART, by_address, declared

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import comment_step
from spcs_milvus.names import Name
from spcs_milvus.resource import Presence, Resource
from spcs_milvus.steps import Answer, Statement

STACK = by_address(
    declared(QUICKSTART + "users: [{name: ALICE, type: SERVICE, default_role: MILVUS_DEMO_ROLE}]\n")
)
ALONE = ("role.MILVUS_DEMO_OWNER", "user.ALICE", "database.MILVUS_DEMO", "warehouse.MILVUS_DEMO_WAREHOUSE")
LONGEST_NAME = 255


@pytest.fixture(scope="module")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with LocalAccount(folder / "account", TurnedClock()) as local:
        quiet = {"login_timeout": 10, "enable_server_session_keep_alive_auto_detection": False}
        options = {**local.connection, "role": "ACCOUNTADMIN", **quiet}
        with snowflake.connector.connect(**options) as connection, connection.cursor(DictCursor) as opened:
            yield opened


def _made(resource: Resource, comment: str, cursor: Any) -> None:
    """Makes it, and looks whether it is there with that comment, as the program does."""
    kind = kind_of(resource.address.kind)
    for step in (*kind.create(resource), comment_step(resource, comment)):
        assert isinstance(step, Statement)
        cursor.execute(step.text)
    rows = tuple(dict(row) for row in cursor.execute(kind.looks(resource)["show"].sql).fetchall())
    actual = kind.read(resource, {"show": Answer(rows)})
    assert (actual.presence, actual.comment) == (Presence.PRESENT, comment or None)
    (drop,) = kind.drop(resource, actual)
    assert isinstance(drop, Statement)
    cursor.execute(drop.text)


@pytest.mark.parametrize("address", ALONE)
def test_what_was_put_in_is_shown(address: str, cursor: Any) -> None:
    for number in range(max(1, CASES // 100)):
        random = random_of(address, number)
        name = hostile(random)[:LONGEST_NAME] or "x"
        _made(replace(STACK[address], name=Name.of(name)), hostile(random), cursor)
