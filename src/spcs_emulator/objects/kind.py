"""What all kinds share: finding, creating, altering, dropping, showing, with the right refusal at each
step.

In: a statement's value and the context it runs in. Out: a result; changes go to the catalogue. A kind fills
in its columns, its defaults, its checks.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from spcs_emulator.account.context import Context
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.account.future_grants import grant_as_foreseen
from spcs_emulator.account.pending import Pending
from spcs_emulator.account.privileges import CREATE_NEEDS, words
from spcs_emulator.account.results import SUCCESS, Result, Shape, status, table
from spcs_emulator.faults import EXISTS, EXISTS_UNSEEN, INVALID_VALUE, NOT_FOUND, UNSUPPORTED
from spcs_emulator.objects.removal import remove_object
from spcs_emulator.statement.values import Alter, Create, Describe, Drop, Identifier, Name, ObjectKind

Row = dict[str, Any]


class Kind:
    """One kind of object. Subclasses say how it differs; statements come in through the five public
    methods.

    `shape` and `describe_shape` are the columns of SHOW and, where there is one, of DESCRIBE.
    `title` begins the answer to CREATE (observed: `Compute pool`, `Image Repository`, `Service`).
    `defaults` are the settings a new object begins with, in the properties' own names. `set_needs` are the
    privileges of which one allows ALTER … SET (ownership always does), `describe_needs` the same for DESCRIBE
    (None: whoever sees the object may), `other_needs` those that allow CREATE like the usual one. `fixed`
    are the settings that CREATE OR ALTER cannot change, `only_new` the properties that it passes over when
    the object is there.
    """

    kind: ClassVar[ObjectKind]
    title: ClassVar[str]
    shape: ClassVar[Shape]
    describe_shape: ClassVar[Shape]
    defaults: ClassVar[Mapping[str, Any]] = {}
    set_needs: ClassVar[tuple[str, ...]] = ()
    describe_needs: ClassVar[tuple[str, ...] | None] = None
    other_needs: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()
    only_new: ClassVar[tuple[str, ...]] = ()
    plain_names: ClassVar[bool] = False

    def create(self, context: Context, statement: Create) -> Result | Pending[Result]:
        """Create the object, or say that it is there. Refuses what `check_create` and `settings` refuse."""
        answer = self.check_create(context, statement)
        if answer is not None:
            return answer
        return self.add(context, statement, self.settings(context, statement.properties))

    def check_create(self, context: Context, statement: Create) -> Result | None:
        """Return the answer when the object is there and may be: what IF NOT EXISTS and CREATE OR ALTER are
        about. None when it is to be created.

        003001 or 002003 without the privilege, 002002 when it is there, 003041 when it is there and not seen.
        """
        self.check_name(statement.name.last)
        parent = context.require_parent(self.kind, statement.name)
        name = statement.name.last.text
        found = context.catalogue.find(self.kind, name, parent.key if parent else None)
        if statement.or_alter and found is not None and context.access.sees(found):
            return self.converge(context, found, statement)
        context.access.require_create(CREATE_NEEDS[self.kind][0], parent, *self.other_needs)
        if found is not None:
            if not context.access.sees(found):
                raise EXISTS_UNSEEN(name=context.catalogue.full_name(found))
            if statement.if_not_exists:
                return status(f"{name} already exists, statement succeeded.")
            if not statement.or_replace:
                raise EXISTS(name=context.catalogue.full_name(found))
            context.access.require(found)
        return None

    def add(self, context: Context, statement: Create, settings: dict[str, Any]) -> Result:
        """Create the object with these settings, in place of one that is there."""
        parent = context.require_parent(self.kind, statement.name)
        name = statement.name.last.text
        found = context.catalogue.find(self.kind, name, parent.key if parent else None)
        if found is not None:
            self.check_drop(context, found, Drop(self.kind, statement.name))
            self.remove(context, found)
        comment = statement.properties.get("COMMENT")
        created = context.new_object(self.kind, name, parent.key if parent else None, comment, settings)
        context.catalogue.objects.put(created)
        grant_as_foreseen(context, created)
        self.created(context, created)
        return status(f"{self.title} {name} successfully created.")

    def converge(self, context: Context, entry: AccountObject, statement: Create) -> Result:
        """Do CREATE OR ALTER of what is there: it becomes as the statement has it. Ownership is needed, the
        privilege to create is not.

        Documented: what the statement leaves out goes back to its default, and what cannot be altered must
        be as it is (assumed: 000002 else, and the answer is that of ALTER).
        """
        context.access.require_role()
        context.access.require(entry)
        wanted = self.settings(context, statement.properties)
        for name in self.fixed:
            if wanted[name] != entry.settings[name]:
                raise UNSUPPORTED(feature=f"CREATE OR ALTER with another {name}")
        given = {"COMMENT": None, **self.defaults, **statement.properties}
        self.change(context, entry, {name: given[name] for name in given if name not in self.only_new})
        return status(SUCCESS)

    def check_name(self, name: Identifier) -> None:
        """Raise when the name is not allowed for this kind."""
        if self.plain_names:
            check_plain(name)

    def settings(self, _context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new object's settings: the defaults with `properties` laid over, checked."""
        given = {name: value for name, value in properties.items() if name != "COMMENT"}
        settings = {**self.defaults, **self.normalise(given)}
        self.check(settings)
        return settings

    def normalise(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return written values as they are kept. Raise at one that is not allowed."""
        return dict(properties)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise when the settings do not go together."""

    def created(self, context: Context, entry: AccountObject) -> None:
        """Do what follows from creating the object."""

    def find(self, context: Context, name: Name) -> AccountObject | None:
        """Return the object a statement about this kind is on, None when it is not there or not seen."""
        found = context.find(self.kind, name)
        return found if found and self.covers(found) else None

    def covers(self, _entry: AccountObject) -> bool:
        """Whether statements about this kind are about this object of it; kinds may share a name space."""
        return True

    def get(self, context: Context, name: Name) -> AccountObject:
        """Return the object a statement about this kind is on. 002003 when it is not there or not seen."""
        found = self.find(context, name)
        if found is None:
            raise NOT_FOUND(kind=words(self.kind), name=context.display(self.kind, name))
        return found

    def alter(self, context: Context, statement: Alter) -> Result:
        """Change the object. 002003 or 003001 without the privilege; IF EXISTS forgives that it is not
        there.
        """
        found = self.find(context, statement.name)
        if found is None and statement.if_exists:
            return status(SUCCESS)
        entry = found or self.get(context, statement.name)
        context.access.require_role()
        match statement.action:
            case "SET":
                context.access.require(entry, *self.set_needs)
                self.change(context, entry, statement.properties)
            case "UNSET":
                context.access.require(entry, *self.set_needs)
                self.change(context, entry, self.unset_values(statement.unset))
            case "RENAME":
                context.access.require(entry)
                self.rename(context, entry, statement)
            case _:
                self.perform(context, entry, statement)
        return status(SUCCESS)

    def unset_values(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return what UNSET makes of the properties."""
        return {name: None if name == "COMMENT" else self.defaults.get(name) for name in names}

    def change(self, context: Context, entry: AccountObject, properties: Mapping[str, Any]) -> None:
        """Lay `properties` over the object's settings, checked, and store it."""
        given = {name: value for name, value in properties.items() if name != "COMMENT"}
        changes = self.normalise(given)
        self.check({**entry.settings, **changes})
        comment = properties.get("COMMENT", entry.comment)
        context.put(entry, comment=comment, **changes)

    def rename(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """Give the object the new name, in the place it is in or, for what lives in a schema, another."""
        name = statement.new_name
        if name is None:
            raise ValueError("RENAME without a new name")
        self.check_name(name.last)
        parent = context.catalogue.get(entry.parent)
        if len(name.parts) > 1 and context.require_parent(self.kind, name) != parent:
            raise INVALID_VALUE(name="new name", value=str(name), why=": must stay in its schema or database")
        if context.catalogue.find(self.kind, name.last.text, entry.parent) is not None:
            raise EXISTS(name=str(name))
        context.put(entry, name=name.last.text)

    def perform(self, context: Context, entry: AccountObject, statement: Alter) -> None:
        """Do an action of the kind's own (SUSPEND, RESUME, …)."""
        raise NotImplementedError(statement.action)

    def drop(self, context: Context, statement: Drop) -> Result:
        """Drop the object and all that hangs on it. Ownership is needed."""
        found = self.find(context, statement.name)
        if found is None and statement.if_exists:
            return status(f"Drop statement executed successfully ({statement.name.last} already dropped).")
        entry = found or self.get(context, statement.name)
        context.access.require_role()
        context.access.require(entry)
        self.check_drop(context, entry, statement)
        self.remove(context, entry)
        return status(f"{entry.name} successfully dropped.")

    def check_drop(self, context: Context, entry: AccountObject, statement: Drop) -> None:
        """Raise when the object cannot be dropped as it is."""

    def remove(self, context: Context, entry: AccountObject) -> None:
        """Take the object, what is inside it, and every grant on them out of the catalogue."""
        remove_object(context.world, entry)

    def show(self, context: Context, entries: list[AccountObject]) -> Result:
        """Return the SHOW rows of the objects."""
        return table(self.shape, [self.row(context, entry) for entry in entries])

    def describe(self, context: Context, statement: Describe) -> Result:
        """Return the DESCRIBE rows of one object. Any privilege on it suffices unless the kind says
        otherwise.
        """
        entry = self.get(context, statement.name)
        if self.describe_needs is not None:
            context.access.require(entry, *self.describe_needs)
        return table(self.describe_shape, self.described(context, entry), "describe")

    def row(self, context: Context, entry: AccountObject) -> Row:
        """Return one SHOW row by column name."""
        raise NotImplementedError(self.kind)

    def described(self, _context: Context, entry: AccountObject) -> list[Row]:
        """Return the DESCRIBE rows by column name."""
        raise NOT_FOUND(kind=words(self.kind), name=entry.name)


def check_plain(name: Identifier) -> None:
    """Refuse a name that is an identifier only in quotes."""
    if name.quoted:
        raise INVALID_VALUE(name="name", value=name.text, why=": must be an unquoted identifier")


def owner_cells(context: Context, entry: AccountObject) -> Row:
    """Return the cells `owner` and `owner_role_type`."""
    owner = context.catalogue.name_of(entry.owner)
    return {"owner": owner, "owner_role_type": "ROLE" if owner else ""}


def place_cells(context: Context, entry: AccountObject) -> Row:
    """Return the cells `database_name` and `schema_name` of an object in a schema."""
    database, schema, _ = context.catalogue.path(entry)
    return {"database_name": database, "schema_name": schema}


def yes_no(value: bool) -> str:
    """Return Y or N, as SHOW has it for `is_default`, `is_current`, `directory_enabled`."""
    return "Y" if value else "N"


def true_false(value: bool) -> str:
    """Return true or false as text, as SHOW has it for what belongs to container services."""
    return "true" if value else "false"
