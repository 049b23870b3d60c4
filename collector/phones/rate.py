"""How often one sender may ask: a bucket that fills by the minute. In memory: a process that starts anew forgives."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

MOST_SENDERS = 10_000


class Rate:
    """`per_minute` requests a minute of each sender, and as many at once. `clock` gives seconds that never step."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, clock: float) -> float:
        """0 when it may; else seconds until it may again."""
        with self._lock:
            left, since = self._left.pop(who, (self._most, clock))
            left = min(self._most, left + (clock - since) * self._most / 60)
            wait = 0.0 if left >= 1 else (1 - left) * 60 / self._most
            self._left[who] = (left - 1 if left >= 1 else left, clock)
            while len(self._left) > MOST_SENDERS:
                self._left.popitem(last=False)
        return wait
