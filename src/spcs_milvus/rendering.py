"""Declared resources → files: SQL in the order it must run, scripts that undo it, specifications to read.

Comes in: the resources of a project. Goes out: :class:`File` values, the first one a README that says how to
run the others. Touches nothing. Kinds join by their templates: whatever steps of a kind are statements is
written, CREATE and DROP in their rerunnable form; what is not SQL (pushes) is named where it is needed.

Secrets are not written: in their place stands a variable of the official CLI's templates, ``<% name %>``
(documented: Snowflake CLI, "Using variables for SQL templates").
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import yaml

from spcs_milvus import docker_commands
from spcs_milvus.components.reasons import reason
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.graph import among, closure, grouped, reverse
from spcs_milvus.kinds import kind_of
from spcs_milvus.kinds.base import rerunnable
from spcs_milvus.names import Name
from spcs_milvus.resource import Actual, Address, Presence, Resource
from spcs_milvus.secrets import Secret
from spcs_milvus.steps import Statement, Step
from spcs_milvus.templates import page, sql
from spcs_milvus.tokens import tokens

WRITTEN_BY = "written by spcs-milvus render"
"""Stands in the first line of every file, so that the next rendering knows what it may replace."""

# documented: CREATE EXTERNAL ACCESS INTEGRATION has neither IF NOT EXISTS nor OR ALTER
_ONCE = (
    "Snowflake has no form of this statement that may run again: a second time it ends with error 002002,",
    "already exists, and changes nothing. Go on with the next file.",
)
_BUILT_IN = (
    "Snowflake may have one of its own: then this ends with error 002043, 002002 or 003001, and nothing is",
    "missing. Go on with the next file.",
)
# documented: CREATE OR ALTER stands in place of IF NOT EXISTS for NETWORK RULE
_OR_ALTER = ("where there is one of this name, it is altered to be like this one",)

Needs = Mapping[Address, frozenset[Address]]


@dataclass(frozen=True)
class File:
    """One file: ``path`` is relative, with ``/``. ``role`` runs its ``statements``, given the values of its
    ``variables``; None and nothing for a file that is only read. ``services`` says that these are about
    services, and what can only be granted while there are services.
    """

    path: str
    text: str
    role: str | None = None
    statements: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    services: bool = False


@dataclass(frozen=True)
class _Part:
    """What one resource adds to a script: its statements, all run by ``role``, and what is said above them.

    What may not run again is ``alone`` in its script, so that its refusal holds nothing else up.
    """

    address: Address
    role: str
    statements: tuple[str, ...]
    notes: tuple[str, ...]
    variables: tuple[str, ...]
    alone: bool


@dataclass(frozen=True)
class _Script:
    """What the parts of one script have in common."""

    role: str
    services: bool
    alone: Address | None


def render(project: str, resources: Collection[Resource]) -> tuple[File, ...]:
    """Every file of the project, in the order in which a person needs them: the README, what makes the stack
    (services last), what undoes it, the specifications.
    """
    needs = {resource.address: resource.needs for resource in resources}
    images = {resource.address: resource for resource in resources if resource.address.kind == "image"}
    made = [part for resource in resources if (part := _made(resource, images))]
    for resource in resources:
        if "stage" in resource.detail:
            put = _put(resource)
            made.append(put)
            needs[put.address] = frozenset({Address("stage", str(resource.detail["stage"]))})
            needs[resource.address] |= {put.address}
    undone = [part for resource in reversed(tuple(resources)) if (part := _undone(resource))]
    services = _with_services(needs)
    makes = [group for phase in (False, True) for group in _groups(made, needs, services, phase)]
    undoes = [group for phase in (True, False) for group in _groups(undone, reverse(needs), services, phase)]
    making = tuple(_scripts(project, "", makes))
    undoing = tuple(_scripts(f"{project}, undo", "undo/", undoes))
    specifications = tuple(_specifications(resources))
    return (_readme(project, resources, making, undoing), *making, *undoing, *specifications)


# --- what each resource adds --------------------------------------------------------------------------


def _made(resource: Resource, images: Mapping[Address, Resource]) -> _Part | None:
    """How a resource is made; None for what is not made by SQL, or was there before us. Where it needs
    ``images``, these are named.
    """
    if resource.existing:
        return None
    safe, variables = _without_secrets(rerunnable(resource))
    kind = kind_of(resource.address.kind)
    notes = [reason(resource)] if resource.address.kind == "grant" else []
    notes += [_first(images[need]) for need in sorted(resource.needs) if need in images]
    return _part(resource, kind.create(safe), notes, variables)


def _undone(resource: Resource) -> _Part | None:
    """How a resource is taken away again; None for what goes with something else, was there before us, or may
    be Snowflake's own: a script cannot tell whose it is, and every public endpoint of the account needs it.
    """
    kind = kind_of(resource.address.kind)
    if kind.goes_with or kind.built_in or resource.existing:
        return None
    safe, variables = _without_secrets(rerunnable(resource))
    there = Actual(Presence.PRESENT, resource.attributes)
    loses = kind.loses(resource, there)
    return _part(resource, kind.drop(safe, there), [f"loses {loses}"] if loses else [], variables)


def _put(service: Resource) -> _Part:
    """How the specification comes to the stage that a service is made from."""
    detail, source = service.detail, f"file://{_specification_path(service)}"
    statement = sql("stage", "put", {"name": detail["stage"], "source": source})
    note = "run this where the script is, since the file is named from there"
    return _Part(Address("file", detail["file"]), detail["uploader"], (statement,), (note,), (), False)


def _part(
    resource: Resource, steps: Sequence[Step], notes: list[str], variables: tuple[str, ...]
) -> _Part | None:
    statements = tuple(step for step in steps if isinstance(step, Statement))
    if not statements:
        return None
    # where there are secrets, they are variables by now
    texts = tuple(statement.text for statement in statements)
    (role,) = {statement.role for statement in statements}
    used = tuple(name for name in variables if any(_placeholder(name) in text for text in texts))
    notes += [f"the value of {name} is given when the file is run: see README.md" for name in used]
    again = dict.fromkeys(map(_about_again, texts))
    again |= dict.fromkeys([_BUILT_IN] if any(statement.enough for statement in statements) else [])
    alone = not again.keys().isdisjoint({_ONCE, _BUILT_IN})
    return _Part(resource.address, role, texts, (*notes, *chain(*again)), used, alone)


def _about_again(statement: str) -> tuple[str, ...]:
    """What is to be said of running a statement again."""
    words = tokens(statement)
    if words[:3] == ["CREATE", "OR", "ALTER"]:
        return _OR_ALTER
    return _ONCE if words[0] == "CREATE" and "EXISTS" not in words else ()


def _first(image: Resource) -> str:
    """What has to be done for an image before a service can be made."""
    name, tag = image.detail["image_name"], image.attributes["tag"]
    push = f"the image {name}:{tag}: spcs-milvus images push {name}"
    if isinstance(image.detail["image"], ContainerImage):
        return f"first build and push {push}, or as README.md says"
    return f"first push {push}"


def _without_secrets(resource: Resource) -> tuple[Resource, tuple[str, ...]]:
    """The resource with a variable in place of each secret, and the names of the variables."""
    variables: list[str] = []

    def safe(values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: variable(key) if isinstance(value, Secret) else value for key, value in values.items()}

    def variable(key: str) -> Secret:
        variables.append(re.sub(r"\W", "_", f"{resource.name.last}_{key}".lower()))
        return Secret(_placeholder(variables[-1]))

    changed = replace(resource, attributes=safe(resource.attributes), detail=safe(resource.detail))
    return changed, tuple(variables)


def _placeholder(variable: str) -> str:
    return f"<% {variable} %>"


# --- the order ----------------------------------------------------------------------------------------


def _with_services(needs: Needs) -> frozenset[Address]:
    """The services, and whatever needs one of them."""
    services = frozenset(address for address in needs if address.kind == "service")
    reached = closure(needs)
    return services | {address for address in needs if reached[address] & services}


def _groups(
    parts: Sequence[_Part], needs: Needs, services: Collection[Address], phase: bool
) -> Iterator[tuple[_Script, list[_Part]]]:
    """The parts of one phase, that of the services or the other, in an order that heeds the needs."""
    by_address = {part.address: part for part in parts if (part.address in services) is phase}
    first = among(needs, by_address)

    def script(address: Address) -> _Script:
        part = by_address[address]
        return _Script(part.role, phase, address if part.alone else None)

    for group in grouped({address: first[address] for address in by_address}, script):
        yield script(group[0]), [by_address[address] for address in group]


# --- the files ----------------------------------------------------------------------------------------


def _scripts(about: str, folder: str, groups: Sequence[tuple[_Script, list[_Part]]]) -> Iterator[File]:
    for number, (script, parts) in enumerate(groups, start=1):
        use = sql("role", "use", {"name": Name.of(script.role)})
        head = f"-- {WRITTEN_BY}\n-- {about}, {number} of {len(groups)}: run as {script.role}\n{use};\n"
        yield File(
            f"{folder}{number:02}-{_title(script, parts)}.sql",
            "\n".join((head, *map(_text, parts))),
            script.role,
            (use, *(statement for part in parts for statement in part.statements)),
            tuple(dict.fromkeys(name for part in parts for name in part.variables)),
            script.services,
        )


def _title(script: _Script, parts: Sequence[_Part]) -> str:
    """Who runs a script, and what it is about: services, things of one kind, or objects of several."""
    kinds = {part.address.kind for part in parts}
    about = f"{kinds.pop()}s" if len(kinds) == 1 else "objects"
    return re.sub(r"[^a-z0-9]+", "-", f"{script.role}-{'services' if script.services else about}".lower())


def _text(part: _Part) -> str:
    lines = [line for note in part.notes for line in note.splitlines()]
    return "".join([*(f"-- {line}\n" for line in lines), *(f"{text};\n" for text in part.statements)])


def _specifications(resources: Collection[Resource]) -> Iterator[File]:
    """Each service's specification as YAML, as it would be put on a stage."""
    for resource in resources:
        if resource.address.kind == "service":
            text = yaml.safe_dump(resource.detail["specification"], sort_keys=False, width=100)
            yield File(_specification_path(resource), f"# {WRITTEN_BY}\n{text}")


