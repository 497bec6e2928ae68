"""Ten thousand texts in place of names, hosts, versions and references of a project file: what is taken is
plain letters, digits and marks that mean nothing in SQL, YAML or a shell, and no longer than it may be.
"""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pydantic
from tests.fuzz.cases import Tally, run_all
from tests.fuzz.files import identifier
from tests.fuzz.texts import hostile, piece

from spcs_milvus.project import ImageSource, Project, Roles
from spcs_milvus.project_values import Egress, Identifier, Quantity, ServiceKey, Setting, Version

_REFERENCES = ("/d/s/r/n:1", "host.test:5000/d/s/r/n:tag", "/d/s/r/n@sha256:" + "0" * 64)
# what takes a text, and texts that it takes
FORMS: dict[str, tuple[Any, Callable[[Random], str]]] = {
    "identifier": (Identifier, identifier),
    "host": (
        Egress,
        lambda random: random.choice(("a.example.com", "A.B:8080", "0.0.0.0:443", "1.2.3.4:22")),
    ),
    "setting": (Setting, lambda random: random.choice(("log.level", "a/b_c-d", "A" * 255))),
    "service": (ServiceKey, lambda random: random.choice(("attu", "a-b_c", "a" * 63))),
    "version": (Version, lambda random: random.choice(("v2.6.25", "2.5.0-gpu"))),
    "quantity": (Quantity, lambda random: random.choice(("4Gi", "999999999M"))),
    "reference": (
        ImageSource.model_fields["reference"].annotation,
        lambda random: random.choice(_REFERENCES),
    ),
    "existing": (Project.model_fields["existing"].annotation, lambda random: f"role.{identifier(random)}"),
    "grantee": (Roles.model_fields["grant_to"].annotation, lambda random: f"user {identifier(random)}"),
}
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@ -]+")
_LONGEST = 600


def case(random: Random, _folder: Path) -> str:
    """One text in one form: right, nearly right, or anything."""
    name = random.choice(list(FORMS))
    form, right = FORMS[name]
    text = right(random)
    at = random.randint(0, len(text))
    text = random.choice(
        (text, text, text[:at] + piece(random) + text[at:], text + piece(random), hostile(random))
    )
    listed = name in ("existing", "grantee")
    try:
        taken = pydantic.TypeAdapter(form).validate_python((text,) if listed else text, strict=True)
    except pydantic.ValidationError:
        return "rejected"
    (value,) = taken if listed else (taken,)
    assert _PLAIN.fullmatch(value), (name, text, value)
    assert len(value) <= _LONGEST, (name, len(value))
    return "accepted"


def test_what_is_taken_is_plain(tell: Callable[[str, Tally], None]) -> None:
    tally = run_all("forms", case)
    tell("forms", tally)
    tally.hold(accepted=0.3, rejected=0.3)
