"""What every page works with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, make_response, render_template, request
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from collector.reports.day import Day
from collector.store.commands import Order
from collector.store.records import Chain, KioskStatus
from collector.store.writer import Writer

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Desk:
    """The database to read and to write, the local zone, the time."""

    engine: Engine
    writer: Writer
    zone: ZoneInfo
    now: Clock

    def session(self) -> Session:
        """A session for one answer, to read."""
        return Session(self.engine)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a transaction of the process's one writer: committed at the end, rolled back on any error.

        Keep it short: on SQLite ingest waits meanwhile. Raises StoreDownError, which is answered with 503.
        """
        with self.writer.session() as session:
            yield session

    def today(self) -> Day:
        """The local day it is."""
        return Day.holding(self.now(), self.zone)

    def day_asked(self) -> Day:
        """The local day of `?date=YYYY-MM-DD`, else today."""
        try:
            return Day.of(date.fromisoformat(request.args.get("date", "")), self.zone)
        except (ValueError, OverflowError):
            return self.today()

    def fresh(
        self,
        template: str,
        gather: Callable[[Session], dict[str, Any]],
        mark: Callable[[Session], object] = lambda _: "",
    ) -> Response:
        """The page with a tag; 304 without gathering anything when nothing arrived since the tag that the browser names. `mark`:
        what else turns the tag.

        The tag turns every minute too, so that words like "behind" and edits of people show. The session is closed
        before the page is written: while it reads, SQLite lets nobody commit.
        """
        with self.session() as session:
            tag = self._tag(session, mark(session))
            values = None if tag in request.if_none_match else gather(session)
        response = Response(status=304) if values is None else make_response(render_template(template, **values))
        response.set_etag(tag)
        response.headers["X-Clock"] = self.now().astimezone(self.zone).strftime("%H:%M:%S")
        return response

    def _tag(self, session: Session, mark: object) -> str:
        marks = session.execute(select(func.count(), func.sum(Chain.seen), func.sum(Chain.upto))).one()
        status = session.execute(select(func.count(), func.max(KioskStatus.received_at))).one()
        fleet = session.execute(select(func.max(Order.replied_at), func.max(Order.at))).one()
        minute = self.now().strftime("%Y-%m-%dT%H:%M")
        key = repr(
            (
                tuple(marks),
                tuple(status),
                tuple(fleet),
                mark,
                minute,
                g.language,
                g.open and g.open.account,
                request.full_path,
            )
        )
        return hashlib.sha256(key.encode()).hexdigest()[:24]
