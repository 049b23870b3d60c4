"""Doing what the pages ordered on sticks, by the clock, in a process that reads and seals."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from collector.errors import StickSentError, StickUseError, StoreDownError
from collector.fleet.shelf import Shelf
from collector.keys import CentreKeys
from collector.patience import patiently
from collector.settings import CollectorSettings
from collector.sticks import archive, faults, orders, story, visits
from collector.sticks.faults import Fault
from collector.sticks.giving import give, give_bundle, order_update, registered, wanted
from collector.sticks.orders import Kind, Placed, State
from collector.sticks.story import Story
from collector.sticks.taking import take
from collector.store.writer import Writer, translated
from stick import StickFolder, mark
from wire.release import file_name

log = logging.getLogger(__name__)

TOLD_EVERY_S = 1.0
SWEPT_EVERY_S = 60.0


class StickJob:
    """Does one order after the other. What it was at when it was killed, it does again: a stick that is taken in twice changes
    nothing, and one that is written twice is a newer one."""

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
        self._limits = settings.sticks
        self._shelf = Shelf(settings.releases.folder)
        self._clock = clock
        self._begun = False
        self._swept = 0.0

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        patiently("sticks", self.turn, stop)

    def turn(self, stop: Event) -> None:
        """Do all that waits. Raises StoreDownError: what was half done is taken up again by the next turn."""
        try:
            self.begin()
            while not stop.is_set() and self.do_next():
                pass
        except StoreDownError:
            self._begun = False
            raise

    def begin(self) -> None:
        """Once, and after the database was away: take up what was left half done. Every minute: sweep."""
        if not self._begun:
            with self._writer.session() as session:
                orders.take_up_again(session, self._clock())
            orders.miss(self._writer, self._clock())
            self._begun = True
        if time.monotonic() - self._swept > SWEPT_EVERY_S or not self._swept:
            orders.sweep(self._writer, self._clock(), timedelta(hours=self._limits.kept_h))
            self._swept = time.monotonic()

    def do_next(self) -> bool:
        """Do the oldest order that waits; whether there was one."""
        order = self._next()
        if order is None:
            return False
        with self._writer.session() as session:
            orders.begin(session, order.id)
        self._do(order)
        return True

    def _next(self) -> Placed | None:
        """Raises StoreDownError."""
        try:
            with Session(self._reader) as session:
                return orders.next_waiting(session)
        except DBAPIError as error:
            raise translated(error) from error

    def _do(self, order: Placed) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="siperlu-flashdisk-") as folder:
                self._work(order, Path(folder))
        except StoreDownError:
            if order.tries + 1 < orders.MOST_TRIES:
                raise
            self._end(order, State.FAILED, order.story, error=faults.encode(Fault(faults.FULL)))
        except Exception as error:
            # One stick that cannot be done must not keep the others, or the process, from going on.
            fault = faults.of(error)
            if fault.code == faults.UNKNOWN:
                log.exception("an order on a stick could not be done")
            if isinstance(error, StickSentError):
                with self._writer.session() as session:
                    visits.refused(session, order.id, fault.code, order.asked_by, self._clock())
            self._end(order, State.FAILED, order.story, error=faults.encode(fault))

    def _work(self, order: Placed, folder: Path) -> None:
        (folder / "stick").mkdir()
        mark(folder / "stick")
        try:
            (self._bring if order.kind is Kind.BRING else self._give)(order, folder)
        except DBAPIError as error:
            raise translated(error) from error

    def _bring(self, order: Placed, folder: Path) -> None:
        """Take in what was uploaded, whatever the pages thought of it: they are no judge of what may be unpacked here."""
        with (folder / "zip").open("w+b") as file:
            for piece in orders.content(self._reader, order.id):
                file.write(piece)
            found = archive.contents(file, self._limits.unpacked_mib << 20)
            broken = archive.unpack(file, found, folder / "stick")
        told = _Sparing(lambda count: self._say(order, done=count))
        with closing(StickFolder(folder / "stick")) as stick:
            taken = take(stick, self._writer, self._keys, self._clock, told)
        with self._writer.session() as session:
            ours = set(registered(session, [one.kiosk for one in taken]))
            visits.came(session, taken, order.asked_by, self._clock())
        strangers = tuple(one.kiosk for one in taken if one.kiosk not in ours)
        heard = replace(order.story, taken=tuple(taken), strangers=strangers).refusing(broken)
        self._end(order, State.DONE, heard)

    def _give(self, order: Placed, folder: Path) -> None:
        with closing(StickFolder(folder / "stick")) as stick:
            with self._writer.session() as session:
                kiosks = wanted(session, stick, order.kiosks)
            self._give_bundles(stick, order, kiosks)
            given, size, most = [], 0, self._limits.zip_mib << 20
            for number, kiosk in enumerate(kiosks, 1):
                given.append(give(stick, self._writer, self._keys, kiosk, self._clock()))
                size += archive.weigh(stick, kiosk)
                archive.check(size, most)  # now, and not once the disk is full of what is too much
                self._say(order, done=number)
            with (folder / "zip").open("w+b") as file:
                archive.pack_stick(stick, file, most)
                file.seek(0)
                size = orders.keep(self._writer, order.id, file)
        self._end(order, State.DONE, Story(given=tuple(given)), size=size)

    def _give_bundles(self, stick: StickFolder, placed: Placed, kiosks: Sequence[str]) -> None:
        """Before anything else: a command that is on a stick cannot be taken back, and what fails here may fail every time."""
        if not placed.version:
            return
        bundle = self._shelf.folder / file_name(placed.version)
        size, most = (bundle.stat().st_size if bundle.exists() else 0) * len(kiosks), self._limits.zip_mib
        if size > most << 20:
            raise StickUseError(
                f"release {placed.version} for {len(kiosks)} kiosks is {size >> 20} MiB, at most {most} (sticks.zip_mib): take fewer",
                faults.SIZE,
                str(most),
            )
        for kiosk in kiosks:
            give_bundle(stick, bundle, kiosk)
        with self._writer.session() as session:
            for kiosk in kiosks:
                order_update(session, kiosk, placed.version, placed.asked_by, self._clock())

    def _say(self, order: Placed, **values: object) -> None:
        with self._writer.session() as session:
            orders.change(session, order.id, **values)

    def _end(self, order: Placed, state: State, told: Story, **values: object) -> None:
        """It is done or cannot be; what was uploaded is not needed any more."""
        with self._writer.session() as session:
            if order.kind is Kind.BRING or state is State.FAILED:
                orders.let_go(session, order.id)
            ended = {"state": state.value, "told": story.write(told), "finished_at": self._clock()}
            orders.change(session, order.id, **ended, **values)
        orders.make_room(self._writer)


class _Sparing:
    """Adds up, and tells the sum once a second: each telling is a commit."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._sum = 0
        self._last = 0.0

    def __call__(self, count: int) -> None:
        self._sum += count
        if time.monotonic() - self._last > TOLD_EVERY_S:
            self._last = time.monotonic()
            self._tell(self._sum)
