"""One kiosk's chain: every record really sealed, really chained, as its kiosk would have written it.

The keys follow from the seed, so that the same seed gives the same database. Whoever knows the seed has them: they are
worth nothing outside of a demonstration.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cli.synthetic.habits import Away, Coming, Habit, comings, hours
from cli.synthetic.rota import Duty, on_duty
from collector.rules.hours import WIB
from wire.records import (
    GENESIS,
    AnyRecord,
    Body,
    CheckIn,
    Clock,
    Event,
    Heartbeat,
    Liveness,
    MatchScore,
    Place,
    Record,
    encode_record,
)
from wire.seals import KeyName, Sealed, SealingKey, digest
from wire.types import to_utc_ms

MODEL = "dlib-resnet-1"
VERSION = "0.1.0"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ON, OFF = time(5, 40), time(17, 45)
RESTART = time(3, 0)
"""A kiosk that serves shifts is never switched off, but for a restart at the quietest hour."""
RESTARTS = timedelta(seconds=20)
BEHIND = timedelta(days=1, hours=3)
"""A board without a battery goes on from the last date that it knew."""
APART = timedelta(seconds=2)
"""People pass a camera one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong at a kiosk. `offline`: from the first date to before the second nothing reaches the centre.
    `late`: dates on which it is switched on only at 07:55. `timeless`: dates that begin without the true time. `lost`:
    share of records that never arrive. `events`: what it sees or suffers, beside check-ins."""

    offline: tuple[date, date] | None = None
    late: frozenset[date] = frozenset()
    timeless: frozenset[date] = frozenset()
    lost: int = 0
    events: tuple[tuple[datetime, str, tuple[tuple[str, Any], ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A kiosk, its people and its days. `duties`: those who work by rota, for whom it serves around the clock. `visits`: people
    who come without belonging here, or all at once."""

    seed: str
    id: str
    unit: str
    kind: str
    lat: float
    lon: float
    habits: tuple[Habit, ...]
    days: tuple[date, ...]
    duties: tuple[Duty, ...] = ()
    letters: tuple[Away, ...] = ()
    faults: Faults = Faults()
    visits: tuple[Coming, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What the centre has of a kiosk: rows of `records`, the chain, the public keys by use and name."""

    kiosk: str
    rows: list[dict[str, Any]]
    chain: dict[str, Any]
    keys: tuple[tuple[str, str, str, str], ...]


def write(plan: Plan) -> Written:
    """The kiosk's records over all its days."""
    pen = _Pen(plan)
    for day in plan.days:
        pen.day(day)
    return pen.written()


def secret(seed: str, name: str) -> bytes:
    """32 bytes that follow from the seed."""
    return hashlib.sha256(f"siperlu demo {seed} {name}".encode()).digest()


@dataclass(slots=True)
class _Pen:
    plan: Plan
    key: SealingKey = field(init=False)
    chance: Random = field(init=False)
    rows: list[dict[str, Any]] = field(default_factory=list)
    head: str = GENESIS
    boot: str = ""
    switched_on: datetime = LONG_AGO
    learnt_at: datetime = LONG_AGO
    nights: list[Coming] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.plan.seed}/{self.plan.id}")  # noqa: S311 - a demonstration's habits
        own = Ed25519PrivateKey.from_private_bytes(secret(self.plan.seed, self.plan.id))
        jwk = {"x": _b64(own.public_key().public_bytes_raw()), "d": _b64(own.private_bytes_raw())}
        self.key = SealingKey.from_private(KeyName(self.plan.id, 1), jwk)

    def day(self, day: date) -> None:
        """One date: switched on, looks and events between hourly heartbeats, switched off; with shifts, up to the next morning."""
        if not self.plan.duties and hours(self.plan.kind, day) is None and not any(self._visits(day)):
            return
        on = RESTART if self.plan.duties else ON
        start = datetime.combine(day, time(7, 55) if day in self.plan.faults.late else on, WIB)
        self.switched_on = to_utc_ms(start + timedelta(seconds=self.chance.uniform(0, 40 if on is RESTART else 400)))
        self.boot = f"{self.chance.getrandbits(64):016x}"
        self.learnt_at = self.switched_on
        if day in self.plan.faults.timeless:
            self.learnt_at = to_utc_ms(self.learnt_at + timedelta(hours=self.chance.uniform(2, 3)))
        for at, body in sorted(self._bodies(day), key=lambda each: each[0]):
            self._append(at, body)

    def written(self) -> Written:
        """All that arrived, and how far the chain is whole."""
        missing = {self.chance.randint(5, len(self.rows) - 5) for _ in range(self.plan.faults.lost)}
        kept = [row for row in self.rows if row["seq"] not in missing]
        upto = min(missing, default=len(self.rows) + 1) - 1
        whole = [row["at"] for row in kept if row["seq"] <= upto and row["kind"] == Heartbeat.KIND]
        chain = {
            "kiosk": self.plan.id,
            "chain": self.key.public.thumbprint,
            "upto": upto,
            "seen": len(self.rows),
            "complete_at": max(whole, default=None),
            "first_at": self.rows[0]["received_at"],
        }
        return Written(self.plan.id, kept, chain, tuple(_keys(self.plan, self.key)))

    def _visits(self, day: date) -> Iterator[Coming]:
        return (each for each in self.plan.visits if each.at.astimezone(WIB).date() == day)

    def _bodies(self, day: date) -> Iterator[tuple[datetime, Body]]:
        ready = self.switched_on + timedelta(seconds=20)
        yield self.switched_on, self._heartbeat("start")
        if self.learnt_at > self.switched_on:
            offset_ms = BEHIND // timedelta(milliseconds=1)
            yield self.learnt_at, Event(event="clock-learnt", detail={"offset_ms": offset_ms})
        end = self._end(day)
        beat = self.switched_on + timedelta(hours=1)
        while beat < end:
            yield beat, self._heartbeat("hour")
            beat += timedelta(hours=1)
        yield end, self._heartbeat("day-end")
        for at, word, detail in self.plan.faults.events:
            if at.astimezone(WIB).date() == day:
                yield at, Event(event=word, detail=dict(detail))
        before = ready
        for coming in sorted(self._expected(day, end), key=lambda each: each.at):
            before = max(coming.at, before + APART)
            yield before, self._look(coming.person)
        for coming in self._visits(day):
            yield coming.at, self._look(coming.person)

    def _end(self, day: date) -> datetime:
        """When it is switched off; after the last date with records nothing is known yet."""
        if not self.plan.duties:
            return datetime.combine(day, OFF, WIB)
        if day == self.plan.days[-1]:
            return datetime.combine(day, time(23, 55), WIB)
        return datetime.combine(day + timedelta(days=1), RESTART, WIB) - RESTARTS

    def _expected(self, day: date, end: datetime) -> Iterator[Coming]:
        """Who comes before the kiosk is switched off; who goes home from a night later than that is kept for the next date."""
        plan = self.plan
        away = frozenset(each.person for each in plan.letters if each.since <= day <= each.until)
        rostered = frozenset(one.person for one in plan.duties)
        come = [*self.nights, *comings(self.chance, plan.habits, plan.kind, day, away | rostered)]
        come += on_duty(self.chance, plan.duties, {one.person: one for one in plan.habits}, day, away)
        self.nights = [each for each in come if each.at >= end]
        return (each for each in come if each.at < end)

    def _heartbeat(self, cause: Any) -> Heartbeat:
        return Heartbeat(cause=cause, in_service=True, version=VERSION, counts={})

    def _look(self, person: str) -> CheckIn:
        score = min(0.995, max(0.945, self.chance.gauss(0.968, 0.01)))
        lead = 0.02 if self.chance.random() < 0.0002 else self.chance.uniform(0.07, 0.2)
        return CheckIn(
            person=person,
            method="face",
            match=MatchScore(model=MODEL, score=round(score, 4), runner_up=round(score - lead, 4), frames=3),
            liveness=Liveness(method="none", score=None),
            roster_version=1,
            place=Place(unit=self.plan.unit, lat=self.plan.lat, lon=self.plan.lon, anchor=None),
            evidence=None,
        )

    def _append(self, at: datetime, body: Any) -> None:
        at = to_utc_ms(at)
        learning = isinstance(body, Event) and body.event == "clock-learnt"
        blind = at < self.learnt_at or learning
        said = at - BEHIND if blind else at
        clock = Clock(
            source="none" if blind else "ntp",
            error_ms=None if blind else self.chance.randint(2, 40),
            boot=self.boot,
            monotonic_ns=10_000_000_000 + round((at - self.switched_on).total_seconds() * 1000) * 1_000_000,
        )
        public = self.key.public
        record: AnyRecord = Record(
            kiosk=self.plan.id,
            chain=public.thumbprint,
            seq=len(self.rows) + 1,
            prev=self.head,
            kind=body.KIND,
            at=said,
            clock=clock,
            body=body,
        )
        sealed = self.key.seal(Sealed.RECORD, encode_record(record))
        self.rows.append(_row(record, sealed, self.head, self._received(at)))
        self.head = self.rows[-1]["digest"]

    def _received(self, at: datetime) -> datetime:
        offline = self.plan.faults.offline
        if offline and at.astimezone(WIB).date() >= offline[0]:
            at = max(at, datetime.combine(offline[1], time(9, 12), WIB).astimezone(UTC))
        return at + timedelta(milliseconds=self.chance.randint(180, 2500))


