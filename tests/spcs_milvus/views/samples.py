"""Values that hold everything a view has to show, once."""

from dataclasses import replace
from pathlib import Path

from tests.spcs_milvus.stack import container

from spcs_milvus.apply import Outcome, Status, Took
from spcs_milvus.differences import Difference
from spcs_milvus.drawing import Node
from spcs_milvus.errors import Problem
from spcs_milvus.image_plans import Image, Images
from spcs_milvus.kinds.base import Cost
from spcs_milvus.names import Name
from spcs_milvus.plan import Action, Change, Plan
from spcs_milvus.report import Counts, Report
from spcs_milvus.resource import Address
from spcs_milvus.secrets import Generated, Secret
from spcs_milvus.specification import ImageChange
from spcs_milvus.status import StackStatus
from spcs_milvus.steps import Build, Push, Statement, Wait

PROBLEM = Problem(
    "`warehouse.size` is not right",
    "there is no warehouse size GIGANTIC; sizes go from X-SMALL to 6X-LARGE\nand a second line",
    "spcs-milvus.yaml:3:9",
    "size: X-SMALL",
)
# what several have in common is said once
ALIKE = [
    Problem("stage.A is kept", "the files in it", "stage.A", "`spcs-milvus up` uses it again"),
    Problem("role.A is kept", "what is kept needs it", "role.A", "`spcs-milvus up` uses it again"),
    Problem("role.B is kept", "what is kept needs it", "role.B", "`spcs-milvus up` uses it again"),
    Problem("role.C is needed by what stays", "what is kept needs it", "role.C", "DROP ROLE C;"),
    Problem("the role D is there and is not ours", None, "role.D"),
    Problem("the role E is there and is not ours", None, "role.E"),
]
BARE = Problem("interrupted")

ROLE = Address("role", "DEMO_OWNER")
POOL = Address("compute_pool", "DEMO_POOL")
STAGE = Address("stage", "DEMO.PUBLIC.FILES")
DATABASE = Address("database", "DEMO")
SERVICE = Address("service", "DEMO.PUBLIC.MILVUS")
READY = Address("ready", "DEMO.PUBLIC.MILVUS")

CREATE = Change(ROLE, Action.CREATE, "it is not there", ())
UPDATE = Change(
    POOL,
    Action.UPDATE,
    "auto_resume differs, max_nodes differs",
    (),
    frozenset({ROLE}),
    (Difference("max_nodes", 2, 1), Difference("auto_resume", True, False)),
)
REPLACE = Change(
    STAGE,
    Action.REPLACE,
    "encryption cannot be altered",
    (),
    differences=(Difference("encryption", "SNOWFLAKE_SSE", None, unreadable=True),),
    loses="the files in it",
)
DELETE = Change(DATABASE, Action.DELETE, "it is ours", (), loses="everything in it")
SERVE = Change(SERVICE, Action.CREATE, "it is not there", (), frozenset({POOL}))
WAIT = Change(READY, Action.WAIT, "it is new or changed", (), frozenset({SERVICE}))

CONFLICT = Problem(
    "the warehouse W is there and is not ours", "it carries no mark", "warehouse.W", "choose other names"
)
KEPT = Problem(
    "database.DEMO stays: it holds things that are not ours", "table DEMO.PUBLIC.T", "database.DEMO"
)

LASTING = Problem(
    "BIND SERVICE ENDPOINT on account to SYSADMIN is not taken back",
    "it was granted to a role that is not ours, and others may rely on it by now",
    "grant.BIND SERVICE ENDPOINT on account to SYSADMIN",
    "USE ROLE ACCOUNTADMIN; REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE SYSADMIN;",
)

PLAN = Plan(
    (CREATE, UPDATE, REPLACE, DELETE, SERVE, WAIT),
    (CONFLICT,),
    (KEPT,),
    existing=(Address("role", "SYSADMIN"), Address("compute_pool", "SHARED_POOL")),
    lasting=(LASTING,),
)
NOTHING = Plan(())
REFUSED = Plan((WAIT,), (CONFLICT,))

