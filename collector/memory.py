"""What a process keeps for life is set apart from what its requests make and drop."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def set_apart() -> Iterator[None]:
    """Until the end, the collector of cyclic garbage leaves alone what is there now: code, tables, templates.

    Looking through all of it took some 200 ms, and hit one request in twenty: that was the p95 of nearly every page.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
