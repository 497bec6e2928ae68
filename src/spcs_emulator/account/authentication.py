"""Who signs in: password, key pair, programmatic access token, OAuth, browser.

In: what a client sends at its login. Out: a `Proof`, or the refusal. The catalogue changes where a password
was wrong. Documented: five wrong passwords in a row lock the user for fifteen minutes (User management,
"Failed login attempts"). Assumed: as on a trial account, a person's password needs no second factor, and
programmatic access tokens need no network policy (PAT_POLICY: NETWORK_POLICY_EVALUATION = NOT_ENFORCED),
since the local account has no such policies.
"""

import secrets
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from spcs_emulator.account import credentials, people
from spcs_emulator.account.catalogue import Catalogue
from spcs_emulator.account.entries import AccountObject
from spcs_emulator.clock import Clock
from spcs_emulator.faults import (
    AUTHENTICATOR,
    BROWSER_INVALID,
    JWT_INVALID,
    MUST_CHANGE,
    OAUTH_EXPIRED,
    OAUTH_INVALID,
    PAT_INVALID,
    USER_DISABLED,
    USER_LOCKED,
    WRONG_PASSWORD,
    SqlError,
)
from spcs_emulator.identity import Identity
from spcs_emulator.statement.values import ObjectKind

TRIES = 5
FAILURES_KEPT = 100
LOCKED_FOR = timedelta(minutes=15)
BROWSER_LIFE = timedelta(minutes=2)
PAT, OAUTH = "PAT", "OAUTH"
_FINGERPRINT = "SHA256:"


