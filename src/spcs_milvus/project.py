"""The project file as typed, frozen values: what each key may hold, its default, and the names that follow
from it.

Comes in: plain data. Goes out: a :class:`Project`. Touches nothing. A value is wrong by itself here; what
only shows when values are held against each other stands in ``rules``.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from spcs_milvus.families import FAMILIES, warehouse_size

# documented: Identifier requirements; SPCS objects do not take quoted names (CREATE COMPUTE POOL, CREATE
# IMAGE REPOSITORY)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("a name starts with a letter or _ and goes on with letters, digits and _")
    if len(text) > 255:
        raise ValueError(f"a name has at most 255 characters, this one {len(text)}")
    return text.upper()


def _family(text: str) -> str:
    if text.upper() not in FAMILIES:
        raise ValueError(nearest(f"there is no instance family {text}", text.upper(), FAMILIES))
    return text.upper()


def _size(text: str) -> str:
    size = warehouse_size(text)
    if size is None:
        raise ValueError(f"there is no warehouse size {text}; sizes go from X-SMALL to 6X-LARGE")
    return size


def _address(text: str) -> str:
    kind, dot, name = text.partition(".")
    if not dot or not kind or not name:
        raise ValueError("an address is kind.NAME, for instance warehouse.COMPUTE_WH")
    return text


def _grantee(text: str) -> str:
    kind, _, name = text.partition(" ")
    if kind not in ("user", "role") or not name:
        raise ValueError("write `user NAME` or `role NAME`")
    return f"{kind} {_identifier(name)}"


def nearest(otherwise: str, word: str, known: Iterable[str]) -> str:
    """ "did you mean …?" when one of the known words is close, else the other text."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else otherwise


Identifier = Annotated[str, AfterValidator(_identifier)]
Quantity = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(M|Mi|G|Gi)$")]
Setting = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_./-]{0,254}$")]
Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A mapping of the project file: no unknown keys, no silent conversions, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Names(Section):
    """Names that others are made from; None stands for the default named after the project."""

    prefix: Identifier | None = None
    database: Identifier | None = None
    schema_: Annotated[Identifier, Field(alias="schema")] = "PUBLIC"
    image_repository: Identifier = "MILVUS_REPO"


class Roles(Section):
    """The roles that act, and the two that the project makes (None: named after the project)."""

    account_admin: Identifier = "ACCOUNTADMIN"
    security_admin: Identifier = "SECURITYADMIN"
    user_admin: Identifier = "USERADMIN"
    owner: Identifier | None = None
    users: Identifier | None = None
    grant_to: tuple[Annotated[str, AfterValidator(_grantee)], ...] = ()


class User(Section):
    """A person to be made; a later release makes them."""

    name: Identifier
    password: str | None = None
    must_change_password: bool = True
    default_role: Identifier | None = None
    type: Literal["PERSON", "SERVICE", "LEGACY_SERVICE"] = "PERSON"


class Warehouse(Section):
    """The warehouse that services query with; size is canonical (``X-SMALL``)."""

    name: Identifier | None = None
    size: Annotated[str, AfterValidator(_size)] = "X-SMALL"
    auto_suspend_seconds: Seconds = 180
    auto_resume: bool = True


class Stage(Section):
    """An internal stage; the encryption cannot be changed later."""

    encryption: Literal["SNOWFLAKE_SSE", "SNOWFLAKE_FULL"] = "SNOWFLAKE_SSE"


class SecretText(Section):
    """A secret's value; a later release makes secrets."""

    generic_string: str


class Pool(Section):
    """A compute pool; ``name`` None: the project's prefix, the key and ``_POOL``."""

    name: Identifier | None = None
    instance_family: Annotated[str, AfterValidator(_family)] = "CPU_X64_S"
    min_nodes: Positive = 1
    max_nodes: Positive = 1
    auto_resume: bool = True
    auto_suspend_seconds: Seconds = 3600


class Resources(Section):
    """What a container asks of its node: cores, and memory as Kubernetes writes it."""

    cpu: Annotated[float, Field(gt=0, strict=False)]
    memory: Quantity


