"""How each step of a plan is done: a statement, an upload, a build, a push, a wait.

Comes in: the account, the Docker engine, the resources and how to pause. Goes out: the one function that
apply calls for any step. Everything that touches the outside goes through the doors (``account``,
``registry``, ``images``).
"""

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from spcs_milvus.account import Account
from spcs_milvus.apply import Perform, Progress
from spcs_milvus.container_image import ContainerImage
from spcs_milvus.errors import ConnectError, DeployError, RefusedError, StatementError
from spcs_milvus.hints import FORBIDDEN, answer_lost
from spcs_milvus.images import Engine, Login
from spcs_milvus.kinds.service import log_look
from spcs_milvus.names import Name
from spcs_milvus.observe import observe
from spcs_milvus.plan import Action, Change
from spcs_milvus.process_image import ProcessImage
from spcs_milvus.registry import Registry, session_login
from spcs_milvus.resource import Actual, Address, Resource
from spcs_milvus.rights import grant, right_for
from spcs_milvus.secrets import Generated
from spcs_milvus.settling import (
    ANSWER_LOST,
    BY_ANOTHER_RUN,
    GONE,
    PAUSES_SECONDS,
    Tools,
    in_time,
    settled,
    shows_in_time,
)
from spcs_milvus.states import state_of
from spcs_milvus.steps import Build, Effect, Look, Push, Rest, Statement, Step, Upload, Wait
from spcs_milvus.templates import sql
from spcs_milvus.transfer import Transfer
from spcs_milvus.waits import Resting, Waiting, until_ready, until_suspended

Pause = Callable[[float], None]


def performer(account: Account, engine: Engine, resources: Collection[Resource], pause: Pause) -> Perform:
    """The function that does one step. It raises DeployError where the step cannot be done."""
    performing = _Performing(account, engine, resources, pause)
    build = builder(engine, pause)

    def perform(change: Change, step: Step, progress: Progress) -> str | None:
        match step:
            case Statement():
                return performing.statement(change, step, progress)
            case Upload():
                performing.upload(step, progress)
            case Build():
                if there := build(change, step, progress):
                    progress(there)
            case Push():
                performing.push(step, progress)
            case Wait():
                performing.wait(step, progress)
            case Rest():
                performing.rest(step, progress)
        return None

    return perform


def builder(engine: Engine, pause: Pause) -> Perform:
    """The function that does a step of a plan that only builds, which takes no account."""

    def perform(_change: Change, step: Step, progress: Progress) -> str | None:
        assert isinstance(step, Build)
        if engine.find(step.name, step.image):
            return "is in the engine already"
        engine.build(step.name, step.image, _until_stopped(progress, pause))
        return None

    return perform


def _until_stopped(progress: Progress, pause: Pause) -> Callable[[Transfer], None]:
    """Passes on how far a build or a push is, and ends it after Ctrl-C: the next run does not do again what
    was done by then.
    """

    def hear(transfer: Transfer) -> None:
        pause(0)
        progress(transfer)

    return hear


