"""Everything that exists in the account, in memory and in the store, changed in transactions.

In: entries to put and remove. Out: entries by key, by name, by parent. Touches the store, and memory only
as far as the store took it: a transaction that fails leaves both as they were.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from spcs_emulator.account.entries import (
    AccountObject,
    FutureGrant,
    Grant,
    Membership,
    Session,
    StoredImage,
    future_grant_from_json,
    grant_from_json,
    image_from_json,
    membership_from_json,
    object_from_json,
    session_from_json,
    to_json,
)
from spcs_emulator.faults import INTERNAL
from spcs_emulator.statement.values import Name, ObjectKind
from spcs_emulator.store import DamagedError, Document, Store, StoreError


class Entry(Protocol):
    """What a table needs of its entries."""

    @property
    def id(self) -> str:
        """The id under which the entry is kept."""
        ...


T = TypeVar("T", bound=Entry)
# Entries as they were before a change, by id; None where there was none.
Past = dict[str, T | None]
# As many changes can be seen past.
KEPT_CHANGES = 100


class Table(Generic[T]):
    """Entries of one sort by id. Remembers what a transaction replaced."""

    def __init__(self) -> None:
        self._entries: dict[str, T] = {}
        self._before: Past[T] = {}

    def get(self, id_: str | None) -> T | None:
        """Return the entry, None when there is none."""
        return self._entries.get(id_) if id_ is not None else None

    def values(self) -> list[T]:
        """Return all entries, oldest put first."""
        return list(self._entries.values())

    def put(self, entry: T) -> None:
        """Add or replace the entry."""
        self._before.setdefault(entry.id, self._entries.get(entry.id))
        self._entries[entry.id] = entry

    def remove(self, id_: str) -> None:
        """Remove the entry if it is there."""
        if id_ in self._entries:
            self._before.setdefault(id_, self._entries[id_])
            del self._entries[id_]

    def load(self, entry: T) -> None:
        """Add an entry that the store already has."""
        self._entries[entry.id] = entry

    def changed(self) -> list[str]:
        """Return the ids put or removed since the last `settle` or `undo`."""
        return list(self._before)

    def settle(self) -> Past[T]:
        """Forget how it was before; return it, by the ids put or removed since."""
        past, self._before = self._before, {}
        return past

    def undo(self) -> None:
        """Go back to how it was at the last `settle`."""
        _go_back(self._entries, self._before)
        self._before.clear()

    @contextmanager
    def as_it_was(self, changes: Iterable[Past[T]]) -> Iterator[None]:
        """Show the entries as they were before the changes, latest first, until the block ends."""
        now = self._entries
        self._entries = dict(now)
        for change in changes:
            _go_back(self._entries, change)
        try:
            yield
        finally:
            self._entries = now


def _go_back(entries: dict[str, T], change: Past[T]) -> None:
    for id_, entry in change.items():
        if entry is None:
            entries.pop(id_, None)
        else:
            entries[id_] = entry


class Catalogue:
    """The account's entries. Read and change them inside `transaction` only, which holds the one lock.

    `version` grows with every transaction that changes objects, grants of any sort or memberships.
    """

    def __init__(self, store: Store) -> None:
        """Load everything from the store. StoreError when it cannot be read, DamagedError for an entry."""
        self._store = store
        self._lock = threading.RLock()
        self._depth = 0
        self._afterwards: list[Callable[[], None]] = []
        self._changes: deque[dict[str, Past[Any]]] = deque(maxlen=KEPT_CHANGES)
        self.version = 0
        self.objects: Table[AccountObject] = Table()
        self.grants: Table[Grant] = Table()
        self.future_grants: Table[FutureGrant] = Table()
        self.memberships: Table[Membership] = Table()
        self.images: Table[StoredImage] = Table()
        self.sessions: Table[Session] = Table()
        self._tables: dict[str, Table[Any]] = {
            "object": self.objects,
            "grant": self.grants,
            "future grant": self.future_grants,
            "membership": self.memberships,
            "image": self.images,
            "session": self.sessions,
        }
        self._load()

    def _load(self) -> None:
        read: dict[str, Callable[[dict[str, Any]], Any]] = {
            "object": object_from_json,
            "grant": grant_from_json,
            "future grant": future_grant_from_json,
            "membership": membership_from_json,
            "image": image_from_json,
            "session": session_from_json,
        }
        for document in self._store.load():
            try:
                self._tables[document.table].load(read[document.table](document.body))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise DamagedError(
                    f"entry {document.table} {document.id} of the catalogue cannot be understood: {error!r}"
                ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; at the end store what changed, or undo it when anything was raised.

        What was asked for with `afterwards` is done once everything is stored and the lock is free. SqlError
        300002 when the store cannot be written. A transaction inside another is a part of it.
        """
        with self._lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._save()
            except BaseException:
                if self._depth == 1:
                    self._undo()
                raise
            finally:
                self._depth -= 1
            actions = self._afterwards if self._depth == 0 else []
            if actions:
                self._afterwards = []
        for action in actions:
            action()

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do `action` once the current transaction is stored; never when it is undone."""
        self._afterwards.append(action)

    def _save(self) -> None:
        puts: list[Document] = []
        removes: list[tuple[str, str]] = []
        for name, table in self._tables.items():
            for id_ in table.changed():
                entry = table.get(id_)
                if entry is None:
                    removes.append((name, id_))
                else:
                    puts.append(Document(name, id_, to_json(entry)))
        if any(
            table.changed() for table in (self.objects, self.grants, self.future_grants, self.memberships)
        ):
            self.version += 1
        if puts or removes:
            try:
                self._store.save(puts, removes)
            except StoreError as error:
                raise INTERNAL(cause=str(error)) from error
        change = {name: table.settle() for name, table in self._tables.items()}
        del change["session"]
        if any(change.values()):
            self._changes.appendleft(change)

    @contextmanager
    def as_it_was(self, changes: int) -> Iterator[None]:
        """Show everything but sessions as it stood before so many of the last changes, until the block ends.
        For a transaction that only reads.
        """
        last = list(islice(self._changes, changes))
        with ExitStack() as back:
            for name in last[0] if last else ():
                back.enter_context(self._tables[name].as_it_was([change[name] for change in last]))
            yield

    def _undo(self) -> None:
        self._afterwards = []
        for table in self._tables.values():
            table.undo()

    def of_kind(self, kind: ObjectKind) -> list[AccountObject]:
        """Return every object of the kind by full name."""
        return sorted(self.unsorted(kind), key=self.path)

    def unsorted(self, kind: ObjectKind) -> list[AccountObject]:
        """Return every object of the kind in no order."""
        return [entry for entry in self.objects.values() if entry.kind is kind]

    def children(self, parent: str) -> list[AccountObject]:
        """Return the objects directly inside the one with key `parent`."""
        return [entry for entry in self.objects.values() if entry.parent == parent]

    def find(self, kind: ObjectKind, name: str, parent: str | None = None) -> AccountObject | None:
        """Return the object of that kind and name inside `parent`, None when there is none."""
        for entry in self.objects.values():
            if entry.kind is kind and entry.name == name and entry.parent == parent:
                return entry
        return None

    def named(self, kind: ObjectKind, name: Name, schema: AccountObject | None) -> AccountObject | None:
        """Return the object that `name` means where `schema` is the current one; without it a bare name is
        one of the account's.
        """
        *outer, last = name.parts
        if not outer:
            return self.find(kind, last.text, schema.key if schema else None)
        database = self.get(schema.parent) if schema else None
        if len(outer) > 1:
            database = self.find(ObjectKind.DATABASE, outer[0].text)
        home = self.find(ObjectKind.SCHEMA, outer[-1].text, database.key) if database else None
        return self.find(kind, last.text, home.key) if home else None

    def get(self, key: str | None) -> AccountObject | None:
        """Return the object with that key, None when it is gone."""
        return self.objects.get(key)

    def the(self, key: str | None) -> AccountObject:
        """Return the object with that key. KeyError when it is gone."""
        found = self.objects.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def path(self, entry: AccountObject) -> tuple[str, ...]:
        """Return the object's names, outermost first."""
        parent = self.objects.get(entry.parent)
        return (*self.path(parent), entry.name) if parent else (entry.name,)

    def full_name(self, entry: AccountObject) -> str:
        """Return the object's full name with dots, without quotes; a service role's after "!"."""
        *outer, last = self.path(entry)
        if entry.kind is ObjectKind.SERVICE_ROLE:
            return f"{'.'.join(outer)}!{last}"
        return ".".join((*outer, last))

    def name_of(self, key: str | None) -> str:
        """Return the bare name of the object with that key, "" when there is none."""
        found = self.objects.get(key)
        return found.name if found else ""
