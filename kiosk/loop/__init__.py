"""The frame loop and the parts that work beside it: eye, journal, centre, live picture, presenter, heartbeats."""

from kiosk.loop.loop import CHORES_NS, FAILURES_OUT, Loop, Parts

__all__ = ["CHORES_NS", "FAILURES_OUT", "Loop", "Parts"]
