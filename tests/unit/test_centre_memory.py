"""A process sets apart what it keeps for life, and gives it back at its end."""

from __future__ import annotations

import gc
import weakref

from collector.memory import set_apart


class Ring:
    """Something that only the collector of cyclic garbage can take away."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_there_is_left_alone_and_what_comes_later_is_collected() -> None:
    old = Ring()
    kept = weakref.ref(old)
    with set_apart():
        assert gc.get_freeze_count() > 0
        del old
        new = weakref.ref(Ring())
        gc.collect()
        assert kept() is not None
        assert new() is None
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert kept() is None
