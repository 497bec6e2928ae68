"""The deployer's push to a local account's registry, signed in as `up` signs in: with a session's token."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import docker
import pytest
from tests.docker.workshops import Workshop, workshop

from spcs_emulator.clock import TurnedClock
from spcs_emulator.server import LocalAccount
from spcs_milvus.account import Account
from spcs_milvus.images import Engine, Login
from spcs_milvus.registry import TOKEN_USER
from spcs_milvus.secrets import Secret
from spcs_milvus.steps import Statement
from spcs_milvus.transfer import Transfer

ROLE = "ACCOUNTADMIN"
LARGE_BYTES = 30_000_000
TOKEN_SECONDS = 3600


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAccount[TurnedClock]]:
    with LocalAccount(tmp_path / "account", TurnedClock()) as local:
        yield local


@pytest.fixture
def account(local: LocalAccount[TurnedClock]) -> Iterator[Account]:
    with closing(Account(local.connection)) as account:
        for sql in ("CREATE DATABASE DEMO", "CREATE IMAGE REPOSITORY DEMO.PUBLIC.REPO"):
            account.perform(Statement(sql, ROLE))
        yield account


@pytest.fixture
def shop(engine: docker.APIClient, tiny_base: str, tmp_path: Path) -> Iterator[Workshop]:
    folder = tmp_path / "context"
    folder.mkdir()
    with workshop(engine, tiny_base, folder) as own:
        yield own


@pytest.fixture
def logins(account: Account) -> Iterator[tuple[list[str], Callable[[], Login]]]:
    """Signs in with a new session's token each time; the list has the tokens that were asked for."""
    tokens: list[str] = []
    with ExitStack() as sessions:

        def sign_in() -> Login:
            token, seconds = sessions.enter_context(account.registry_token(ROLE))
            tokens.append(token)
            return Login(TOKEN_USER, Secret(f'{{"token": "{token}", "expires_in": {seconds}}}'))

        yield tokens, sign_in


def test_a_session_token_that_ends_on_the_way(
    local: LocalAccount[TurnedClock], shop: Workshop, logins: tuple[list[str], Callable[[], Login]]
) -> None:
    tokens, sign_in = logins
    image = shop.image("COPY large /", large=os.urandom(LARGE_BYTES))
    reference = shop.reference(f"127.0.0.1:{local.port}", image)

    late = iter((TOKEN_SECONDS + 1,))

    def turn(transfer: Transfer) -> None:
        if any(layer.status == "Pushed" for layer in transfer.layers):
            local.clock.advance(next(late, 0))

    with Engine() as engine:
        engine.build(shop.name, image, lambda transfer: None)
        digest = engine.push(shop.name, image, reference, sign_in, turn)
        first = len(tokens)
        assert engine.push(shop.name, image, reference, sign_in, shop.said.append) == digest
    assert first == 2
    assert {layer.status for layer in shop.said[-1].layers} == {"Layer already exists"}
