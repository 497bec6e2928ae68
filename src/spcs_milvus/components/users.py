"""The people and programs that the project file asks to make, each with the role that opens the notebook.

Comes in: the foundation. Goes out: resources. Touches nothing. Every user of ours gets the users' role,
and its default role where that is another one.
"""

from collections.abc import Iterator

from spcs_milvus.components.foundation import Foundation
from spcs_milvus.names import Name
from spcs_milvus.project import User
from spcs_milvus.resource import Resource


def resources(foundation: Foundation) -> Iterator[Resource]:
    """The users and what is granted to them."""
    for user in foundation.project.users:
        default = user.default_role or foundation.users
        yield _user(foundation, user, default)
        for role in dict.fromkeys((foundation.users, default)):
            yield foundation.grant_role(role, user.name, "USER")


def _user(foundation: Foundation, user: User, default_role: str) -> Resource:
    generated = foundation.context.passwords[user.name] if user.generated else None
    return foundation.context.marked(
        "user",
        Name.of(user.name),
        foundation.project.roles.user_admin,
        # secondary roles beside the default one, as the guide has it
        {"type": user.type, "default_role": default_role, "default_secondary_roles": ("ALL",)},
        frozenset({foundation.role_address(foundation.users)}),
        {
            "password": generated.secret if generated else user.password,
            "generated": generated,
            "must_change_password": user.must_change_password,
        },
    )
