"""Addresses of other services in environment values."""

import pytest

from spcs_emulator.runtime.peers import REFUSING, bare_host, with_local_addresses

PEERS = {
    "milvus:19530": 20001,
    "milvus.abcd.svc.spcs.internal:19530": 20001,
    "milvus:9091": 20002,
    "hidden:80": None,
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("milvus:19530", "127.0.0.1:20001"),
        ("http://milvus:19530", "http://127.0.0.1:20001"),
        ("http://MILVUS:19530/x?y=milvus:9091", "http://127.0.0.1:20001/x?y=127.0.0.1:20002"),
        ("tcp://user:pw@milvus:19530,milvus:9091", "tcp://user:pw@127.0.0.1:20001,127.0.0.1:20002"),
        ("milvus.abcd.svc.spcs.internal:19530", "127.0.0.1:20001"),
        ("other-milvus:19530", "other-milvus:19530"),
        ("milvus:195300", "milvus:195300"),
        ("my.milvus:19530", "my.milvus:19530"),
        ("my_milvus:19530", "my_milvus:19530"),
        ("milvus", "milvus"),
        ("milvus:80", "milvus:80"),
        ("", ""),
    ],
)
def test_a_peer_that_stands_whole_becomes_its_local_address(value: str, expected: str) -> None:
    assert with_local_addresses(value, PEERS) == (expected, frozenset())


def test_a_peer_that_may_not_be_used_becomes_an_address_that_refuses() -> None:
    assert with_local_addresses("http://hidden:80", PEERS) == (f"http://{REFUSING}", frozenset({"hidden:80"}))


def test_without_peers_nothing_changes() -> None:
    assert with_local_addresses("milvus:19530", {}) == ("milvus:19530", frozenset())


@pytest.mark.parametrize(
    ("value", "expected"),
    [("milvus", "HOST"), (" Milvus ", "HOST"), ("milvus:19530", None), ("milvus.example.com", None)],
)
def test_a_bare_host_name_is_found(value: str, expected: str | None) -> None:
    assert bare_host({"OTHER": "x", "HOST": value}, frozenset({"milvus"})) == expected


def test_snowflakes_own_variables_name_no_hosts() -> None:
    assert bare_host({"SNOWFLAKE_SERVICE_NAME": "MILVUS"}, frozenset({"milvus"})) is None
