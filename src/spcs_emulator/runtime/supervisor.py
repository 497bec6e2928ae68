"""The one thread that owns every process of the process runtime.

In: lives to begin and keys to end, from any thread. Out: snapshots of their states. It alone touches lives,
so they need no locks; others leave a request, and read what it last wrote down.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from spcs_emulator.runtime.api import ContainerState
from spcs_emulator.runtime.life import Life

_log = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
RETRY_SECONDS = 1.0


class Supervisor:
    """`now` is monotonic. Call `run` on a thread of its own; tests call `step` instead."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._arriving: dict[str, list[Life]] = {}
        self._leaving: set[str] = set()
        self._closing = False
        self._states: dict[str, tuple[ContainerState, ...]] = {}
        self._lives: dict[str, list[Life]] = {}

    def begin(self, key: str, make: Callable[[], Sequence[Life]]) -> None:
        """Begins the lives that `make` gives; does not even call it when the key lives already.

        A key that is just ending is waited for first. RuntimeError after `close`.
        """
        with self._changed:
            self._changed.wait_for(lambda: key not in self._leaving or self._closing)
            if self._closing:
                raise RuntimeError("the runtime is closed")
            if key in self._states:
                return
            lives = list(make())
            self._states[key] = tuple(life.state() for life in lives)
            self._arriving[key] = lives
            self._changed.notify_all()

    def end(self, key: str) -> None:
        """Ends a key's lives and returns when nothing of them is left; an unknown key is nothing to do."""
        with self._changed:
            if key not in self._states:
                return
            self._leaving.add(key)
            self._changed.notify_all()
            self._changed.wait_for(lambda: key not in self._states)

    def close(self) -> None:
        """Ends everything at once, and `run` with it. Returns when nothing is left."""
        with self._changed:
            self._closing = True
            self._leaving |= self._states.keys()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._states)

    def states(self, key: str) -> tuple[ContainerState, ...]:
        """The states as of the last step; empty when the key is unknown."""
        with self._changed:
            return self._states.get(key, ())

    def run(self) -> None:
        """Steps until `close` was called and everything has ended."""
        while True:
            due = self.step()
            with self._changed:
                if self._closing and not self._states:
                    return
                if not self._arriving and not self._leaving - self._ending():
                    self._changed.wait(max(0.0, due - self._now()))

    def step(self) -> float:
        """Does whatever is due now and returns when, on the clock, the next step is due at the latest."""
        now = self._now()
        with self._changed:
            self._lives |= self._arriving
            self._arriving = {}
            leaving = set(self._leaving)
        due = now + IDLE_SECONDS
        for key, lives in list(self._lives.items()):
            due = min([due, *(_advance(life, now, key in leaving) for life in lives)])
            self._write_down(key, lives)
        return due

    def _write_down(self, key: str, lives: Sequence[Life]) -> None:
        with self._changed:
            if all(life.gone for life in lives):
                del self._lives[key], self._states[key]
                self._leaving.discard(key)
                self._changed.notify_all()
            else:
                self._states[key] = tuple(life.state() for life in lives)

    def _ending(self) -> set[str]:
        return {key for key, lives in self._lives.items() if all(life.ending for life in lives)}


def _advance(life: Life, now: float, leaving: bool) -> float:
    """One broken container must not take others with it: it is logged and looked at again."""
    try:
        if leaving:
            life.end(now)
        return life.advance(now)
    except Exception:
        _log.exception("container %s", life.name)
        return now + RETRY_SECONDS
