"""A container's log → text on stdout, as it was written but for what would steer a terminal."""

from spcs_milvus.logs import Log
from spcs_milvus.views.console import harmless


def show_log(shown: Log) -> None:
    """Prints the log."""
    text = harmless(shown.text)
    print(text, end="" if text.endswith("\n") or not text else "\n")
