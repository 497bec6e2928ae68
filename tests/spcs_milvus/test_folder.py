"""A folder is written whole, again and again, and never where others keep files."""

import os
from pathlib import Path

import pytest

from spcs_milvus.errors import ConfigError
from spcs_milvus.folder import write

KNOWN = "written by a test"
ONE = {"README.md": f"<!-- {KNOWN} -->\nä\n", "deep/er/a.sql": f"-- {KNOWN}\n"}


def held(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("there", ["out", "out/of/it", "."])
def test_a_folder_that_is_missing_or_empty_is_filled(tmp_path: Path, there: str) -> None:
    write(tmp_path / there, ONE, KNOWN)
    assert held(tmp_path / there) == ONE


def test_what_an_earlier_run_wrote_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, ONE, KNOWN)
    other = {"README.md": f"{KNOWN}, again\n", "b.sql": f"-- {KNOWN}\n"}
    write(tmp_path, other, KNOWN)
    assert held(tmp_path) == other
    assert not (tmp_path / "deep").exists()


def test_what_a_run_left_that_was_cut_short_is_cleared(tmp_path: Path) -> None:
    write(tmp_path / ".new-1", ONE, KNOWN)
    write(tmp_path, ONE, KNOWN)
    assert held(tmp_path) == ONE
    assert not (tmp_path / ".new-1").exists()


@pytest.mark.parametrize("text", ["", "mine\n", f"mine\n{KNOWN}\n"])
@pytest.mark.parametrize("place", ["mine.txt", "deep/mine.sql", ".hidden"])
def test_a_file_of_others_stops_it_before_anything_is_written(tmp_path: Path, place: str, text: str) -> None:
    write(tmp_path, ONE, KNOWN)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(text, encoding="utf-8")
    before = held(tmp_path)
    with pytest.raises(ConfigError, match="the folder holds files of others") as refused:
        write(tmp_path, {"README.md": KNOWN}, KNOWN)
    assert refused.value.problem.place == str(tmp_path / place)
    assert refused.value.problem.hint
    assert held(tmp_path) == before


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="the folder holds files of others"):
        write(tmp_path, ONE, KNOWN)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path, ONE, KNOWN)
    with pytest.raises(ConfigError, match="the folder cannot be written"):
        write(tmp_path, {"a.sql": f"{KNOWN}\n", "n" * 300: f"{KNOWN}\n"}, KNOWN)
    assert held(tmp_path) == ONE
    assert not list(tmp_path.glob(".new-*"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    write(outside, ONE, KNOWN)
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    with pytest.raises(ConfigError, match="the folder holds files of others"):
        write(inside, ONE, KNOWN)
    assert held(outside) == ONE


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text(KNOWN, encoding="utf-8")
    with pytest.raises(ConfigError, match="the folder cannot be written") as refused:
        write(tmp_path / "out", ONE, KNOWN)
    assert refused.value.problem.hint
