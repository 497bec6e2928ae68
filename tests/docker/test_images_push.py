"""Pushing with a real engine to a real registry: logins, tokens that end, registries that die, what is
sent.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest
import requests
from tests.docker import fronts
from tests.docker.registries import DockerRegistry
from tests.docker.workshops import Workshop, logins, workshop
from tests.environments import do_without

from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import ConnectError, DeployError
from spcs_milvus.images import Engine, Login
from spcs_milvus.transfer import Transfer

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def shop(engine: docker.APIClient, tiny_base: str, tmp_path: Path) -> Iterator[Workshop]:
    with workshop(engine, tiny_base, tmp_path) as own:
        yield own


@pytest.fixture
def registry(docker_registry: Callable[..., DockerRegistry]) -> DockerRegistry:
    return docker_registry()


@pytest.fixture(autouse=True)
def no_credentials_kept(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The docker command's settings are as they were after every push."""
    settings = tmp_path_factory.mktemp("docker-config")
    (settings / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(settings))
    yield
    assert [file.name for file in settings.iterdir()] == ["config.json"]
    assert (settings / "config.json").read_text(encoding="utf-8") == "{}"


def built(shop: Workshop) -> ContainerImage:
    """An image of three layers of its own content."""
    image = shop.image(
        "COPY one /", "COPY two /", one=shop.name.encode() * 5000, two=shop.name.encode() * 90000
    )
    with Engine() as engine:
        engine.build(shop.name, image, lambda transfer: None)
    return image


def push(shop: Workshop, image: ContainerImage, host: str, sign_in: Callable[[], Login]) -> str:
    """The digest. Whatever comes of it, nothing is left under the registry's name."""
    reference = shop.reference(host, image)
    try:
        with Engine() as engine:
            return engine.push(shop.name, image, reference, sign_in, shop.said.append)
    finally:
        assert shop.tags() == [f"spcs-milvus/{shop.name}:{image.tag}"]


def stored(registry: DockerRegistry, shop: Workshop, image: ContainerImage) -> str | None:
    """The digest that the registry has under the tag; None without one."""
    answer = requests.head(
        f"http://{registry.host}/v2/demo/public/repo/{shop.name}/manifests/{image.tag}",
        auth=(registry.user, registry.password),
        headers={"Accept": MANIFESTS},
        timeout=10,
    )
    return answer.headers["Docker-Content-Digest"] if answer.status_code == 200 else None


def right(registry: DockerRegistry) -> tuple[list[str], Callable[[], Login]]:
    return logins(registry.password, user=registry.user)