def _row(record: AnyRecord, sealed: str, prev: str, received_at: datetime) -> dict[str, Any]:
    look = record.body if isinstance(record.body, CheckIn) else None
    return {
        "kiosk": record.kiosk,
        "chain": record.chain,
        "seq": record.seq,
        "digest": digest(sealed),
        "prev": prev,
        "kind": record.kind,
        "at": record.at,
        "clock_source": record.clock.source,
        "clock_error_ms": record.clock.error_ms,
        "boot": record.clock.boot,
        "monotonic_ns": record.clock.monotonic_ns,
        "person": look.person if look else None,
        "method": look.method if look else None,
        "score": look.match.score if look and look.match else None,
        "unit": look.place.unit if look else None,
        "received_at": received_at,
        "sealed": sealed,
    }


def _keys(plan: Plan, key: SealingKey) -> Iterator[tuple[str, str, str, str]]:
    """Name, use, x and thumbprint of the kiosk's keys."""
    yield str(key.public.name), "record", key.public.x, key.public.thumbprint
    relay = Ed25519PrivateKey.from_private_bytes(secret(plan.seed, f"{plan.id}/relay")).public_key().public_bytes_raw()
    roster = X25519PrivateKey.from_private_bytes(secret(plan.seed, f"{plan.id}/roster")).public_key().public_bytes_raw()
    for use, curve, raw in (("relay", "Ed25519", relay), ("roster", "X25519", roster)):
        told = f'{{"crv":"{curve}","kty":"OKP","x":"{_b64(raw)}"}}'
        yield f"{plan.id}/{use}#1", use, _b64(raw), _b64(hashlib.sha256(told.encode()).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
