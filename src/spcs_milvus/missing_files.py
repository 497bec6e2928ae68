"""What the project file names and what is not there: image folders, Dockerfiles, specifications.

Comes in: the project and its document (for places). Goes out: problems. Looks at the file system.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from spcs_milvus.assets import image_folder
from spcs_milvus.document import Document, Path_
from spcs_milvus.errors import Problem
from spcs_milvus.project import Project


def missing_files(project: Project, document: Document) -> Iterator[Problem]:
    """A problem for each file and folder that is not there. The default images need none: their folders
    travel with the program.
    """
    for key, extra in project.services.items():
        template = document.file.parent / extra.spec
        if not _is(Path.is_file, template):
            yield Problem(
                "the specification's template is not there",
                str(template),
                document.place(("services", key, "spec")),
                "name a file beside the project file, like specs/attu.yaml.j2",
            )
    for name, image in project.images.items():
        if image.context:
            path: Path_ = (*project.image_path(name), "image")
            folder = image_folder(document.file, name, image.context)
            yield from _missing(folder, image.dockerfile, path, document)


def _missing(folder: Path, dockerfile: str | None, path: Path_, document: Document) -> Iterator[Problem]:
    """A folder without a Dockerfile may be one for processes, unless the Dockerfile is named."""
    if not _is(Path.is_dir, folder):
        yield Problem(
            "the image folder is not there",
            str(folder),
            document.place((*path, "context")),
            "name a folder beside the project file, or leave the line out for the default",
        )
    elif dockerfile and not _is(Path.is_file, folder / dockerfile):
        yield Problem(
            "the Dockerfile is not there",
            str(folder / dockerfile),
            document.place((*path, "dockerfile")),
            "name a file in the image folder, by its path below that folder",
        )


def _is(wanted: Callable[[Path], bool], path: Path) -> bool:
    try:
        return wanted(path)
    except OSError:
        # a name too long, or a folder around it that may not be read
        return False
