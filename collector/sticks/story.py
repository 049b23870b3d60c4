"""What became of an order on a stick, as it is kept for whoever asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from collector.sticks.giving import Given
from collector.sticks.sent import MOST_TOLD, Refused
from collector.sticks.taking import Taken


@dataclass(frozen=True, slots=True)
class Story:
    """`taken`: by kiosk; `strangers`: of them those that are no kiosk of ours in service; `refused`: files that were not taken, so
    many are named, and `more` besides; `own`: files that the centre had put there; `given`: by kiosk."""

    taken: tuple[Taken, ...] = ()
    strangers: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    more: int = 0
    own: int = 0
    given: tuple[Given, ...] = ()

    def refusing(self, more: Iterable[Refused]) -> Story:
        """The same with further files that were not taken."""
        named = (*self.refused, *more)
        return replace(self, refused=named[:MOST_TOLD], more=self.more + len(named[MOST_TOLD:]))


NOTHING = Story()
_STORY: TypeAdapter[Story] = TypeAdapter(Story)


def write(story: Story) -> str:
    """As JSON."""
    return _STORY.dump_json(story).decode()


def read(text: str) -> Story:
    """Out of JSON of `write`."""
    return _STORY.validate_json(text)
