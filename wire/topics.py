"""Topic names of version 1. The second level is the version of the contract."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wire.errors import ContractError

ROOT = "siperlu/v1"
FROM_KIOSK = ("records", "blobs", "status", "replies")
TO_KIOSK = ("receipts", "roster", "rules", "commands")
WITH_ITEM = ("blobs", "roster")


@dataclass(frozen=True, slots=True)
class Rights:
    """Channels of every kiosk that a process of the centre reads, and those that it writes."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


CENTRE = {
    "centre.ingest": Rights(FROM_KIOSK, ("receipts",)),
    "centre.jobs": Rights((), ("roster", "rules", "commands")),
    "centre.all": Rights(FROM_KIOSK, TO_KIOSK),
}
"""Names that the centre's processes have at the broker. With a dot in them, none is a name that a kiosk can have."""

_TOPIC = re.compile(
    rf"^{ROOT}/(?P<kiosk>[a-z0-9][a-z0-9-]{{0,62}})/(?P<channel>{'|'.join(FROM_KIOSK + TO_KIOSK)})"
    r"(?:/(?P<item>[a-z0-9][a-z0-9-]{0,63}))?\Z"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed topic: kiosk, channel, and the item (a blob's digest, a person) where the channel has one."""

    kiosk: str
    channel: str
    item: str | None = None

    @property
    def topic(self) -> str:
        """The topic name."""
        return "/".join([ROOT, self.kiosk, self.channel, *([self.item] if self.item else [])])


def parse(topic: str) -> Address:
    """Read a topic name. Raises ContractError for one that is not in the contract."""
    found = _TOPIC.match(topic)
    if not found or (found["item"] and found["channel"] not in WITH_ITEM):
        message = f"topic {topic!r} is not one of {ROOT}/<kiosk>/<channel>; see wire/README.md"
        raise ContractError(message)
    return Address(found["kiosk"], found["channel"], found["item"])


def subscriptions_of_centre() -> tuple[str, ...]:
    """What the centre's ingest listens to; the filters do not overlap, so nothing comes twice."""
    return tuple(f"{ROOT}/+/{name}" + ("/+" if name in WITH_ITEM else "") for name in FROM_KIOSK)


def subscriptions_of_kiosk(kiosk: str) -> tuple[str, ...]:
    """What a kiosk's relay listens to: its own topics alone."""
    own = tuple(f"{ROOT}/{kiosk}/{name}" for name in TO_KIOSK)
    return (*own, f"{ROOT}/{kiosk}/roster/+")
