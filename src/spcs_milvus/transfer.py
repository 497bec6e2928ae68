"""How far a build or a push is, as values: ``images`` makes them, views show them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One layer of an image on its way. ``done`` and ``total`` are bytes; ``total`` is None while
    unknown, and ``done`` is never above it.
    """

    id: str
    status: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Transfer:
    """One moment of a build or a push: what is being done, and the layers seen so far in the order they
    came.
    """

    text: str
    layers: tuple[Layer, ...] = ()

    @property
    def done(self) -> int:
        """Bytes done, over all layers."""
        return sum(layer.done for layer in self.layers)

    @property
    def total(self) -> int | None:
        """Bytes in all; None while that of a layer is unknown, and when there are no layers."""
        totals = [layer.total for layer in self.layers if layer.total is not None]
        return sum(totals) if totals and len(totals) == len(self.layers) else None
