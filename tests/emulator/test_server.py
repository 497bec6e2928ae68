"""A whole local account in this process: its folder, its port, its admin pages."""

import json
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from spcs_emulator.clock import RealClock, TurnedClock
from spcs_emulator.errors import (
    LocalAccountError,
    NotALocalAccountError,
    PortTakenError,
    RunsAlreadyError,
    UnusableFolderError,
)
from spcs_emulator.folder import DataFolder
from spcs_emulator.server import LocalAccount, read_dump


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def admin(local: LocalAccount[Any], page: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"http://127.0.0.1:{local.port}/local/{page}", headers=headers, timeout=5)


def test_it_opens_and_closes_and_leaves_a_folder_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "a folder, ünïcode"
    with LocalAccount(data, TurnedClock()) as local:
        assert local.connection == {
            "host": "127.0.0.1",
            "port": local.port,
            "protocol": "http",
            "account": local.identity.account,
            "user": local.identity.user,
            "password": local.identity.password,
        }
        assert mode(data) == 0o700
        assert mode(data / "account.json") == mode(data / "server.json") == 0o600
        assert requests.get(f"http://127.0.0.1:{local.port}/v2/", timeout=5).status_code == 401
    assert not (data / "server.json").exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{local.port}/v2/", timeout=5)


def test_the_account_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as local:
        first, dump = local.connection, local.dump()
    with LocalAccount(tmp_path, TurnedClock(), port=None) as local:
        assert local.connection == first
        assert local.dump() == dump
    assert read_dump(DataFolder(tmp_path), TurnedClock()) == dump


def test_a_remembered_port_that_is_taken_now_is_replaced(tmp_path: Path) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as local:
        port = local.port
    with socket.create_server(("127.0.0.1", port)), LocalAccount(tmp_path, TurnedClock(), port=None) as local:
        assert local.port != port


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(port)) as error:
            LocalAccount(tmp_path, TurnedClock(), port=port)
    assert error.value.hint
    with LocalAccount(tmp_path, TurnedClock(), port=port) as local:
        assert local.port == port


@pytest.mark.parametrize("port", [-1, 65536, 1 << 40])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    with pytest.raises(LocalAccountError):
        LocalAccount(tmp_path, TurnedClock(), port=port)


def test_two_servers_cannot_hold_one_folder(tmp_path: Path) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as local:
        with pytest.raises(RunsAlreadyError):
            LocalAccount(tmp_path, TurnedClock())
        assert requests.get(f"http://127.0.0.1:{local.port}/v2/", timeout=5).status_code == 401


def a_file(path: Path) -> Path:
    path.write_text("mine")
    return path


def below_a_file(path: Path) -> Path:
    return a_file(path) / "data"


def with_other_files(path: Path) -> Path:
    path.mkdir(mode=0o755)
    a_file(path / "holiday.jpg")
    return path


def of_another_version(path: Path) -> Path:
    path.mkdir()
    (path / "account.json").write_text('{"format": "spcs-emulator/99"}')
    return path


def broken(path: Path) -> Path:
    path.mkdir()
    (path / "account.json").write_text('{"format": "spcs-emulator/1"')
    return path


def without_room_for_the_catalogue(path: Path) -> Path:
    (path / "catalogue.sqlite").mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    "make",
    [a_file, below_a_file, with_other_files, of_another_version, broken, without_room_for_the_catalogue],
)
def test_a_folder_that_cannot_be_used(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    data = make(tmp_path / "data")
    with pytest.raises(UnusableFolderError, match="data") as error:
        LocalAccount(data, TurnedClock())
    assert "--data" in error.value.hint
    if make is with_other_files:
        assert mode(data) == 0o755
        assert [path.name for path in data.iterdir()] == ["holiday.jpg"]


def test_an_unknown_runtime(tmp_path: Path) -> None:
    with pytest.raises(LocalAccountError, match="podman"):
        LocalAccount(tmp_path, TurnedClock(), runtime="podman")


def test_the_admin_pages_need_the_token(tmp_path: Path) -> None:
    with LocalAccount(tmp_path, TurnedClock()) as local:
        token = json.loads((tmp_path / "server.json").read_text())["token"]
        assert admin(local, "status", "wrong").status_code == 401
        assert admin(local, "dump", "").status_code == 401
        assert admin(local, "dump", token).json() == local.dump()
        assert admin(local, "other", token).status_code == 404
        assert token not in json.dumps(local.dump())
        assert local.identity.password not in json.dumps(local.dump())


def test_a_dump_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotALocalAccountError):
        read_dump(DataFolder(tmp_path), TurnedClock())


def test_with_a_real_clock_and_the_process_runtime_it_opens_and_closes_too(tmp_path: Path) -> None:
    with LocalAccount(tmp_path, RealClock(), runtime="process") as local:
        assert local.runtime.name == "process"
