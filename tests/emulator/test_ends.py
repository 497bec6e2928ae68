"""Two statements that end the same instance at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.emulator.accounts import an_account
from tests.emulator.conftest import with_volume

from spcs_emulator.clock import TurnedClock
from spcs_emulator.runtime.none import NoneRuntime

SPECIFICATION = with_volume({"source": "local"})


class Late(NoneRuntime):
    """Tells that an instance has ended only when it may."""

    def __init__(self, volumes: Path, clock: TurnedClock) -> None:
        super().__init__(volumes, clock.now)
        self.ended, self.tell = threading.Event(), threading.Event()
        self.first = threading.Lock()

    def stop(self, key: str) -> None:
        super().stop(key)
        if self.first.acquire(blocking=False):
            self.ended.set()
            assert self.tell.wait(10)


def test_the_later_one_lets_go_on_what_was_started_meanwhile(tmp_path: Path) -> None:
    clock = TurnedClock()
    runtime = Late(tmp_path / "volumes", clock)
    with an_account(tmp_path, clock, runtime) as (account, run), ThreadPoolExecutor(1) as pool:

        def turn() -> None:
            for _ in range(12):
                clock.advance(0.25)
                account.tick()

        run(f"CREATE SERVICE D.PUBLIC.S IN COMPUTE POOL P FROM SPECIFICATION $${SPECIFICATION}$$")
        turn()
        late = pool.submit(run, "ALTER SERVICE D.PUBLIC.S SUSPEND")
        assert runtime.ended.wait(10)
        run("ALTER SERVICE D.PUBLIC.S RESUME")
        changed = SPECIFICATION.replace("/data", "/other")
        run(f"ALTER SERVICE D.PUBLIC.S FROM SPECIFICATION $${changed}$$")
        turn()
        [volume] = runtime.volumes()
        (tmp_path / "volumes" / volume / "written").touch()
        runtime.tell.set()
        late.result(10)
        turn()
        assert (tmp_path / "volumes" / volume / "written").exists()
        assert run("SHOW SERVICES IN ACCOUNT").rows[0][1] == "RUNNING"
