"""The project file as typed, frozen values: what each key may hold, its default, and the names that follow
from it.

Comes in: plain data. Goes out: a :class:`Project`. Touches nothing. A value is wrong by itself here; what
only shows when values are held against each other stands in ``rules``.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetPydanticSchema
from pydantic_core import core_schema

from spcs_milvus.project_values import (
    Argument,
    Egress,
    ExistingAddress,
    Family,
    Grantee,
    Identifier,
    InnerPath,
    Nodes,
    Positive,
    ProjectName,
    Quantity,
    Reference,
    Seconds,
    SecretText,
    ServiceKey,
    Setting,
    Text,
    Version,
    VolumeSize,
    WarehouseSize,
    service_name,
)
from spcs_milvus.secrets import Secret


class Section(BaseModel):
    """A mapping of the project file: no unknown keys, no silent conversions, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Names(Section):
    """Names that others are made from, and those of the notebook's way out; None stands for the default named
    after the project.
    """

    prefix: Identifier | None = None
    database: Identifier | None = None
    schema_: Annotated[Identifier, Field(alias="schema")] = "PUBLIC"
    image_repository: Identifier = "MILVUS_REPO"
    jupyter_egress_rule: Identifier | None = None
    jupyter_egress_integration: Identifier | None = None


class Roles(Section):
    """The roles that act, and the two that the project makes (None: named after the project)."""

    account_admin: Identifier = "ACCOUNTADMIN"
    security_admin: Identifier = "SECURITYADMIN"
    user_admin: Identifier = "USERADMIN"
    owner: Identifier | None = None
    users: Identifier | None = None
    grant_to: tuple[Grantee, ...] = ()


class User(Section):
    """A person or program to be made; ``default_role`` None: the project's users role. A SERVICE has no
    password.
    """

    name: Identifier
    password: SecretText | None = None
    must_change_password: bool = True
    default_role: Identifier | None = None
    type: Literal["PERSON", "SERVICE", "LEGACY_SERVICE"] = "PERSON"

    @property
    def generated(self) -> bool:
        """Whether the password is to be made up."""
        return self.password == Secret("generate")


class Warehouse(Section):
    """The warehouse that services query with; size is canonical (``X-SMALL``)."""

    name: Identifier | None = None
    size: WarehouseSize = "X-SMALL"
    auto_suspend_seconds: Seconds = 180
    auto_resume: bool = True


class Stage(Section):
    """An internal stage; the encryption cannot be changed later."""

    encryption: Literal["SNOWFLAKE_SSE", "SNOWFLAKE_FULL"] = "SNOWFLAKE_SSE"


class SecretValue(Section):
    """A secret of the type GENERIC_STRING."""

    generic_string: SecretText


class Pool(Section):
    """A compute pool; ``name`` None: the project's prefix, the key and ``_POOL``."""

    name: Identifier | None = None
    instance_family: Family = "CPU_X64_S"
    min_nodes: Nodes = 1
    max_nodes: Nodes = 1
    auto_resume: bool = True
    auto_suspend_seconds: Seconds = 3600


class Resources(Section):
    """What a container asks of its node: cores, and memory as Kubernetes writes it."""

    cpu: Annotated[float, Field(ge=0.1, allow_inf_nan=False)]
    memory: Quantity


class Volume(Section):
    """The block volume under Milvus; all of it is fixed when the service is made."""

    size: VolumeSize = "20Gi"
    iops: Annotated[int, Field(ge=3000, le=80000)] | None = None
    throughput_mib_per_second: Annotated[int, Field(ge=125)] | None = None


class ImageSource(Section):
    """Where an image comes from: ``context`` is the folder that it is built from, with a ``dockerfile``
    (None: the one of that name) and build ``arguments``; ``reference`` is one that is already in the
    repository (``/db/schema/repo/name:tag``). Text alone is a ``context``.
    """

    context: Text | None = None
    dockerfile: InnerPath | None = None
    arguments: dict[Argument, str] = {}
    reference: Reference | None = None


def _built_from(given: str | ImageSource) -> ImageSource:
    return ImageSource(context=given) if isinstance(given, str) else given


Image = Annotated[
    ImageSource,
    GetPydanticSchema(
        lambda _source, handler: core_schema.no_info_after_validator_function(
            _built_from, handler.generate_schema(Text | ImageSource)
        )
    ),
]


class Milvus(Section):
    """The MILVUS service."""

    version: Version = "v2.6.25"
    pool: str = "milvus"
    resources: Resources = Resources(cpu=1, memory="4Gi")
    volume: Volume | None = Volume()
    volatile: bool = False
    authorization: bool = False
    settings: dict[Setting, str | int | float | bool] = {}
    image: Image = ImageSource(context="images/milvus")


class Jupyter(Section):
    """The JUPYTER service."""

    pool: str = "jupyter"
    resources: Resources = Resources(cpu=0.5, memory="2Gi")
    files: Identifier = "FILES"
    query_warehouse: Identifier | None = None
    egress: tuple[Egress, ...] = ()
    image: Image = ImageSource(context="images/jupyter")


