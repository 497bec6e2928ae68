"""The single values of a project file: which forms are right, and what is said of one that is not.

Comes in: text as written. Goes out: the value in its usual form, or ValueError with what to write instead.
Touches nothing.
"""

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, GetPydanticSchema, StringConstraints
from pydantic_core import core_schema

from spcs_milvus.errors import nearest
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
Grantee = Annotated[str, AfterValidator(_grantee)]
WarehouseSize = Annotated[str, AfterValidator(_size)]
Family = Annotated[str, AfterValidator(_family)]
VolumeSize = Annotated[str, StringConstraints(pattern=_VOLUME_SIZE)]
InnerPath = Annotated[str, AfterValidator(_inside)]
Argument = Annotated[str, StringConstraints(pattern=_ARGUMENT)]
Reference = Annotated[str, AfterValidator(_reference)]
ExistingAddress = Annotated[str, AfterValidator(_address)]
ProjectName = Annotated[str, StringConstraints(pattern=PROJECT_NAME)]
