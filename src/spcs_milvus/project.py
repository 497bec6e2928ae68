"""The project file as typed, frozen values: what each key may hold, its default, and the names that follow
from it.

Comes in: plain data. Goes out: a :class:`Project`. Touches nothing. A value is wrong by itself here; what
only shows when values are held against each other stands in ``rules``.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetPydanticSchema, StringConstraints
from pydantic_core import core_schema

from spcs_milvus.families import FAMILIES, warehouse_size
from spcs_milvus.secrets import Secret

# documented: Identifier requirements; SPCS objects do not take quoted names (CREATE COMPUTE POOL, CREATE
# IMAGE REPOSITORY)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSION = re.compile(r"v?[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(?:-[A-Za-z0-9.-]{1,64})?")
# documented: Snowpark Container Services, "Working with an image registry and repository"; the rest is the
# form of image names (OCI distribution specification, "Pulling manifests")
_REFERENCE = re.compile(
    r"(?:[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?)?(?:/[a-z0-9_][a-z0-9_.-]*){4}"
    r"(?::\w[\w.-]{0,127}|(?::\w[\w.-]{0,127})?@sha256:[0-9a-f]{64})",
    re.ASCII,
)

_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+", re.ASCII)


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("a name starts with a letter or _ and goes on with letters, digits and _")
    if len(text) > 255:
        raise ValueError(f"a name has at most 255 characters, this one {len(text)}")
    return text.upper()


def _family(text: str) -> str:
    if text.upper() not in FAMILIES:
        common = "CPU_X64_S, CPU_X64_M and CPU_X64_L are common"
        raise ValueError(nearest(f"there is no instance family {text}; {common}", text.upper(), FAMILIES))
    return text.upper()


def _size(text: str) -> str:
    size = warehouse_size(text)
    if size is None:
        raise ValueError(f"there is no warehouse size {text}; sizes go from X-SMALL to 6X-LARGE")
    return size


# what may have been there before us, each kind with the parts of its names
MAY_EXIST = {
    "role": ("NAME",),
    "warehouse": ("NAME",),
    "database": ("NAME",),
    "compute_pool": ("NAME",),
    "schema": ("DATABASE", "NAME"),
    "image_repository": ("DATABASE", "SCHEMA", "NAME"),
    "stage": ("DATABASE", "SCHEMA", "NAME"),
    "secret": ("DATABASE", "SCHEMA", "NAME"),
    "network_rule": ("DATABASE", "SCHEMA", "NAME"),
    "external_access_integration": ("NAME",),
}


def _address(text: str) -> str:
    kind, *parts = text.split(".")
    if not parts:
        raise ValueError("an address is kind.NAME, for instance warehouse.COMPUTE_WH")
    if kind not in MAY_EXIST:
        raise ValueError(nearest(f"one of {', '.join(MAY_EXIST)} can be listed, not {kind}", kind, MAY_EXIST))
    if len(parts) != len(MAY_EXIST[kind]):
        raise ValueError(f"write it as {kind}.{'.'.join(MAY_EXIST[kind])}")
    return ".".join((kind, *map(_identifier, parts)))


def _grantee(text: str) -> str:
    kind, _, name = text.partition(" ")
    if kind not in ("user", "role") or not name:
        raise ValueError("write `user NAME` or `role NAME`")
    return f"{kind} {_identifier(name)}"


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError(
            "write /db/schema/repository/name:tag or host/db/schema/repository/name:tag, in lower case; "
            "@sha256:… may stand for the tag"
        )
    return text


def _inside(text: str) -> str:
    """A path below a folder, as it is written there."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError("write a file inside the build context, for instance Dockerfile.gpu")
    return str(path)


def _version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise ValueError("a version is like v2.6.25, or v2.6.25-gpu")
    return text


def _egress(text: str) -> str:
    """``host:port``; without a port, 443 (documented: CREATE NETWORK RULE, HOST_PORT; network egress from a
    service). What a service may not be let out to would be refused only when the service is made.
    """
    host, colon, written = text.lower().partition(":")
    port = int(written) if re.fullmatch(r"[0-9]{1,5}", written, re.ASCII) else None
    if "*" in host:
        raise ValueError("services know no wildcards; name each host, or 0.0.0.0:443 for any")
    if (colon and port is None) or not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError(
            "write a host, or host:port, without https:// and without a path, for instance models.example.com"
        )
    port = 443 if port is None else port
    if host == "0.0.0.0" and port not in (80, 443):  # noqa: S104 - any host, as Snowflake writes it
        raise ValueError("0.0.0.0 stands for any host, on port 80 or 443 only")
    if port not in (22, 80, 443) and not 1024 <= port <= 65535:
        raise ValueError(f"services are let out on the ports 22, 80, 443 and from 1024 on, not on {port}")
    return f"{host}:{port}"


