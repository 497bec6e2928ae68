"""The whole account as one canonical value: equal for two accounts exactly when they are the same.

In: the catalogue and the stages' folders. Out: a JSON-able dict sorted by name. Nothing of sessions, times,
keys, ports or processes, and no password and no secret's value.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from spcs_emulator.account import people
from spcs_emulator.account.authentication import PAT
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import ACCOUNT, AccountObject, FutureGrant
from spcs_emulator.account.services import specification_of
from spcs_emulator.identity import Identity
from spcs_emulator.statement.values import ObjectKind

VERSION = 1
# Settings that tell of a moment or of this machine, not of what the account is.
PASSING = frozenset(
    {
        "since",
        "updated_on",
        "resumed_on",
        "suspended_on",
        "upgraded_on",
        "provisioned_on",
        "ports",
        "spec",
        "stages",
        "images",
        "failures",
        "locked_until",
        "expires_at",
        "bypass_until",
        "last_login",
        "snapshots",
        "restored",
        "archive",
        "from",
        "expires_on",
        "outcome",
        "cancelled_on",
    }
)

# Parts of secrets and users that no statement shows.
HIDDEN = frozenset({"SECRET_STRING", "PASSWORD", "password", "passwords", "tokens"})
# Settings that are keys of other objects, or lists of them.
REFERENCES = (
    "COMPUTE POOL",
    "QUERY_WAREHOUSE",
    "ALLOWED_NETWORK_RULES",
    "ALLOWED_AUTHENTICATION_SECRETS",
    "EXTERNAL_ACCESS_INTEGRATIONS",
)


def dump(catalogue: Catalogue, identity: Identity, data: Path) -> dict[str, Any]:
    """Return the account. Call inside a transaction. Files on stages count by their content."""
    found = {
        "version": VERSION,
        "account": {
            "organization": identity.organization,
            "name": identity.name,
            "locator": identity.locator,
        },
        "objects": [_object(catalogue, entry) for entry in _all(catalogue)],
        "grants": sorted(_grants(catalogue), key=lambda grant: sorted(map(str, grant.items()))),
        "memberships": sorted(_memberships(catalogue), key=lambda held: sorted(map(str, held.items()))),
        "images": sorted(
            _images(catalogue), key=lambda image: (image["repository"], image["name"], image["digest"])
        ),
        "stage_files": _stage_files(catalogue, data),
        "volumes": _volumes(catalogue),
    }
    canonical: dict[str, Any] = json.loads(json.dumps(found, sort_keys=True))
    return canonical


def _all(catalogue: Catalogue) -> list[AccountObject]:
    return [entry for kind in ObjectKind for entry in catalogue.of_kind(kind)]


def _object(catalogue: Catalogue, entry: AccountObject) -> dict[str, Any]:
    settings = {
        name: value for name, value in entry.settings.items() if name not in PASSING and name not in HIDDEN
    }
    for name in REFERENCES:
        if settings.get(name):
            settings[name] = _named(catalogue, settings[name])
    if entry.kind is ObjectKind.USER:
        settings |= _proofs(catalogue, entry)
    if entry.kind is ObjectKind.SERVICE:
        settings["specification"] = specification_of(entry).document
        settings["images"] = {name: image["digest"] for name, image in entry.settings["images"].items()}
    return {
        "kind": entry.kind.value,
        "name": catalogue.full_name(entry),
        "owner": catalogue.name_of(entry.owner),
        "comment": entry.comment,
        "settings": dict(sorted(settings.items())),
    }


def _named(catalogue: Catalogue, value: str | list[str]) -> str | list[str]:
    """Return the full name of the object with that key, of each in a list; a word that is no key stays."""
    if isinstance(value, list):
        return sorted(catalogue.full_name(catalogue.the(key)) for key in value)
    found = catalogue.get(value)
    return catalogue.full_name(found) if found else value


def _proofs(catalogue: Catalogue, user: AccountObject) -> dict[str, Any]:
    """How the user can sign in, without what proves it."""
    tokens = [
        {"name": token.name, "role": catalogue.name_of(token.role) or None}
        for token in people.tokens(user)
        if token.sort == PAT
    ]
    return {"has_password": people.value(user, "password") is not None, "tokens": tokens}


def _grants(catalogue: Catalogue) -> list[dict[str, Any]]:
    rows = []
    for grant in catalogue.grants.values():
        entry = catalogue.get(grant.on)
        rows.append(
            {
                "privilege": grant.privilege,
                "on_kind": entry.kind.value if entry else ACCOUNT,
                "on": catalogue.full_name(entry) if entry else ACCOUNT,
                "to": catalogue.name_of(grant.grantee),
                "option": grant.option,
                "by": catalogue.name_of(grant.granted_by),
            }
        )
    return [*rows, *(_future_grant(catalogue, grant) for grant in catalogue.future_grants.values())]


def _future_grant(catalogue: Catalogue, grant: FutureGrant) -> dict[str, Any]:
    return {
        "privilege": grant.privilege,
        "on_kind": f"FUTURE {grant.kind.value}",
        "on": catalogue.full_name(catalogue.the(grant.place)),
        "to": catalogue.name_of(grant.grantee),
        "option": grant.option,
        "by": catalogue.name_of(grant.granted_by),
    }


def _memberships(catalogue: Catalogue) -> list[dict[str, Any]]:
    rows = []
    for held in catalogue.memberships.values():
        member = catalogue.the(held.member)
        role = catalogue.the(held.role)
        rows.append(
            {
                "role": catalogue.full_name(role),
                "to_kind": member.kind.value,
                "to": member.name,
                "by": catalogue.name_of(held.granted_by),
            }
        )
    return rows


def _images(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "repository": catalogue.full_name(catalogue.the(image.repository)),
            "name": image.name,
            "digest": image.digest,
            "tags": sorted(image.tags),
        }
        for image in catalogue.images.values()
    ]


def _stage_files(catalogue: Catalogue, data: Path) -> list[dict[str, Any]]:
    rows = []
    for stage in catalogue.of_kind(ObjectKind.STAGE):
        folder = data / "stages" / stage.key
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                rows.append(
                    {
                        "stage": catalogue.full_name(stage),
                        "name": path.relative_to(folder).as_posix(),
                        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                    }
                )
    return rows


def _volumes(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {"service": catalogue.full_name(service), "name": volume.name, "size": volume.size}
        for service in catalogue.of_kind(ObjectKind.SERVICE)
        for volume in specification_of(service).block_volumes
    ]
