"""What may stand in a project file, section by section, as hypothesis strategies.

Comes in: nothing. Goes out: plain data, as YAML reads it. Touches nothing. A section may refer to another (a
service to a pool), which ``projects`` then completes.
"""

from typing import Any

from hypothesis import strategies as st

Data = dict[str, Any]

# --- single values ------------------------------------------------------------------------------------------


def _name(end: str) -> st.SearchStrategy[str]:
    """A name as a person may write it; with another ``end`` it is another name."""
    return st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True).map(lambda start: start + end)


def some(
    required: dict[str, st.SearchStrategy[Any]] | None = None, /, **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[Data]:
    """A mapping with these keys, and any of the optional ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


SECONDS = st.sampled_from([0, 60, 180, 3600, 604_800])
FAMILY = st.sampled_from(["CPU_X64_S", "cpu_x64_m", "HIGHMEM_X64_S", "GPU_NV_S"])
HOST = st.sampled_from(["hub.test", "Models.Example.COM:8443", "0.0.0.0:443", "a-b.test:22"])
EGRESS = st.lists(HOST, unique=True, min_size=1, max_size=3)
RESOURCES = st.fixed_dictionaries(
    {
        "cpu": st.sampled_from([0.1, 0.25, 0.5, 1.0]),
        "memory": st.sampled_from(["512M", "768Mi", "1G", "2Gi"]),
    }
)
SETTING = st.sampled_from(["log.level", "LOG_LEVEL", "quotaAndLimits.limits.maxCollectionNum", "mq.type"])


def _value(setting: str) -> st.SearchStrategy[str | int | float | bool]:
    if setting == "mq.type":
        return st.just("rocksmq")
    return st.sampled_from(["warn", 'it\'s "$$" -- ;', 64, 0.5, True, False])


SETTINGS = st.lists(SETTING, max_size=2, unique_by=lambda key: key.lower().replace(".", "_")).flatmap(
    lambda keys: st.fixed_dictionaries({key: _value(key) for key in keys})
)


# --- sections -----------------------------------------------------------------------------------------------


def _context(name: str) -> st.SearchStrategy[str | Data]:
    """The folder of an image, alone or with what a container image is built with."""
    folder = f"images/{name}"
    extra = {"dockerfile": st.just("Dockerfile"), "arguments": st.just({"MORE": "it's"})}
    return st.just(folder) | some({"context": st.just(folder)}, **extra)


def _both(*drawn: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    """One mapping of several."""
    return st.tuples(*drawn).map(lambda parts: {key: value for part in parts for key, value in part.items()})


NODES = st.tuples(st.integers(1, 3), st.integers(0, 2)).map(
    lambda drawn: {"min_nodes": drawn[0], "max_nodes": drawn[0] + drawn[1]}
)
VOLUME = some(
    size=st.sampled_from(["10Gi", "100Gi"]),
    iops=st.sampled_from([3000, 6000]),
    throughput_mib_per_second=st.sampled_from([125, 250]),
)
KEPT = st.fixed_dictionaries({"volume": VOLUME}) | st.just({"volume": None, "volatile": True})


def _instances(*pairs: tuple[int, int]) -> st.SearchStrategy[Data]:
    drawn = st.sampled_from(pairs).map(lambda pair: {"min_instances": pair[0], "max_instances": pair[1]})
    return st.just({}) | drawn


SAME = _instances((1, 1), (2, 2))
ANY = _instances((1, 1), (1, 2), (2, 2))

ON_POOL = st.sampled_from(["milvus", "jupyter", "more-nodes"])
WAREHOUSE = st.just("COMPUTE_WH")
GIVEN = {"password": st.sampled_from(["generate", "${env:PASSWORD}"])}


def _pool(key: str) -> st.SearchStrategy[Data]:
    named = some(
        name=_name(f"_{key.upper().replace('-', '_')}"),
        instance_family=FAMILY,
        auto_resume=st.booleans(),
        auto_suspend_seconds=SECONDS,
    )
    return _both(named, st.just({}) | NODES)


def _user(name: str) -> st.SearchStrategy[Data]:
    role = {"default_role": st.just("ANALYST")}
    named = {"name": st.just(name)}
    # documented: an account makes no LEGACY_SERVICE any more; the program warns of it
    kind = {"type": st.just("PERSON")}
    return st.one_of(
        some({**named, **GIVEN}, must_change_password=st.booleans(), **kind, **role),
        some(named, **kind, **role),
        some({**named, "type": st.just("SERVICE")}, **role),
    )


def _service(spec: str, instances: st.SearchStrategy[Data] = ANY) -> st.SearchStrategy[Data]:
    fixed = {"image": _context("page"), "spec": st.just(f"specs/{spec}.yaml.j2"), "pool": ON_POOL}
    return _both(some(fixed, egress=EGRESS, query_warehouse=WAREHOUSE), instances)


SECTIONS: dict[str, st.SearchStrategy[Any]] = {
    "account": st.just("LOCAL-ACCOUNT"),
    "names": some(
        prefix=_name("_P"),
        database=_name("_DB"),
        schema=_name("_S"),
        image_repository=_name("_REPO"),
        jupyter_egress_rule=_name("_RULE"),
        jupyter_egress_integration=_name("_OUT"),
    ),
    "roles": some(
        account_admin=st.just("ACCOUNTADMIN"),
        security_admin=st.sampled_from(["SECURITYADMIN", "ACCOUNTADMIN"]),
        user_admin=st.sampled_from(["USERADMIN", "SECURITYADMIN"]),
        owner=_name("_OWNS"),
        users=_name("_USES"),
        grant_to=st.sampled_from([["user BOB"], ["role READER"], ["role READER", "user BOB"]]),
    ),
    "users": st.tuples(_user("alice"), _user("ROBOT_1")).flatmap(
        lambda both: st.sampled_from([[both[0]], [both[1]], list(both)])
    ),
    "warehouse": some(
        name=_name("_WH"),
        size=st.sampled_from(["X-SMALL", "xsmall", "Medium", "6X-LARGE"]),
        auto_suspend_seconds=SECONDS,
        auto_resume=st.booleans(),
    ),
    "stages": some(
        **{
            name: some(encryption=st.sampled_from(["SNOWFLAKE_SSE", "SNOWFLAKE_FULL"]))
            for name in ("FILES", "notes")
        }
    ),
    "secrets": some(
        **{name: st.just({"generic_string": f"${{env:{name.upper()}}}"}) for name in ("FIRST", "second")}
    ),
    "compute_pools": some(**{key: _pool(key) for key in ("milvus", "jupyter", "more-nodes")}),
    "milvus": _both(
        some(
            version=st.sampled_from(["v2.6.25", "2.6.11-gpu", "v2.5.27"]),
            pool=ON_POOL,
            resources=RESOURCES,
            authorization=st.just(False),
            settings=SETTINGS,
            image=_context("milvus"),
        ),
        st.just({}) | KEPT,
    ),
    "jupyter": st.none()
    | some(
        pool=ON_POOL,
        resources=RESOURCES,
        files=st.sampled_from(["FILES", "data", "notes"]),
        egress=EGRESS,
        query_warehouse=WAREHOUSE,
        image=_context("jupyter"),
    ),
    "services": some(
        **{"page": _service("page"), "data-worker": _service("worker"), "store_1": _service("store", SAME)}
    ),
    "spec_delivery": st.sampled_from(["inline", "stage"]),
    "ingress_integration": st.sampled_from(["built-in", "create"]),
}
"""What may stand in a file, by its key; what refers to something else is completed afterwards."""
