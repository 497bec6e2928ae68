"""What every kind has in common: the shape of a kind, and the ordinary way to do each part.

A kind is a :class:`Kind` value made in its own file. It names its attributes, how to look at its objects and
how to read what was shown; the statements come from ``templates/<kind>.sql.j2``. The functions here are the
defaults a kind assigns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from spcs_milvus.names import Name
from spcs_milvus.resource import ABSENT, Actual, Address, Presence, Resource, Value
from spcs_milvus.secrets import MASK, Secret
from spcs_milvus.steps import Answer, Effect, Look, Row, Statement, Step
from spcs_milvus.templates import sql

RESUME_PATIENCE_SECONDS = 120
ASLEEP = ("SUSPENDED", "SUSPENDING", "STOPPING")
"""The states in which nothing of a service or compute pool runs, or soon will not."""

AUTOMATIC_SNAPSHOT = "SYS_BACKUP_ON_DELETE"
"""How the names begin of what Snowflake copies by itself as a service goes, which is nobody's and passes
(documented: Using block storage volumes, snapshotOnDelete).
"""

Looks = Mapping[str, Look]
Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Found:
    """An object that a look at a container showed; ``row`` is how."""

    address: Address
    name: Name
    row: Row


UNSEEN = "unseen"
"""The kind of what may stand in a container without being shown to whoever looks."""


def unseen(container: Resource, what: str) -> Found:
    """In place of what nobody can tell to be in a container or not, for instance ``stages``."""
    return Found(Address(UNSEEN, f"{container.name}.{what}"), container.name.child(what), {})


@dataclass(frozen=True)
class Holds:
    """How to look into a kind of object that others put things into, and how to read what was shown."""

    looks: Callable[[Resource], Looks]
    read: Callable[[Resource, Answers], tuple[Found, ...]]


@dataclass(frozen=True)
class Cost:
    """What a change costs beside the work, in a person's words: who has to do without it meanwhile
    (``downtime``), what is gone for good (``data``), which public address is another one (``url``), what is
    charged for from then on, or no more (``credits``). None: nothing.
    """

    downtime: str | None = None
    data: str | None = None
    url: str | None = None
    credits: str | None = None


FREE = Cost()


def within(resource: Resource) -> frozenset[Address]:
    """The database and schema that an object is in, and the role that owns it.

    documented: DROP DATABASE and DROP SCHEMA take along what is inside; DROP ROLE gives what the role owns to
    whoever drops it.
    """
    parts = resource.name.parts
    containers = [Address("database", str(Name(parts[:1])))] if len(parts) > 1 else []
    containers += [Address("schema", str(Name(parts[:2])))] if len(parts) > 2 else []
    return frozenset((*containers, Address("role", str(Name.of(resource.role)))))


@dataclass(frozen=True)
class Kind:
    """One sort of object.

    * ``attributes``: the compared ones, in the order people think of them; ``create_only`` are those of them
      that cannot be altered, ``unreadable`` those that Snowflake never shows (the mark's digest tells when
      they changed).
    * ``marked``: whether its objects carry our mark in a comment; otherwise they are ours by parent or
      grantee.
    * ``goes_with``: what takes such an object away, for kinds that have no DROP of their own; None otherwise.
    * ``loses``: what is lost for good when the object is dropped, in a person's words; None when nothing is.
    * ``leaves``: what dropping it leaves beside it, in a person's words; None when nothing is left.
    * ``holds``: how to look into it, for kinds that cannot be dropped without what others put there; None for
      the rest.
    * ``listed``: whether a project may have none of its objects: then they are looked for all the same, so
      that one which left the project file is found.
    * ``built_in``: whether Snowflake may have such an object of its own, shown or not. One that is not ours
      serves as well and is left alone; CREATE is tried only along with what needs it.
    * ``undeclared``: the attributes that a drop takes, from a row of SHOW, for an object that nobody
      declares.
    * ``looks``: the statements that show it, by a name of the kind's choosing; ``"show"`` is always among
      them.
    * ``read``: the answers to those looks → what is there.
    * ``create``/``alter``/``drop``: the steps, in order; ``alter`` gets the names of the attributes that
      differ.
    * ``renew``: the steps of ``--rotate``, beside those for the attributes that differ.
    * ``suspend``/``resume``: the steps that let it rest and wake it up again, for kinds that run; none for
      the rest.
    * ``stands_on``: what cannot be dropped while this is there, or takes it along: its containers, who owns
      it.
    * ``creating``/``altering``/``dropping``: what that costs; ``altering`` gets the names of the attributes
      that differ, and whether it is renewed. What ``loses`` says is not said again.
    """

    name: str
    title: str
    attributes: tuple[str, ...]
    looks: Callable[[Resource], Looks]
    read: Callable[[Resource, Answers], Actual]
    create: Callable[[Resource], tuple[Step, ...]]
    alter: Callable[[Resource, frozenset[str]], tuple[Step, ...]]
    drop: Callable[[Resource, Actual], tuple[Step, ...]]
    create_only: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    marked: bool = True
    goes_with: str | None = None
    loses: Callable[[Resource, Actual], str | None] = lambda _resource, _actual: None
    leaves: Callable[[Resource, Actual], str | None] = lambda _resource, _actual: None
    holds: Holds | None = None
    listed: bool = False
    built_in: bool = False
    undeclared: Callable[[Row], Mapping[str, Value]] = lambda _row: {}
    renew: Callable[[Resource, Actual, frozenset[str]], tuple[Step, ...]] = lambda *_ignored: ()
    suspend: Callable[[Resource], tuple[Step, ...]] = lambda _resource: ()
    resume: Callable[[Resource], tuple[Step, ...]] = lambda _resource: ()
    stands_on: Callable[[Resource], frozenset[Address]] = within
    creating: Callable[[Resource], Cost] = lambda _resource: FREE
    altering: Callable[[Resource, Actual, frozenset[str], bool], Cost] = lambda *_ignored: FREE
    dropping: Callable[[Resource, Actual], Cost] = lambda *_ignored: FREE


def values(resource: Resource) -> dict[str, object]:
    """What a template sees: every attribute, ``name`` and ``comment``."""
    return {**resource.attributes, **resource.detail, "name": resource.name, "comment": str(resource.mark)}


def rerunnable(resource: Resource) -> Resource:
    """The same resource, whose CREATE and DROP may run any number of times, for files that people run; what
    we send ourselves never may.

    documented, on the page of each statement: DROP has IF EXISTS; CREATE has IF NOT EXISTS, but for NETWORK
    RULE, which has OR ALTER, and EXTERNAL ACCESS INTEGRATION, which has neither.
    """
    return replace(resource, detail={**resource.detail, "rerunnable": True})


def basic_looks(resource: Resource) -> Looks:
    """One SHOW for all objects of the kind in the account or database, asked by whoever can see them all."""
    return {"show": Look(sql(resource.address.kind, "show", values(resource)), resource.seen_by)}


def basic_create(resource: Resource) -> tuple[Step, ...]:
    """CREATE, as the role that will own it, without IF NOT EXISTS: the statement itself arbitrates between
    two runs.
    """
    statement = sql(resource.address.kind, "create", values(resource))
    return (Statement(statement, resource.role, effect=Effect.OURS),)


def basic_alter(resource: Resource, _differing: frozenset[str]) -> tuple[Step, ...]:
    """ALTER … SET of everything we manage, comment included."""
    return (Statement(sql(resource.address.kind, "alter", values(resource)), resource.role),)


def comment_step(resource: Resource, comment: str) -> Statement:
    """ALTER … SET COMMENT, and nothing else; every kind that is marked has it."""
    given = {"name": resource.name, "comment": comment}
    return Statement(sql(resource.address.kind, "comment", given), resource.role)


def only_comment(resource: Resource, _differing: frozenset[str]) -> tuple[Step, ...]:
    """For kinds of which nothing but the comment can be altered."""
    return (comment_step(resource, str(resource.mark)),)


def basic_drop(resource: Resource, _actual: Actual) -> tuple[Step, ...]:
    """DROP, as the role that owns it."""
    statement = sql(resource.address.kind, "drop", values(resource))
    return (Statement(statement, resource.role, effect=Effect.GONE),)


def basic_suspend(resource: Resource) -> tuple[Step, ...]:
    """ALTER … SUSPEND; it goes on in the background (documented: ALTER COMPUTE POOL, ALTER SERVICE)."""
    statement = sql(resource.address.kind, "suspend", values(resource))
    return (Statement(statement, resource.role, effect=Effect.ASLEEP),)


def basic_resume(resource: Resource) -> tuple[Step, ...]:
    """ALTER … RESUME. assumed: it may be refused while the object is still suspending, hence the patience."""
    statement = sql(resource.address.kind, "resume", values(resource))
    return (Statement(statement, resource.role, RESUME_PATIENCE_SECONDS, effect=Effect.AWAKE),)


def secret_statement(resource: Resource, block: str, given: Mapping[str, object]) -> Statement:
    """A statement as the resource's role in which the secrets among ``given`` are written out."""
    kind = resource.address.kind
    shown = {name: MASK if isinstance(value, Secret) else value for name, value in given.items()}
    return Statement(sql(kind, block, shown), resource.role, secret=Secret(sql(kind, block, given)))


