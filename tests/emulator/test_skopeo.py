"""skopeo, unmodified, pushes to and pulls from a local account's registry, signed in with a session token."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.emulator.conftest import Client, World
from tests.environments import do_without

LONGEST_COMMAND_SECONDS = 60
IMAGE = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Skopeo:
    """The program, signed in to one registry; `docker` makes a name of an image there."""

    host: str
    credentials: Path

    def docker(self, name: str, repository: str = "r") -> str:
        return f"docker://{self.host}/d/public/{repository}/{name}"

    def run(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = ["skopeo", "--insecure-policy", *words, "--authfile", str(self.credentials)]
        return subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=LONGEST_COMMAND_SECONDS, check=False
        )

    def says(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def copy(self, source: str, target: str, *options: str) -> None:
        self.says("copy", *options, "--src-tls-verify=false", "--dest-tls-verify=false", source, target)


@pytest.fixture
def skopeo(world: World, stack: Client, tmp_path: Path) -> Skopeo:
    """Signed in with a session token that was issued over the wire, as the official CLI does it."""
    if shutil.which("skopeo") is None:
        do_without("skopeo is not installed here (Debian: skopeo)")
    program = Skopeo(f"127.0.0.1:{world.local.port}", tmp_path / "auth.json")
    words = ("login", "--tls-verify=false", "-u", "0sessiontoken", "--password-stdin", program.host)
    signed_in = program.run(*words, given=stack.registry_password())
    assert signed_in.returncode == 0, signed_in.stderr
    stack.run("CREATE IMAGE REPOSITORY D.PUBLIC.OTHER")
    return program


class Layout:
    """An OCI image layout on disk, with an image of some layers for each platform."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, kind: str, **more: Any) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content), **more}

    def image(self, architecture: str, layers: int = 3) -> dict[str, Any]:
        tars = [_tar(f"{architecture}-{number}", 200_000) for number in range(layers)]
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars],
            },
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": self.blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
            "layers": [self.blob(gzip.compress(tar, mtime=0), f"{LAYER}+gzip") for tar in tars],
        }
        platform = {"os": "linux", "architecture": architecture}
        return self.blob(json.dumps(manifest).encode(), IMAGE, platform=platform)

    def name(self, described: dict[str, Any], tag: str) -> str:
        """Gives the layout's one entry its tag, and returns how skopeo calls it."""
        entry = {**described, "annotations": {"org.opencontainers.image.ref.name": tag}}
        index = {"schemaVersion": 2, "manifests": [entry]}
        (self.folder / "index.json").write_text(json.dumps(index))
        return f"oci:{self.folder}:{tag}"


def _tar(name: str, size: int) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = size
        archive.addfile(entry, io.BytesIO(hashlib.shake_256(name.encode()).digest(size)))
    return written.getvalue()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


def shown(stack: Client, repository: str = "R") -> dict[str, str]:
    """image:tag → digest, as SHOW IMAGES has them; those of the beginning left out."""
    rows = stack.run(f"SHOW IMAGES IN IMAGE REPOSITORY D.PUBLIC.{repository}")
    return {f"{row['image_name']}:{row['tags']}": row["digest"] for row in rows if row["image_name"] != "app"}


def test_every_form_of_an_image_goes_there_and_back(
    skopeo: Skopeo, layout: Layout, stack: Client, tmp_path: Path
) -> None:
    image = layout.image("amd64")
    skopeo.copy(layout.name(image, "1"), skopeo.docker("web:1"))
    assert shown(stack) == {"web:1": image["digest"]}
    skopeo.copy(skopeo.docker("web:1"), f"dir:{tmp_path}/dir")
    skopeo.copy(f"dir:{tmp_path}/dir", skopeo.docker("from-dir:1"))
    skopeo.copy(skopeo.docker(f"web@{image['digest']}"), f"docker-archive:{tmp_path}/archive.tar:web:1")
    skopeo.copy(f"docker-archive:{tmp_path}/archive.tar", skopeo.docker("from-archive:1"))
    skopeo.copy(skopeo.docker("from-archive:1"), f"oci:{tmp_path}/again:1")
    digests = shown(stack)
    assert digests["from-dir:1"] == image["digest"]
    inspected = [
        json.loads(skopeo.says("inspect", "--tls-verify=false", skopeo.docker(name)))
        for name in ("web:1", "from-dir:1", "from-archive:1")
    ]
    assert [one["Digest"] for one in inspected] == [
        digests[name] for name in ("web:1", "from-dir:1", "from-archive:1")
    ]
    assert {(one["Os"], one["Architecture"], len(one["Layers"])) for one in inspected} == {
        ("linux", "amd64", 3)
    }


