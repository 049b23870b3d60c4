"""Rollouts: begun by a person, carried on by jobs, paused by failures, and taken up or given up by a person again."""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update

from collector.commands import OrderState, handled, order
from collector.errors import OrderError
from collector.fleet.waves import SIZES, Place, Stage, Step, next_step, split
from collector.store.commands import Order
from collector.store.fleet import Rollout, RolloutPlace
from collector.store.people import Kiosk

BY = "siperlu"
"""Who changed a rollout that no person did."""

RUNNING, PAUSED, DONE, ENDED = "running", "paused", "done", "ended"
LOCK = 0x524F4C4C4F5554  # any number that only rollouts take


@dataclass(frozen=True, slots=True)
class Plan:
    """A rollout to begin. `arguments`: of the `update` order; `allowed`: failures put up with; `hours`: how long each kiosk has
    to answer; `sizes`: kiosks of the first waves."""

    version: str
    arguments: Mapping[str, str]
    allowed: int = 0
    hours: int = 48
    sizes: Sequence[int] = SIZES


def begin(connection: Connection, plan: Plan, kiosks: Iterable[str], by: str, now: datetime) -> str:
    """Begin a rollout to these kiosks, or to all that serve and have a network when none is named; its id.

    Those that live by sticks get a version with their stick: they answer after weeks, and every wave would wait and fail for
    them. Raises OrderError while another one runs, for unknown or retired kiosks, none at all, or waves of nothing.
    """
    _take_turns(connection)
    other = connection.scalar(select(Rollout.version).where(Rollout.state.in_([RUNNING, PAUSED])))
    if other is not None:
        raise OrderError(f"version {other} is still being rolled out: end it first, two at once would undo each other")
    units = _units(connection, set(kiosks))
    try:
        waves = split(units.items(), plan.sizes)
    except ValueError as error:
        raise OrderError(str(error)) from error
    number = secrets.token_hex(8)
    row = {
        "id": number,
        "version": plan.version,
        "arguments": json.dumps(dict(plan.arguments)),
        "allowed": plan.allowed,
        "hours": plan.hours,
        "state": RUNNING,
        "by": by,
        "at": now,
    }
    connection.execute(insert(Rollout).values(row))
    places = [
        {"rollout": number, "kiosk": kiosk, "wave": wave, "stage": Stage.WAITING.value} for kiosk, wave in waves.items()
    ]
    connection.execute(insert(RolloutPlace), places)
    return number