def _specification_path(resource: Resource) -> str:
    return f"specs/{resource.detail.get('file', f'{resource.name.last.lower()}.yaml')}"


def _readme(
    project: str, resources: Collection[Resource], making: Sequence[File], undoing: Sequence[File]
) -> File:
    roles_made = [one for one in resources if one.address.kind == "role" and not one.existing]
    ours = {resource.name.last for resource in roles_made}
    roles = dict.fromkeys(file.role for file in (*making, *undoing) if file.role and file.role not in ours)
    values = {
        "written_by": WRITTEN_BY,
        "project": project,
        "roles": roles,
        "making": [_command(file) for file in making if not file.services],
        "services": [_command(file) for file in making if file.services],
        "undoing": [_command(file) for file in undoing],
        "with_secrets": any(file.variables for file in making),
        "docker": _docker(resources),
        "existing": [_in_words(one) for one in resources if one.existing],
        "lasting": [_taken_back(one) for one in resources if _outlasts(one)],
    }
    return File("README.md", page("README.md", values))


def _docker(resources: Collection[Resource]) -> list[str]:
    """How container images are built and pushed by hand, a command each; none where there are no images."""
    images = [one.detail for one in resources if isinstance(one.detail.get("image"), ContainerImage)]
    return [line for one in images for line in docker_commands.commands(one["image_name"], one["image"])]


def _in_words(resource: Resource) -> str:
    """What has to be there: an object by its address, a grant by the statement that makes it."""
    kind = kind_of(resource.address.kind)
    return _statement(kind.create(resource)) if kind.goes_with else f"`{resource.address}`"


def _outlasts(resource: Resource) -> bool:
    """Whether no script takes it back, although one may have made it."""
    return resource.lasting or kind_of(resource.address.kind).built_in


def _taken_back(resource: Resource) -> str:
    return _statement(kind_of(resource.address.kind).drop(resource, Actual(Presence.PRESENT)))


def _statement(steps: Sequence[Step]) -> str:
    (step,) = steps
    assert isinstance(step, Statement)
    return f"`{step.sql}` as {step.role}"


def _command(file: File) -> str:
    return " ".join(
        [f"snow sql -f {file.path}", *(f'-D "{name}=${name.upper()}"' for name in file.variables)]
    )
