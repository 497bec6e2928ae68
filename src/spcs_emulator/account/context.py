"""What one statement works with: the account's parts, the session, and how names are found in it.

In: a session and names as written. Out: objects, or the error that says why not. Touches nothing itself.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from spcs_emulator.account.access import Access, session_access
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject, Session
from spcs_emulator.account.history import History, Query
from spcs_emulator.account.life import Life
from spcs_emulator.account.privileges import words
from spcs_emulator.account.requests import RequestBuilder
from spcs_emulator.clock import Clock
from spcs_emulator.faults import NO_DATABASE, NO_SCHEMA, NOT_FOUND
from spcs_emulator.identity import Identity
from spcs_emulator.registry.api import ImageStore
from spcs_emulator.runtime.api import Runtime
from spcs_emulator.statement.values import Identifier, Name, ObjectKind

IN_SCHEMA = (
    ObjectKind.IMAGE_REPOSITORY,
    ObjectKind.STAGE,
    ObjectKind.SERVICE,
    ObjectKind.NETWORK_RULE,
    ObjectKind.SECRET,
    ObjectKind.SNAPSHOT,
    ObjectKind.SEQUENCE,
)


@dataclass(frozen=True)
class World:
    """The parts every statement may need. `login_failures` says why a key pair was refused, by its number;
    `registry_host` tells "127.0.0.1:port" of the image registry.
    """

    catalogue: Catalogue
    identity: Identity
    clock: Clock
    runtime: Runtime
    images: ImageStore
    data: Path
    requests: RequestBuilder
    life: Life
    history: History
    registry_host: Callable[[], str]
    login_failures: Mapping[str, Mapping[str, str]]

    def stage_folder(self, key: str) -> Path:
        """Return the folder that holds the files of the stage with that key."""
        return self.data / "stages" / key

    def snapshot_file(self, snapshot: AccountObject) -> Path:
        """Return the archive of what the snapshot holds."""
        return self.archive(snapshot.settings["archive"])

    def archive(self, name: str) -> Path:
        """Return the file of the archive with that name."""
        return self.data / "snapshots" / f"{name}.tar"


class Context:
    """One statement of one session. Made inside a transaction and used up in it."""

    def __init__(self, world: World, session: Session, query: Query) -> None:
        self.world = world
        self.query = query
        self.catalogue = world.catalogue
        self.session = session
        self.access: Access = session_access(world.catalogue, session)
        self.now: datetime = world.clock.now()

    def update_session(self, session: Session) -> None:
        """Store the changed session and see with its eyes from now on."""
        self.catalogue.sessions.put(session)
        self.session = session
        self.access = session_access(self.catalogue, session)

    def new_object(
        self,
        kind: ObjectKind,
        name: str,
        parent: str | None,
        comment: str | None,
        settings: dict[str, object],
    ) -> AccountObject:
        """Return (not yet put) a new object owned by the primary role."""
        key = uuid.uuid4().hex
        return AccountObject(key, kind, name, parent, self.access.primary, self.now, comment, settings)

    def find(self, kind: ObjectKind, name: Name) -> AccountObject | None:
        """Return the object if it is there and seen. 090105 or 090106 when the session lacks the context
        for it.
        """
        parent = self.parent(kind, name)
        if kind in (*IN_SCHEMA, ObjectKind.SCHEMA) and parent is None:
            return None
        found = self.catalogue.find(kind, name.last.text, parent.key if parent else None)
        return found if found and self.access.sees(found) else None

    def get(self, kind: ObjectKind, name: Name) -> AccountObject:
        """Return the object. 002003 when it is not there or not seen; 090105, 090106 without context."""
        found = self.find(kind, name)
        if found is None:
            raise NOT_FOUND(kind=words(kind), name=self.display(kind, name))
        return found

    def use(self, kind: ObjectKind, name: Name, *privileges: str) -> AccountObject:
        """Return the object on which one of the privileges, or ownership, is held; 002003 or 003001 else."""
        found = self.get(kind, name)
        self.access.require(found, *privileges)
        return found

    def parent(self, kind: ObjectKind, name: Name) -> AccountObject | None:
        """Return the database or schema the name lives in; None at account level, or when it is not there."""
        if kind is ObjectKind.SCHEMA:
            return self.database(name.parts[0] if len(name.parts) == 2 else None, kind)
        if kind in IN_SCHEMA:
            return self.schema(name.parts[:-1], kind)
        return None

    def database(self, name: Identifier | None, kind: ObjectKind) -> AccountObject | None:
        """Return the named database, or the session's. 090105 when neither is there."""
        if name is not None:
            return self.catalogue.find(ObjectKind.DATABASE, name.text)
        found = self.catalogue.get(self.session.database)
        if found is None:
            raise NO_DATABASE(operation=kind.value)
        return found

    def schema(self, parts: tuple[Identifier, ...], kind: ObjectKind) -> AccountObject | None:
        """Return the schema the parts name, or the session's. 090105, 090106 when it cannot be told."""
        if parts:
            database = self.database(parts[0] if len(parts) == 2 else None, kind)
            return self.catalogue.find(ObjectKind.SCHEMA, parts[-1].text, database.key) if database else None
        self.database(None, kind)
        found = self.catalogue.get(self.session.schema)
        if found is None:
            raise NO_SCHEMA(operation=kind.value)
        return found

    def require_parent(self, kind: ObjectKind, name: Name) -> AccountObject | None:
        """Return the place a new object goes to: None for the account, else the seen parent, or 002003."""
        parent = self.parent(kind, name)
        if kind is not ObjectKind.SCHEMA and kind not in IN_SCHEMA:
            return None
        if parent is None or not self.access.sees(parent):
            outer = ObjectKind.DATABASE if kind is ObjectKind.SCHEMA else ObjectKind.SCHEMA
            raise NOT_FOUND(kind=words(outer), name=".".join(part.text for part in name.parts[:-1]))
        return parent

    def display(self, kind: ObjectKind, name: Name) -> str:
        """Return the name in full as messages show it."""
        parent = self.parent(kind, name)
        if parent is None or len(name.parts) == 3:
            return str(name)
        return f"{self.catalogue.full_name(parent)}.{name.last.text}"

    def put(self, entry: AccountObject, **changes: object) -> AccountObject:
        """Store the object with `changes` laid over its settings; `comment`, `name` and `owner` are its
        own.
        """
        own = {name: changes.pop(name) for name in ("comment", "name", "owner") if name in changes}
        changed = replace(entry, settings={**entry.settings, **changes}, **own)  # type: ignore[arg-type]
        self.catalogue.objects.put(changed)
        return changed