class Volume(Section):
    """The block volume under Milvus; all of it is fixed when the service is made."""

    size: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*Gi$")] = "20Gi"
    iops: Annotated[int, Field(ge=3000, le=80000)] | None = None
    throughput_mib_per_second: Annotated[int, Field(ge=125)] | None = None


class ImageSource(Section):
    """An image that is not just a folder: ``reference`` is one that is already in the repository
    (``/db/schema/repo/name:tag``); the other keys say how to build one, which a later release does."""

    context: str | None = None
    dockerfile: str | None = None
    arguments: dict[str, str] = {}
    reference: str | None = None


class Milvus(Section):
    """The MILVUS service."""

    version: str = "v2.6.25"
    pool: str = "milvus"
    resources: Resources = Resources(cpu=1, memory="4Gi")
    volume: Volume | None = Volume()
    volatile: bool = False
    authorization: bool = False
    settings: dict[Setting, str | int | float | bool] = {}
    image: str | ImageSource = "images/milvus"


class Jupyter(Section):
    """The JUPYTER service."""

    pool: str = "jupyter"
    resources: Resources = Resources(cpu=0.5, memory="2Gi")
    files: Identifier = "FILES"
    query_warehouse: Identifier | None = None
    egress: tuple[str, ...] = ()
    image: str | ImageSource = "images/jupyter"


class ExtraService(Section):
    """A service of the user's own; a later release makes them."""

    image: str | ImageSource
    spec: str
    pool: str
    egress: tuple[str, ...] = ()
    query_warehouse: Identifier | None = None
    min_instances: Positive = 1
    max_instances: Positive = 1


# The file adds to these and changes them by name; what no service uses is not made.
_STAGES = {"DATA": Stage(), "FILES": Stage()}
_POOLS = {"milvus": Pool(), "jupyter": Pool()}


def _with_stages(given: dict[str, Stage]) -> dict[str, Stage]:
    return {**_STAGES, **given}


def _with_pools(given: dict[str, Pool]) -> dict[str, Pool]:
    return {**_POOLS, **given}


class Project(Section):
    """The project file, whole. Properties give the names that depend on the project's."""

    project: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    connection: str | None = None
    account: str | None = None
    names: Names = Names()
    roles: Roles = Roles()
    users: tuple[User, ...] = ()
    warehouse: Warehouse = Warehouse()
    stages: Annotated[dict[Identifier, Stage], AfterValidator(_with_stages)] = _STAGES
    secrets: dict[Identifier, SecretText] = {}
    compute_pools: Annotated[dict[str, Pool], AfterValidator(_with_pools)] = _POOLS
    milvus: Milvus = Milvus()
    jupyter: Jupyter | None = Jupyter()
    services: dict[str, ExtraService] = {}
    existing: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    spec_delivery: Literal["inline", "stage"] = "inline"
    ingress_integration: Literal["built-in", "create"] = "built-in"
    environments: dict[str, dict[str, Any]] = {}

    @property
    def prefix(self) -> str:
        """What account-level names start with: the project in capitals, unless the file says otherwise."""
        return self.names.prefix or self.project.upper().replace("-", "_")

    @property
    def database(self) -> str:
        """The database's name."""
        return self.names.database or self.prefix

    @property
    def owner_role(self) -> str:
        """The role that owns database, pools and warehouse."""
        return self.roles.owner or f"{self.prefix}_OWNER"

    @property
    def users_role(self) -> str:
        """The role of those who open the notebook."""
        return self.roles.users or f"{self.prefix}_ROLE"

    @property
    def warehouse_name(self) -> str:
        """The warehouse's name."""
        return self.warehouse.name or f"{self.prefix}_WAREHOUSE"

    def pool_name(self, key: str) -> str:
        """The compute pool's name behind a key of ``compute_pools``; KeyError for an unknown key."""
        return self.compute_pools[key].name or f"{self.prefix}_{key.upper().replace('-', '_')}_POOL"

    @property
    def pools_used(self) -> tuple[str, ...]:
        """The keys of the compute pools that a service runs on, sorted."""
        used = {self.milvus.pool} | ({self.jupyter.pool} if self.jupyter else set())
        return tuple(sorted(used))