# what a change of a service comes to, and what would take others along
UPGRADE = Change(
    SERVICE,
    Action.UPDATE,
    "specification differs",
    (),
    differences=(
        Difference(
            "specification",
            {"spec": {"containers": [{"name": "main", "image": "/demo/r/m:2", "env": {"A": "1"}}]}},
            {"spec": {"containers": [{"name": "main", "image": "/demo/r/m:1", "args": ["a", "b"]}]}},
        ),
    ),
    cost=Cost("its containers start again", "what they keep outside", None, "0.11 an hour"),
    images=(
        ImageChange("main", "/demo/r/m:1", "/demo/r/m:2", "sha256:0123456789abcdef", "sha256:f00"),
        ImageChange("other", "m:1", "m:2"),
    ),
)
FORCED = Change(
    POOL,
    Action.REPLACE,
    "instance_family cannot be altered",
    (),
    differences=(Difference("instance_family", "CPU_X64_S", "CPU_X64_M"),),
    cost=Cost(url="gone"),
    forced_by=("instance_family",),
    takes_along=(SERVICE,),
)
ADOPTED = Change(STAGE, Action.ADOPT, "it is there and carries no mark", ())
GRANTS = tuple(Address("grant", f"USAGE on {name}") for name in "ABCDEF")
TARGETED = Plan((ADOPTED, FORCED, UPGRADE), along=(POOL,), left_out=GRANTS)

# what has to do with the outside: longer words, and a secret that is set again
EGRESS = Address("external_access_integration", "DEMO_JUPYTER_EGRESS")
USER = Address("user", "ALICE")
MADE_UP = Generated(Secret("hunter2"), Path(".spcs-milvus/ALICE@local.password"))
PERSON = Change(
    USER,
    Action.CREATE,
    "it is not there",
    (Statement("CREATE USER ALICE PASSWORD = '***'", "USERADMIN", generated=MADE_UP),),
)
DOOR = Change(EGRESS, Action.CREATE, "it is not there", (), frozenset({USER}))
ROTATED = Change(Address("secret", "DEMO.PUBLIC.KEY"), Action.UPDATE, "its value is set again", ())
OUTSIDE = Plan((PERSON, DOOR, ROTATED))

# what has to do with images
_MILVUS, _JUPYTER = container("milvus"), container("jupyter")
REPOSITORY = Name.of("DEMO").child("PUBLIC").child("REPO")
BUILT = Change(
    Address("image", f"{REPOSITORY}/milvus:{_MILVUS.tag}"),
    Action.CREATE,
    "it is not there",
    (Build("milvus", _MILVUS), Push(REPOSITORY, "milvus", _MILVUS, "DEMO_OWNER")),
)
PUSHED = replace(
    BUILT,
    address=Address("image", f"{REPOSITORY}/jupyter:{_JUPYTER.tag}"),
    steps=(Push(REPOSITORY, "jupyter", _JUPYTER, "DEMO_OWNER"),),
)
IMAGE_PLAN = Plan((BUILT, PUSHED, WAIT))
IMAGES = Images(
    (
        Image("milvus", _MILVUS.tag, "images/milvus", "sha256:1", f"sha256:{'1' * 64}"),
        Image("jupyter", _JUPYTER.tag, "mine", None, None),
    )
)
BLIND = replace(IMAGES, blind=Problem("no Docker engine answers", hint="start it"))

STATUS = StackStatus(
    "demo",
    False,
    ({"name": "DEMO_POOL", "state": "ACTIVE"}, {"name": "DEMO_JUPYTER_POOL", "state": "ABSENT"}),
    (
        {
            "name": "JUPYTER",
            "status": "RUNNING",
            "ready": True,
            "containers": [{"name": "jupyter", "status": "READY", "message": "Running", "restarts": 0}],
            "endpoints": [
                {
                    "name": "jupyter",
                    "port": 8888,
                    "protocol": "HTTP",
                    "public": True,
                    "url": "https://ab-c.snowflakecomputing.app",
                }
            ],
            "volumes": [],
        },
        {
            "name": "MILVUS",
            "status": "PENDING",
            "ready": False,
            "containers": [
                {
                    "name": "milvus",
                    "status": "PENDING",
                    "message": "Compute pool node(s) are being provisioned.",
                    "restarts": 2,
                }
            ],
            "endpoints": [{"name": "milvus", "port": 19530, "protocol": "TCP", "public": False, "url": None}],
            "volumes": ["data 20Gi"],
        },
    ),
)

