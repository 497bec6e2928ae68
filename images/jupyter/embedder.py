"""Turns a text into a vector of 768 numbers, for the notebook beside this file.

In goes a text, out comes a list of floats. There are two embedders:

* `cortex` asks Snowflake's own model. Its vectors carry meaning: texts that say the same thing in other
  words lie close together. It works only inside a container that Snowflake runs, where a session token is
  mounted.
* `hash` needs no model, no account and no network. It is *lexical*: it counts the words and the parts of
  words two texts have in common, so it finds a text by its words and never by its meaning.

`choose_embedder` takes the first where the token is there and the second anywhere else. Reads the
environment, the token's file and, for `cortex`, one Snowflake session; writes nothing.
"""

import hashlib
import math
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import snowflake.connector
from snowflake.connector import SnowflakeConnection

DIMENSION = 768

# documented: Snowpark Container Services, "Using Snowflake-provided service user credentials".
SESSION_TOKEN = Path("/snowflake/session/token")

# documented: EMBED_TEXT_768, list of models; this one was made for search.
CORTEX_MODEL = "snowflake-arctic-embed-m-v1.5"

WORD_WEIGHT = 1.0
# Lower than a word's: a shared trigram hints at a common stem (research, researcher), but a word has many.
TRIGRAM_WEIGHT = 0.35
_COMMON = """
a an and are as at be been by did do does for from had has have he her his how in into is it its of on or she
that the their them they this to was were what when where which who whom whose why will with
"""
STOP_WORDS = frozenset(_COMMON.split())


@dataclass(frozen=True)
class Embedder:
    """A way to make vectors.

    `name` is `cortex` or `hash`; `description` is one sentence for the reader of the notebook; `embed` takes
    a text, returns `DIMENSION` floats and raises ValueError for a text it can make no vector of.
    """

    name: str
    description: str
    embed: Callable[[str], list[float]]


def choose_embedder(environment: Mapping[str, str] = os.environ, token: Path = SESSION_TOKEN) -> Embedder:
    """Pick the embedder that works here.

    `EMBEDDER` in the environment (`cortex` or `hash`) decides; unset or empty, it is `cortex` where the file
    `token` exists, which is only inside a container on Snowflake, else `hash`. Raises ValueError for any
    other name, and what `open_session` raises.
    """
    name = environment.get("EMBEDDER") or ("cortex" if token.exists() else "hash")
    if name == "cortex":
        return cortex_embedder(open_session(environment, token))
    if name == "hash":
        return Embedder("hash", "offline feature hashing: lexical, it compares words, not meaning", hash_text)
    raise ValueError(f"EMBEDDER is {name!r}: it must be 'cortex' or 'hash'")


def open_session(environment: Mapping[str, str], token: Path) -> SnowflakeConnection:
    """Open a Snowflake session with the container's own token.

    Raises OSError when `token` cannot be read, KeyError when SNOWFLAKE_HOST or SNOWFLAKE_ACCOUNT is unset
    (Snowflake sets both in every container), and the connector's errors when the session is refused.
    """
    return snowflake.connector.connect(
        host=environment["SNOWFLAKE_HOST"],
        account=environment["SNOWFLAKE_ACCOUNT"],
        authenticator="oauth",
        # Snowflake rewrites the file every few minutes, so it is read for each session and kept nowhere.
        token=token.read_text(encoding="utf-8"),
        # A value travels beside the statement, not inside it.
        paramstyle="qmark",
    )


def cortex_embedder(connection: SnowflakeConnection) -> Embedder:
    """Embed through an open session whose parameters are question marks.

    The role that owns the service needs the database role SNOWFLAKE.CORTEX_USER or
    SNOWFLAKE.CORTEX_EMBED_USER (documented: EMBED_TEXT_768, access control requirements); without it `embed`
    raises the connector's ProgrammingError.
    """

    def embed(text: str) -> list[float]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT SNOWFLAKE.CORTEX.EMBED_TEXT_768(?, ?)", (CORTEX_MODEL, text))
            ((vector,),) = cursor.fetchall()
        return [float(value) for value in vector]

    return Embedder("cortex", f"Snowflake Cortex, model {CORTEX_MODEL}: semantic, it compares meaning", embed)


def hash_text(text: str) -> list[float]:
    """Embed a text by signed feature hashing: `DIMENSION` floats, of length 1 as a vector.

    The same text gives the same vector on every machine. Upper case, punctuation and the order of the words
    make no difference. Raises ValueError when the text holds no letter or digit: it would have no direction.
    """
    words = _words(text)
    if not words:
        raise ValueError(f"no word to embed in {text!r}")
    vector = [0.0] * DIMENSION
    for word in words:
        _add(vector, f"word {word}", WORD_WEIGHT)
        for trigram in _trigrams(word):
            _add(vector, f"trigram {trigram}", TRIGRAM_WEIGHT)
    length = math.sqrt(math.fsum(value * value for value in vector))
    return [value / length for value in vector]


def _words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())
    # A text of nothing but stop words ("Who are they?") keeps them: a weak vector says more than none.
    return [word for word in words if word not in STOP_WORDS] or words


def _trigrams(word: str) -> list[str]:
    # The bars mark where the word begins and ends: `art` starts `artificial` but only ends `start`.
    marked = f"|{word}|"
    return [marked[start : start + 3] for start in range(len(marked) - 2)]


def _add(vector: list[float], feature: str, weight: float) -> None:
    number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
    # The sign comes from a bit of its own, so that features that share a place cancel out on average.
    sign = 1.0 if number & 1 else -1.0
    vector[(number >> 1) % DIMENSION] += sign * weight
