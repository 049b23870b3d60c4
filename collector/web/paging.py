"""Long lists, a page at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import request

PAGE = 50


@dataclass(frozen=True, slots=True)
class Pages:
    """Which page of how many; `total` counts all rows. Pages count from 1."""

    number: int
    total: int

    @property
    def last(self) -> int:
        """Number of the last page, 1 when there is nothing."""
        return max(1, math.ceil(self.total / PAGE))

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * PAGE


def pages(total: int) -> Pages:
    """The page that the request asks for, held within what there is."""
    last = Pages(1, total).last
    return Pages(min(max(1, request.args.get("page", 1, int)), last), total)
