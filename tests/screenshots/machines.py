"""The office's kiosks as machines: alarms, outages, scores, orders, and a version on its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from collector.commands.sending import take
from collector.fleet.rollouts import Plan, begin, carry_on
from collector.store.commands import Order
from collector.store.fleet import KioskAlarm, MatchTrend
from collector.store.results import KioskOutage
from wire.messages import Reply

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fill(session: Session, kiosks: Sequence[str], now: datetime) -> None:
    """What a technician would find on an ordinary morning; the third kiosk is the one to look at."""
    one = kiosks[2]
    alarms = [
        (one, "backlog", 40 / 60, None),
        (one, "scores", 26, None),
        (kiosks[3], "silent", 12 / 60, None),
        (kiosks[0], "hot", 3, None),
        (one, "silent", 50, 49.2),
        (one, "power", 170, 168),
    ]
    rows = [
        {
            "kiosk": kiosk,
            "kind": kind,
            "since": now - since * HOUR,
            "until": None if until is None else now - until * HOUR,
        }
        for kiosk, kind, since, until in alarms
    ]
    session.execute(insert(KioskAlarm), rows)
    outages = [(one, 49.9, 49.2), (one, 339.5, 331)]
    session.execute(
        insert(KioskOutage),
        [{"kiosk": kiosk, "since": now - a * HOUR, "until": now - b * HOUR} for kiosk, a, b in outages],
    )
    session.execute(
        insert(MatchTrend), [score for kiosk in kiosks for score in _scores(kiosk, now, falls=kiosk == one)]
    )
    _orders(session, one, now)
    _rollout(session, kiosks, now)


def _scores(kiosk: str, now: datetime, *, falls: bool) -> list[dict[str, object]]:
    days = [now.date() - back * DAY for back in range(34, -1, -1)]
    rows: list[dict[str, object]] = []
    for number, day in enumerate(days):
        if day.weekday() < 5:
            mean = 0.952 + ((number * 7919) % 11 - 5) / 1500 - (0.0032 * max(0, number - 24) if falls else 0)
            row = {"kiosk": kiosk, "day": day, "looks": 118, "mean": mean, "mean_square": mean * mean + 0.0004}
            rows.append(row)
    return rows


def _orders(session: Session, kiosk: str, now: datetime) -> None:
    orders = [
        ("identify", "done", 2, {"blinks": 60}),
        ("send-diagnostics", "done", 26, {"relay": "online for 3 d", "disk": "21874 MiB free", "boots": 2}),
        ("refresh-roster", "open", 0.1, {}),
    ]
    for command, state, ago, detail in orders:
        at = now - ago * HOUR
        row = {"id": f"o-{command}", "kiosk": kiosk, "command": command, "arguments": "{}", "by": "admin", "at": at}
        answered = at + timedelta(seconds=4) if state == "done" else None
        row |= {"expires": at + HOUR, "state": state, "sent_at": at, "replied_at": answered}
        session.execute(insert(Order).values(**row, detail=str(detail).replace("'", '"')))


def _rollout(session: Session, kiosks: Sequence[str], now: datetime) -> None:
    """Two waves are through, one kiosk of the third has returned to its old version."""
    connection = session.connection()
    begin(connection, Plan("0.2.0", {"version": "0.2.0"}, sizes=(1, 2)), kiosks, "admin", now - DAY)
    for outcome in ("done", "done", "failed"):
        carry_on(connection, now - DAY)
        orders = connection.execute(
            Order.__table__.select().where(Order.command == "update", Order.state == "open")
        ).all()
        replies = [
            Reply(
                kiosk=row.kiosk,
                id=row.id,
                at=now,
                outcome="done" if n else outcome,
                detail={"reason": "health: camera"},
            )
            for n, row in enumerate(orders)
        ]
        take(connection, [(reply, now - DAY + 2 * HOUR) for reply in replies])
    carry_on(connection, now - DAY + 3 * HOUR)
