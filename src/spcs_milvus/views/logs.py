"""A container's log → text on stdout, as it was written but for what would steer a terminal."""

from spcs_milvus.logs import Log

# C0, DEL and C1, whose members move the cursor, set the window's title or answer in the reader's name
_STEERS = [code for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
_VISIBLE = {code: f"\\x{code:02x}" for code in _STEERS}


def show_log(shown: Log) -> None:
    """Prints the log, with control characters written out (``\\x1b``)."""
    text = shown.text.replace("\r\n", "\n").translate(_VISIBLE)
    print(text, end="" if text.endswith("\n") or not text else "\n")