class ExtraService(Section):
    """A service of the user's own; ``spec`` is its specification's template, beside the project file."""

    image: Image
    spec: Text
    pool: str
    egress: tuple[Egress, ...] = ()
    query_warehouse: Identifier | None = None
    min_instances: Positive = 1
    max_instances: Positive = 1


SPECIFICATIONS = "YAML_STAGE"
"""The stage of the service specifications, with `spec_delivery: stage`."""

# The file adds to these and changes them by name; what no service uses is not made.
_STAGES = {"DATA": Stage(), "FILES": Stage()}
_POOLS = {"milvus": Pool(), "jupyter": Pool()}


def _first(given: str | None, otherwise: str) -> str:
    return otherwise if given is None else given


def _with_stages(given: dict[str, Stage]) -> dict[str, Stage]:
    return {**_STAGES, **given}


def _with_pools(given: dict[str, Pool]) -> dict[str, Pool]:
    return {**_POOLS, **given}


class Project(Section):
    """The project file, whole. Properties give the names that depend on the project's."""

    project: ProjectName
    connection: Text | None = None
    account: Text | None = None
    names: Names = Names()
    roles: Roles = Roles()
    users: tuple[User, ...] = ()
    warehouse: Warehouse = Warehouse()
    stages: Annotated[dict[Identifier, Stage], AfterValidator(_with_stages)] = _STAGES
    secrets: dict[Identifier, SecretValue] = {}
    compute_pools: Annotated[dict[str, Pool], AfterValidator(_with_pools)] = _POOLS
    milvus: Milvus = Milvus()
    jupyter: Jupyter | None = Jupyter()
    services: dict[ServiceKey, ExtraService] = {}
    existing: tuple[ExistingAddress, ...] = ()
    spec_delivery: Literal["inline", "stage"] = "inline"
    ingress_integration: Literal["built-in", "create"] = "built-in"
    environments: dict[str, dict[str, Any]] = {}

    @property
    def prefix(self) -> str:
        """What account-level names start with: the project in capitals, unless the file says otherwise."""
        return _first(self.names.prefix, self.project.upper().replace("-", "_"))

    @property
    def database(self) -> str:
        """The database's name."""
        return _first(self.names.database, self.prefix)

    @property
    def owner_role(self) -> str:
        """The role that owns database, pools and warehouse."""
        return _first(self.roles.owner, f"{self.prefix}_OWNER")

    @property
    def users_role(self) -> str:
        """The role of those who open the notebook."""
        return _first(self.roles.users, f"{self.prefix}_ROLE")

    @property
    def warehouse_name(self) -> str:
        """The warehouse's name."""
        return _first(self.warehouse.name, f"{self.prefix}_WAREHOUSE")

    def exists(self, kind: str, *parts: str) -> bool:
        """Whether the file lists such an object as one that was there before us."""
        return ".".join((kind, *parts)) in self.existing

    @property
    def owner_exists(self) -> bool:
        """Whether the owner is a role that was there before us; it owns the services, too."""
        return self.exists("role", self.owner_role)

    def pool_name(self, key: str) -> str:
        """The compute pool's name behind a key of ``compute_pools``; KeyError for an unknown key."""
        made = f"{self.prefix}_{key.upper().replace('-', '_')}_POOL"
        return _first(self.compute_pools[key].name, made)

    def egress_rule(self, service: str) -> str:
        """The name of the network rule with the hosts that a service is let out to."""
        given = self.names.jupyter_egress_rule if service == "JUPYTER" else None
        return _first(given, f"{service}_EGRESS_RULE")

    def egress_integration(self, service: str) -> str:
        """The name of the integration that lets a service out."""
        given = self.names.jupyter_egress_integration if service == "JUPYTER" else None
        return _first(given, f"{self.prefix}_{service}_EGRESS")

    @property
    def egress(self) -> dict[str, tuple[str, ...]]:
        """The hosts that each service is let out to, by the service's name; those that are let out to none
        are left out.
        """
        found = {"JUPYTER": self.jupyter.egress} if self.jupyter else {}
        found |= {service_name(key): extra.egress for key, extra in self.services.items()}
        return {service: hosts for service, hosts in found.items() if hosts}

    @property
    def images(self) -> dict[str, ImageSource]:
        """Where each image comes from, by its name."""
        ours = {"milvus": self.milvus, "jupyter": self.jupyter} | self.services
        return {name: section.image for name, section in ours.items() if section is not None}

    @property
    def images_built(self) -> dict[str, ImageSource]:
        """Those of them that are built from a folder."""
        return {name: image for name, image in self.images.items() if image.context}

    def image_path(self, name: str) -> tuple[str, ...]:
        """Where the project file says what is run from an image."""
        return ("services", name) if name in self.services else (name,)

    @property
    def stages_made(self) -> dict[str, Stage]:
        """The stages by name, with the one that specifications are put on where they are."""
        return {**({SPECIFICATIONS: Stage()} if self.spec_delivery == "stage" else {}), **self.stages}

    @property
    def pools_used(self) -> tuple[str, ...]:
        """The keys of the compute pools that a service runs on, sorted."""
        services = (self.milvus, self.jupyter, *self.services.values())
        return tuple(sorted({service.pool for service in services if service is not None}))
