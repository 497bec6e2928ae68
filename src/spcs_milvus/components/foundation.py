"""The ground the services stand on: roles, warehouse, database, stages, image repository, compute pools, and
who may use them.

Comes in: the project and its context. Goes out: resources, in the order a person would make them. Touches
nothing.

Least privilege: the owner role holds the account privileges it makes things with and never runs inside a
container; the users' role may reach the database, the schema and the warehouse, and gets the notebook's
endpoint from the jupyter component.
"""

from collections.abc import Iterator, Mapping

from spcs_milvus.context import Context
from spcs_milvus.names import Keyword, Name
from spcs_milvus.project import Project
from spcs_milvus.project_values import service_name
from spcs_milvus.resource import Address, Resource

# how GRANT and SHOW GRANTS name a kind, where it is not by its title (documented: GRANT <privileges>)
_GRANTED_ON = {"external_access_integration": "INTEGRATION"}

# what the owner role makes, each with the account privilege for it (documented: GRANT <privileges>, global
# privileges)
_OWNER_MAKES = ("CREATE DATABASE", "CREATE WAREHOUSE", "CREATE COMPUTE POOL")


class Foundation:
    """Names and addresses that the services refer to, and the resources themselves."""

    def __init__(self, project: Project, context: Context) -> None:
        self.project = project
        self.context = context
        self.owner = project.owner_role
        self.users = project.users_role
        self.database = Name.of(project.database)
        self.schema = self.database.child(project.names.schema_)
        self.repository = self.schema.child(project.names.image_repository)
        self.warehouse = Name.of(project.warehouse_name)

    def resources(self) -> Iterator[Resource]:
        """Everything of the foundation."""
        yield from self._roles()
        yield from self._containers()
        yield from self._pools()
        yield from self._users_grants()

    def role(self, name: str) -> Resource:
        """One of the project's own roles."""
        return self.context.marked("role", Name.of(name), self.project.roles.user_admin, {})

    def secret(self, name: str) -> Name:
        """A secret's full name."""
        return self.schema.child(name)

    def stage(self, name: str) -> Name:
        """A stage's full name."""
        return self.schema.child(name)

    def pool(self, key: str) -> Name:
        """The name of the compute pool behind a key of the project file."""
        return Name.of(self.project.pool_name(key))

    @property
    def in_schema(self) -> frozenset[Address]:
        """What must be there before anything can be made in the schema; PUBLIC comes with the database."""
        kind, name = ("database", self.database) if self.schema.last == "PUBLIC" else ("schema", self.schema)
        return frozenset({Address(kind, str(name))})

    @property
    def owner_acts(self) -> frozenset[Address]:
        """What must be there before anybody can act as the owner role."""
        return frozenset({self.role_address(self.owner), _role_grant_address(self.owner, "SYSADMIN")})

    def acts(self, role: str) -> frozenset[Address]:
        """What must be there before anybody can act as a role that the owner role inherits."""
        return frozenset({self.role_address(role), _role_grant_address(role, self.owner)}) | self.owner_acts

    def role_address(self, role: str) -> Address:
        """The address of one of the project's own roles."""
        return Address("role", str(Name.of(role)))

    # --- grants
    # ---------------------------------------------------------------------------------------------------

    def grant_role(self, role: str, to: str, kind: str = "ROLE") -> Resource:
        """Membership in a role: in one of ours, or of a user of ours."""
        needs = {self.role_address(one) for one in (role, to) if one in self._own_roles()}
        needs |= {Address("user", to)} if kind == "USER" and to in self._own_users() else set()
        # the moment it is granted to the owner role, it can be acted as
        needs |= self.owner_acts if to == self.owner else set()
        detail = {"form": "role", "on": Name.of(role), "grantee_kind": Keyword(kind), "role": Name.of(to)}
        grantee = to if kind == "ROLE" else f"user {to}"
        return self._grant(
            _role_grant_address(role, grantee), self.project.roles.security_admin, needs, detail
        )

    def grant_account(self, privilege: str, role: str) -> Resource:
        """A privilege on the account."""
        detail = {"form": "account", "privilege": Keyword(privilege), "role": Name.of(role)}
        address = Address("grant", f"{privilege} on account to {role}")
        return self._grant(address, self.project.roles.account_admin, {self.role_address(role)}, detail)

    def grant_object(self, privilege: str, kind: str, on: Name, role: str) -> Resource:
        """A privilege on an object that is one of our resources, or on the schema that came with our
        database.
        """
        title = kind.replace("_", " ")
        target = Address(kind, str(on))
        detail = {
            "form": "object",
            "privilege": Keyword(privilege),
            "object_kind": Keyword(_GRANTED_ON.get(kind, title.upper())),
            "on": on,
            "object": target,
            "role": Name.of(role),
        }
        needs = {self.role_address(role)} | (self.in_schema if kind == "schema" else {target})
        address = Address("grant", f"{privilege} on {title} {on} to {role}")
        return self._grant(address, self.project.roles.security_admin, needs, detail)

    def grant_endpoints(self, service: Name, owner: str, role: str) -> Resource:
        """Access to every endpoint of a service; only the service's owner may grant it (documented: GRANT
        SERVICE ROLE).
        """
        detail = {
            "form": "service_role",
            "service": service,
            "service_role": Name.of("ALL_ENDPOINTS_USAGE"),
            "role": Name.of(role),
        }
        needs = {self.role_address(role), Address("service", str(service))}
        address = Address("grant", f"endpoints of service {service} to {role}")
        return self._grant(address, owner, needs, detail)

    def usage(self, role: str) -> Iterator[Resource]:
        """The way to anything in the schema."""
        yield self.grant_object("USAGE", "database", self.database, role)
        yield self.grant_object("USAGE", "schema", self.schema, role)

    def _grant(
        self, address: Address, role: str, needs: set[Address] | frozenset[Address], detail: object
    ) -> Resource:
        assert isinstance(detail, dict)
        security_admin = self.project.roles.security_admin
        return Resource(
            address, Name.of(address.name), role, security_admin, {}, frozenset(needs), None, detail
        )

    # --- the parts
    # ------------------------------------------------------------------------------------------------

    def _roles(self) -> Iterator[Resource]:
        yield self.role(self.owner)
        yield self.grant_role(self.owner, "SYSADMIN")
        for privilege in _OWNER_MAKES:
            yield self.grant_account(privilege, self.owner)
        yield self.role(self.users)
        yield self.grant_role(self.users, "SYSADMIN")
        for grantee in self.project.roles.grant_to:
            kind, name = grantee.split(" ")
            yield self.grant_role(self.users, name, kind.upper())

    def _containers(self) -> Iterator[Resource]:
        given = self.project.warehouse
        yield self.owned(
            "warehouse",
            self.warehouse,
            {
                "size": given.size,
                "auto_suspend_seconds": given.auto_suspend_seconds,
                "auto_resume": given.auto_resume,
            },
            makes="CREATE WAREHOUSE",
        )
        yield self.owned("database", self.database, {}, makes="CREATE DATABASE")
        database: dict[str, object] = {"database": self.database}
        in_database = frozenset({Address("database", str(self.database))})
        if self.schema.last != "PUBLIC":
            yield self.owned("schema", self.schema, {}, in_database, database)
        yield self.owned(
            "image_repository", self.repository, {"encryption": "SNOWFLAKE_SSE"}, self.in_schema, database
        )
        for name, stage in self.project.stages_made.items():
            yield self.owned(
                "stage", self.stage(name), {"encryption": stage.encryption}, self.in_schema, database
            )
        for name, secret in self.project.secrets.items():
            value = {"value": secret.generic_string}
            yield self.owned(
                "secret", self.secret(name), {"type": "GENERIC_STRING"}, self.in_schema, database | value
            )

    def _pools(self) -> Iterator[Resource]:
        for key in self.project.pools_used:
            given = self.project.compute_pools[key]
            yield self.owned(
                "compute_pool",
                self.pool(key),
                {
                    "instance_family": given.instance_family,
                    "min_nodes": given.min_nodes,
                    "max_nodes": given.max_nodes,
                    "auto_resume": given.auto_resume,
                    "auto_suspend_seconds": given.auto_suspend_seconds,
                },
                makes="CREATE COMPUTE POOL",
            )

    def _users_grants(self) -> Iterator[Resource]:
        yield from self.usage(self.users)
        yield self.grant_object("USAGE", "warehouse", self.warehouse, self.users)

    def owned(
        self,
        kind: str,
        name: Name,
        attributes: dict[str, object],
        needs: frozenset[Address] = frozenset(),
        detail: Mapping[str, object] | None = None,
        *,
        makes: str | None = None,
    ) -> Resource:
        """A resource that the owner role makes; ``makes`` is the account privilege it takes."""
        privilege = {Address("grant", f"{makes} on account to {self.owner}")} if makes else set()
        return self.context.marked(
            kind, name, self.owner, attributes, self.owner_acts | needs | privilege, detail
        )

    def _own_roles(self) -> frozenset[str]:
        services = ("MILVUS", "JUPYTER", *map(service_name, self.project.services))
        return frozenset({self.owner, self.users, *(service_role(self.project, one) for one in services)})

    def _own_users(self) -> frozenset[str]:
        return frozenset(user.name for user in self.project.users)


def service_role(project: Project, service: str) -> str:
    """The role that owns a service, and that its containers act as: its own, but an owner that exists owns
    everything, as in the guide.
    """
    if project.owner_exists:
        return project.owner_role
    return f"{project.prefix}_{service}"


def _role_grant_address(role: str, to: str) -> Address:
    return Address("grant", f"role {role} to {to}")
