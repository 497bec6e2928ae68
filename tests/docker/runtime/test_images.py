"""Images: pulled from the account's own registry by digest, refused, waited for, and gone again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.docker.runtime.conftest import WAIT, Registry, printed, status

from spcs_emulator.registry.api import Credential, Source
from spcs_emulator.runtime.api import PULL_FAILED, Image, ImageUnusableError
from spcs_emulator.runtime.docker.engine import Engine
from spcs_emulator.runtime.docker.runtime import DockerRuntime
from spcs_emulator.runtime.process_image import ARTIFACT_TYPE

Make = Callable[..., Any]


@pytest.fixture
def fresh(registry: Registry) -> Image:
    """An image that no other test has pulled."""
    return registry.push("fresh", "ENV FRESH=1")


def names(own: Engine, image: Image) -> list[str]:
    """Every name by which the engine knows the image."""
    found = [each for each in own.api.images() if f"@{image.digest}" in str(each["RepoDigests"])]
    return [name for each in found for name in [*(each["RepoTags"] or []), *each["RepoDigests"]]]


def reference(registry: Registry, image: Image) -> str:
    return f"{registry.host}/d/public/r/fresh@{image.digest}"


def test_an_image_is_pulled_by_digest_and_removed_with_the_last_instance(
    runtime: DockerRuntime, own: Engine, registry: Registry, instance: Make, until: Make, fresh: Image
) -> None:
    assert names(own, fresh) == []
    for key in ("a1", "a2"):
        runtime.start(instance(WAIT, key=key, image=fresh))
    until(lambda: status(runtime) == status(runtime, "a2") == "READY")
    found = [name for name in names(own, fresh) if "<none>" not in name]
    assert found == [reference(registry, fresh)]
    runtime.stop("a1")
    assert names(own, fresh) != []
    runtime.stop("a2")
    assert names(own, fresh) == []
    with pytest.raises(Exception, match="No such image"):
        own.api.inspect_image(reference(registry, fresh))


def test_what_somebody_else_tagged_stays(
    runtime: DockerRuntime, own: Engine, registry: Registry, instance: Make, until: Make, fresh: Image
) -> None:
    runtime.start(instance(WAIT, image=fresh))
    until(lambda: status(runtime) == "READY")
    theirs = f"spcs-milvus-test/theirs:{own.account}"
    own.api.tag(reference(registry, fresh), theirs)
    try:
        runtime.stop("a1")
        assert own.api.inspect_image(theirs)["RepoDigests"] == []
    finally:
        own.api.remove_image(theirs)


def test_what_the_engine_had_before_stays(
    runtime: DockerRuntime, own: Engine, registry: Registry, instance: Make, until: Make, fresh: Image
) -> None:
    source = registry.source()
    login = {"username": source.credential.user, "password": source.credential.secret}
    own.api.pull(reference(registry, fresh), auth_config=login)
    try:
        runtime.start(instance(WAIT, image=fresh))
        until(lambda: status(runtime) == "READY")
        runtime.stop("a1")
        assert own.api.inspect_image(reference(registry, fresh))
    finally:
        own.api.remove_image(reference(registry, fresh))


def test_an_image_that_cannot_be_pulled_is_waited_for(
    own: Engine, registry: Registry, instance: Make, until: Make, fresh: Image
) -> None:
    credentials = [Credential("0platform", "wrong")]
    runtime = DockerRuntime(
        own,
        registry.store,
        lambda: Source(registry.host, credentials[-1]),
        lambda: datetime.now(UTC),
    )
    try:
        runtime.start(instance(WAIT, image=fresh))
        runtime.start(instance(WAIT, image=fresh, key="job", once=True))
        until(lambda: runtime.states("a1")[0].message == PULL_FAILED)
        assert status(runtime) == "PENDING"
        until(lambda: "cannot be pulled" in " ".join(printed(runtime)))
        until(lambda: status(runtime, "job") == "FAILED")
        assert runtime.states("job")[0].message == PULL_FAILED
        credentials.append(registry.source().credential)
        until(lambda: status(runtime) == "READY")
    finally:
        runtime.close()


def test_an_image_that_vanishes_from_the_engine_is_pulled_again(
    runtime: DockerRuntime, own: Engine, registry: Registry, instance: Make, until: Make, fresh: Image
) -> None:
    runtime.start(instance("sleep 1; exit 3", image=fresh))
    until(lambda: status(runtime) == "READY")
    own.api.remove_image(reference(registry, fresh), force=True)
    until(lambda: runtime.states("a1")[0].restart_count >= 2)
    until(lambda: status(runtime) == "READY")


def test_a_process_image_is_refused(runtime: DockerRuntime, instance: Make, image: Image) -> None:
    request = instance(WAIT, image=replace(image, artifact_type=ARTIFACT_TYPE))
    text = runtime.refuse(request)
    assert text is not None
    assert "container web" in text
    assert "process image" in text
    with pytest.raises(ImageUnusableError, match="process image"):
        runtime.start(request)
    assert runtime.states("a1") == ()


def test_what_is_not_whole_in_the_registry_is_refused(
    runtime: DockerRuntime, instance: Make, image: Image
) -> None:
    text = runtime.refuse(instance(WAIT, image=replace(image, digest="sha256:" + "0" * 64)))
    assert text is not None
    assert "not whole in the registry" in text


def test_refusing_changes_nothing(runtime: DockerRuntime, own: Engine, instance: Make) -> None:
    assert runtime.refuse(instance(WAIT)) is None
    assert runtime.states("a1") == ()
    assert own.containers({}) == []
