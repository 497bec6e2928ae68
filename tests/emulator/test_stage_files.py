"""PUT, GET, LIST and REMOVE: as the installed connector does them, and as connectors before 5 do."""

import base64
import errno
import hashlib
import http.client
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from tests.emulator.conftest import SPECIFICATION, Client, World
from tests.emulator.test_wire import Raw

from spcs_emulator.account.stage_files import (
    RefusedFileError,
    StageFiles,
    plain_name,
    stored_files,
)
from spcs_emulator.faults import SqlError
from spcs_emulator.wire.messages import Request

CONNECTOR = int(snowflake.connector.__version__.partition(".")[0])
OLD = {"CLIENT_APP_ID": "PythonConnector", "CLIENT_APP_VERSION": "4.8.1"}


@pytest.fixture
def stage(stack: Client) -> Client:
    """A session of OWNER in D.PUBLIC, which has a stage S."""
    stack.run("USE SCHEMA D.PUBLIC")
    stack.run("CREATE STAGE S")
    return stack


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder of the client's."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def folder_of(world: World, name: str = "S") -> Path:
    catalogue = world.local.account._catalogue
    (key,) = [entry.key for entry in catalogue.objects.values() if entry.name == name]
    return world.local.folder.path / "stages" / key


def names(client: Client, place: str = "@S") -> list[str]:
    return [row["name"] for row in client.run(f"LIST {place}")]


def test_put_list_get_and_remove(world: World, stage: Client, here: Path) -> None:
    for name in ("a.yaml", "b c.yaml", "é.yaml"):
        (here / name).write_text(f"name: {name}\n", encoding="utf-8")
    (row,) = stage.run(f"PUT file://{here}/a.yaml @S/specs auto_compress=false parallel=4 overwrite=True")
    assert row == {
        "source": "a.yaml",
        "target": "a.yaml",
        "source_size": 13,
        "target_size": 13,
        "source_compression": "NONE",
        "target_compression": "NONE",
        "status": "UPLOADED",
        "message": "",
    }
    assert (folder_of(world) / "specs/a.yaml").read_text() == "name: a.yaml\n"
    stage.run(f"PUT 'file://{here}/*.yaml' '@D.PUBLIC.S' AUTO_COMPRESS = FALSE")
    assert names(stage) == ["s/a.yaml", "s/b c.yaml", "s/specs/a.yaml", "s/é.yaml"]
    assert names(stage, "@S PATTERN = '.*a[.]yaml'") == ["s/a.yaml", "s/specs/a.yaml"]
    (row,) = stage.run("ls @S/specs")
    assert list(row) == ["name", "size", "md5", "last_modified"]
    assert (row["size"], row["md5"]) == (13, hashlib.md5(b"name: a.yaml\n").hexdigest())
    assert row["last_modified"].endswith(" GMT")
    (here / "back").mkdir()
    stage.run(f"GET @S file://{here}/back/ PATTERN = '.*[c é][.]yaml'")
    assert sorted(path.name for path in (here / "back").iterdir()) == ["b c.yaml", "é.yaml"]
    assert stage.run("RM @S/spec") == [{"name": "s/specs/a.yaml", "result": "removed"}]
    assert names(stage) == ["s/a.yaml", "s/b c.yaml", "s/é.yaml"]


def test_whoever_a_container_runs_as_may_read_what_is_put(world: World, stage: Client, here: Path) -> None:
    (here / "a.yaml").write_text("x")
    before = os.umask(0o077)
    try:
        stage.run(f"PUT file://{here}/a.yaml @S/deep/inside auto_compress=false")
    finally:
        os.umask(before)
    file = folder_of(world) / "deep" / "inside" / "a.yaml"
    for path in (file, *list(file.parents)[:3]):
        wanted = 0o644 if path.is_file() else 0o755
        assert stat.S_IMODE(path.stat().st_mode) & wanted == wanted, path
    assert stat.S_IMODE(world.local.folder.path.stat().st_mode) == 0o700