@dataclass(frozen=True)
class Proof:
    """A user who has proven to be it. `role` is the key of the one role the credential is good for, None for
    all the user's.
    """

    user: AccountObject
    role: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What a client sends at its login; "" where it sends nothing."""

    authenticator: str
    login: str
    password: str
    token: str
    proof_key: str
    passcode: str


@dataclass(frozen=True)
class _Browser:
    user: str
    token_hash: str
    until: datetime


class Authentication:
    """Every way to sign in. All methods are thread safe. Sign-ins through a browser live in memory only."""

    def __init__(
        self,
        catalogue: Catalogue,
        identity: Identity,
        clock: Clock,
        failures: dict[str, dict[str, str]],
    ) -> None:
        """`failures` takes why a key pair was refused, by the number that the client was told."""
        self._failures = failures
        self._catalogue = catalogue
        self._identity = identity
        self._clock = clock
        self._lock = threading.Lock()
        self._browsers: dict[str, _Browser] = {}

    def prove(self, evidence: Evidence) -> Proof:
        """Return who it is.

        390100 for a password, 390144 for a key pair, 394400, 390303, 390318, 390195 for tokens, 390194 for an
        authenticator that is not known here.
        """
        if evidence.passcode:
            raise AUTHENTICATOR(name="USERNAME_PASSWORD_MFA", why=" and a passcode: nobody has MFA here")
        match evidence.authenticator:
            case "" | "SNOWFLAKE" | "USERNAME_PASSWORD_MFA":
                return self.password(evidence.login, evidence.password)
            case "SNOWFLAKE_JWT":
                return self._key_pair(evidence)
            case "PROGRAMMATIC_ACCESS_TOKEN":
                return self._programmatic(evidence.login, evidence.token)
            case "OAUTH":
                return self._oauth(evidence)
            case "EXTERNALBROWSER":
                return self._browser(evidence)
        raise AUTHENTICATOR(name=evidence.authenticator, why="")

    # --- password -------------------------------------------------------------------------------------

    def password(self, login: str, password: str) -> Proof:
        """Return who it is by a password, or by a programmatic access token in its place (documented)."""
        with self._catalogue.transaction():
            user = people.user_of_login(self._catalogue, login)
            if any(people.tokens_by_hash(self._catalogue, credentials.token_hash(password))):
                return self._programmatic(login, password)
        if user is None:
            raise WRONG_PASSWORD()
        right = credentials.fits(password, people.value(user, "password"))
        with self._catalogue.transaction():
            refusal = self._judged(self._catalogue.get(user.key), right)
        if refusal is not None:
            raise refusal
        return Proof(user)

    def _judged(self, user: AccountObject | None, right: bool) -> SqlError | None:
        """Note how it went, and return why the user may not in; None when it may."""
        if user is None:
            return WRONG_PASSWORD()
        now = self._clock.now()
        until = people.moment(user, "locked_until")
        if until is not None and until > now:
            return USER_LOCKED()
        if not right:
            self._count(user, people.value(user, "failures") + 1, now)
            return WRONG_PASSWORD()
        if people.value(user, "failures"):
            self._count(user, 0, now)
        if people.value(user, "MUST_CHANGE_PASSWORD"):
            return MUST_CHANGE()
        return self._out(user)

    def _count(self, user: AccountObject, failures: int, now: datetime) -> None:
        locked = failures >= TRIES
        until = (now + LOCKED_FOR).isoformat() if locked else None
        kept = {**user.settings, "failures": 0 if locked else failures, "locked_until": until}
        self._catalogue.objects.put(user.with_settings(kept))

    def _out(self, user: AccountObject) -> SqlError | None:
        until = people.moment(user, "expires_at")
        expired = until is not None and until <= self._clock.now()
        return USER_DISABLED() if expired or people.value(user, "DISABLED") else None

    def _let_in(self, user: AccountObject, role: str | None = None) -> Proof:
        refusal = self._out(user)
        if refusal is not None:
            raise refusal
        return Proof(user, role)

    # --- key pair -------------------------------------------------------------------------------------

    def _key_pair(self, evidence: Evidence) -> Proof:
        """Documented: Key pair authentication: troubleshooting: the client hears one number for every cause;
        the cause is for administrators (SYSTEM$GET_LOGIN_FAILURE_DETAILS).
        """
        try:
            with self._catalogue.transaction():
                return self._let_in(self._key_owner(evidence))
        except credentials.JwtError as error:
            raise JWT_INVALID(id=self._noted(evidence.login, str(error))) from error

    def _key_owner(self, evidence: Evidence) -> AccountObject:
        """Documented: Key-pair authentication: issuer ACCOUNT.USER.SHA256:fingerprint, subject ACCOUNT.USER,
        both in upper case. Assumed: the names of the causes but JWT_TOKEN_ACCOUNT_MISMATCH.
        """
        claims = credentials.read_jwt(evidence.token)
        whole, _, printed = claims.issuer.rpartition(f".{_FINGERPRINT}")
        account, _, name = whole.partition(".")
        user = people.user_of_login(self._catalogue, name)
        if account not in (self._identity.account.upper(), self._identity.locator):
            raise credentials.JwtError("JWT_TOKEN_ACCOUNT_MISMATCH")
        named = people.user_of_login(self._catalogue, evidence.login) if evidence.login else user
        if user is None or named != user or whole != claims.subject or whole != whole.upper():
            raise credentials.JwtError("JWT_TOKEN_INVALID_USER_IN_ISSUER")
        if not credentials.in_force(claims, self._clock.now()):
            raise credentials.JwtError("JWT_TOKEN_INVALID_ISSUE_TIME")
        keys = [key for key in (people.value(user, one) for one in people.KEYS) if key]
        fitting = [key for key in keys if credentials.fingerprint(key) == f"{_FINGERPRINT}{printed}"]
        if not fitting:
            raise credentials.JwtError("JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH")
        if not any(credentials.signed_by(evidence.token, key) for key in fitting):
            raise credentials.JwtError("JWT_TOKEN_INVALID_SIGNATURE")
        return user

    def _noted(self, login: str, why: str) -> str:
        """Remember a failure for a while and return its number."""
        number = str(uuid.uuid4())
        with self._lock:
            self._failures[number] = {
                "errorCode": why,
                "username": login.upper(),
                "timestamp": self._clock.now().isoformat(),
            }
            while len(self._failures) > FAILURES_KEPT:
                del self._failures[next(iter(self._failures))]
        return number

    # --- tokens ---------------------------------------------------------------------------------------

    def _programmatic(self, login: str, token: str) -> Proof:
        with self._catalogue.transaction():
            user, found = self._token(PAT, token)
            named = people.user_of_login(self._catalogue, login) if login else user
            if user is None or found is None or named != user:
                raise PAT_INVALID()
            if found.disabled or found.expired(self._clock.now()):
                raise PAT_INVALID()
            return self._let_in(user, found.role)

    def _oauth(self, evidence: Evidence) -> Proof:
        with self._catalogue.transaction():
            user, found = self._token(OAUTH, evidence.token)
            named = people.user_of_login(self._catalogue, evidence.login) if evidence.login else user
            if user is None or found is None or named != user:
                raise OAUTH_INVALID()
            if found.expired(self._clock.now()):
                raise OAUTH_EXPIRED()
            return self._let_in(user, found.role)

    def issue_oauth(self, login: str, role: str | None, seconds: float) -> str:
        """Return an OAuth access token for the user, good for `role` only unless that is None.

        What an authorization server would do: the local account has none, so whoever runs it asks for the
        token at `/local/oauth-token` (assumed). KeyError when there is no such user or role.
        """
        token, now = secrets.token_urlsafe(32), self._clock.now()
        with self._catalogue.transaction():
            user = people.user_of_login(self._catalogue, login)
            found = self._catalogue.find(ObjectKind.ROLE, role) if role else None
            if user is None or (role and found is None):
                raise KeyError(login if user is None else role)
            held = [one for one in people.tokens(user) if not (one.sort == OAUTH and one.expired(now))]
            until = (now + timedelta(seconds=seconds)).isoformat()
            hashed = credentials.token_hash(token)
            issued = people.UserToken(
                OAUTH, "", hashed, found.key if found else None, until, now.isoformat(), user.name
            )
            settings = {**user.settings, "tokens": people.kept((*held, issued))}
            self._catalogue.objects.put(user.with_settings(settings))
        return token

    def _token(self, sort: str, token: str) -> tuple[AccountObject | None, people.UserToken | None]:
        wanted = credentials.token_hash(token)
        for user, found in people.tokens_by_hash(self._catalogue, wanted):
            if found.sort == sort:
                return user, found
        return None, None

    # --- browser --------------------------------------------------------------------------------------

    def begin_browser(self, login: str) -> tuple[str, str]:
        """Return the proof key for the client and the token that the browser will bring it.

        390194 for who cannot sign in this way: nobody, or no person. Assumed: who may knows already that it
        is the person who runs the local account (`wire.browser` sees to that).
        """
        with self._catalogue.transaction():
            user = people.user_of_login(self._catalogue, login)
            if user is None or not people.is_person(user):
                raise AUTHENTICATOR(name="EXTERNALBROWSER", why=": there is no such person")
        key, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._lock:
            self._browsers = {old: begun for old, begun in self._browsers.items() if begun.until > now}
            self._browsers[key] = _Browser(user.key, credentials.token_hash(token), now + BROWSER_LIFE)
        return key, token

    def _browser(self, evidence: Evidence) -> Proof:
        with self._lock:
            begun = self._browsers.pop(evidence.proof_key, None)
        if begun is None or begun.until <= self._clock.now():
            raise BROWSER_INVALID()
        with self._catalogue.transaction():
            user = self._catalogue.get(begun.user)
            right = secrets.compare_digest(begun.token_hash, credentials.token_hash(evidence.token))
            if user is None or not right or people.user_of_login(self._catalogue, evidence.login) != user:
                raise BROWSER_INVALID()
            return self._let_in(user)
