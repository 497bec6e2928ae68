"""Who may do what: role hierarchy, privileges, and the two ways of being refused.

In: the catalogue and the roles that are active. Out: yes or no, or the error to raise. Touches nothing.
Documented: Overview of access control (hierarchy, secondary roles, usage on database and schema); observed:
an object on which the active roles hold nothing "does not exist or is not authorized" (002003), with a
privilege that is not the one needed it is "insufficient privileges" (003001). Assumed: usage on both
parents is needed for everything (the stricter of two readings of the documentation).
"""

from collections.abc import Iterable

from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import ACCOUNT, OWNERSHIP, AccountObject, Session
from spcs_emulator.account.privileges import words
from spcs_emulator.faults import DENIED, INVALID_GRANT, NOT_FOUND, SqlError
from spcs_emulator.statement.values import Name, ObjectKind


def closure(catalogue: Catalogue, roles: Iterable[str]) -> frozenset[str]:
    """Return the keys of `roles`, of every role and service role they inherit, and of PUBLIC."""
    inherited: dict[str, list[str]] = {}
    for membership in catalogue.memberships.values():
        inherited.setdefault(membership.member, []).append(membership.role)
    public = catalogue.find(ObjectKind.ROLE, "PUBLIC")
    waiting = [*roles, *([public.key] if public else [])]
    found: set[str] = set()
    while waiting:
        role = waiting.pop()
        if role not in found:
            found.add(role)
            waiting.extend(inherited.get(role, ()))
    return frozenset(found)


def assigned_roles(catalogue: Catalogue, user: str) -> frozenset[str]:
    """Return the keys of every role the user may take: granted ones, what they inherit, and PUBLIC."""
    direct = [entry.role for entry in catalogue.memberships.values() if entry.member == user]
    return frozenset(
        key
        for key in closure(catalogue, direct)
        if (entry := catalogue.get(key)) is not None and entry.kind is ObjectKind.ROLE
    )


def session_roles(catalogue: Catalogue, session: Session) -> frozenset[str]:
    """Return the keys of the roles the session may take: the user's, or the one its token is good for."""
    assigned = assigned_roles(catalogue, session.user)
    return assigned & {session.bound} if session.bound else assigned


def check_role_owner(catalogue: Catalogue, role: AccountObject, owner: str | None) -> None:
    """Raise 003042 when `owner` is the role itself or one it inherits. Assumed: such a role could drop
    itself and leave what it owns to nobody.
    """
    if owner in closure(catalogue, [role.key]):
        name = catalogue.name_of(owner)
        raise INVALID_GRANT(why=f"role {role.name} is or inherits role {name}, which cannot own it")


def session_access(catalogue: Catalogue, session: Session) -> "Access":
    """Return what the session may do: its primary role, and all the user's when secondary roles are on.

    Assumed: a role that was dropped, or taken away from the user, is active no longer from the next statement
    on (the stricter reading).
    """
    assigned = session_roles(catalogue, session)
    primary = session.role if session.role in assigned else None
    roles = [primary] if primary else []
    if session.secondary:
        roles.extend(assigned)
    return Access(catalogue, primary, roles)


def primary_role(catalogue: Catalogue, session: Session) -> str | None:
    """Return the key of the session's primary role, None when it has lost it."""
    return session.role if session.role in session_roles(catalogue, session) else None