def test_compression_and_overwriting(stage: Client, here: Path) -> None:
    (here / "a.txt").write_text("one")
    put = f"PUT file://{here}/a.txt @S"
    assert [row["status"] for row in stage.run(put)] == ["UPLOADED"]
    assert names(stage) == ["s/a.txt.gz"]
    (here / "a.txt").write_text("two, longer")
    assert [row["status"] for row in stage.run(f"{put} AUTO_COMPRESS=FALSE")] == ["UPLOADED"]
    (here / "a.txt").write_text("three")
    if CONNECTOR < 5:
        # The connector does not look first when it has an address for the file, and is told no.
        assert "Precondition Failed" in stage.refused(f"{put} AUTO_COMPRESS=FALSE")[2]
    else:
        assert [row["status"] for row in stage.run(f"{put} AUTO_COMPRESS=FALSE")] == ["SKIPPED"]
    assert [row["size"] for row in stage.run("LIST @S/a.txt PATTERN='a.txt'")] == [11]
    stage.run(f"{put} AUTO_COMPRESS=FALSE OVERWRITE=TRUE")
    assert [row["size"] for row in stage.run("LIST @S/a.txt PATTERN='a.txt'")] == [5]


def test_the_stage_s_end_is_the_files_end(world: World, stage: Client, here: Path) -> None:
    (here / "a.txt").write_text("one")
    stage.run(f"PUT file://{here}/a.txt @S")
    folder = folder_of(world)
    assert len(world.local.dump()["stage_files"]) == 1
    stage.run("CREATE OR REPLACE STAGE S")
    assert not folder.exists()
    assert names(stage) == []
    stage.run("DROP STAGE S")
    assert stage.refused("LIST @S")[0] == 2003


@pytest.mark.parametrize(
    ("sql", "errno_", "text"),
    [
        ("LIST @NOPE", 2003, "Stage 'D.PUBLIC.NOPE' does not exist"),
        ("LIST @~/x", 2, "@~"),
        ("LIST @%T", 2003, "Table"),
        ("LIST @S PATTERN = '('", 1008, "PATTERN"),
        ("PUT file:///x @S/../y", 1008, "must stay on the stage"),
        ("PUT file:///x @S/a//y", 1008, "must stay on the stage"),
        ("PUT file:///x @S PARALLEL = 100", 1008, "between 1 and 99"),
        ("PUT file:///x @S SOURCE_COMPRESSION = LZO", 1008, "SOURCE_COMPRESSION"),
    ],
)
def test_refused(stage: Client, sql: str, errno_: int, text: str) -> None:
    found, _, message = stage.refused(sql)
    assert (found, text in message) == (errno_, True), message


def test_privileges(world: World, stage: Client, here: Path) -> None:
    (here / "a.txt").write_text("one")
    stage.run(f"PUT file://{here}/a.txt @S AUTO_COMPRESS=FALSE")
    for sql in (
        "CREATE ROLE READER",
        "GRANT ROLE READER TO USER ADMIN",
        "GRANT USAGE ON DATABASE D TO ROLE READER",
        "GRANT USAGE ON SCHEMA D.PUBLIC TO ROLE READER",
    ):
        stage.run("USE ROLE ACCOUNTADMIN")
        stage.run(sql)
    reader = world.connect(role="READER", database="D", schema="PUBLIC")
    put = f"PUT file://{here}/a.txt @S OVERWRITE=TRUE AUTO_COMPRESS=FALSE"
    every = ("LIST @S", f"GET @S file://{here}/", put, "REMOVE @S")
    assert [reader.refused(sql)[0] for sql in every] == [2003] * 4
    stage.run("GRANT READ ON STAGE D.PUBLIC.S TO ROLE READER")
    assert names(reader) == ["s/a.txt"]
    assert [reader.refused(sql)[0] for sql in (put, "REMOVE @S")] == [3001] * 2
    stage.run("GRANT WRITE ON STAGE D.PUBLIC.S TO ROLE READER")
    assert [row["status"] for row in reader.run(put)] == ["UPLOADED"]
    reader.run("REMOVE @S")
    assert names(stage, "@D.PUBLIC.S") == []


