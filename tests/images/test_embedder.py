"""The notebook's embedder: the offline one by its properties, the choice of the two by the environment."""

import math
import random
import string
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

DOCUMENTS = [
    "Artificial intelligence was founded as an academic discipline in 1956.",
    "Alan Turing was the first person to conduct substantial research in AI.",
    "Born in Maida Vale, London, Turing was raised in southern England.",
]

WORD = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
WORDS = st.lists(WORD, min_size=1, max_size=30)
TEXTS = st.text(max_size=200).filter(lambda text: any(character.isalnum() for character in text))


def closeness(one: list[float], other: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("Who started AI research?", 1),
        ("Where was Turing born?", 2),
        ("When was artificial intelligence founded?", 0),
    ],
)
def test_a_question_finds_its_sentence_with_room_to_spare(
    embedder: ModuleType, question: str, best: int
) -> None:
    asked = embedder.hash_text(question)
    scores = [closeness(asked, embedder.hash_text(document)) for document in DOCUMENTS]
    others = [score for number, score in enumerate(scores) if number != best]
    assert scores[best] > max(others) + 0.2


def test_a_question_without_common_words_is_noise_as_the_notebook_says(embedder: ModuleType) -> None:
    asked = embedder.hash_text("Who invented machine thinking?")
    assert all(abs(closeness(asked, embedder.hash_text(document))) < 0.15 for document in DOCUMENTS)


@given(text=TEXTS)
def test_any_text_becomes_a_vector_of_length_one(embedder: ModuleType, text: str) -> None:
    vector = embedder.hash_text(text)
    assert len(vector) == embedder.DIMENSION == 768
    assert math.isclose(closeness(vector, vector), 1.0, rel_tol=1e-12)
    assert vector == embedder.hash_text(text)


@given(words=WORDS)
def test_case_and_punctuation_make_no_difference(embedder: ModuleType, words: list[str]) -> None:
    plain = embedder.hash_text(" ".join(words))
    assert plain == embedder.hash_text(" ".join(words).upper())
    assert plain == embedder.hash_text("¿" + "_, ".join(words) + "?!")


@given(words=WORDS, seed=st.integers())
def test_the_order_of_the_words_makes_no_difference(
    embedder: ModuleType, words: list[str], seed: int
) -> None:
    shuffled = random.Random(seed).sample(words, len(words))
    same = closeness(embedder.hash_text(" ".join(words)), embedder.hash_text(" ".join(shuffled)))
    assert math.isclose(same, 1.0, rel_tol=1e-12)


@given(text=st.text(string.punctuation + string.whitespace))
def test_a_text_without_a_word_is_refused(embedder: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match="no word to embed"):
        embedder.hash_text(text)


def test_stop_words_count_only_when_there_is_nothing_else(embedder: ModuleType) -> None:
    assert embedder.hash_text("Who was the Turing") == embedder.hash_text("turing")
    assert embedder.hash_text("Who are they?") != embedder.hash_text("turing")


def test_another_interpreter_with_another_hash_seed_agrees(embedder: ModuleType) -> None:
    program = "import embedder; print(embedder.hash_text('Alan Turing'))"
    folder = Path(str(embedder.__file__)).parent
    for seed in ("1", "2"):
        answer = subprocess.run(
            [sys.executable, "-B", "-c", program],
            cwd=folder,
            env={"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout.strip() == str(embedder.hash_text("Alan Turing"))


@pytest.mark.parametrize("environment", [{}, {"EMBEDDER": ""}, {"EMBEDDER": "hash"}])
def test_without_a_session_token_it_is_the_lexical_one_and_says_so(
    embedder: ModuleType, tmp_path: Path, environment: dict[str, str]
) -> None:
    chosen = embedder.choose_embedder(environment, tmp_path / "token")
    assert chosen.name == "hash"
    assert "lexical" in chosen.description
    assert chosen.embed("Turing") == embedder.hash_text("Turing")


def test_hash_can_be_asked_for_where_there_is_a_token(embedder: ModuleType, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token")
    assert embedder.choose_embedder({"EMBEDDER": "hash"}, token).name == "hash"


def test_a_session_token_chooses_cortex(embedder: ModuleType, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token")
    with pytest.raises(KeyError, match="SNOWFLAKE_HOST"):
        embedder.choose_embedder({}, token)


def test_cortex_without_a_token_says_which_file_is_missing(embedder: ModuleType, tmp_path: Path) -> None:
    account = {"EMBEDDER": "cortex", "SNOWFLAKE_HOST": "127.0.0.1", "SNOWFLAKE_ACCOUNT": "nobody"}
    with pytest.raises(FileNotFoundError, match="token"):
        embedder.choose_embedder(account, tmp_path / "token")


class Session:
    """An open session that answers every statement with one vector and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def cursor(self) -> "Session":
        return self

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def execute(self, statement: str, values: tuple[str, ...]) -> None:
        self.asked.append((statement, values))

    def fetchall(self) -> list[tuple[list[float]]]:
        return [([0.5] * 768,)]


@given(text=st.text())
def test_cortex_gets_the_text_beside_the_statement(embedder: ModuleType, text: str) -> None:
    session = Session()
    assert embedder.cortex_embedder(session).embed(text) == [0.5] * 768
    statement = "SELECT SNOWFLAKE.CORTEX.EMBED_TEXT_768(?, ?)"
    assert session.asked == [(statement, (embedder.CORTEX_MODEL, text))]


def test_an_unknown_embedder_is_refused(embedder: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'cortex' or 'hash'"):
        embedder.choose_embedder({"EMBEDDER": "onnx"}, tmp_path / "token")
