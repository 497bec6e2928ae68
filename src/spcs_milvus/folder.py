"""Files → a folder that holds these files and nothing else.

Comes in: texts by relative path, and the words by which a file of ours is known. Touches that folder only.
All files are written before the first one is put in its place, so that a full disk leaves what was there; a
run that is cut short is made good by the next one.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from spcs_milvus.errors import ConfigError

# more than any first line of ours; a file of others may be one long line
_FIRST_LINE_BYTES = 1000


def write(folder: Path, texts: Mapping[str, str], known_by: str) -> None:
    """Makes ``folder`` hold exactly these files, in UTF-8.

    It may be missing, empty, or hold only files whose first line has ``known_by`` in it. Raises ConfigError
    where there is something else in it, and where it cannot be written.
    """
    try:
        _check(folder, known_by)
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".new-", dir=folder) as new:
            _fill(Path(new), texts)
            for path in texts:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(new) / path).replace(folder / path)
        _clear(folder, texts)
    except OSError as error:
        hint = "name a folder that you may write with --out DIR"
        raise ConfigError(
            "the folder cannot be written", detail=error.strerror, place=str(folder), hint=hint
        ) from error


def _fill(folder: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")


def _check(folder: Path, known_by: str) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_dir() or _is_known(path, known_by)):
            hint = "name another folder with --out DIR, or move that file elsewhere"
            raise ConfigError("the folder holds files of others", place=str(path), hint=hint)


def _is_known(path: Path, known_by: str) -> bool:
    """Never of what is no regular file: opening a pipe would wait for whoever writes to it."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return known_by.encode() in stream.readline(_FIRST_LINE_BYTES)


def _clear(folder: Path, texts: Mapping[str, str]) -> None:
    """Removes what an earlier rendering wrote and this one did not, and folders that are empty then."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in texts:
            path.unlink()
