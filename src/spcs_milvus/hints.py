"""Snowflake's error numbers → something to try. One table; code branches on these numbers and never on a
message.

documented or observed numbers; those marked assumed have been seen in a neighbouring situation only.
"""

ALREADY_EXISTS = frozenset({2002, 3041})
"""CREATE of something that is there; 3041 when the role holds no privilege on it."""

MISSING = frozenset({2003, 2043})
"""What the statement names is not there, or this role may not know (both read the same, on purpose)."""

FORBIDDEN = frozenset({3001})
"""The role may know of the object, but not do this to it."""

UNKNOWN = frozenset({2, 1003, 3078})
"""The account is older than the statement, or of an edition without what it is about."""

BUILT_IN = frozenset({2002, 2043, 3001})
"""CREATE of the ingress integration where Snowflake has its own (field reports: 2043 since 2024; assumed: the
others).
"""

REFUSED: dict[int, str] = {
    390100: "check user and password",
    390101: "the user is disabled; an administrator runs ALTER USER … SET DISABLED = FALSE",
    390102: "too many sign-ins failed: wait 15 minutes, or ALTER USER … SET MINS_TO_UNLOCK = 0",
    390111: "sign in again; the session it stood for has ended",
    390144: "the key does not belong to the user: ALTER USER … SET RSA_PUBLIC_KEY = '…'",
    390194: "this account does not take that authenticator; choose another in the connection",
    390195: "sign in through the browser again",
    390303: "the OAuth token is not valid here; get another from who gives them out",
    390318: "the OAuth token has expired; get another from who gives them out",
    390422: "the network policy of the user does not allow this address",
    394300: "the key does not belong to the user: ALTER USER … SET RSA_PUBLIC_KEY = '…'",
    394301: "account and user in the connection must be those the key was set for",
    394302: "the user has no public key: ALTER USER … SET RSA_PUBLIC_KEY = '…'",
    394303: "check this machine's clock",
    394304: "check this machine's clock",
    394305: "the key does not belong to the user: ALTER USER … SET RSA_PUBLIC_KEY = '…'",
    394306: "the key must be RSA of 2048 bits or more",
    394400: "the programmatic access token is not valid, or no longer; an administrator rotates it",
}
"""What to check after a refused sign-in (documented: the numbers; assumed: what helps)."""

SIGN_IN = frozenset(REFUSED)
"""The sign-in was refused. Never tried again: accounts are locked that way."""

ANSWER_LOST = frozenset({604, 630, 300002})
"""The answer says only that something broke, or that the statement was cancelled (connector 4.8 does so once
its patience is over; Snowflake at a time-out of its own): it may have had its effect.
"""

SESSION_OVER = frozenset({250001, 390104, 390111, 390112, 390113, 390114, 390115})
"""The session has ended or cannot be renewed any more, so that the statement was not even begun.

observed: connector 5.2 says 250001 where its renewal of an expired session failed; it and 4.8 renew by
themselves for as long as the master token is good (four hours).
"""

HINTS: dict[int, str] = {
    2: "this account does not know that feature yet",
    1003: "this account may be older than the statement; see the query's text in Snowflake",
    2002: "somebody made it in the meantime; run the command again",
    2003: "what it names is not there, or the role that runs this may not see it",
    2043: "what it names is not there, or the role that runs this may not see it",
    3001: "ask for the missing privilege, or name roles that hold it under `roles:`",
    3002: "the account's password policy refuses it; choose another password",
    3011: "a part of the privileges was not granted; ask an account administrator",
    3013: "ask an administrator for the role, or name another under `roles:`",
    3041: "an object of that name belongs to somebody else; choose another prefix under `names:`",
    3078: "the account's edition or region does not have this feature",
    98507: "a network policy uses a network rule in it; take that out of the policy, then run down again",
    98508: "a network policy uses a network rule in it; take that out of the policy, then run down again",
    390189: "ask an administrator for the role, or name another under `roles:`",
    392507: "there is no capacity for the instance family; try another, or wait",
    395018: "the account refuses a key of the specification; it may be older than the key",
    395085: "the service holds a block volume",
    397012: "push the image, or check that its name in the specification is right",
    397013: "the image repository did not answer; try again",
}


def answer_lost(errno: int | None) -> bool:
    """Whether a statement that ended with that number (None: without any) may have had its effect."""
    return errno is None or errno in ANSWER_LOST


def hint_for(errno: int | None) -> str | None:
    """What to try after an error of that number; None when nothing is known to help."""
    return HINTS.get(errno) if errno is not None else None
