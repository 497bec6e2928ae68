"""The official CLI, unmodified and in an environment of its own, on a local account: `cases/snow.yaml`."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from tests.environments import programs
from tests.peers.story import Step, story

TEXT = (Path(__file__).parent / "cases" / "snow.yaml").read_text(encoding="utf-8")
CASES: dict[str, list[Step]] = {
    name: [step for part in parts for step in (part if isinstance(part, list) else [part])]
    for name, parts in yaml.safe_load(TEXT).items()
}
STEPS = [
    pytest.param(name, number, id=f"{name}: {number} {next(iter(step.values()))}")
    for name, steps in CASES.items()
    for number, step in enumerate(steps)
]

# A command takes seconds, nearly all of them its own start.
AT_A_TIME = 2

Told = Callable[[str], list[Exception | None]]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """told(name): what was wrong with each step of a story. Tells those that were asked for, side by side."""
    snow = programs("snow") / "snow"
    folder = tmp_path_factory.mktemp("snow")

    def tell(name: str) -> list[Exception | None]:
        with story(snow, folder / name.replace(" ", "-")) as opened:
            return opened.told(CASES[name])

    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    asked = dict.fromkeys(each["story_name"] for each in params if "story_name" in each)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        telling = {name: pool.submit(tell, name) for name in asked}
        yield lambda name: telling[name].result()
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("story_name", "number"), STEPS)
def test_step(told: Told, story_name: str, number: int) -> None:
    wrong = told(story_name)[number]
    if wrong is not None:
        raise wrong
