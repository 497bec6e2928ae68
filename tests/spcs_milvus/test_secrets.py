"""A secret's text comes out in one way only."""

import copy
import json
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from spcs_milvus.errors import DeployError
from spcs_milvus.secrets import MASK, Generated, Secret

TEXT = "hunter2"


@dataclass(frozen=True)
class _Holder:
    password: Secret


WAYS: dict[str, Callable[[Secret], str]] = {
    "str": str,
    "repr": repr,
    "f-string": lambda secret: f"{secret}",
    "f-string with a width": lambda secret: f"{secret:>20}",
    "f-string !r": lambda secret: f"{secret!r}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - logging formats this way
    "format": "{}".format,
    "in a list": lambda secret: str([secret]),
    "in a dataclass": lambda secret: str(_Holder(secret)),
    "in an exception": lambda secret: str(DeployError(f"refused {secret}")) + repr(ValueError(secret)),
    "as a JSON default": lambda secret: json.dumps({"a": secret}, default=str),
    "copied": lambda secret: str(copy.deepcopy(secret)),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_printing_shows_it(way: str) -> None:
    shown = WAYS[way](Secret(TEXT))
    assert TEXT not in shown
    assert MASK in shown


def test_it_says_its_text_when_asked_by_name() -> None:
    assert Secret(TEXT).reveal() == TEXT


def test_json_does_not_take_it_by_itself() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret(TEXT))


def test_what_is_made_up_is_kept_where_only_its_owner_reads(tmp_path: Path) -> None:
    made = Generated(Secret(TEXT), tmp_path / "kept" / "ALICE@local.password")
    draft = made.draft()
    assert draft.read_text() == f"{TEXT}\n"
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700
    assert TEXT not in repr(made)
    # nothing is kept yet, and what was is still there; nor does it get into a repository
    assert not made.file.exists()
    assert (made.file.parent / ".gitignore").read_text() == "*\n"
    assert made.draft() != draft


def test_equal_texts_are_equal_secrets() -> None:
    assert Secret(TEXT) == Secret(TEXT) != Secret("other")
    assert asdict(_Holder(Secret(TEXT)))["password"] == {"_text": TEXT}