GONE = Report(
    Plan((DELETE,)),
    (Outcome(DELETE, Status.DONE, 0.25),),
    Counts(9, 1, 1),
    0.4,
    (
        Problem(
            "service.DEMO.PUBLIC.MILVUS is still there",
            "Insufficient privileges",
            "service.DEMO.PUBLIC.MILVUS",
            "USE ROLE DEMO_MILVUS; DROP SERVICE DEMO.PUBLIC.MILVUS FORCE;",
        ),
    ),
    removed=(Path(".spcs-milvus/ALICE@local.password"),),
)

PAUSED = StackStatus(
    "demo",
    False,
    ({"name": "DEMO_POOL", "state": "STOPPING"}, {"name": "DEMO_JUPYTER_POOL", "state": "SUSPENDED"}),
    tuple(
        {**service, "status": "SUSPENDED", "ready": False, "containers": []} for service in STATUS.services
    ),
)
ASLEEP = replace(PAUSED, kept=True)
NOWHERE = StackStatus(
    "demo",
    False,
    tuple({**pool, "state": "ABSENT"} for pool in STATUS.pools),
    tuple(
        {**service, "status": "ABSENT", "ready": False, "containers": [], "endpoints": [], "volumes": []}
        for service in STATUS.services
    ),
)
PAUSE = Change(
    SERVICE,
    Action.PAUSE,
    "it is RUNNING",
    (),
    loses="everything in /var/lib/milvus, which is on no block volume",
)
WAKE = Change(POOL, Action.RESUME, "it is SUSPENDED", ())
RESTED = Report(
    Plan((PAUSE, WAKE)),
    (Outcome(PAUSE, Status.DONE, 1.5, 0.0), Outcome(WAKE, Status.DONE, 0.1, 1.5)),
    Counts(9, 2, 2),
    1.7,
    (),
    PAUSED,
)

DONE = Report(
    PLAN,
    (
        Outcome(CREATE, Status.DONE, 0.25, 0.0),
        Outcome(UPDATE, Status.DONE, 1.5, 0.25),
        Outcome(SERVE, Status.DONE, 0.01, 1.75),
        Outcome(WAIT, Status.DONE, 62.0, 1.76),
    ),
    Counts(12, 3, 3),
    63.789,
    (),
    STATUS,
)
FAILED = Report(
    PLAN,
    (
        Outcome(CREATE, Status.DONE, 0.25, 0.0),
        Outcome(
            UPDATE,
            Status.FAILED,
            1.5,
            0.25,
            Problem("no capacity", "error 392507, query q", hint="try another"),
        ),
        Outcome(
            SERVE,
            Status.SKIPPED,
            problem=Problem(f"{POOL} was not done", place=str(SERVICE)),
        ),
        Outcome(
            WAIT,
            Status.SKIPPED,
            problem=Problem(f"{SERVICE} was not done", place=str(READY)),
        ),
    ),
    Counts(12, 2, 2),
    1.9,
    (KEPT,),
)
INTERRUPTED = Report(
    PLAN,
    (
        Outcome(CREATE, Status.DONE, 0.25, 0.0),
        Outcome(UPDATE, Status.INTERRUPTED, 1.5, 0.25, Problem("waiting was interrupted")),
        Outcome(SERVE, Status.INTERRUPTED, problem=Problem("interrupted", place=str(SERVICE))),
    ),
    Counts(12, 1, 1),
    1.9,
)
GENERATED = Report(
    OUTSIDE, (Outcome(PERSON, Status.DONE, 0.1), Outcome(DOOR, Status.DONE, 0.1)), Counts(9, 2), 0.4
)
_STARTED = replace(WAIT, needs=frozenset({BUILT.address}))
MADE = Report(
    IMAGE_PLAN,
    (
        Outcome(BUILT, Status.DONE, 52.0, took=tuple(map(Took, BUILT.steps, (0, 40), (40, 12)))),
        Outcome(PUSHED, Status.DONE, 0.01, took=tuple(map(Took, PUSHED.steps, (0,), (0.01,)))),
        Outcome(_STARTED, Status.DONE, 9.0, 52.0, took=(Took(Wait(SERVICE, {}), 52, 9),)),
    ),
    Counts(12, 0),
    61.5,
)
EMPTY = Report(NOTHING, (), Counts(9, 0), 0.4)

GRAPH = (
    Node(ROLE, (), "unchanged"),
    Node(POOL, (ROLE,), "create"),
    Node(DATABASE, (ROLE,), "conflict"),
    Node(SERVICE, (POOL, DATABASE), "update"),
    Node(STAGE, (DATABASE,), "delete"),
)
