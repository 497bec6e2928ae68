"""The account's side of the registry: who may pull and push, and which images there are."""

import json
from pathlib import Path

import requests
from tests.emulator.conftest import Client, World

from spcs_emulator.clock import TurnedClock
from spcs_emulator.registry.api import Credential
from spcs_emulator.server import LocalAccount


def test_the_platform_reads_every_repository_and_writes_none(world: World, stack: Client) -> None:
    account = world.local.account
    platform = account.platform_credential()
    assert account.authenticate(platform)
    assert account.repository_access(platform, "d/public/r") == "read"
    assert account.repository_access(platform, "d/public/gone") is None
    assert account.authenticate(Credential(platform.user, "wrong")) is None
    assert account.authenticate(Credential("ADMIN", platform.secret)) is None
    world.local.clock.advance(30 * 24 * 3600)
    root = f"http://127.0.0.1:{world.local.port}"
    auth = (platform.user or "", platform.secret)
    token = requests.get(f"{root}/login", auth=auth, timeout=5).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    tags = requests.get(f"{root}/v2/d/public/r/app/tags/list", headers=bearer, timeout=5)
    assert tags.json()["tags"] == ["1"]
    push = requests.post(f"{root}/v2/d/public/r/app/blobs/uploads/", headers=bearer, timeout=5)
    assert push.status_code == 403


def test_the_platform_s_secret_is_new_at_each_start_and_nowhere_to_be_read(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with LocalAccount(tmp_path, TurnedClock()) as local:
            credential = local.account.platform_credential()
            seen.append(credential)
            assert credential.secret not in repr(credential) + json.dumps(local.dump())
            kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
            assert not any(credential.secret.encode() in content for content in kept)
            assert (local.account.authenticate(seen[0]) is None) == (len(seen) == 2)
