"""Observation: one sweep, equal looks once, and nothing taken for absent that was only not seen."""

from collections.abc import Collection

from tests.spcs_milvus.stack import QUICKSTART, by_address, declared

from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import SHOW_LIMIT, observe
from spcs_milvus.resource import Presence
from spcs_milvus.steps import Answer, Look

STACK = declared()
POOL = by_address(STACK)["compute_pool.MILVUS_DEMO_MILVUS_POOL"]


class _Account:
    """Answers every look the same way, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.sweeps: list[list[Look]] = []

    def query(self, looks: Collection[Look]) -> dict[Look, Answer]:
        self.sweeps.append(list(looks))
        return dict.fromkeys(looks, self.answer)


def test_one_sweep_in_which_nothing_is_asked_twice() -> None:
    account = _Account(Answer())
    observe(STACK, account.query)
    (sweep,) = account.sweeps
    assert len(sweep) == len(set(sweep))
    assert set(sweep) == {look for r in STACK for look in kind_of(r.address.kind).looks(r).values()}


def test_more_of_a_kind_is_no_more_to_ask() -> None:
    few, many = _Account(Answer()), _Account(Answer())
    observe(STACK, few.query)
    more = "".join(f"  S{number}: {{}}\n" for number in range(50))
    observe(declared(QUICKSTART + f"stages:\n{more}"), many.query)
    assert len(few.sweeps[0]) == len(many.sweeps[0])


def test_every_resource_has_its_answers_under_the_kinds_own_names() -> None:
    account = _Account(Answer())
    found = observe(STACK, account.query)
    assert set(found.actual) == set(found.answers) == {resource.address for resource in STACK}
    for resource in STACK:
        assert set(found.answers[resource.address]) == set(kind_of(resource.address.kind).looks(resource))


def test_an_empty_answer_means_absent() -> None:
    found = observe(STACK, _Account(Answer()).query)
    assert {actual.presence for actual in found.actual.values()} == {Presence.ABSENT}


def test_a_parent_that_is_missing_means_absent() -> None:
    found = observe(STACK, _Account(Answer(missing=True)).query)
    assert {actual.presence for actual in found.actual.values()} == {Presence.ABSENT}


def test_a_refused_look_means_that_we_cannot_tell() -> None:
    found = observe(STACK, _Account(Answer(refused="may not see it")).query)
    assert {(actual.presence, actual.reason) for actual in found.actual.values()} == {
        (Presence.UNKNOWN, "may not see it")
    }


def _pool(name: str) -> dict[str, object]:
    settings = {"instance_family": "CPU_X64_S", "min_nodes": 1, "max_nodes": 1, "auto_resume": "true"}
    return {"name": name, "state": "IDLE", "owner": "X", "comment": "", "auto_suspend_secs": 1, **settings}


def test_a_full_answer_proves_nothing_about_what_is_not_in_it() -> None:
    rows = tuple(_pool(f"P{number}") for number in range(SHOW_LIMIT))
    actual = observe([POOL], _Account(Answer(rows)).query).actual[POOL.address]
    assert actual.presence is Presence.UNKNOWN
    assert "first 10000" in (actual.reason or "")


def test_a_full_answer_proves_what_is_in_it() -> None:
    rows = (*(_pool(f"P{number}") for number in range(SHOW_LIMIT - 1)), _pool(POOL.name.last))
    assert observe([POOL], _Account(Answer(rows)).query).actual[POOL.address].presence is Presence.PRESENT


def test_one_row_less_than_full_proves_absence() -> None:
    rows = tuple(_pool(f"P{number}") for number in range(SHOW_LIMIT - 1))
    assert observe([POOL], _Account(Answer(rows)).query).actual[POOL.address].presence is Presence.ABSENT
