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

SIGN_IN = frozenset({390100, 390101, 390144, 390303, 390318, 394300, 394304})
"""The sign-in was refused. Never tried again: accounts are locked that way."""

ANSWER_LOST = frozenset({250001, 250003, 300002})
"""The answer did not come, or says only that something broke: the statement may have had its effect."""

HINTS: dict[int, str] = {
    2: "this account does not know that feature yet",
    1003: "this account may be older than the statement; see the query's text in Snowflake",
    2002: "somebody made it in the meantime; run the command again",
    2003: "what it names is not there, or the role that runs this may not see it",
    2043: "what it names is not there, or the role that runs this may not see it",
    3001: "ask for the missing privilege, or name roles that hold it under `roles:`",
    3011: "a part of the privileges was not granted; ask an account administrator",
    3013: "ask an administrator for the role, or name another under `roles:`",
    3041: "an object of that name belongs to somebody else; choose another prefix under `names:`",
    3078: "the account's edition or region does not have this feature",
    390189: "ask an administrator for the role, or name another under `roles:`",
    392507: "there is no capacity for the instance family; try another, or wait",
    395018: "the account refuses a key of the specification; it may be older than the key",
    395085: "the service holds a block volume",
    397012: "push the image, or check that its name in the specification is right",
    397013: "the image repository did not answer; try again",
}


def hint_for(errno: int | None) -> str | None:
    """What to try after an error of that number; None when nothing is known to help."""
    return HINTS.get(errno) if errno is not None else None
