"""What a lost answer comes to: data of what the statement and the looks say, and what is sent and told."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from spcs_milvus.errors import StatementError
from spcs_milvus.names import Name
from spcs_milvus.resource import ABSENT, Actual, Address, Mark, Presence, Resource
from spcs_milvus.settling import ANSWER_LOST, BY_ANOTHER_RUN, GONE, Tools, in_time, settled
from spcs_milvus.steps import Effect, Statement

MARK = Mark("demo", "default", "0" * 12)
POOL = Resource(Address("compute_pool", "P"), Name.of("P"), "R", "S", {}, mark=MARK)


def there(state: str = "ACTIVE", comment: str | None = str(MARK)) -> Actual:
    return Actual(Presence.PRESENT, comment=comment, live={"state": state})


OURS, FOREIGN, HIDDEN = there(), there(comment="mine"), Actual(Presence.UNKNOWN, reason="may not")
MARKED_BY_OTHERS = there(comment="spcs-milvus:other/default#1.44136fa355b3")
ASLEEP = there("SUSPENDED")
LOST, GAVE_UP, EXISTS, MISSING, DENIED, BUSY = 300002, None, 2002, 2003, 3001, 90064
DONE = 0


@dataclass
class World:
    """Answers statements and looks with what is written down, the last of it for ever."""

    answers: Iterator[int | None]
    looks: list[Actual]
    said: list[str] = field(default_factory=list)
    sent: int = 0
    waited: float = 0

    def send(self) -> None:
        self.sent += 1
        if (errno := next(self.answers)) != DONE:
            raise StatementError("no", errno=errno, sqlstate=None, query_id=None)

    def look(self) -> Actual:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def pause(self, seconds: float) -> None:
        self.waited += seconds

    def settle(self, effect: Effect, patience: int = 0) -> str | None:
        step = Statement("DO IT", "R", patience, effect=effect)
        return settled(POOL, step, Tools(self.send, self.look, self.pause, self.said.append))


def world(answers: list[int | None], *looks: Actual) -> World:
    return World(iter(answers), list(looks))


# effect, what the statement answers, what the looks show, what is found, how often it was sent
SETTLED = [
    (Effect.OURS, [DONE], [], None, 1),
    (Effect.OURS, [LOST], [OURS], ANSWER_LOST, 1),
    (Effect.OURS, [GAVE_UP], [OURS], ANSWER_LOST, 1),
    (Effect.OURS, [LOST, DONE], [ABSENT], None, 2),
    # CREATE arbitrates, whatever the look could not show
    (Effect.OURS, [LOST, EXISTS], [ABSENT, ABSENT, OURS], ANSWER_LOST, 2),
    (Effect.OURS, [LOST, DONE], [HIDDEN], None, 2),
    (Effect.OURS, [LOST, LOST, LOST, DONE], [ABSENT], None, 4),
    (Effect.OURS, [EXISTS], [ABSENT, OURS], BY_ANOTHER_RUN, 1),
    (Effect.GONE, [LOST], [ABSENT], ANSWER_LOST, 1),
    (Effect.GONE, [LOST, DONE], [OURS], None, 2),
    (Effect.GONE, [LOST, MISSING], [OURS, OURS, ABSENT], ANSWER_LOST, 2),
    (Effect.GONE, [MISSING], [OURS, ABSENT], GONE, 1),
    # never sent at what somebody else has made since
    (Effect.GONE, [LOST], [FOREIGN], ANSWER_LOST, 1),
    (Effect.SET, [LOST, DONE], [OURS], None, 2),
    (Effect.ASLEEP, [LOST], [there("STOPPING")], ANSWER_LOST, 1),
    (Effect.ASLEEP, [LOST, DONE], [OURS], None, 2),
    (Effect.ASLEEP, [LOST, BUSY], [OURS, ASLEEP], ANSWER_LOST, 2),
    (Effect.AWAKE, [LOST], [there("STARTING")], ANSWER_LOST, 1),
    (Effect.AWAKE, [LOST, DONE], [ASLEEP], None, 2),
]


@pytest.mark.parametrize(("effect", "answers", "looks", "found", "sent"), SETTLED)
def test_what_it_comes_to(
    effect: Effect, answers: list[int | None], looks: list[Actual], found: str | None, sent: int
) -> None:
    account = world(answers, *looks)
    assert (account.settle(effect), account.sent) == (found, sent)


# effect, answers, looks, the number that is told, the words, how often it was sent
FAILED = [
    (Effect.OURS, [LOST] * 4, [ABSENT], LOST, "its answer was lost 4 times, the last time with: no", 4),
    (Effect.SET, [GAVE_UP] * 4, [OURS], GAVE_UP, "its answer was lost 4 times, the last time with: no", 4),
    (Effect.SET, [LOST], [FOREIGN], LOST, "cannot be seen to be ours", 1),
    (Effect.OURS, [LOST], [MARKED_BY_OTHERS], LOST, "cannot be seen to be ours", 1),
    (Effect.SET, [LOST], [HIDDEN], LOST, "cannot be seen to be ours", 1),
    (Effect.GONE, [LOST], [HIDDEN], LOST, "cannot be seen to be ours", 1),
    (Effect.SET, [LOST, MISSING], [ABSENT], MISSING, "no", 2),
    (Effect.OURS, [EXISTS], [FOREIGN], EXISTS, "no", 1),
    (Effect.GONE, [MISSING], [OURS], MISSING, "no", 1),
    (Effect.OURS, [MISSING], [ABSENT], MISSING, "no", 1),
    (Effect.OURS, [DENIED], [ABSENT], DENIED, "no", 1),
    (Effect.OURS, [BUSY], [ABSENT], BUSY, "no", 1),
]


@pytest.mark.parametrize(("effect", "answers", "looks", "errno", "words", "sent"), FAILED)
def test_what_stays_unknown_or_refused(
    effect: Effect, answers: list[int | None], looks: list[Actual], errno: int, words: str, sent: int
) -> None:
    account = world(answers, *looks)
    with pytest.raises(StatementError) as raised:
        account.settle(effect)
    assert (raised.value.errno, account.sent) == (errno, sent)
    assert words in raised.value.problem.summary


def test_a_look_that_fails_leaves_it_unknown() -> None:
    account = world([LOST], ABSENT)

    def look() -> Actual:
        raise StatementError("gone", errno=None, sqlstate=None, query_id=None)

    with pytest.raises(StatementError) as raised:
        settled(POOL, Statement("DO IT", "R"), Tools(account.send, look, account.pause, account.said.append))
    assert raised.value.problem.summary.endswith("its answer was lost, and gone")
    assert "run the command again" in (raised.value.problem.hint or "")


def test_patience_is_for_refusals_only() -> None:
    account = world([BUSY, BUSY, DONE], OURS)
    assert (account.settle(Effect.GONE, patience=10), account.waited) == (None, 4)
    assert account.said == ["not yet: no", "not yet: no"]


def test_an_ordinary_statement_is_not_looked_at() -> None:
    account = World(iter([DONE]), [])
    assert (account.settle(Effect.OURS), account.waited) == (None, 0)


@pytest.mark.parametrize(("seen", "found", "waited"), [("x", "x", 0), ("..x", "x", 3), ("....x", "", 7)])
def test_a_look_that_sees_nothing_is_not_believed_at_once(seen: str, found: str, waited: float) -> None:
    account, looks = world([]), iter(seen.replace(".", " "))
    assert (in_time(lambda: next(looks).strip(), account.pause), account.waited) == (found, waited)
