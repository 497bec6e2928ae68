"""GRANT, REVOKE and SHOW GRANTS.

In: a reader behind the first words. Out: the statement's value, or 001003. Touches nothing.
Documented: GRANT <privileges>, GRANT ROLE, GRANT SERVICE ROLE, GRANT OWNERSHIP, REVOKE …, SHOW GRANTS.
"""

from spcs_emulator.statement.objects import object_name, read_kind
from spcs_emulator.statement.reader import Reader
from spcs_emulator.statement.values import (
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    Identifier,
    Name,
    ObjectKind,
    ShowGrants,
    Statement,
    Target,
)

_NOT_ON = (
    ObjectKind.SERVICE_ROLE,
    ObjectKind.EXTERNAL_ACCESS_INTEGRATION,
    ObjectKind.SECURITY_INTEGRATION,
)
ON_KINDS = tuple(kind for kind in ObjectKind if kind not in _NOT_ON)
_PRIVILEGE_WORDS = 5
# Documented: GRANT <privileges>, the kinds that ON ALL and ON FUTURE take, as far as the account has them.
PLURALS = {
    "SCHEMAS": ObjectKind.SCHEMA,
    "IMAGE REPOSITORIES": ObjectKind.IMAGE_REPOSITORY,
    "NETWORK RULES": ObjectKind.NETWORK_RULE,
    "SECRETS": ObjectKind.SECRET,
    "SEQUENCES": ObjectKind.SEQUENCE,
    "SERVICES": ObjectKind.SERVICE,
    "SNAPSHOTS": ObjectKind.SNAPSHOT,
    "STAGES": ObjectKind.STAGE,
}


def parse_grant(reader: Reader) -> Statement:
    """Read what follows GRANT."""
    if reader.try_words("SERVICE", "ROLE"):
        return _service_role(reader, False)
    if reader.try_words("ROLE"):
        return _role(reader, False)
    if reader.try_words("OWNERSHIP"):
        return _ownership(reader)
    privileges, target = _privileges(reader)
    reader.words("TO")
    role = _grantee(reader)
    return GrantPrivileges(False, privileges, target, role, reader.try_words("WITH", "GRANT", "OPTION"))


def parse_revoke(reader: Reader) -> Statement:
    """Read what follows REVOKE."""
    if reader.try_words("SERVICE", "ROLE"):
        return _service_role(reader, True)
    if reader.try_words("ROLE"):
        return _role(reader, True)
    option = reader.try_words("GRANT", "OPTION", "FOR")
    privileges, target = _privileges(reader)
    reader.words("FROM")
    role = _grantee(reader)
    cascade = reader.try_one_of("RESTRICT", "CASCADE") == "CASCADE"
    return GrantPrivileges(True, privileges, target, role, option, cascade)


def parse_show_future_grants(reader: Reader) -> ShowGrants:
    """Read what follows SHOW FUTURE GRANTS."""
    direction = reader.one_of("IN", "TO")
    if direction == "IN":
        return ShowGrants(direction, Target(None, group="FUTURE", place=_place(reader)), future=True)
    reader.words("ROLE")
    role = object_name(reader, ObjectKind.ROLE)
    return ShowGrants(direction, Target(ObjectKind.ROLE, role), future=True)


def parse_show_grants(reader: Reader) -> ShowGrants:
    """Read what follows SHOW GRANTS."""
    if reader.at_end:
        return ShowGrants("TO", Target(None))
    direction = reader.one_of("ON", "TO", "OF")
    if direction == "ON":
        return ShowGrants(direction, _target(reader))
    if reader.try_words("SERVICE", "ROLE"):
        service, role = _service_role_name(reader)
        return ShowGrants(direction, Target(ObjectKind.SERVICE_ROLE, role), service)
    kinds = (ObjectKind.ROLE,) if direction == "OF" else (ObjectKind.ROLE, ObjectKind.USER)
    kind = read_kind(reader, kinds)
    return ShowGrants(direction, Target(kind, object_name(reader, kind)))


def _privileges(reader: Reader) -> tuple[tuple[str, ...], Target]:
    if reader.try_words("ALL"):
        reader.try_words("PRIVILEGES")
        reader.words("ON")
        return (), _target_or_group(reader)
    names = [_privilege(reader)]
    while reader.try_symbol(","):
        names.append(_privilege(reader))
    reader.words("ON")
    return tuple(names), _target_or_group(reader)


def _privilege(reader: Reader) -> str:
    words: list[str] = []
    while reader.here.kind == "word" and reader.here.value != "ON" and len(words) < _PRIVILEGE_WORDS:
        words.append(reader.take().value)
    if not words:
        raise reader.fail()
    return " ".join(words)


def _target_or_group(reader: Reader) -> Target:
    group = reader.try_one_of("ALL", "FUTURE")
    if not group:
        return _target(reader)
    kind = PLURALS[reader.one_of(*PLURALS)]
    reader.words("IN")
    return Target(kind, group=group, place=_place(reader))


def _place(reader: Reader) -> tuple[ObjectKind, Name]:
    kind = read_kind(reader, (ObjectKind.SCHEMA, ObjectKind.DATABASE))
    return kind, object_name(reader, kind)


def _target(reader: Reader) -> Target:
    if reader.try_words("ACCOUNT"):
        return Target(None)
    kind = read_kind(reader, ON_KINDS)
    return Target(kind, object_name(reader, kind))


def _grantee(reader: Reader) -> Name:
    reader.try_words("ROLE")
    return object_name(reader, ObjectKind.ROLE)


def _role(reader: Reader, revoke: bool) -> GrantRole:
    role = object_name(reader, ObjectKind.ROLE)
    reader.words("FROM" if revoke else "TO")
    kind = read_kind(reader, (ObjectKind.ROLE, ObjectKind.USER))
    return GrantRole(revoke, role, kind, object_name(reader, kind))


def _service_role(reader: Reader, revoke: bool) -> GrantRole:
    service, role = _service_role_name(reader)
    reader.words("FROM" if revoke else "TO")
    reader.words("ROLE")
    return GrantRole(revoke, role, ObjectKind.ROLE, object_name(reader, ObjectKind.ROLE), service)


def _service_role_name(reader: Reader) -> tuple[Name, Name]:
    service = object_name(reader, ObjectKind.SERVICE)
    reader.symbol("!")
    role: Identifier = reader.identifier()
    return service, Name((role,))


def _ownership(reader: Reader) -> GrantOwnership:
    reader.words("ON")
    place = reader.here
    target = _target(reader)
    if target.kind is None:
        raise place.unexpected()
    reader.words("TO", "ROLE")
    role = object_name(reader, ObjectKind.ROLE)
    option = reader.try_one_of("COPY CURRENT GRANTS", "REVOKE CURRENT GRANTS")
    return GrantOwnership(target, role, option.split()[0] if option else "")