def setting_name(key: str) -> str:
    """What Milvus knows a setting by, however it is written: ``mq.type``, ``MQ_TYPE`` or
    ``MILVUS_CONF_MQ_TYPE``.

    observed: Milvus 2.3 compares without ``.``, ``_``, ``/`` and case; later ones take the prefix off.
    """
    return re.sub(r"[._/]", "", key).lower().removeprefix("milvusconf")


ROCKSMQ, WOODPECKER = "rocksmq", "woodpecker"


def old_queue(version: str) -> bool:
    """Whether that Milvus has no queue but RocksMQ on its volume (documented: Milvus, Message Queue
    Overview).
    """
    return re.match(r"v?2\.[0-5]\.", version) is not None


def service_name(key: str) -> str:
    """The name of the service behind a key of ``services``."""
    return key.upper().replace("-", "_")


def nearest(otherwise: str, word: str, known: Iterable[str]) -> str:
    """ "did you mean …?" when one of the known words is close, else the other text."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else otherwise


Identifier = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, StringConstraints(min_length=1)]
PROJECT_NAME = r"^[a-z][a-z0-9-]{1,39}$"
_QUANTITY = r"^[1-9][0-9]{0,8}(M|Mi|G|Gi)$"
_VOLUME_SIZE = r"^[1-9][0-9]*Gi$"
_SETTING = r"^[A-Za-z][A-Za-z0-9_./-]{0,254}$"
# documented: Dockerfile reference, ARG; the shell's own form of names
_ARGUMENT = r"^[A-Za-z_][A-Za-z0-9_]*$"
_SERVICE_KEY = r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$"
# each form in words, for people who made a slip
FORMS = {
    PROJECT_NAME: "2 to 40 small letters, digits and -, a letter first, for instance milvus-demo",
    _QUANTITY: "a whole number with M, Mi, G or Gi, for instance 8Gi",
    _VOLUME_SIZE: "a whole number with Gi, for instance 100Gi",
    _SETTING: "a key of milvus.yaml, its levels joined by dots, for instance log.level",
    _ARGUMENT: "letters, digits and _, for instance BASE",
    _SERVICE_KEY: "small letters and digits, a letter first, parts joined by one - or _, for instance attu",
}
Quantity = Annotated[str, StringConstraints(pattern=_QUANTITY)]
Egress = Annotated[str, AfterValidator(_egress)]
# text in the file, a Secret from the moment it is read
SecretText = Annotated[
    Secret,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_after_validator_function(
            Secret, core_schema.str_schema(min_length=1, strict=True)
        )
    ),
]
Setting = Annotated[str, StringConstraints(pattern=_SETTING)]
# names the image as well (OCI distribution specification, "Pulling manifests"), and as a service a DNS label
# (documented: CREATE SERVICE)
ServiceKey = Annotated[str, StringConstraints(pattern=_SERVICE_KEY, max_length=63)]
Version = Annotated[str, AfterValidator(_version)]
Positive = Annotated[int, Field(ge=1)]
# more than these is a slip of the hand: 500 nodes, and a week
Nodes = Annotated[int, Field(ge=1, le=500)]
Seconds = Annotated[int, Field(ge=0, le=604_800)]


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
    grant_to: tuple[Annotated[str, AfterValidator(_grantee)], ...] = ()


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
    size: Annotated[str, AfterValidator(_size)] = "X-SMALL"
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
    instance_family: Annotated[str, AfterValidator(_family)] = "CPU_X64_S"
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

    size: Annotated[str, StringConstraints(pattern=_VOLUME_SIZE)] = "20Gi"
    iops: Annotated[int, Field(ge=3000, le=80000)] | None = None
    throughput_mib_per_second: Annotated[int, Field(ge=125)] | None = None


class ImageSource(Section):
    """Where an image comes from: ``context`` is the folder that it is built from, with a ``dockerfile``
    (None: the one of that name) and build ``arguments``; ``reference`` is one that is already in the
    repository (``/db/schema/repo/name:tag``). Text alone is a ``context``.
    """

    context: Text | None = None
    dockerfile: Annotated[str, AfterValidator(_inside)] | None = None
    arguments: dict[Annotated[str, StringConstraints(pattern=_ARGUMENT)], str] = {}
    reference: Annotated[str, AfterValidator(_reference)] | None = None


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

    project: Annotated[str, StringConstraints(pattern=PROJECT_NAME)]
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
    existing: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
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
