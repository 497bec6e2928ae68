"""How far builds and pushes are → a line of text, or bars on a terminal: one of the whole, one an active
layer.
"""

from collections.abc import Iterator, Mapping

from rich.filesize import decimal
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from spcs_milvus.transfer import Layer, Transfer
from spcs_milvus.views.console import harmless

_BAR_WIDTH = 24
_SHOWN_LAYERS = 6


def in_words(transfer: Transfer) -> str:
    """What is being done and how much of it is done, in one line. A build repeats what its steps print."""
    text = harmless(transfer.text)
    return f"{text}, {_amount(transfer.done, transfer.total)}" if transfer.done else text


def bars(transfers: Mapping[str, Transfer]) -> Table:
    """Bars for transfers with layers, each under its title."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(width=_BAR_WIDTH)
    table.add_column(no_wrap=True, overflow="crop")
    for title, transfer in transfers.items():
        if transfer.layers:
            table.add_row(f"  {title}", *_bar(transfer.done, transfer.total))
            for layer in _active(transfer):
                table.add_row(Text(f"    {layer.id}", "dim"), *_bar(layer.done, layer.total))
    return table


def _active(transfer: Transfer) -> list[Layer]:
    """The layers that are on their way, as many as there is room for."""
    moving = [layer for layer in transfer.layers if 0 < layer.done < (layer.total or 0)]
    return moving[:_SHOWN_LAYERS]


def _bar(done: int, total: int | None) -> Iterator[ProgressBar | Text]:
    yield ProgressBar(total=total or None, completed=done, width=_BAR_WIDTH)
    yield Text(_amount(done, total), "cyan")


def _amount(done: int, total: int | None) -> str:
    return f"{decimal(done)} of {decimal(total)}" if total else decimal(done)