class Access:
    """The privileges of a set of roles at one moment.

    `primary` is the key of the role that will own what is created; CREATE is authorised by it alone.
    """

    def __init__(self, catalogue: Catalogue, primary: str | None, roles: Iterable[str]) -> None:
        self._catalogue = catalogue
        self.primary = primary
        self.roles = closure(catalogue, roles)
        self._held = self._collect(self.roles)
        own = closure(catalogue, [primary] if primary else [])
        self._held_by_primary = self._held if own == self.roles else self._collect(own)

    def _collect(self, roles: frozenset[str]) -> dict[str, set[str]]:
        held: dict[str, set[str]] = {}
        for grant in self._catalogue.grants.values():
            if grant.grantee in roles:
                held.setdefault(grant.on, set()).add(grant.privilege)
        for entry in self._catalogue.objects.values():
            if entry.owner in roles:
                held.setdefault(entry.key, set()).add(OWNERSHIP)
        return held

    def on_account(self, privilege: str) -> bool:
        """Whether an active role holds the privilege on the account."""
        return privilege in self._held.get(ACCOUNT, ())

    def holds(self, entry: AccountObject, *privileges: str) -> bool:
        """Whether an active role owns the object or holds one of the privileges on it (parents not looked
        at).
        """
        held = self._held.get(entry.key, set())
        return OWNERSHIP in held or any(privilege in held for privilege in privileges)

    def holds_any(self, entry: AccountObject) -> bool:
        """Whether an active role owns the object or holds any privilege on it (parents not looked at)."""
        return bool(self._held.get(entry.key))

    def owns(self, entry: AccountObject) -> bool:
        """Whether an active role owns the object."""
        return OWNERSHIP in self._held.get(entry.key, ())

    def sees(self, entry: AccountObject) -> bool:
        """Whether SHOW lists the object and errors admit that it is there.

        Documented: any privilege on it, or MANAGE GRANTS; roles and users are listed for everybody.
        """
        if entry.kind in (ObjectKind.ROLE, ObjectKind.USER) or self.on_account("MANAGE GRANTS"):
            return True
        if entry.owner is None:
            return self._parents_usable(entry)
        return self.holds_any(entry) and self._parents_usable(entry)

    def _parents_usable(self, entry: AccountObject) -> bool:
        parent = self._catalogue.get(entry.parent)
        return parent is None or (self.holds(parent, "USAGE") and self._parents_usable(parent))

    def usable(self, entry: AccountObject, *privileges: str) -> bool:
        """Whether the object may be used: one of the privileges (or ownership), and usage on its parents."""
        return self.holds(entry, *privileges) and self._parents_usable(entry)

    def require(self, entry: AccountObject, *privileges: str) -> None:
        """Raise 002003 or 003001 unless an active role owns the object or holds one of the privileges."""
        if not self.usable(entry, *privileges):
            raise self.refusal(entry)

    def use(
        self, kind: ObjectKind, name: Name, schema: AccountObject | None, *privileges: str
    ) -> AccountObject:
        """Return the object that `name` means where `schema` is the current one (see `Catalogue.named`), on
        which one of the privileges, or ownership, is held; 002003 or 003001 else.
        """
        found = self._catalogue.named(kind, name, schema)
        if found is None or not self.sees(found):
            raise NOT_FOUND(kind=words(kind), name=str(name))
        self.require(found, *privileges)
        return found

    def refusal(self, entry: AccountObject) -> SqlError:
        """Return 003001 when the object is seen, else 002003."""
        values = {"kind": words(entry.kind), "name": self._catalogue.full_name(entry)}
        if self.sees(entry):
            return DENIED(kind=values["kind"].lower(), name=entry.name)
        return NOT_FOUND(**values)

    def require_role(self) -> None:
        """Raise 003001 unless there is a primary role. Assumed: without one nothing is changed or given, as
        nobody would be its owner or grantor.
        """
        if self.primary is None:
            raise DENIED(kind="account", name="ACCOUNT")

    def require_create(self, privilege: str, parent: AccountObject | None, *others: str) -> None:
        """Raise unless the primary role (with what it inherits) may create: the privilege, or one of
        `others`, on the parent or account.
        """
        self.require_role()
        held = self._held_by_primary.get(parent.key if parent else ACCOUNT, set())
        if parent is None:
            if not held.intersection((privilege, *others)):
                raise DENIED(kind="account", name="ACCOUNT")
        elif not held.intersection((privilege, *others, OWNERSHIP)) or not self.usable(parent, "USAGE"):
            raise self.refusal(parent)

    def may_grant(self, on: str, privilege: str) -> bool:
        """Whether an active role holds the privilege on `on` (a key or ACCOUNT) with grant option, or owns
        it.
        """
        if on != ACCOUNT and OWNERSHIP in self._held.get(on, ()):
            return True
        return any(
            grant.option and grant.on == on and grant.privilege == privilege and grant.grantee in self.roles
            for grant in self._catalogue.grants.values()
        )