def test_an_index_of_several_platforms_goes_there_and_back_whole(
    skopeo: Skopeo, layout: Layout, stack: Client, tmp_path: Path
) -> None:
    images = [layout.image(architecture) for architecture in ("amd64", "arm64")]
    content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": images}).encode()
    index = layout.blob(content, INDEX)
    skopeo.copy(layout.name(index, "1"), skopeo.docker("web:1"), "--all")
    assert shown(stack)["web:1"] == index["digest"]
    raw = skopeo.says("inspect", "--raw", "--tls-verify=false", skopeo.docker("web:1"))
    assert raw.encode() == content
    skopeo.copy(skopeo.docker("web:1"), f"dir:{tmp_path}/dir", "--all")
    skopeo.copy(skopeo.docker("web:1"), skopeo.docker("only-one:1"), "--override-arch", "arm64")
    assert shown(stack)["only-one:1"] == images[1]["digest"]
    pool = "CREATE SERVICE D.PUBLIC.S IN COMPUTE POOL P FROM SPECIFICATION $$\nspec:\n  containers:\n"
    pool += (
        "  - name: main\n    image: /d/public/r/{}\n    resources: {{requests: {{cpu: 1, memory: 1Gi}}}}\n$$"
    )
    assert stack.refused(pool.format("only-one:1"))[0] == 397013
    stack.run(pool.format("web:1"))


def test_tags_are_listed_page_by_page(skopeo: Skopeo, layout: Layout) -> None:
    image = layout.name(layout.image("amd64", layers=1), "1")
    for tag in ("1", "2", "latest"):
        skopeo.copy(image, skopeo.docker(f"web:{tag}"))
    listed = json.loads(skopeo.says("list-tags", "--tls-verify=false", skopeo.docker("web")))
    assert listed == {
        "Repository": skopeo.docker("web").removeprefix("docker://"),
        "Tags": ["1", "2", "latest"],
    }


def test_an_image_is_copied_from_repository_to_repository(
    skopeo: Skopeo, layout: Layout, stack: Client
) -> None:
    image = layout.image("amd64")
    skopeo.copy(layout.name(image, "1"), skopeo.docker("web:1"))
    skopeo.copy(skopeo.docker("web:1"), skopeo.docker("web:1", "other"))
    assert shown(stack, "OTHER") == {"web:1": image["digest"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("inspect", "--tls-verify=false", "docker://{host}/d/public/r/none:1"), "manifest unknown"),
        (("inspect", "--tls-verify=false", "docker://{host}/d/public/gone/web:1"), "name unknown"),
        (("delete", "--tls-verify=false", "docker://{host}/d/public/r/web:1"), "unsupported"),
    ],
)
def test_what_is_refused_is_said(skopeo: Skopeo, layout: Layout, words: tuple[str, ...], said: str) -> None:
    skopeo.copy(layout.name(layout.image("amd64", layers=1), "1"), skopeo.docker("web:1"))
    done = skopeo.run(*(word.format(host=skopeo.host) for word in words))
    assert done.returncode != 0
    assert said in done.stderr


def test_a_session_token_that_has_ended_signs_in_nowhere(world: World, skopeo: Skopeo) -> None:
    world.local.clock.advance(3601)
    done = skopeo.run("list-tags", "--tls-verify=false", skopeo.docker("app"))
    assert done.returncode != 0
    assert "Authentication Failure" in done.stderr
