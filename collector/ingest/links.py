"""How records hang together: what is new, what came before, what contradicts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from collector.ingest.judge import Accepted
from wire.records import GENESIS


class Place(NamedTuple):
    """Identity of a record."""

    kiosk: str
    chain: str
    seq: int

    def neighbour(self, steps: int) -> Place:
        """The place so many numbers further."""
        return Place(self.kiosk, self.chain, self.seq + steps)


@dataclass(frozen=True, slots=True)
class Link:
    """A record's own digest, and the one it says the record before it has."""

    digest: str
    prev: str


@dataclass(slots=True)
class SortedOut:
    """`broken`: places whose record does not name the record before it, with that record's digest."""

    new: list[Accepted] = field(default_factory=list)
    again: list[Accepted] = field(default_factory=list)
    forks: list[Accepted] = field(default_factory=list)
    broken: dict[Place, str] = field(default_factory=dict)


def place_of(accepted: Accepted) -> Place:
    """Identity of an accepted record."""
    record = accepted.record
    return Place(record.kiosk, record.chain, record.seq)


def sort_out(accepted: Iterable[Accepted], stored: Mapping[Place, Link]) -> SortedOut:
    """`stored`: at least those of the records' own places and of their neighbours that the database has.

    Whichever of two neighbours comes later, the same link is found broken: that of the higher number.
    """
    links = dict(stored)
    result = SortedOut()
    new_places: list[Place] = []
    for one in accepted:
        place, link = place_of(one), Link(one.envelope.digest, one.record.prev)
        held = links.setdefault(place, link)
        if held is link:
            result.new.append(one)
            new_places.append(place)
        elif held.digest == link.digest:
            result.again.append(one)
        else:
            result.forks.append(one)
    for place in new_places:
        for later in (place, place.neighbour(1)):
            if _broken(later, links):
                result.broken[later] = links[later].digest
    return result


def _broken(place: Place, links: Mapping[Place, Link]) -> bool:
    link = links.get(place)
    if link is None:
        return False
    if place.seq == 1:
        return link.prev != GENESIS
    before = links.get(place.neighbour(-1))
    return before is not None and link.prev != before.digest
