"""Drawing a sample and judging what was drawn; every step is in the audit log."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.book import Author
from collector.audit.chain import Detail
from collector.samples.draw import digest_of, drawn
from collector.store.samples import Sample, SampleItem
from collector.store.violations import StoredViolation

DOUBTFUL = "uncertain-match"
MOST = 200
IDENTITY = re.compile(r"([^/]{1,63})/([A-Za-z0-9_-]{1,43})/([0-9]{1,18})")


class Verdict(StrEnum):
    """What somebody sees in a match."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw from. `unit`: empty for everywhere, `units`: it and all below it (None: all). `seed` empty: random."""

    since: date
    until: date
    unit: str
    units: Collection[str] | None
    size: int
    seed: str = ""


def pool(session: Session, wish: Wish) -> list[str]:
    """Identities of the doubtful matches of these dates and units. One query."""
    v = StoredViolation
    query = select(v.about).where(v.kind == DOUBTFUL, v.stands, v.day >= wish.since, v.day <= wish.until)
    if wish.units is not None:
        query = query.where(v.unit.in_(sorted(wish.units)))
    return [about for about in session.scalars(query) if IDENTITY.fullmatch(about)]


def draw(session: Session, wish: Wish, author: Author) -> str | None:
    """Draw a sample; its id, or None where there is nothing to draw from."""
    found = pool(session, wish)
    if not found:
        return None
    seed = wish.seed or secrets.token_hex(8)
    sample = Sample(id=secrets.token_hex(8), by=author.who, at=author.at, since=wish.since, until=wish.until)
    sample.unit, sample.seed = wish.unit, seed
    sample.pool, sample.pool_digest = len(found), digest_of(found)
    session.add(sample)
    session.flush()
    rows = [_item(sample.id, place, identity) for place, identity in enumerate(drawn(found, seed, wish.size), 1)]
    session.execute(insert(SampleItem), rows)
    told: Detail = {
        "seed": seed,
        "pool": len(found),
        "pool_digest": sample.pool_digest,
        "size": len(rows),
        "unit": wish.unit,
    }
    dates: Detail = {"from": wish.since.isoformat(), "to": wish.until.isoformat(), "seed_chosen": bool(wish.seed)}
    audit.note(session, author.who, "sample.draw", sample.id, {**told, **dates}, author.at)
    return sample.id


def judge(session: Session, sample: str, place: int, verdict: Verdict, why: str, author: Author) -> bool:  # noqa: PLR0913, PLR0917 - a verdict has these parts
    """Note a verdict, in place of an earlier one, which the audit log keeps; whether there is such an item."""
    mine = (SampleItem.sample == sample, SampleItem.place == place)
    before = session.execute(select(SampleItem.verdict).where(*mine)).one_or_none()
    if before is None:
        return False
    changed = update(SampleItem).where(*mine)
    session.execute(changed.values(verdict=verdict.value, why=why.strip(), by=author.who, at=author.at))
    detail = {"place": place, "verdict": verdict.value, "before": before[0]}
    audit.note(session, author.who, "sample.judge", sample, detail, author.at)
    return True


def _item(sample: str, place: int, identity: str) -> dict[str, str | int]:
    kiosk, chain, seq = identity.rsplit("/", 2)
    return {"sample": sample, "place": place, "kiosk": kiosk, "chain": chain, "seq": int(seq)}
