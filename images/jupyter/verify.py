"""Runs TestMilvus.ipynb from top to bottom without a browser, and prints what its cells print.

In goes the notebook beside this file and the environment it runs in; it is not changed. The process ends with
0 when every cell ran, the last of which asserts the answer, and else with 1 and the error as its last words.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

NOTEBOOK = Path(__file__).with_name("TestMilvus.ipynb")
CELL_SECONDS = 300
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main() -> int:
    """Run it and return the exit code."""
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    runner = NotebookClient(
        notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    )
    error = None
    try:
        runner.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as caught:
        error = COLOUR.sub("", str(caught)).strip()
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    print("".join(output.get("text", "") for output in outputs))
    if error:
        print(error)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
