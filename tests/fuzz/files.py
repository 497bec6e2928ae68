"""Project files that are right, over the whole grammar of the project file.

In: random numbers. Out: plain data, as YAML would give it. Touches nothing but the folder that
``furnish`` is given: what the files name has to be there.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.texts import hostile, word

VARIABLES = {
    "KEY": "it's \\ a $$ key; --",
    "NUMBER": "3",
    "EMPTY": "",
    "LINES": "a\nb",
    "HOST": "a.example.com",
}
_SPECIFICATIONS = {
    "plain": "spec:\n  containers:\n  - {name: main, image: {{ image }}}\n",
    "page": """\
spec:
  containers:
  - name: main
    image: {{ image }}
    env: {MILVUS_URI: {{ milvus_uri }}, TEXT: "it's $$ ; -- \\n /* & <% x"}
    volumeMounts: [{name: files, mountPath: /files}, {name: data, mountPath: /data}]
  endpoints: [{name: page, port: 8000, public: true}]
  volumes:
  - {name: files, source: stage, stageConfig: {name: {{ stages.FILES }}}}
  - {name: data, source: block, size: 10Gi}
""",
}
# words that are names in Snowflake, though some only in quotes, and others could be taken for a clause
_WORDS = "SELECT ORDER TABLE IF IDENTIFIER LIMIT STARTS LIKE ROLE USER USE IN ALL NONE ACCOUNT SET TO".split()
_FAMILIES = ("CPU_X64_S", "cpu_x64_m", "CPU_X64_L", "GPU_NV_S")


def furnish(folder: Path) -> None:
    """Puts there what the files name, unless it is there."""
    if (folder / "specs").exists():
        return
    (folder / "images" / "own").mkdir(parents=True)
    (folder / "images" / "own" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (folder / "key.txt").write_text("of a file\n", encoding="utf-8")
    (folder / "specs").mkdir()
    for name, text in _SPECIFICATIONS.items():
        (folder / "specs" / f"{name}.yaml.j2").write_text(text, encoding="utf-8")


def identifier(random: Random) -> str:
    """A name of an object."""
    kind = random.random()
    if kind < 0.2:
        return random.choice(_WORDS)
    if kind < 0.25:
        return "n" * random.choice((200, 254, 255))
    return random.choice("abcXYZ_") + word(random, 12)


def right(random: Random) -> dict[str, Any]:
    """A project file in which every value is right, and most go together."""
    sections: dict[str, Callable[[Random], Any]] = {
        "connection": lambda _: random.choice(("local", hostile_line(random))),
        "account": lambda _: random.choice((None, "org-account", hostile_line(random))),
        "names": _names,
        "roles": _roles,
        "users": _users,
        "warehouse": _warehouse,
        "stages": lambda _: {"FILES": {}, identifier(random): {"encryption": "SNOWFLAKE_FULL"}},
        "secrets": lambda _: {identifier(random): {"generic_string": "${env:KEY}"}},
        "compute_pools": _pools,
        "milvus": _milvus,
        "jupyter": _jupyter,
        "services": _services,
        "existing": lambda _: [f"role.{identifier(random)}", f"warehouse.{identifier(random)}"],
        "spec_delivery": lambda _: random.choice(("inline", "stage")),
        "ingress_integration": lambda _: random.choice(("built-in", "create")),
        "environments": _environments,
    }
    chosen = random.sample(list(sections), random.randint(0, 4))
    # the notebook is half of the statements
    base: dict[str, Any] = {"project": f"demo-{random.randint(0, 99)}"}
    base |= {"jupyter": None} if random.random() < 0.8 else {}
    return {**base, **{key: sections[key](random) for key in chosen}}


def hostile_line(random: Random) -> str:
    """Free text that may stand in a file: nothing invisible in it, and nothing to be filled in."""
    kept = "".join(one for one in hostile(random) if one.isprintable() and one not in "$\u3164")
    return kept or "x"


def _some(random: Random, **given: Any) -> dict[str, Any]:
    return {key: given[key] for key in random.sample(list(given), random.randint(0, len(given)))}


def _names(random: Random) -> dict[str, Any]:
    return _some(
        random,
        prefix=identifier(random)[:200],
        database=identifier(random),
        schema=identifier(random),
        image_repository=identifier(random),
        jupyter_egress_rule=identifier(random),
        jupyter_egress_integration=identifier(random),
    )


def _roles(random: Random) -> dict[str, Any]:
    granted = [f"{random.choice(('user', 'role'))} {identifier(random)}"]
    return _some(random, owner=identifier(random), users=identifier(random), grant_to=granted)


def _users(random: Random) -> list[dict[str, Any]]:
    password = random.choice(("generate", "${env:KEY}", "${file:key.txt}"))
    person: dict[str, Any] = {
        "name": identifier(random),
        "password": password,
        "must_change_password": random.random() < 0.5,
    }
    return [person, {"name": identifier(random), "type": "SERVICE"}][: random.randint(0, 2)]


def _warehouse(random: Random) -> dict[str, Any]:
    seconds = random.choice((0, 1, 604_800))
    return _some(
        random, name=identifier(random), size="x-small", auto_suspend_seconds=seconds, auto_resume=False
    )


def _pools(random: Random) -> dict[str, Any]:
    pool = _some(random, name=identifier(random), max_nodes=random.randint(1, 500), auto_suspend_seconds=0)
    return {
        "milvus": {**pool, "instance_family": random.choice(_FAMILIES)},
        word(random).lower().strip("_09") or "p": {},
    }


def _milvus(random: Random) -> dict[str, Any]:
    settings = {f"log.{word(random)}": random.choice((hostile_line(random), 1, True, 0.5)) for _ in range(2)}
    return _some(
        random,
        version=random.choice(("v2.6.25", "2.5.27", "v2.4.0-gpu")),
        resources={"cpu": 0.5, "memory": "2Gi"},
        volume=random.choice(({"size": "30Gi", "iops": 4000}, {"throughput_mib_per_second": 200})),
        settings=settings,
        image=random.choice(("images/milvus", {"reference": "/d/s/r/milvus:1"})),
    )


def _jupyter(random: Random) -> dict[str, Any] | None:
    hosts = random.sample(("a.example.com", "b.test:8080", "0.0.0.0:443", "${env:HOST}:22", "C.D:1024"), 2)
    arguments = {"BASE": hostile_line(random)}
    image = {"context": "images/own", "arguments": arguments}
    return random.choice(
        (None, _some(random, egress=hosts, image=image, resources={"cpu": 1, "memory": "1Gi"}))
    )


def _services(random: Random) -> dict[str, Any]:
    image = random.choice(("images/own", {"reference": "host.test/d/s/r/n@sha256:" + "a" * 64}))
    spec = f"specs/{random.choice(list(_SPECIFICATIONS))}.yaml.j2"
    key = random.choice(("attu", "page", "int", "a-b_c"))
    return {
        key: {
            "image": image,
            "spec": spec,
            "pool": "milvus",
            **_some(random, egress=["x.y"], max_instances=3),
        }
    }


def _environments(random: Random) -> dict[str, Any]:
    return {"prod": _some(random, names=_names(random), account=hostile_line(random), milvus=_milvus(random))}