def no_steps(*_ignored: object) -> tuple[Step, ...]:
    """For kinds that have nothing to alter or drop."""
    return ()


def reader(attributes: Callable[[Row], Mapping[str, Value]]) -> Callable[[Resource, Answers], Actual]:
    """A ``read`` for kinds whose object is one row of their SHOW, found by its full name."""

    def read(resource: Resource, answers: Answers) -> Actual:
        answer = answers["show"]
        if answer.refused:
            return Actual(Presence.UNKNOWN, reason=answer.refused)
        row = row_of(resource, answer)
        if row is None:
            return ABSENT
        return Actual(
            Presence.PRESENT,
            attributes(row),
            row.get("comment") or None,
            {"owner": row.get("owner"), **since(row)},
        )

    return read


def since(row: Row) -> dict[str, object]:
    """``{since}``, when the object of a row was made, where the row says so."""
    return {"since": row["created_on"]} if row.get("created_on") else {}


def row_of(resource: Resource, answer: Answer) -> Row | None:
    """The row of a SHOW that is this resource; LIKE patterns and wide scopes may show others too."""
    parts = resource.name.parts
    columns = (
        ("database_name", "schema_name", "name")[-len(parts) :]
        if len(parts) != 2
        else ("database_name", "name")
    )
    return next((row for row in answer.rows if tuple(row.get(column) for column in columns) == parts), None)


def names_in(text: object) -> tuple[str, ...]:
    """The names in a column that lists some, sorted: brackets and quotes around them are left out, and NULL
    is none (observed by others: DESCRIBE INTEGRATION, SHOW SERVICES).
    """
    names = (part.strip().replace('"', "") for part in str(text or "").strip("[] ").split(","))
    return tuple(sorted(name for name in names if name))


def text_is_true(value: object) -> bool:
    """Whether a SHOW column says yes; the objects of SPCS say ``true``, older ones ``Y`` (documented
    samples).
    """
    return str(value).lower() in ("true", "y", "yes", "on")
