"""``up`` over generated projects: a second one writes nothing, the plan is empty, and what is read of each
object is what was declared.
"""

from hypothesis import example, given
from tests.spcs_milvus.flow.test_up_down import done

from spcs_milvus.kinds import kind_of
from spcs_milvus.observe import observe
from spcs_milvus.resource import Presence

from .conftest import projects_of
from .projects import EVERY_KIND, projects
from .sections import Data
from .worlds import Tally, World, world


@projects_of(10)
@given(data=projects())
@example(data=EVERY_KIND)
def test_a_second_up_writes_nothing_and_the_plan_is_empty(tally: Tally, data: Data) -> None:
    with world(tally, data) as made:
        done(made.do_up())
        assert made.status().ready
        dump = made.local.dump()

        assert made.plan_of().changes == ()
        again = done(made.do_up())

        assert (again.plan.changes, made.writes) == ((), [])
        assert made.local.dump() == dump
        _is_read_as_declared(made)


def _is_read_as_declared(made: World) -> None:
    """read(apply(x)) == normalise(x), kind by kind."""
    with made.target() as on:
        seen = observe(on.resources, on.account.query).actual
    for resource in on.resources:
        actual = seen[resource.address]
        assert actual.presence is Presence.PRESENT or kind_of(resource.address.kind).built_in, (
            resource.address
        )
        if resource.existing or actual.presence is not Presence.PRESENT:
            continue
        wanted = {name: value for name, value in resource.attributes.items() if name in actual.attributes}
        assert actual.attributes == wanted, resource.address
        hidden = resource.attributes.keys() - actual.attributes.keys()
        assert hidden <= kind_of(resource.address.kind).unreadable | {"digest"}, resource.address
        assert actual.comment == (str(resource.mark) if resource.mark else None), resource.address
