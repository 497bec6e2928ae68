"""Texts that have broken programs: what ends a literal, a comment, a line or a document, what steers a
terminal, what looks like something else, what is too long.

In: random numbers, and the pieces in ``texts.yaml``. Out: text. Touches nothing else.
"""

from pathlib import Path
from random import Random

import yaml

_BY_SORT: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8")
)
PIECES = tuple(piece for pieces in _BY_SORT.values() for piece in pieces)
_LENGTHS = (0, 1, 2, 63, 64, 127, 128, 254, 255, 256, 257, 1024, 4096)
_LETTERS = "abcXYZ_09"


def hostile(random: Random) -> str:
    """Some of those pieces among a few letters, now and then of a length at which something changes."""
    if random.random() < 0.1:
        filling = random.choice((random.choice(PIECES), random.choice(_LETTERS))) or "x"
        length = random.choice(_LENGTHS)
        return (filling * length)[:length]
    pieces = [piece(random), *(random.choice((piece, word))(random) for _ in range(random.randint(0, 3)))]
    random.shuffle(pieces)
    return "".join(pieces)


def piece(random: Random) -> str:
    """One piece; each sort is as likely as the others."""
    return random.choice(_BY_SORT[random.choice(list(_BY_SORT))])


def word(random: Random, most: int = 6) -> str:
    """A word that harms nobody."""
    return "".join(random.choices(_LETTERS, k=random.randint(1, most)))