def change(connection: Connection, number: str, state: str, by: str, why: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Pause a rollout, take it up again (`running`), or give it up (`ended`); kiosks already ordered finish.

    Taken up again, it puts up with the failures there were. Raises OrderError.
    """
    _take_turns(connection)
    row = connection.execute(select(Rollout.state).where(Rollout.id == number)).one_or_none()
    if row is None or row.state in {DONE, ENDED}:
        raise OrderError(f"rollout {number[:32]!r} is not there or has ended: `siperlu collector rollouts list` tells")
    if state not in {RUNNING, PAUSED, ENDED} or not by.strip() or not why.strip():
        raise OrderError("a rollout is paused, taken up (running) or ended, by somebody and for a reason: name both")
    values: dict[str, object] = {"state": state, "changed_by": by, "changed_at": now, "why": why}
    if state == RUNNING:
        failed = [place for place in _places(connection, number) if place.stage is Stage.FAILED]
        values["allowed"] = Rollout.allowed + len(failed)
    connection.execute(update(Rollout).where(Rollout.id == number).values(values))


def carry_on(connection: Connection, now: datetime) -> list[tuple[str, Step]]:
    """Take in what kiosks answered, and do what is next in every running rollout. Gives what was done."""
    _take_turns(connection)
    _take_answers(connection, now)
    running = connection.execute(select(Rollout.__table__).where(Rollout.state == RUNNING).order_by(Rollout.at)).all()
    return [(row.id, _carry_on(connection, row, now)) for row in running]


def _take_turns(connection: Connection) -> None:
    """Until this transaction ends nobody else begins, changes or carries one on: the second meets what the first left."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _carry_on(connection: Connection, row: Row[Any], now: datetime) -> Step:
    step, wave = next_step(_places(connection, row.id), row.allowed)
    if step is Step.NEXT:
        _order_wave(connection, row, wave, now)
    elif step is Step.PAUSE:
        _set(
            connection, row.id, state=PAUSED, changed_by=BY, changed_at=now, why=f"too many failures in wave {wave + 1}"
        )
    elif step is Step.END:
        _set(connection, row.id, state=DONE, changed_by=BY, changed_at=now, why="every kiosk has answered")
    return step


def _order_wave(connection: Connection, row: Row[Any], wave: int, now: datetime) -> None:
    """Kiosks that were retired meanwhile are left out of it: they count as done."""
    mine = (RolloutPlace.rollout == row.id, RolloutPlace.wave == wave, RolloutPlace.stage == Stage.WAITING.value)
    places = connection.execute(
        select(RolloutPlace.kiosk, Kiosk.retired_at).join(Kiosk, Kiosk.id == RolloutPlace.kiosk).where(*mine)
    ).all()
    arguments, ttl = json.loads(row.arguments), timedelta(hours=row.hours)
    for kiosk, retired_at in places:
        place = {"stage": Stage.DONE.value, "order": None}
        if retired_at is None:
            number = order(connection, kiosk, "update", arguments, by=row.by, now=now, ttl=ttl)
            place = {"stage": Stage.ORDERED.value, "order": number}
        connection.execute(
            update(RolloutPlace).where(RolloutPlace.rollout == row.id, RolloutPlace.kiosk == kiosk).values(**place)
        )


def _take_answers(connection: Connection, now: datetime) -> None:
    """Orders that are answered, or over: done is done, anything else failed."""
    query = (
        select(RolloutPlace.rollout, RolloutPlace.kiosk, Order.id, Order.state)
        .join(Order, Order.id == RolloutPlace.order)
        .where(RolloutPlace.stage == Stage.ORDERED.value, Order.state != OrderState.OPEN.value)
    )
    for rollout, kiosk, number, state in connection.execute(query).all():
        stage = Stage.DONE if state == OrderState.DONE.value else Stage.FAILED
        mine = (RolloutPlace.rollout == rollout, RolloutPlace.kiosk == kiosk)
        connection.execute(update(RolloutPlace).where(*mine).values(stage=stage.value))
        handled(connection, number, now)


def _places(connection: Connection, number: str) -> list[Place]:
    query = select(RolloutPlace.wave, RolloutPlace.stage).where(RolloutPlace.rollout == number)
    return [Place(wave, Stage(stage)) for wave, stage in connection.execute(query)]


def _set(connection: Connection, number: str, **values: object) -> None:
    connection.execute(update(Rollout).where(Rollout.id == number).values(values))


def _units(connection: Connection, wanted: set[str]) -> dict[str, str]:
    """The unit of each wanted kiosk, or of all that serve on a network. Raises OrderError."""
    serving = connection.execute(select(Kiosk.id, Kiosk.unit, Kiosk.by_stick).where(Kiosk.retired_at.is_(None))).all()
    units = {row.id: row.unit for row in serving if (row.id in wanted if wanted else not row.by_stick)}
    missing = sorted(wanted - set(units))
    if missing:
        raise OrderError(
            f"kiosk {missing[0]!r} is not there or is retired: `siperlu collector kiosks list` shows those there are"
        )
    if not units:
        raise OrderError("no kiosk is registered yet that has a network: there is nothing to roll out to")
    return units


def left_to_sticks(connection: Connection) -> int:
    """How many kiosks a rollout to all leaves out: they live by sticks, and get the version with theirs."""
    by_stick = select(func.count()).select_from(Kiosk).where(Kiosk.retired_at.is_(None), Kiosk.by_stick)
    return connection.scalar(by_stick) or 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A kiosk that an update failed at. `state`: of its order; `reason`: the kiosk's own word, empty for none."""

    kiosk: str
    state: str
    reason: str

    @property
    def told(self) -> str:
        """In one line."""
        return f"{self.state}: {self.reason or 'no answer'}"


@dataclass(frozen=True, slots=True)
class Progress:
    """A rollout as it stands. `stages`: kiosks by stage; `waves`: kiosks by wave and stage; `failed`: which ones failed, and
    what they told; `by_itself`: no person changed it last."""

    id: str
    version: str
    state: str
    by: str
    at: datetime
    why: str
    by_itself: bool
    stages: Mapping[str, int]
    waves: Sequence[Mapping[str, int]]
    failed: Sequence[Failure]


def progress(connection: Connection, limit: int = 20) -> list[Progress]:
    """The newest rollouts first. Two queries."""
    rows = connection.execute(select(Rollout.__table__).order_by(Rollout.at.desc(), Rollout.id).limit(limit)).all()
    query = (
        select(
            RolloutPlace.rollout, RolloutPlace.kiosk, RolloutPlace.wave, RolloutPlace.stage, Order.state, Order.detail
        )
        .outerjoin(Order, Order.id == RolloutPlace.order)
        .where(RolloutPlace.rollout.in_([row.id for row in rows]))
        .order_by(RolloutPlace.wave, RolloutPlace.kiosk)
    )
    places: dict[str, list[Any]] = defaultdict(list)
    for place in connection.execute(query):
        places[place.rollout].append(place)
    return [_progress(row, places[row.id]) for row in rows]


def _progress(row: Row[Any], places: Sequence[Row[Any]]) -> Progress:
    waves: dict[int, Counter[str]] = defaultdict(Counter)
    for place in places:
        waves[place.wave][place.stage] += 1
    return Progress(
        id=row.id,
        version=row.version,
        state=row.state,
        by=row.by,
        at=row.at,
        why=row.why,
        by_itself=row.changed_by == BY,
        stages=Counter(place.stage for place in places),
        waves=[waves[wave] for wave in sorted(waves)],
        failed=[_failure(place) for place in places if place.stage == Stage.FAILED.value],
    )


def _failure(place: Row[Any]) -> Failure:
    detail = json.loads(place.detail or "{}")
    return Failure(place.kiosk, place.state or "", str(detail.get("reason") or detail.get("step") or ""))
