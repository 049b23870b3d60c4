"""Sealed records with what it takes to check them: a ZIP that anybody can verify without asking the centre.

    manifest.jws                    what is in it, sealed by the centre (`Manifest`)
    keys/centre.jwks                public keys of the centre
    keys/<kiosk>.jwks               public keys of that kiosk's chains
    records/<kiosk>/<chain>.jws     the sealed texts as they came, one a line, in order of their number

A chain is given from its first to its last record of the period without leaving any out: `prev` links them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Annotated, Literal

from pydantic import Field
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from collector.recap.seal import Sealer
from collector.store.people import KioskKey
from collector.store.records import SetAside, StoredRecord
from wire.codec import Codec
from wire.jwks import KEY_SET, KeySet, PublicJwk
from wire.seals import Sealed
from wire.types import ChainId, Count, Digest, Instant, KioskId, Seq

MANIFEST, CENTRE_KEYS = "manifest.jws", "keys/centre.jwks"
EPOCH = (1980, 1, 1, 0, 0, 0)
PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A chain's part: numbers `first` to `last`; `after`: digest of the record before the first; `count`: texts given."""

    kiosk: KioskId
    chain: ChainId
    first: Seq
    last: Seq
    after: Digest
    count: Count

    @property
    def name(self) -> str:
        """Its file in the ZIP."""
        return f"records/{self.kiosk}/{self.chain}.jws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an export holds. `since`, `until`: the period, its end excluded, by the kiosks' own clocks; `only`: the kiosks that
    were asked for, where not all were."""

    kind: Literal["records"] = "records"
    since: Instant
    until: Instant
    made: Instant
    chains: Annotated[tuple[Span, ...], Field(max_length=100_000)]
    only: Annotated[tuple[KioskId, ...] | None, Field(max_length=100_000)] = None


MANIFEST_CODEC: Codec[Manifest] = Codec("export manifest", Manifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Records whose kiosk said a moment from `since` to before `until`. `kiosks`: only of these; None: of all."""

    since: datetime
    until: datetime
    kiosks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Centre:
    """Who makes the export and when: its public keys, and the one that seals."""

    keys: KeySet
    sealer: Sealer
    now: datetime


def write(
    session: Session,
    file: IO[bytes],
    period: Period,
    centre: Centre,
    told: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write the export of a period; `told` hears how many records each page had. Same records and moment, same bytes."""
    only = None if period.kiosks is None else tuple(sorted(period.kiosks))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        spans = tuple(_chain(session, archive, span, told) for span in _spans(session, period))
        for kiosk, keys in _keys(session, spans).items():
            _add(archive, f"keys/{kiosk}.jwks", [KEY_SET.encode(keys)])
        _add(archive, CENTRE_KEYS, [KEY_SET.encode(centre.keys)])
        manifest = Manifest(since=period.since, until=period.until, made=centre.now, chains=spans, only=only)
        _add(archive, MANIFEST, [centre.sealer.seal(Sealed.EXPORT, MANIFEST_CODEC.encode(manifest)).encode()])
    return manifest


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as part:
        for piece in pieces:
            part.write(piece)


def most(session: Session, period: Period) -> int:
    """How many records an export of this period could hold; fewer where some are missing. One query."""
    return sum(span.last - span.first + 1 for span in _spans(session, period))


def _spans(session: Session, period: Period) -> list[Span]:
    """Every chain's first and last number of the period."""
    record = StoredRecord
    within = [record.at >= period.since, record.at < period.until]
    if period.kiosks is not None:
        within.append(record.kiosk.in_(sorted(period.kiosks)))
    first = (
        select(record.kiosk, record.chain, func.min(record.seq).label("first"), func.max(record.seq).label("last"))
        .where(*within)
        .group_by(record.kiosk, record.chain)
        .subquery()
    )
    query = (
        select(first.c.kiosk, first.c.chain, first.c.first, first.c.last, record.prev)
        .join(
            record,
            and_(record.kiosk == first.c.kiosk, record.chain == first.c.chain, record.seq == first.c.first),
        )
        .order_by(first.c.kiosk, first.c.chain)
    )
    return [
        Span(kiosk=kiosk, chain=chain, first=start, last=end, after=prev, count=0)
        for kiosk, chain, start, end, prev in session.execute(query)
    ]


def _chain(session: Session, archive: zipfile.ZipFile, span: Span, told: Callable[[int], None]) -> Span:
    """Add a chain's texts; the span with their number."""
    count = 0

    def pieces() -> Iterator[bytes]:
        nonlocal count
        for page in _pages(session, span):
            count += len(page)
            told(len(page))
            yield b"".join(text + b"\n" for text in page)

    _add(archive, span.name, pieces())
    return replace(span, count=count)


def _pages(session: Session, span: Span) -> Iterator[list[bytes]]:
    """The texts by number. One that was set aside stands in its place: it was sealed, numbered and linked like any other."""
    aside = _aside(session, span)
    record = StoredRecord
    mine = select(record.seq, record.sealed).where(record.kiosk == span.kiosk, record.chain == span.chain)
    done = span.first - 1
    while rows := session.execute(
        mine.where(record.seq > done, record.seq <= span.last).order_by(record.seq).limit(PAGE)
    ).all():
        texts = {seq: sealed.encode() for seq, sealed in rows}
        between = {seq: raw for seq, raw in aside.items() if done < seq < rows[-1].seq}
        done = rows[-1].seq
        yield [text for _, text in sorted({**between, **texts}.items())]


def _aside(session: Session, span: Span) -> dict[int, bytes]:
    table = SetAside
    query = select(table.seq, table.raw).where(
        table.kiosk == span.kiosk, table.chain == span.chain, table.seq.between(span.first, span.last)
    )
    return {seq: raw for seq, raw in session.execute(query.order_by(table.id.desc())) if seq is not None}


def _keys(session: Session, spans: Iterable[Span]) -> dict[str, KeySet]:
    """The keys that sealed these chains, by kiosk: a chain is named by its key's thumbprint."""
    chains = {span.chain for span in spans}
    keys: dict[str, list[PublicJwk]] = {}
    for row in session.scalars(select(KioskKey).where(KioskKey.use == "record").order_by(KioskKey.kid)):
        if row.thumbprint in chains:
            keys.setdefault(row.kiosk, []).append(PublicJwk(kid=row.kid, crv="Ed25519", x=row.x))
    return {kiosk: KeySet(keys=tuple(mine)) for kiosk, mine in sorted(keys.items())}
