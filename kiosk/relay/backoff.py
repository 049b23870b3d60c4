"""How long to wait before the next try of a connection."""

from __future__ import annotations

import random

FIRST_S = 0.5
CAP_S = 60.0


class Backoff:
    """Waits that grow from half a second to a minute, each drawn at random below its bound ("full jitter"): a broker
    that comes back is not met by thousands of kiosks at once."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._bound_s = FIRST_S

    def wait_s(self) -> float:
        """Seconds to wait now."""
        bound = self._bound_s
        self._bound_s = min(bound * 2, CAP_S)
        return self._luck.uniform(bound / 10, bound)

    def succeed(self) -> None:
        """A connection stood: the next loss is answered fast again."""
        self._bound_s = FIRST_S
