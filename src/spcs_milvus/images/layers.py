"""The engine's progress events → `Transfer` values, one after the other.

Comes in: events as the engine sends them while it pulls a base or pushes (observed: engine 20.10). Goes
out: for each of them the layers as they stand then.
"""

from collections.abc import Callable
from typing import Any

from spcs_milvus.transfer import Layer, Transfer

_SETTLED = ("Pushed", "Layer already exists", "Mounted from", "Pull complete", "Already exists")


class Layers:
    """The layers of one transfer by id, in the order they came. ``tell`` is called at every change."""

    def __init__(self, tell: Callable[[Transfer], object], word: str) -> None:
        self._tell = tell
        self._word = word
        self._layers: dict[str, Layer] = {}

    @property
    def settled(self) -> int:
        """How many have arrived, or were there before."""
        return sum(layer.status.startswith(_SETTLED) for layer in self._layers.values())

    @property
    def moved(self) -> bool:
        """Whether anything was sent."""
        return any(layer.done for layer in self._layers.values())

    def add(self, event: dict[str, Any]) -> None:
        """One event; those that speak of no layer change nothing."""
        if "id" not in event or "progressDetail" not in event:
            return
        layer = self._layer(event["id"], event.get("status", ""), event["progressDetail"])
        self._layers[layer.id] = layer
        text = f"{self.settled} of {len(self._layers)} layers {self._word}"
        self._tell(Transfer(text, tuple(self._layers.values())))

    def _layer(self, key: str, status: str, detail: dict[str, int]) -> Layer:
        known = self._layers.get(key)
        total = detail.get("total") or (known.total if known else None)
        if status.startswith(_SETTLED):
            # of one that was there before nothing is sent, so its size was never told
            return Layer(key, status, total or 0, total or 0)
        # observed: the last event of a layer may count more than there was
        done = min(detail.get("current", 0), total) if total else 0
        return Layer(key, status, done, total)
