"""The account's side of the image registry: who may push and pull, and which images there are.

In: credentials and pushed manifests from the registry. Out: answers; the catalogue changes. Documented:
READ pulls and lists, WRITE pushes (and needs READ for nothing more). Assumed: with a password the user's
default role and secondary roles count, with a session's token the session's.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from spcs_emulator.account import people
from spcs_emulator.account.access import Access, assigned_roles, session_access
from spcs_emulator.account.authentication import Authentication
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject, StoredImage
from spcs_emulator.account.sessions import Sessions
from spcs_emulator.clock import Clock
from spcs_emulator.faults import SqlError
from spcs_emulator.registry.api import Access as RegistryAccess
from spcs_emulator.registry.api import Credential, PushedImage, Visitor
from spcs_emulator.statement.values import Identifier, Name, ObjectKind

TOKEN_USER = "0sessiontoken"  # noqa: S105
# No user can sign in by this name with the platform's secret, which is made anew at each start.
PLATFORM_USER = "0platform"
_PARTS = 3


class RegistryAccount:
    """What the registry asks of the account (its `Repositories`). All methods are thread safe."""

    def __init__(
        self, catalogue: Catalogue, sessions: Sessions, authentication: Authentication, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._sessions = sessions
        self._authentication = authentication
        self._clock = clock
        self._platform = Credential(PLATFORM_USER, secrets.token_urlsafe(32))

    def platform_credential(self) -> Credential:
        """Return what the account's own nodes pull images with: good for reading every repository.

        It is made anew at each start, is never written down, and never expires. Assumed: Snowflake's nodes
        pull with a right of their own; the role that owns a service is asked for READ when it is created.
        """
        return self._platform

    def _is_platform(self, credential: Credential) -> bool:
        return credential.user == PLATFORM_USER and secrets.compare_digest(
            credential.secret.encode(errors="surrogatepass"), self._platform.secret.encode()
        )

    def authenticate(self, credential: Credential) -> Visitor | None:
        """Return who the credential stands for, None when it is wrong or has expired."""
        if self._is_platform(credential):
            return Visitor(PLATFORM_USER)
        found = self._identify(credential)
        with self._catalogue.transaction():
            return Visitor(self._catalogue.name_of(found.user), found.until) if found else None

    def _identify(self, credential: Credential) -> "_Known | None":
        if credential.user in (None, TOKEN_USER):
            token = _token_in(credential.secret)
            try:
                session = self._sessions.of_token(token)
            except SqlError:
                return None
            access = session_access(self._catalogue, session)
            return _Known(session.user, access, session.tokens[token])
        try:
            proof = self._authentication.password(credential.user or "", credential.secret)
        except SqlError:
            return None
        roles = assigned_roles(self._catalogue, proof.user.key)
        if proof.role:
            return _Known(proof.user.key, Access(self._catalogue, proof.role, roles & {proof.role}))
        found = self._catalogue.find(
            ObjectKind.ROLE, str(people.value(proof.user, "DEFAULT_ROLE") or "PUBLIC")
        )
        role = found.key if found and found.key in roles else None
        if "ALL" not in people.value(proof.user, "DEFAULT_SECONDARY_ROLES"):
            roles &= {role}
        return _Known(proof.user.key, Access(self._catalogue, role, roles))

    def repository_access(self, credential: Credential, path: str) -> RegistryAccess | None:
        """Return what the credential may do in "db/schema/repo"; None when there is no such repository."""
        if self._is_platform(credential):
            return "read" if self.repository_key(path) else None
        found = self._identify(credential)
        with self._catalogue.transaction():
            repository = self._repository(path)
            if found is None or repository is None:
                return None
            if found.access.usable(repository, "WRITE"):
                return "write"
            return "read" if found.access.usable(repository, "READ") else "none"

    def repository_key(self, path: str) -> str | None:
        """Return the key of the repository, None when there is none."""
        with self._catalogue.transaction():
            found = self._repository(path)
            return found.key if found else None

    def _repository(self, path: str) -> AccountObject | None:
        parts = path.upper().split("/")
        if len(parts) != _PARTS or path != path.lower():
            return None
        name = Name(tuple(Identifier(part) for part in parts))
        return self._catalogue.named(ObjectKind.IMAGE_REPOSITORY, name, None)

    def record_image(self, image: PushedImage) -> None:
        """Take note of a pushed manifest; its tag leaves the manifest that had it. SqlError when it is not
        stored, KeyError when the repository was dropped meanwhile.
        """
        with self._catalogue.transaction():
            if self._catalogue.get(image.repository) is None:
                raise KeyError(image.repository)
            known = self._catalogue.images.get(f"{image.repository}/{image.name}/{image.digest}")
            if image.tag is not None:
                self._untag(image.repository, image.name, image.tag)
            tags = set(known.tags if known else ())
            tags.update({image.tag} if image.tag is not None else ())
            self._catalogue.images.put(
                StoredImage(
                    image.repository,
                    image.name,
                    image.digest,
                    tuple(sorted(tags)),
                    image.media_type,
                    image.artifact_type,
                    image.platforms,
                    known.created_on if known else self._clock.now(),
                )
            )

    def _untag(self, repository: str, name: str, tag: str) -> None:
        for image in self._images(repository, name):
            if tag in image.tags:
                left = tuple(known for known in image.tags if known != tag)
                self._catalogue.images.put(replace(image, tags=left))

    def _images(self, repository: str, name: str) -> list[StoredImage]:
        return [
            image
            for image in self._catalogue.images.values()
            if image.repository == repository and image.name == name
        ]

    def image_names(self, key: str) -> Sequence[str]:
        """Return the names of the images in the repository, sorted."""
        with self._catalogue.transaction():
            every = self._catalogue.images.values()
            return sorted({image.name for image in every if image.repository == key})

    def tags(self, key: str, name: str) -> Sequence[str]:
        """Return every tag of the image, sorted."""
        with self._catalogue.transaction():
            return sorted(tag for image in self._images(key, name) for tag in image.tags)

    def image(self, key: str, name: str, reference: str) -> PushedImage | None:
        """Return the image's manifest with that digest or tag, None when there is none."""
        with self._catalogue.transaction():
            for image in self._images(key, name):
                if reference == image.digest or reference in image.tags:
                    return PushedImage(
                        key,
                        name,
                        None,
                        image.digest,
                        image.media_type,
                        image.artifact_type,
                        image.platforms,
                    )
        return None


@dataclass(frozen=True)
class _Known:
    """The user's key, what the credential may do, and when it ends where that is known."""

    user: str
    access: Access
    until: datetime | None = None


def _token_in(secret: str) -> str:
    """Return the token, given bare or as the JSON that clients send as a password."""
    try:
        value = json.loads(secret)
    except (ValueError, RecursionError):
        return secret
    token = value.get("token") if isinstance(value, dict) else None
    return token if isinstance(token, str) else secret
