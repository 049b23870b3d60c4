"""Which face is served: the nearest, and the same one from frame to frame. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.face import Box, Detection

GAP_NS = 700_000_000
"""Missed in a frame and not seen for so long, a face is another face: the next person may stand in the same place."""

SLOW_NS = 2_500_000_000
"""The same between two frames that follow one another: a board that needs a second for one must serve people, too. Who steps
in meanwhile is told by the face itself, which is not alike (`Vision`)."""

LEAD = 1.25
"""Another face takes over when it is so many times wider: two people side by side must not flip."""

_REACH = 0.6  # face widths that a centre may move between two frames
_GROWTH = 1.6


@dataclass(frozen=True, slots=True)
class Track:
    """The face served last: its number (from 1), where it was, and when (monotonic ns); `missed`: no face was seen since."""

    number: int
    box: Box
    seen_ns: int
    missed: bool = False


def follow(last: Track | None, faces: Sequence[Detection], now_ns: int) -> tuple[Detection | None, Track | None]:
    """The face to serve in this frame, and the track it belongs to: the last one's number, or the next."""
    if not faces:
        return None, last and replace(last, missed=True)
    nearest = max(faces, key=lambda face: face.box.width)
    if last is None:
        return nearest, Track(1, nearest.box, now_ns)
    same = _continued(last, faces, now_ns)
    if same is None or nearest.box.width > LEAD * same.box.width:
        return nearest, Track(last.number + 1, nearest.box, now_ns)
    return same, Track(last.number, same.box, now_ns)


def _continued(last: Track, faces: Sequence[Detection], now_ns: int) -> Detection | None:
    if now_ns - last.seen_ns > (GAP_NS if last.missed else SLOW_NS):
        return None
    near = [face for face in faces if _could_be(last.box, face.box)]
    return min(near, key=lambda face: _moved(last.box, face.box), default=None)


def _moved(before: Box, after: Box) -> float:
    """Distance of the centres in face widths."""
    across = after.left + after.width / 2 - before.left - before.width / 2
    down = after.top + after.height / 2 - before.top - before.height / 2
    return float((across**2 + down**2) ** 0.5) / before.width


def _could_be(before: Box, after: Box) -> bool:
    return _moved(before, after) <= _REACH and 1 / _GROWTH <= after.width / before.width <= _GROWTH
