"""Parts of a process: started in order, ended in the opposite order; one that ends by itself ends them all."""

from __future__ import annotations

import threading
from collections.abc import Callable

from collector.parts import Loop, run_parts


class Named:
    """A part that writes down when it begins and ends."""

    def __init__(self, name: str, done: list[str], after_start: Callable[[], object] = lambda: None) -> None:
        self._name, self._done, self._after_start = name, done, after_start
        self.alive = True

    def start(self) -> None:
        self._done.append(f"start {self._name}")
        self._after_start()

    def close(self) -> None:
        self._done.append(f"close {self._name}")


def test_the_end_is_the_beginning_backwards() -> None:
    stop, done = threading.Event(), list[str]()
    assert run_parts([Named("a", done), Named("b", done, stop.set)], stop)
    assert done == ["start a", "start b", "close b", "close a"]


def test_a_part_that_ends_by_itself_ends_the_process() -> None:
    done: list[str] = []

    def fail(_stop: threading.Event) -> None:
        raise ValueError("broken")

    assert not run_parts([Named("a", done), Loop("failing", fail)], threading.Event())
    assert done == ["start a", "close a"]


def test_what_cannot_start_closes_what_has_started() -> None:
    done: list[str] = []

    def fail() -> None:
        raise OSError("port taken")

    try:
        run_parts([Named("a", done), Named("b", done, fail)], threading.Event())
    except OSError as error:
        assert str(error) == "port taken"  # noqa: PT017 - what was done before it counts too
    assert done == ["start a", "start b", "close a"]


def test_closing_a_loop_twice_or_before_its_start_is_fine() -> None:
    loop = Loop("x", lambda stop: stop.wait() and None)
    loop.close()
    loop = Loop("x", lambda stop: stop.wait() and None)
    loop.start()
    loop.close()
    loop.close()
    assert not loop.alive