@dataclass(frozen=True)
class _Performing:
    account: Account
    engine: Engine
    resources: Collection[Resource]
    pause: Pause

    def statement(self, change: Change, step: Statement, progress: Progress) -> str | None:
        """Runs it; what it makes may be there already, and what it drops be gone. A generated secret is on
        disk before Snowflake has it, and goes from there when Snowflake does not have it.
        """
        if step.generated is None:
            return self._settled(change, step, progress)
        draft = _draft(step.generated)
        try:
            found = self._settled(change, step, progress)
        except StatementError as error:
            if answer_lost(error.errno):
                _keep(draft, step.generated)
            else:
                draft.unlink(missing_ok=True)
            raise
        if found == ANSWER_LOST and step.generated.file.exists():
            # another run may have made it, with the password that is kept; the next plan tells of the draft
            return BY_ANOTHER_RUN
        if found == BY_ANOTHER_RUN:
            # the other run made up another one, and has told it
            draft.unlink(missing_ok=True)
        else:
            _keep(draft, step.generated)
        return found

    def _settled(self, change: Change, step: Statement, progress: Progress) -> str | None:
        resource = self._resource(change.address)
        tools = Tools(lambda: self.account.perform(step), lambda: self._seen(resource), self.pause, progress)
        try:
            found = settled(resource, step, tools)
        except StatementError as error:
            raise self._advised(change, error) from None
        except ConnectError as error:
            # its role may have gone along with it
            drops = step.effect is Effect.GONE and not error.refused
            if drops and shows_in_time(resource, Effect.GONE, tools):
                return GONE
            raise
        if found is None:
            self._sign_in_ahead(change)
        return found

    def upload(self, step: Upload, progress: Progress) -> None:
        """Puts the file there, once more where the answer was lost: it has a name of its own, and replaces
        itself.
        """
        for seconds in PAUSES_SECONDS:
            try:
                return self.account.upload(step)
            except StatementError as error:
                if not answer_lost(error.errno):
                    raise
            progress("its answer was lost; it is sent again")
            self.pause(seconds)
        return self.account.upload(step)

    def push(self, step: Push, progress: Progress) -> None:
        progress("asking for the repository's address")
        url = self._repository_url(step.repository, step.role)
        match step.image:
            case ProcessImage() as image:
                self._push_process(step, image, url, progress)
            case ContainerImage() as image:
                self._push_container(step, image, url, progress)

    def _push_process(self, step: Push, image: ProcessImage, url: str, progress: Progress) -> None:
        with self.account.registry_token(step.role) as token, closing(Registry(url, *token)) as registry:
            progress(f"pushing {step.name}:{image.tag}")
            registry.push(step.name, image)

    def _push_container(self, step: Push, image: ContainerImage, url: str, progress: Progress) -> None:
        """The engine pushes it, with a login of this push's own and another when that one has aged."""
        with ExitStack() as sessions:

            def sign_in() -> Login:
                token = sessions.enter_context(self.account.registry_token(step.role))
                return Login(*session_login(*token))

            hear = _until_stopped(progress, self.pause)
            self.engine.push(step.name, image, f"{url}/{step.name}:{image.tag}", sign_in, hear)

    def wait(self, step: Wait, progress: Progress) -> None:
        resource = self._resource(step.service)

        def logs(instance: str, container: str) -> str:
            (answer,) = self.account.query([log_look(resource, instance, container)]).values()
            return str(next(iter(answer.rows[0].values()))) if answer.rows else ""

        until_ready(step, Waiting(self.account.query, logs, self.pause, time.monotonic, progress))

    def rest(self, step: Rest, progress: Progress) -> None:
        resource = self._resource(step.address)
        tools = Resting(lambda: state_of(self._seen(resource)), self.pause, time.monotonic, progress)
        until_suspended(step, tools)

    def _resource(self, address: Address) -> Resource:
        return next(resource for resource in self.resources if resource.address == address)

    def _seen(self, resource: Resource) -> Actual:
        return observe([resource], self.account.query).actual[resource.address]

    def _sign_in_ahead(self, change: Change) -> None:
        """Once a role can be acted as, its session opens beside what else there is to do, since opening one
        takes longer than a statement.
        """
        granted = {str(one.detail["on"]) for one in self.resources if _grants_role(one, change)}
        for role in granted & {one.role for one in self.resources}:
            self.account.sign_in_ahead(role)

    def _advised(self, change: Change, error: StatementError) -> StatementError:
        """The refusal, with the GRANT that is missing where a privilege on the account would have done."""
        resource = self._resource(change.address)
        right = right_for(resource)
        if change.action is not Action.CREATE or error.errno not in FORBIDDEN or right is None:
            return error
        hint = f"USE ROLE ACCOUNTADMIN; {grant(right, resource.role)}"
        return StatementError(
            error.text, errno=error.errno, sqlstate=error.sqlstate, query_id=error.query_id, hint=hint
        )

    def _repository_url(self, repository: Name, role: str) -> str:
        shown = Look(sql("image_repository", "show", {"database": Name(repository.parts[:1])}), role)

        def url() -> str:
            (answer,) = self.account.query([shown]).values()
            for row in answer.rows:
                if (row["database_name"], row["schema_name"], row["name"]) == repository.parts:
                    return str(row["repository_url"])
            return ""

        if found := in_time(url, self.pause):
            return found
        hint = "run the command again"
        raise RefusedError("the image repository is not there", place=str(repository), hint=hint)


def _keep(draft: Path, generated: Generated) -> None:
    """Keeps what was written down. A ``down`` beside this run may have removed it, as nobody had it yet."""
    try:
        draft.replace(generated.file)
    except FileNotFoundError:
        _draft(generated).replace(generated.file)


def _draft(generated: Generated) -> Path:
    try:
        return generated.draft()
    except OSError as error:
        summary = "what is generated cannot be written down, so nothing was sent"
        folder = str(generated.file.parent)
        raise DeployError(
            summary, detail=error.strerror, place=folder, hint="make that folder writable"
        ) from error


def _grants_role(resource: Resource, change: Change) -> bool:
    return resource.address == change.address and resource.detail.get("form") == "role"
