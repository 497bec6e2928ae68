"""What each kind knows of Snowflake: a declared resource → exact statements, rows of SHOW → what is there.

The cases are data, one file a kind in ``cases/kinds``; a kind without a file fails the first test. A case
has ``resource`` (name, attributes, detail) and any of ``looks``, ``create``, ``drop`` (statements, each as
[text, role]), ``alter`` (by the attributes that differ), ``loses`` and ``shows``. Each of the latter has
``answers`` (rows, or missing, or refused, by look), ``actual`` (what was read), and ``differences`` where the
object is compared. A statement with more than a text and a role has a mapping of what is special
about it; ``renew`` holds the steps of ``--rotate``. ``costs`` says what is paid ``of`` create, drop, or alter
(by what it ``was`` and the attributes that differ); ``stands_on`` lists addresses.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.spcs_milvus.stack import CASES, container, image

from spcs_milvus import assets
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.differences import differences
from spcs_milvus.kinds import KINDS, kind_of, service
from spcs_milvus.kinds.base import Cost, rerunnable
from spcs_milvus.names import Keyword, Name
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.resource import Actual, Address, Mark, Presence, Resource
from spcs_milvus.secrets import Generated, Secret
from spcs_milvus.specification import canonical, managed
from spcs_milvus.steps import Answer, Build, Push, Statement, Step, Upload
from spcs_milvus.tokens import tokens


class _Loader(yaml.SafeLoader):
    """YAML with the types that attributes and details are made of."""


def _name(loader: _Loader, node: Any) -> Name:
    return Name(_tuple(loader, node))


def _keyword(loader: _Loader, node: Any) -> Keyword:
    return Keyword(str(loader.construct_scalar(node)))


def _tuple(loader: _Loader, node: Any) -> tuple[str, ...]:
    return tuple(loader.construct_sequence(node))


def _secret(loader: _Loader, node: Any) -> Secret:
    return Secret(str(loader.construct_scalar(node)))


def _generated(loader: _Loader, node: Any) -> Generated:
    return Generated(Secret("hunter2"), Path(str(loader.construct_scalar(node))))


def _image(loader: _Loader, node: Any) -> ProcessImage:
    return image(str(loader.construct_scalar(node)))


def _container(loader: _Loader, node: Any) -> ContainerImage:
    return container(str(loader.construct_scalar(node)))


for construct in (_name, _keyword, _tuple, _secret, _generated, _image, _container):
    _Loader.add_constructor("!" + construct.__name__.strip("_"), construct)

FILES = {file.stem: file for file in (CASES / "kinds").glob("*.yaml")}
CASE: dict[tuple[str, str], dict[str, Any]] = {
    (kind, name): case
    for kind, file in sorted(FILES.items())
    for name, case in yaml.load(file.read_text(encoding="utf-8"), _Loader).items()
}
# attributes that an object is found by, which therefore cannot differ
FOUND_BY = {"image": {"tag"}}
SHOWN = [(key, shown) for key, case in CASE.items() for shown in case.get("shows", {})]


def _resource(key: tuple[str, str]) -> Resource:
    kind, given = key[0], CASE[key]["resource"]
    name: Name = given["name"]
    mark = Mark("demo", "default", "0123456789ab") if KINDS[kind].marked else None
    detail = given.get("detail", {})
    return Resource(
        Address(kind, str(name)),
        name,
        "DEMO_OWNER",
        "SECURITYADMIN",
        given.get("attributes", {}),
        frozenset(),
        mark,
        detail,
    )


def _as_data(steps: tuple[Step, ...]) -> list[list[Any]]:
    """Steps as the cases write them: [text, role], and the patience where there is some."""
    found: list[list[Any]] = []
    for step in steps:
        match step:
            case Statement():
                special = _special(step)
                patience = [step.patience_seconds] if step.patience_seconds else []
                found.append([step.sql, step.role, *patience, *([special] if special else [])])
            case Upload():
                found.append([step.sql, step.role, step.content.decode()])
            case Build():
                found.append([f"build {step.name}:{step.image.tag} from {step.image.folder}"])
            case Push():
                found.append([f"push {step.name}:{step.image.tag} to {step.repository}", step.role])
            case _:
                raise AssertionError(step)
    return found


def _special(step: Statement) -> dict[str, Any]:
    """What few statements have: the text that is run instead, what is generated, and what counts as done."""
    generated = str(step.generated.file) if step.generated else None
    special = {
        "text": step.secret and step.text,
        "generated": generated,
        "enough": sorted(step.enough),
    }
    return {name: value for name, value in special.items() if value}


def _answers(key: tuple[str, str], given: Mapping[str, Any]) -> dict[str, Answer]:
    """Answers for every look; those a case does not name showed no row."""
    looks = kind_of(key[0]).looks(_resource(key))
    return {part: _answer(given.get(part, [])) for part in looks}


def _answer(given: Any) -> Answer:
    if isinstance(given, list):
        return Answer(tuple(given))
    return Answer(missing=given == "missing", refused=None if given == "missing" else given)


def _having(part: str) -> list[tuple[str, str]]:
    return [key for key, case in CASE.items() if part in case]


def test_every_kind_has_its_cases_and_its_template() -> None:
    assert set(FILES) == set(KINDS)
    assert {path.name.removesuffix(".sql.j2") for path in assets.templates().glob("*.sql.j2")} == set(KINDS)
    for name, kind in KINDS.items():
        parts = {part for key, case in CASE.items() if key[0] == name for part in case}
        wanted = {"looks", "create", "shows"} | (set() if kind.goes_with else {"alter", "drop"})
        assert wanted <= parts, name


def test_every_readable_attribute_is_read_in_some_case_and_differs_in_another() -> None:
    for name, kind in KINDS.items():
        shown = [
            shown for key, case in CASE.items() if key[0] == name for shown in case.get("shows", {}).values()
        ]
        read = {attribute for one in shown for attribute in one["actual"].get("attributes", {})}
        differing = {attribute for one in shown for attribute in one.get("differences", [])}
        assert read == set(kind.attributes) - kind.unreadable, name
        assert differing - {"mark"} == set(kind.attributes) - FOUND_BY.get(name, set()), name


@pytest.mark.parametrize("key", CASE, ids="-".join)
def test_a_resource_has_the_attributes_of_its_kind(key: tuple[str, str]) -> None:
    kind = KINDS[key[0]]
    assert set(_resource(key).attributes) == set(kind.attributes)
    assert kind.create_only | kind.unreadable <= set(kind.attributes)


@pytest.mark.parametrize("key", _having("looks"), ids="-".join)
def test_looks(key: tuple[str, str]) -> None:
    looks = kind_of(key[0]).looks(_resource(key))
    assert {part: [look.sql, look.role] for part, look in looks.items()} == CASE[key]["looks"]


@pytest.mark.parametrize("key", _having("create"), ids="-".join)
def test_create(key: tuple[str, str]) -> None:
    assert _as_data(kind_of(key[0]).create(_resource(key))) == CASE[key]["create"]


# documented: CREATE NETWORK RULE has OR ALTER in place of IF NOT EXISTS; CREATE EXTERNAL ACCESS INTEGRATION
# has neither; a grant and a push may run again as they are
OTHER_FORMS: dict[str, list[str]] = {
    "network_rule": ["OR", "ALTER"],
    "external_access_integration": [],
    "grant": [],
    "image": [],
}


@pytest.mark.parametrize("key", _having("create"), ids="-".join)
def test_a_rerunnable_create_differs_by_its_form_alone(key: tuple[str, str]) -> None:
    form = OTHER_FORMS.get(key[0], ["IF", "NOT", "EXISTS"])
    once, again = (kind_of(key[0]).create(r) for r in (_resource(key), rerunnable(_resource(key))))
    _same_but_for(form, once, again)


@pytest.mark.parametrize("key", _having("drop"), ids="-".join)
def test_a_rerunnable_drop_differs_by_if_exists_alone(key: tuple[str, str]) -> None:
    kind, resource = kind_of(key[0]), _resource(key)
    actual = kind.read(resource, _answers(key, {}))
    _same_but_for(["IF", "EXISTS"], kind.drop(resource, actual), kind.drop(rerunnable(resource), actual))


def _same_but_for(form: list[str], once: tuple[Step, ...], again: tuple[Step, ...]) -> None:
    """The steps do the same, with ``form`` at one place of each statement that creates or drops."""
    assert len(once) == len(again)
    for one, other in zip(once, again, strict=True):
        if not isinstance(one, Statement):
            assert one == other
            continue
        assert isinstance(other, Statement)
        words, more = tokens(one.sql), tokens(other.sql)
        at = next((i for i, word in enumerate(more) if word not in words[i : i + 1]), len(more))
        added = form if words[0] in ("CREATE", "DROP") else []
        assert more == words[:at] + added + words[at:]
        assert one.role == other.role


@pytest.mark.parametrize("key", _having("alter"), ids="-".join)
def test_alter(key: tuple[str, str]) -> None:
    for case in CASE[key]["alter"]:
        steps = kind_of(key[0]).alter(_resource(key), frozenset(case["differing"]))
        assert _as_data(steps) == case["steps"]


@pytest.mark.parametrize("key", _having("renew"), ids="-".join)
def test_renew(key: tuple[str, str]) -> None:
    for case in CASE[key]["renew"]:
        actual = Actual(Presence.PRESENT, live={"status": case.get("status")})
        steps = kind_of(key[0]).renew(_resource(key), actual, frozenset(case["differing"]))
        assert _as_data(steps) == case["steps"]


@pytest.mark.parametrize("key", _having("drop"), ids="-".join)
def test_drop_and_what_it_loses(key: tuple[str, str]) -> None:
    kind, resource = kind_of(key[0]), _resource(key)
    actual = kind.read(resource, _answers(key, {}))
    assert _as_data(kind.drop(resource, actual)) == CASE[key]["drop"]
    assert kind.loses(resource, actual) == CASE[key].get("loses")


@pytest.mark.parametrize("key", _having("costs"), ids="-".join)
def test_what_it_costs(key: tuple[str, str]) -> None:
    kind, resource = kind_of(key[0]), _resource(key)
    for case in CASE[key]["costs"]:
        there = {**resource.attributes, **case.get("was", {})}
        actual = Actual(Presence.PRESENT, there, live=case.get("live", {}))
        differing = frozenset(case.get("differing", []))
        match case["of"]:
            case "create":
                cost = kind.creating(resource)
            case "alter":
                cost = kind.altering(resource, actual, differing, case.get("renewed", False))
            case "drop":
                cost = kind.dropping(resource, actual)
        assert cost == Cost(**case["cost"]), case


@pytest.mark.parametrize("key", _having("stands_on"), ids="-".join)
def test_what_it_stands_on(key: tuple[str, str]) -> None:
    found = kind_of(key[0]).stands_on(_resource(key))
    assert sorted(map(str, found)) == sorted(CASE[key]["stands_on"])


@pytest.mark.parametrize(("key", "shown"), SHOWN, ids=[f"{'-'.join(key)}-{shown}" for key, shown in SHOWN])
def test_what_is_shown(key: tuple[str, str], shown: str) -> None:
    case = CASE[key]["shows"][shown]
    resource = _resource(key)
    actual = kind_of(key[0]).read(resource, _answers(key, case["answers"]))
    expected = case["actual"]
    assert actual.presence == Presence(expected["presence"])
    assert dict(actual.attributes) == expected.get("attributes", {})
    assert actual.comment == expected.get("comment")
    assert actual.reason == expected.get("reason")
    # what a service runs with is compared as an attribute
    live = {name: value for name, value in actual.live.items() if name != "specification"}
    assert live == expected.get("live", {})
    if "differences" in case:
        assert [difference.attribute for difference in differences(resource, actual)] == case["differences"]


@pytest.mark.parametrize("key", CASE, ids="-".join)
def test_an_account_that_shows_nothing_has_nothing(key: tuple[str, str]) -> None:
    kind, resource = kind_of(key[0]), _resource(key)
    for answer in (Answer(), Answer(missing=True)):
        answers = dict.fromkeys(kind.looks(resource), answer)
        assert kind.read(resource, answers).presence is Presence.ABSENT


@pytest.mark.parametrize("key", CASE, ids="-".join)
def test_a_look_that_is_refused_proves_nothing(key: tuple[str, str]) -> None:
    kind, resource = kind_of(key[0]), _resource(key)
    answers = {part: _answer("the role may not see it") for part in kind.looks(resource)}
    actual = kind.read(resource, answers)
    assert (actual.presence, actual.reason) == (Presence.UNKNOWN, "the role may not see it")


def test_the_statement_that_shows_logs() -> None:
    look = service.log_look(_resource(("service", "with a volume and no warehouse")), "0", "it's")
    assert look.sql == "SELECT SYSTEM$GET_SERVICE_LOGS('DEMO.PUBLIC.MILVUS', '0', 'it''s', 20)"
    assert look.role == "DEMO_OWNER"
    assert tokens(look.sql)[1] == "SYSTEM$GET_SERVICE_LOGS"


def test_the_statement_that_shows_more_of_logs() -> None:
    resource = _resource(("service", "with a volume and no warehouse"))
    look = service.log_look(resource, "1", "m", lines=5, previous=True)
    assert look.sql == "SELECT SYSTEM$GET_SERVICE_LOGS('DEMO.PUBLIC.MILVUS', '1', 'm', 5, TRUE, '', FALSE)"
    look = service.log_look(resource, "1", "m", timestamps=True)
    assert look.sql == "SELECT SYSTEM$GET_SERVICE_LOGS('DEMO.PUBLIC.MILVUS', '1', 'm', 20, FALSE, '', TRUE)"


CANONICAL: list[tuple[Any, Any]] = [
    (True, "true"),
    (False, "false"),
    (1, "1"),
    (0.5, "0.5"),
    (2.0, "2"),
    ("x", "x"),
    ([1, {"a": None}], ["1", {"a": "None"}]),
    ({1: (True,)}, {"1": ["true"]}),
    ({"snowflakeSecret": "d.s.key"}, {"snowflakeSecret": {"objectName": "d.s.key"}}),
    ({"snowflakeSecret": {"objectName": "key"}}, {"snowflakeSecret": {"objectName": "key"}}),
]


@pytest.mark.parametrize(("given", "expected"), CANONICAL)
def test_a_specification_in_the_form_it_is_compared_in(given: object, expected: object) -> None:
    assert canonical(given) == expected


MANAGED: list[tuple[Any, Any, Any]] = [
    ({"a": "1"}, {"a": "1", "filled": "in"}, {"a": "1"}),
    ({"a": {"b": "1"}}, {"a": {"b": "1", "filled": "in"}}, {"a": {"b": "1"}}),
    ({"a": "1", "b": "2"}, {"a": "1"}, {"a": "1"}),
    ([{"a": "1"}], [{"a": "1", "filled": "in"}], [{"a": "1"}]),
    ([{"a": "1"}], [{"a": "1"}, {"a": "2"}], [{"a": "1"}, {"a": "2"}]),
    ({"env": {"A": "1"}}, {"env": {"A": "1", "B": "2"}}, {"env": {"A": "1", "B": "2"}}),
    ({"c": "1"}, {"c": "1", "env": {"B": "2"}}, {"c": "1", "env": {"B": "2"}}),
    ({"a": "1"}, "text", "text"),
]


@pytest.mark.parametrize(("wanted", "shown", "expected"), MANAGED)
def test_what_snowflake_fills_in_is_no_difference(wanted: object, shown: object, expected: object) -> None:
    assert managed(wanted, shown) == expected
