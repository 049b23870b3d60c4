"""How long the centre's pages take, through the real application, and how many queries they ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import median, quantiles
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from collector.accounts import sessions
from collector.accounts.roles import Role
from collector.settings import CollectorSettings
from collector.store.accounts import StoredAccount
from collector.store.people import Person, Unit
from collector.store.writer import Writer
from collector.web import create_app
from collector.web.access import TOKEN

LIMIT_MS = 300
LOGIN = "bench"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timed:
    """One kind of page over several requests. Milliseconds; `queries`: of one request, the fewest and the most."""

    p50_ms: float
    p95_ms: float
    queries: tuple[int, int]
    requests: int


class Browser:
    """A logged-in client of the application that reads from `engine`."""

    def __init__(self, engine: Engine, writer: Writer, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._app = create_app(engine, writer, CollectorSettings(), now)
        self._client = _logged_in(self._app.test_client(), writer, now())

    def timed(self, paths: Sequence[str]) -> Timed:
        """Ask for these pages, one after the other; the first is asked for once before, unmeasured. Raises RuntimeError
        for one that does not answer 200."""
        self._get(paths[0])
        spent: list[float] = []
        counts: list[int] = []
        for path in paths:
            with counting(self._engine) as asked:
                began = time.perf_counter()
                self._get(path)
                spent.append((time.perf_counter() - began) * 1000)
            counts.append(len(asked))
        return Timed(round(median(spent), 1), round(_p95(spent), 1), (min(counts), max(counts)), len(paths))

    def _get(self, path: str) -> None:
        answer = self._client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"GET {path}: {answer.status}")


def _p95(spent: Sequence[float]) -> float:
    return quantiles(spent, n=20)[-1] if len(spent) > 1 else spent[0]


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _logged_in(client: FlaskClient, writer: Writer, now: datetime) -> FlaskClient:
    """As a reader of everything; a password would only be hashed."""
    with writer.session() as session:
        if session.get(StoredAccount, LOGIN) is None:
            row = StoredAccount(id=LOGIN, login=LOGIN, name=LOGIN, role=Role.INSPECTORATE.value, created_at=now)
            session.add(row)
            session.flush()
        client_told = sessions.Client("127.0.0.1", LOGIN)
        token = sessions.start(session, LOGIN, client_told, now, sessions.Limits(DAY, DAY))
    with client.session_transaction() as cookie:
        cookie[TOKEN] = token
    return client


def pages(engine: Engine, today: date, times: int) -> dict[str, list[str]]:
    """Paths to ask for, by the name of the figure: always the same choice."""
    chance = Random(1)  # noqa: S311 - which pages, not a secret
    with Session(engine) as session:
        units = list(session.scalars(select(Unit.code).order_by(Unit.code)))
        leaves = list(session.scalars(select(Unit.code).where(Unit.kind.in_(("school", "upt"))).order_by(Unit.code)))
        people = list(session.scalars(select(Person.id).order_by(Person.id).limit(5000)))
    month = (today.replace(day=1) - DAY).strftime("%Y-%m")

    def some(of: Sequence[str], form: str) -> list[str]:
        return [form.format(chance.choice(of), month=month) for _ in range(times)]

    days = [today - timedelta(days=back) for back in range(1, times + 1)]
    return {
        "board": [f"/?date={day}" for day in days],
        "board_of_a_unit": some(units, "/?unit={}"),
        "violations_of_a_year": [f"/violations/?from={day - timedelta(days=365)}&to={day}" for day in days],
        "person": some(people, "/people/{}?month={month}"),
        "kiosks": ["/kiosks/"] * times,
        "recap_of_a_unit": some(leaves or units, "/reports/recap/?unit={}&month={month}"),
        "early_warning": [f"/reports/discipline/?year={today.year}"] * times,
        "after_joint_leave": [f"/reports/after-leave/?day={day}" for day in days],
        "year_of_a_unit": some(leaves or units, f"/reports/year/?unit={{}}&year={today.year}"),
        "year_of_a_person": some(people, f"/reports/year/people/{{}}?year={today.year}"),
        "trends": [f"/reports/trends/?from={day - timedelta(days=84)}&to={day}" for day in days],
    }


def noon(day: date) -> datetime:
    """A moment of that date, past check-in everywhere in Indonesia."""
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