class Bucket:
    """What a connector before 5 is told, and requests to where it is told."""

    def __init__(self, world: World) -> None:
        self.raw = Raw(world)
        self.raw.login("databaseName=D&roleName=OWNER", **OLD)
        self._port = world.local.port

    def told(self, sql: str) -> dict[str, Any]:
        answer = self.raw.query(sql)
        assert answer["success"], answer
        data: dict[str, Any] = answer["data"]
        return data

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        connection.request(method, url.partition(f":{self._port}")[2] or url, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content


@pytest.fixture
def bucket(world: World, stage: Client) -> Bucket:
    return Bucket(world)


def test_connectors_before_5_get_an_address_for_each_file(bucket: Bucket, stage: Client) -> None:
    told = bucket.told("PUT file:///tmp/a%20b.yaml @S/x OVERWRITE = TRUE")
    assert (told["command"], told["src_locations"]) == ("UPLOAD", ["/tmp/a%20b.yaml"])
    assert "endPoint" not in told["stageInfo"]
    assert bucket.send("PUT", told["stageInfo"]["presignedUrl"], b"one") == (200, b"")
    assert names(stage) == ["s/x/a%20b.yaml"]
    told = bucket.told("GET @S file:///tmp/")
    assert told["src_locations"] == ["x/a%20b.yaml"]
    assert bucket.send("GET", *told["presignedUrls"]) == (200, b"one")


def test_what_is_there_is_not_overwritten_unless_asked(bucket: Bucket, stage: Client) -> None:
    url = bucket.told("PUT file:///a @S")["stageInfo"]["presignedUrl"]
    digest = {"x-goog-meta-sfc-digest": base64.b64encode(hashlib.sha256(b"one").digest()).decode()}
    assert bucket.send("PUT", url, b"one")[0] == 200
    assert bucket.send("PUT", url, b"two")[0] == 412
    assert bucket.send("PUT", url, b"one", **digest)[0] == 200
    assert [row["size"] for row in stage.run("LIST @S")] == [3]


def test_an_address_is_good_for_its_files_for_an_hour(world: World, bucket: Bucket, stage: Client) -> None:
    url = bucket.told("PUT file:///a @S/x")["stageInfo"]["presignedUrl"]
    assert bucket.send("PUT", url, b"one")[0] == 200
    assert bucket.send("GET", url)[0] == 403
    folder, _, _ = url.rpartition("/x/a")
    for name in ("b", "x/y/b", "x/../b", "x/..%2fb", "%2e%2e/b", "/etc/passwd"):
        assert bucket.send("PUT", f"{folder}/{name}", b"no")[0] in (400, 403)
    assert bucket.send("PUT", f"{folder}/x/{'b' * 256}", b"no")[0] == 400
    assert bucket.send("PUT", f"{folder}/x/b%00", b"no")[0] == 400
    assert bucket.send("PUT", url.replace("/bucket/", "/bucket/x"), b"no")[0] == 404
    assert bucket.send("DELETE", url)[0] == 403
    get = bucket.told("GET @S file:///tmp/")["presignedUrls"][0]
    assert bucket.send("PUT", get, b"no")[0] == 403
    assert names(stage) == ["s/x/a"]
    world.local.clock.advance(3601)
    assert bucket.send("GET", get)[0] == 404
    stage.run("DROP STAGE S")


def test_a_stage_that_is_gone_takes_nothing(world: World, bucket: Bucket, stage: Client) -> None:
    url = bucket.told("PUT file:///a @S")["stageInfo"]["presignedUrl"]
    stage.run("DROP STAGE S")
    assert bucket.send("PUT", url, b"one")[0] == 404
    stages = world.local.folder.path / "stages"
    assert [path for path in stages.rglob("*") if path.is_file()] == []


def _pieces(*contents: bytes | OSError) -> Any:
    given = iter((*contents, b""))

    def read(_size: int) -> bytes:
        content = next(given)
        if isinstance(content, OSError):
            raise content
        return content

    return read


@pytest.mark.parametrize(
    ("length", "read", "status", "text"),
    [
        (11, _pieces(), 413, "10 bytes"),
        (None, _pieces(b"12345", b"678901"), 413, "10 bytes"),
        (9, _pieces(b"12345"), 400, "5 bytes came"),
        (None, _pieces(OSError(errno.ENOSPC, "full")), 403, "no room"),
        (None, _pieces(OSError(errno.EIO, "broken")), 403, "broken"),
    ],
)
def test_files_that_cannot_be_taken(
    world: World, stage: Client, length: int | None, read: Any, status: int, text: str
) -> None:
    folder = folder_of(world)
    files = StageFiles(world.local.account._catalogue, folder.parent, limit=10)
    with pytest.raises(RefusedFileError, match=text) as caught:
        files.receive(folder.name, "a", length, read)
    assert caught.value.status == status
    assert names(stage) == []


def test_what_is_no_proper_body_is_refused(bucket: Bucket, stage: Client) -> None:
    url = bucket.told("PUT file:///a @S")["stageInfo"]["presignedUrl"]
    chunked = {"Transfer-Encoding": "chunked"}
    assert bucket.send("PUT", url, b"3\r\none\r\n0\r\n\r\n", **chunked)[0] == 200
    assert bucket.send("PUT", f"{url.removesuffix('a')}b", b"zz\r\none\r\n0\r\n\r\n", **chunked)[0] == 400
    assert names(stage) == ["s/a"]


class BrokenBody:
    """Fails in a way nobody expects."""

    def read(self, size: int = -1, /) -> bytes:
        raise LookupError("nobody expects this")


def test_a_bug_while_a_file_comes_is_no_success(world: World, bucket: Bucket, stage: Client) -> None:
    url = bucket.told("PUT file:///a @S")["stageInfo"]["presignedUrl"]
    path = url.partition(f":{world.local.port}")[2]
    answer = world.local._wire.respond(Request("PUT", path, {}, {}, BrokenBody()))
    assert answer.status == 400
    assert names(stage) == []


def test_links_that_a_service_left_lead_nowhere(world: World, bucket: Bucket, stage: Client) -> None:
    folder = folder_of(world)
    folder.mkdir(exist_ok=True, parents=True)
    outside = world.local.folder.path / "account.json"
    (folder / "link").symlink_to(outside)
    (folder / "dir").symlink_to(outside.parent)
    assert names(stage) == []
    url = bucket.told("PUT file:///x @S/dir OVERWRITE = TRUE")["stageInfo"]["presignedUrl"]
    assert bucket.send("PUT", url, b"no")[0] == 400
    assert not (outside.parent / "x").exists()
    assert bucket.send("HEAD", url.replace("dir/x", "dir/account.json"))[0] == 404
    with pytest.raises(SqlError):
        stored_files(folder, pattern="[")


@pytest.mark.parametrize("name", ["", "a/", "/a", "a//b", ".", "a/../b", "a\0", "a" * 256, "a/" * 600 + "a"])
def test_names_that_lead_elsewhere(name: str) -> None:
    assert not plain_name(name)
    assert plain_name("specs/a b.yaml")


def test_what_the_answer_to_the_installed_connector_holds(world: World, stage: Client) -> None:
    raw = Raw(world)
    raw.login("databaseName=D&roleName=OWNER", CLIENT_APP_ID="PythonConnector", CLIENT_APP_VERSION="5.2.0")
    data = raw.query("PUT file:///tmp/a @S")["data"]
    info = data["stageInfo"]
    assert info["endPoint"].startswith(f"http://127.0.0.1:{world.local.port}/bucket/")
    assert info["creds"]["GCS_ACCESS_TOKEN"] in info["endPoint"]
    assert str(world.local.folder.path) not in json.dumps(data)


def test_a_specification_is_not_read_through_a_link(world: World, stack: Client, tmp_path: Path) -> None:
    stack.run("CREATE STAGE D.PUBLIC.SPECS")
    (tmp_path / "outside.yaml").write_text(SPECIFICATION, encoding="utf-8")
    world.put("SPECS", "whole.yaml", SPECIFICATION)
    folder = world.local.account._world.stage_folder(world.key("SPECS"))
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    create = "CREATE SERVICE D.PUBLIC.S IN COMPUTE POOL P FROM @D.PUBLIC.SPECS SPECIFICATION_FILE = '{}'"
    errno, _, message = stack.refused(create.format("link.yaml"))
    assert (errno, "there is no such file" in message) == (395019, True)
    stack.run(create.format("whole.yaml"))


def test_a_pattern_that_never_ends_is_refused(tmp_path: Path) -> None:
    (tmp_path / ("a" * 40 + "!")).touch()
    with pytest.raises(SqlError) as refused:
        stored_files(tmp_path, pattern="(a|aa)+$")
    assert refused.value.errno == 1008
