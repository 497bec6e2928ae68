"""What proves who somebody is, as it is kept: passwords salted and hashed, public keys, token hashes.

In: what a person wrote or a client sent. Out: what to keep, and whether something fits it. Touches nothing;
never keeps or returns a password or a token, but for a keyed hash of each password that has fitted.
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from spcs_emulator.faults import INVALID_KEY, WEAK_PASSWORD

# documented: Using password policies: five old passwords are refused
PASSWORD_HISTORY = 5
# Assumed to be enough here: about 20 ms, which every start of the local account takes once.
_COST = 2**12
_BLOCK, _LANES = 8, 1
_KEY = secrets.token_bytes(32)
_fitted: set[bytes] = set()
# documented: ALTER USER: eight characters, one digit, one letter of each case at the least
_STRONG = (r".{8,}", r"[0-9]", r"[A-Z]", r"[a-z]")
# documented: Key-pair authentication and key-pair rotation: 2048 bits at the least
_KEY_BITS = 2048


def hashed(password: str) -> str:
    """Return the password as it is kept: a salt and the hash, in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(password, salt).hex()}"


def fits(password: str, kept: str | None) -> bool:
    """Whether the password is the one that was kept; None is none.

    Clients sign in many times over, so one that has fitted is known again by a quick hash under a key that
    only this process has.
    """
    said = f"{kept}:{password}".encode(errors="surrogatepass")
    mark = hashlib.blake2b(said, key=_KEY).digest()
    if mark not in _fitted:
        salt, _, wanted = (kept or ":").partition(":")
        found = _scrypt(password, bytes.fromhex(salt)).hex()
        if not kept or not secrets.compare_digest(found, wanted):
            return False
        _fitted.add(mark)
    return True


def check_new(password: str, history: tuple[str, ...]) -> None:
    """Raise 003002 for a password that is too weak, or one of the last five."""
    if not all(re.search(part, password) for part in _STRONG):
        raise WEAK_PASSWORD(reason="PASSWORD_TOO_SIMPLE")
    if any(fits(password, kept) for kept in history[-PASSWORD_HISTORY:]):
        raise WEAK_PASSWORD(reason="PRIOR_USE")


def token_hash(token: str) -> str:
    """Return what is kept of a token; it is long and random, so a plain hash does."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def public_key(text: str) -> str:
    """Return an RSA public key as it is kept: Base64 of its DER form, without the PEM lines.

    Raises the fault for what is no RSA key, or one that is too short.
    """
    lines = [line.strip() for line in text.strip().splitlines() if not line.startswith("-----")]
    try:
        der = base64.b64decode("".join(lines), validate=True)
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, binascii.Error) as error:
        raise INVALID_KEY() from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _KEY_BITS:
        raise INVALID_KEY()
    return base64.b64encode(der).decode()


def fingerprint(kept: str) -> str:
    """Return `SHA256:…` of a kept public key (documented: RSA_PUBLIC_KEY_FP of DESCRIBE USER)."""
    digest = hashlib.sha256(base64.b64decode(kept)).digest()
    return f"SHA256:{base64.b64encode(digest).decode()}"


@dataclass(frozen=True)
class Claims:
    """What a JWT of the connectors claims: issuer `ACCOUNT.USER.SHA256:…`, subject `ACCOUNT.USER`, times in
    seconds since 1970.
    """

    issuer: str
    subject: str
    issued: float
    expires: float


class JwtError(Exception):
    """A token that is refused; its text is the name that Snowflake has for why."""


def read_jwt(token: str) -> Claims:
    """Return what the token claims, its signature not looked at. JwtError for what is no such token, and for
    another algorithm than RS256.
    """
    try:
        header, claims, _ = token.split(".")
        algorithm = json.loads(_part(header))["alg"]
        value: Mapping[str, Any] = json.loads(_part(claims))
        found = Claims(str(value["iss"]), str(value["sub"]), float(value["iat"]), float(value["exp"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JwtError("JWT_TOKEN_INVALID") from error
    if algorithm != "RS256":
        raise JwtError("JWT_TOKEN_INVALID_ALGORITHM")
    return found


def signed_by(token: str, kept: str) -> bool:
    """Whether the kept public key's private half signed the token (RS256)."""
    signed, _, signature = token.rpartition(".")
    key = serialization.load_der_public_key(base64.b64decode(kept))
    try:
        proof = base64.urlsafe_b64decode(_padded(signature))
        key.verify(proof, signed.encode(), padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr,call-arg,arg-type]
    except (InvalidSignature, ValueError):
        return False
    return True


def in_force(claims: Claims, now: datetime) -> bool:
    """Whether the token's time has begun and not ended. Documented: no longer than an hour after its issue;
    assumed: a minute is forgiven for clocks that differ.
    """
    at, slack, longest = now.timestamp(), 60.0, 3600.0
    return claims.issued - slack <= at < claims.expires and at <= claims.issued + longest + slack


def _scrypt(password: str, salt: bytes) -> bytes:
    given = password.encode(errors="surrogatepass")
    return hashlib.scrypt(given, salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=32)


def _part(text: str) -> bytes:
    return base64.urlsafe_b64decode(_padded(text))


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
