"""The fingerprint of a plan: what is shown is what is run."""

import re
from dataclasses import replace

import pytest
from tests.spcs_milvus.stack import container
from tests.spcs_milvus.stack import image as image_of

from spcs_milvus.names import Name
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.resource import Address
from spcs_milvus.secrets import Secret
from spcs_milvus.steps import Build, Push, Rest, Statement, Step, Upload, Wait


def _push(repository: str = "R", name: str = "a", image: str = "a") -> Push:
    return Push(Name.of(repository), name, image_of(image), "R")


STEPS: dict[str, tuple[Step, Step]] = {
    "another statement": (Statement("A", "R"), Statement("B", "R")),
    "another role": (Statement("A", "R"), Statement("A", "S")),
    "another PUT": (Upload("PUT a", b"x", "R"), Upload("PUT b", b"x", "R")),
    "a file with something else in it": (Upload("PUT a", b"x", "R"), Upload("PUT a", b"y", "R")),
    "a PUT as another role": (Upload("PUT a", b"x", "R"), Upload("PUT a", b"x", "S")),
    "another image": (_push(), _push(image="b")),
    "another name for it": (_push(), _push(name="b")),
    "another repository": (_push(), _push(repository="S")),
    "a wait for another": (Wait(Address("service", "A"), {}), Wait(Address("service", "B"), {})),
    "a wait and a rest": (Wait(Address("service", "A"), {}), Rest(Address("service", "A"))),
    "a rest of another": (Rest(Address("service", "A")), Rest(Address("service", "B"))),
    "a build of another image": (Build("a", container("a")), Build("a", container("b"))),
    "a build by another name": (Build("a", container("a")), Build("b", container("a"))),
    "a build and a statement": (Build("a", container("a")), Statement("a", container("a").digest)),
}
ONE = Change(Address("role", "A"), Action.CREATE, "it is not there", (Statement("A", "R"),))
OTHERS = {
    "another address": replace(ONE, address=Address("role", "B")),
    "another action": replace(ONE, action=Action.UPDATE),
    "another reason": replace(ONE, because="x"),
    "a step more": replace(ONE, steps=ONE.steps * 2),
}


@pytest.mark.parametrize("what", STEPS)
def test_plans_of_other_steps_have_other_fingerprints(what: str) -> None:
    one, other = (Plan((replace(ONE, steps=(step,)),)) for step in STEPS[what])
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("what", OTHERS)
def test_plans_of_other_changes_have_other_fingerprints(what: str) -> None:
    assert Plan((ONE,)).fingerprint != Plan((OTHERS[what],)).fingerprint
    assert Plan((ONE, OTHERS[what])).fingerprint != Plan((OTHERS[what], ONE)).fingerprint


def test_a_secret_is_not_in_a_fingerprint() -> None:
    one, other = (
        Plan((replace(ONE, steps=(Statement("SET '***'", "R", secret=Secret(text)),)),)) for text in "ab"
    )
    assert one.fingerprint == other.fingerprint
    assert re.fullmatch(r"[0-9a-f]{12}", one.fingerprint)