def test_a_push_with_the_right_login(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    asked, sign_in = right(registry)
    assert push(shop, image, registry.host, sign_in) == stored(registry, shop, image)
    assert asked == [registry.password]
    last = shop.said[-1]
    assert last.text == "3 of 3 layers pushed"
    assert last.done == last.total and last.done > 3_000_000


def test_what_is_done_never_goes_beyond_the_whole(shop: Workshop, registry: DockerRegistry) -> None:
    push(shop, built(shop), registry.host, right(registry)[1])
    for transfer in shop.said:
        assert all(layer.total is None or 0 <= layer.done <= layer.total for layer in transfer.layers)
    whole = [transfer.done for transfer in shop.said]
    assert whole == sorted(whole)


@pytest.mark.parametrize(
    ("user", "password", "detail"),
    [
        ("pusher", "wrong", "unauthorized: authentication required"),
        ("", "", "no basic auth credentials"),
    ],
    ids=["wrong login", "no login"],
)
def test_a_login_that_is_refused_is_not_tried_again(
    shop: Workshop, registry: DockerRegistry, user: str, password: str, detail: str
) -> None:
    image = built(shop)
    asked, sign_in = logins(password, user=user)
    with pytest.raises(ConnectError) as raised:
        push(shop, image, registry.host, sign_in)
    assert len(asked) == 1
    assert raised.value.refused
    found = raised.value.problem
    assert found.summary == "the image registry refused the sign-in"
    assert found.detail == detail
    assert found.place == shop.reference(registry.host, image).rpartition(":")[0]
    assert (found.hint or "").startswith("sign in to the account anew")
    assert stored(registry, shop, image) is None


def end_of_first(front: fronts.Front, passed: fronts.Passed, *then: str) -> None:
    """The first token ends when the first layer has arrived; from then on others hold."""
    if passed.settled and "first" in front.tokens:
        front.tokens = set(then)


def test_a_token_that_ends_on_the_way_is_renewed(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    with fronts.before(registry, "first") as front:
        asked, sign_in = logins("first", "second", user=fronts.USER)
        front.after = lambda passed: end_of_first(front, passed, "second")
        digest = push(shop, image, front.host, sign_in)
    assert asked == ["first", "second"]
    assert digest == stored(registry, shop, image)
    settled = next(passed.settled for passed in front.passed if passed.settled)
    assert front.blobs.count(settled) == 1
    assert len(set(front.blobs)) == 4, "three layers and the configuration"


def test_a_token_that_is_refused_again_is_not_renewed_for_ever(
    shop: Workshop, registry: DockerRegistry
) -> None:
    image = built(shop)
    with fronts.before(registry, "first") as front:
        asked, sign_in = logins("first", "second", "third", user=fronts.USER)
        front.after = lambda passed: end_of_first(front, passed)
        with pytest.raises(ConnectError, match="refused the sign-in"):
            push(shop, image, front.host, sign_in)
    assert asked == ["first", "second"]


def test_a_push_that_was_cut_off_goes_on_where_it_was(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)

    class CutOff(Exception):
        pass

    def cut_off(transfer: Transfer) -> None:
        if any(layer.status == "Pushed" for layer in transfer.layers):
            raise CutOff

    with fronts.before(registry, "token") as front:
        sign_in = logins("token", "token", user=fronts.USER)[1]
        with pytest.raises(CutOff), Engine() as engine:
            engine.push(shop.name, image, shop.reference(front.host, image), sign_in, cut_off)
        arrived = list(front.blobs)
        assert arrived
        digest = push(shop, image, front.host, sign_in)
    assert digest == stored(registry, shop, image)
    # what was still on its way at the cut may come twice
    assert [front.blobs.count(blob) for blob in arrived] == [1] * len(arrived)
    assert len(set(front.blobs)) == 4
    assert "Layer already exists" in {layer.status for layer in shop.said[-1].layers}


def test_a_tag_that_is_there_already_sends_nothing(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    with fronts.before(registry, "token") as front:
        first = push(shop, image, front.host, logins("token", user=fronts.USER)[1])
        front.passed.clear()
        assert push(shop, image, front.host, logins("token", user=fronts.USER)[1]) == first
        assert front.blobs == []
    assert {layer.status for layer in shop.said[-1].layers} == {"Layer already exists"}
    assert shop.said[-1].text == "3 of 3 layers pushed"


def test_a_tag_that_holds_another_image_is_moved(shop: Workshop, registry: DockerRegistry) -> None:
    first = built(shop)
    push(shop, first, registry.host, right(registry)[1])
    second = shop.image("ENV OTHER=1")
    with Engine() as engine:
        engine.build(shop.name, second, shop.said.append)
        reference = shop.reference(registry.host, first)
        digest = engine.push(shop.name, second, reference, right(registry)[1], shop.said.append)
    assert stored(registry, shop, first) == digest


def test_another_image_under_the_tag_at_the_end(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    other = shop.image("ENV OTHER=1")
    with Engine() as engine, fronts.before(registry, "token") as front:
        engine.build(shop.name, other, shop.said.append)
        reference = f"demo/public/repo/{shop.name}"

        def overwrite(passed: fronts.Passed) -> None:
            if passed.method == "PUT" and "/manifests/" in passed.path:
                _push_directly(shop, other, registry, f"{registry.host}/{reference}", image.tag)

        front.after = overwrite
        with pytest.raises(DeployError) as raised:
            engine.push(
                shop.name,
                image,
                f"{front.host}/{reference}:{image.tag}",
                logins("token", user=fronts.USER)[1],
                shop.said.append,
            )
    assert raised.value.problem.summary == "the registry has another image under the tag than was pushed"
    assert raised.value.problem.hint == "somebody pushed at the same time; run the command again"


def _push_directly(
    shop: Workshop, image: ContainerImage, registry: DockerRegistry, repository: str, tag: str
) -> None:
    shop.client.tag(f"spcs-milvus/{shop.name}:{image.tag}", repository, tag)
    auth = {"username": registry.user, "password": registry.password}
    said = shop.client.push(repository, tag=tag, auth_config=auth)
    assert "errorDetail" not in said
    shop.client.remove_image(f"{repository}:{tag}", noprune=True)


def test_a_role_that_may_not_push(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    with fronts.before(registry, "token") as front:
        front.meet = lambda method, path: 403 if method == "POST" else None
        with pytest.raises(DeployError) as raised:
            push(shop, image, front.host, logins("token", user=fronts.USER)[1])
    found = raised.value.problem
    assert found.summary == "the image registry does not let this role push"
    assert found.hint == "GRANT READ, WRITE ON IMAGE REPOSITORY demo.public.repo TO ROLE …"


def test_a_registry_that_is_not_there(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    registry.kill()
    with pytest.raises(DeployError) as raised:
        push(shop, image, registry.host, right(registry)[1])
    assert_not_reached(raised.value)


def test_a_registry_that_dies_on_the_way(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)
    with fronts.before(registry, "token") as front:
        front.meet = lambda method, path: registry.kill() if is_manifest(method, path) else None
        sign_in = logins("token", "token", user=fronts.USER)[1]
        with pytest.raises(DeployError) as raised:
            push(shop, image, front.host, sign_in)
        assert_not_reached(raised.value)
        front.meet = lambda method, path: None
        registry.start()
        assert push(shop, image, front.host, sign_in) == stored(registry, shop, image)
    assert len(front.blobs) == len(set(front.blobs)) == 4


def test_a_registry_that_comes_back_at_once(shop: Workshop, registry: DockerRegistry) -> None:
    image = built(shop)

    with fronts.before(registry, registry.password) as front:

        def die(method: str, path: str) -> int | None:
            if method == "PATCH":
                front.meet = lambda method, path: None
                registry.kill()
                registry.start()
                return 503
            return None

        front.meet = die
        sign_in = logins(registry.password, user=fronts.USER)[1]
        assert push(shop, image, front.host, sign_in) == stored(registry, shop, image)
    assert any(layer.status.startswith("Retrying") for transfer in shop.said for layer in transfer.layers)


def is_manifest(method: str, path: str) -> bool:
    """The last request of a push, which the engine does not repeat: what fails there fails at once."""
    return method == "PUT" and "/manifests/" in path


def assert_not_reached(error: DeployError) -> None:
    found = error.problem
    assert found.summary == "the Docker engine cannot reach the image registry"
    assert found.hint == "run the command again: layers that have arrived are not sent again"


def test_a_registry_whose_disk_is_full(
    shop: Workshop, docker_registry: Callable[..., DockerRegistry], small_disk: Path
) -> None:
    image = built(shop)
    registry = docker_registry(small_disk)
    with fronts.before(registry, "token") as front:
        front.meet = lambda method, path: fill(small_disk) if is_manifest(method, path) else None
        with pytest.raises(DeployError) as raised:
            push(shop, image, front.host, logins("token", user=fronts.USER)[1])
    registry.kill()
    found = raised.value.problem
    assert found.summary == "the image registry failed"
    assert found.detail == "received unexpected HTTP status: 500 Internal Server Error"
    assert (found.hint or "").startswith("run the command again")
    assert (found.hint or "").endswith("see the registry's log: its disk may be full")


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        do_without(f"a small disk needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leaves no room on it."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_an_image_that_was_not_built(shop: Workshop, registry: DockerRegistry) -> None:
    image = shop.image()
    with Engine() as engine, pytest.raises(DeployError) as raised:
        engine.push(
            shop.name, image, shop.reference(registry.host, image), right(registry)[1], shop.said.append
        )
    assert raised.value.problem.summary == "the Docker engine does not have the image"
    assert raised.value.problem.hint == f"build it: spcs-milvus images build {shop.name}"


def test_a_host_that_cannot_be_found(shop: Workshop) -> None:
    image = built(shop)
    with pytest.raises(DeployError) as raised:
        push(shop, image, "registry.spcs-milvus.invalid", logins("token", user=fronts.USER)[1])
    assert_not_reached(raised.value)
