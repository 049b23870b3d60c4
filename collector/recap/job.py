"""Making ordered reports by the clock, in the process that holds the centre's keys."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from collector.errors import StoreDownError
from collector.keys import CentreKeys
from collector.patience import patiently
from collector.people.scope import Tree
from collector.recap import asking, faults, orders, staff, tpp
from collector.recap.bundle import WRITERS, bundle, name_of
from collector.recap.export import Centre
from collector.recap.month import Month
from collector.recap.orders import Kind, State
from collector.recap.source import Wish, unit_month
from collector.recap.staff import Staff
from collector.recap.tables import document
from collector.settings import CollectorSettings
from collector.store.people import Unit
from collector.store.reports import ReportOrder
from collector.store.writer import Writer, translated
from wire.jwks import KEY_SET

log = logging.getLogger(__name__)

TOLD_EVERY_S = 1.0
SWEPT_EVERY_S = 3600.0


class ReportJob:
    """Makes one order after the other. What it was at when it was killed, it makes again: an order is not done before its
    file is in the database."""

    def __init__(
        self,
        reader: Engine,
        writer: Writer,
        keys: CentreKeys,
        settings: CollectorSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._keys = keys
        self._settings = settings
        self._zone = ZoneInfo(settings.web.timezone)
        self._clock = clock
        self._begun = False
        self._swept = 0.0

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        patiently("reports", self.turn, stop)

    def turn(self, stop: Event) -> None:
        """Do all that waits. Raises StoreDownError: what was half done is taken up again by the next turn."""
        try:
            self.begin()
            while not stop.is_set() and self.make_next():
                pass
        except StoreDownError:
            self._begun = False
            raise

    def begin(self) -> None:
        """Once, and after the database was away: publish the keys that check, take up what was left half made. Once an hour: sweep
        out old files."""
        if not self._begun:
            with self._writer.session() as session:
                orders.publish_keys(session, KEY_SET.encode(self._keys.public))
                again = update(ReportOrder).where(ReportOrder.state == State.WORKING.value)
                session.execute(again.values(state=State.WAITING.value))
            self._begun = True
        if time.monotonic() - self._swept > SWEPT_EVERY_S or not self._swept:
            with self._writer.session() as session:
                orders.sweep(session, self._clock())
            self._swept = time.monotonic()

    def make_next(self) -> bool:
        """Make the oldest order that waits; whether there was one."""
        order = self._next()
        if order is None:
            return False
        self._say(order.id, state=State.WORKING.value)
        try:
            with tempfile.TemporaryDirectory(prefix="siperlu-pesanan-") as folder:
                self._make(order, Path(folder) / "file")
        except StoreDownError:
            raise  # an OSError by kind, and no reason to give the order up
        except OSError as error:  # no room for so much as a folder
            self._failed(order, error)
        return True

    def _next(self) -> ReportOrder | None:
        """Raises StoreDownError."""
        query = select(ReportOrder).where(ReportOrder.state == State.WAITING.value)
        try:
            with Session(self._reader, expire_on_commit=False) as session:
                return session.scalars(query.order_by(ReportOrder.asked_at, ReportOrder.id).limit(1)).one_or_none()
        except DBAPIError as error:
            raise translated(error) from error

    def _make(self, order: ReportOrder, target: Path) -> None:
        try:
            name = self._made(order, target)
        except StoreDownError:
            raise
        except Exception as error:
            # One order that cannot be made must not keep the others, or the process, from going on.
            if faults.logged(error):
                log.exception("a report could not be made")
            self._failed(order, error)
            return
        with target.open("rb") as file, self._writer.session() as session:
            size = orders.put(session, order.id, file)
            done = {"state": State.READY.value, "name": name, "size": size, "finished_at": self._clock()}
            session.execute(update(ReportOrder).where(ReportOrder.id == order.id).values(done))

    def _failed(self, order: ReportOrder, error: Exception) -> None:
        why = faults.encode(faults.of(error))
        self._say(order.id, state=State.FAILED.value, error=why, finished_at=self._clock())

    def _say(self, order: str, **values: object) -> None:
        with self._writer.session() as session:
            session.execute(update(ReportOrder).where(ReportOrder.id == order).values(values))

    def _made(self, order: ReportOrder, target: Path) -> str:
        """Write the file to `target`; its name. Raises CollectorError that says what to mend."""
        if order.kind == Kind.RECORDS:
            return self._records(order, target)
        month = Month(order.month.year, order.month.month)
        wish = self._wish(order, month)
        if order.kind == Kind.ALL:
            self._all(order, wish, target)
            return f"rekap-semua-{month}.zip"
        with Session(self._reader) as session:
            asked, lines = unit_month(session, wish)
        if order.kind == Kind.TPP:
            target.write_bytes(tpp.write(lines, month, closed=bool(asked.closed)))
            return f"tpp-{name_of(order.unit)}-{month}.csv"
        target.write_bytes(WRITERS[order.form](document(asked, lines), self._keys))
        return f"rekap-{name_of(order.unit)}-{month}.{order.form}"

    def _records(self, order: ReportOrder, target: Path) -> str:
        until = order.until or order.month
        told = _Sparing(lambda done, whole: self._say(order.id, done=done, whole=whole))
        with Session(self._reader) as session, target.open("wb") as file:
            period = asking.period(session, order.unit, order.kiosk, (order.month, until), self._zone)
            asking.write(session, file, period, Centre(self._keys.public, self._keys, self._clock()), told)
        of = order.kiosk or (name_of(order.unit) if order.unit else "semua")
        return f"bukti-{of}-{order.month}-{until}.zip"

    def _wish(self, order: ReportOrder, month: Month) -> Wish:
        printed = self._settings.reports
        return Wish(
            unit=order.unit,
            month=month,
            regency=printed.regency,
            place=printed.place,
            staff=_staff(order.staff),
            printed=self._clock().astimezone(self._zone),
        )

    def _all(self, order: ReportOrder, wish: Wish, target: Path) -> None:
        with Session(self._reader) as session:
            rows = session.execute(select(Unit.code, Unit.kind, Unit.parent)).all()
        units = sorted(Tree(rows).below(order.unit) if order.unit else {row.code for row in rows})
        told = _Sparing(lambda done, whole: self._say(order.id, done=done, whole=whole))
        bundle(self._reader, wish, units, self._keys, target=target, told=told)


class _Sparing:
    """Tells progress once a second: each telling is a commit."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._tell = tell
        self._last = 0.0

    def __call__(self, done: int, whole: int) -> None:
        if done == whole or time.monotonic() - self._last > TOLD_EVERY_S:
            self._last = time.monotonic()
            self._tell(done, whole)


def _staff(raw: bytes | None) -> dict[str, Staff]:
    if raw is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="siperlu-staff-") as folder:
        path = Path(folder) / "pegawai.csv"
        path.write_bytes(raw)
        return staff.read(path)
