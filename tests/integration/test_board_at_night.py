"""Who works across midnight stands on the board as they are judged: by the date on which the shift began."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from collector.accounts.roles import Role
from collector.judging import book, changing
from collector.judging.changing import Decision
from collector.judging.entries import Decided, set_pattern, set_turns
from collector.judging.nights import nights
from collector.rules.hours import Hours, Turn, Week
from collector.rules.ready import PERPRES_21_2023, SHIFT
from collector.settings import CollectorSettings
from collector.store.engine import open_reader
from collector.web import create_app
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.accounts import logged_in
from tests.fixtures.appeal_office import Clock
from tests.fixtures.judged_office import MONDAY, NOW, WEEK, Wall, at, settle

TUESDAY = WEEK[1]
NIGHT = Hours(start=time(22), end=time(6))
ENTERED = Decided("Ani", NOW)


@pytest.fixture
def wall() -> Wall:
    return Wall(FakeKiosk("kiosk-1"), arrives=at(TUESDAY, "23:00"))


def tell(centre: Centre, wall: Wall, *looks: tuple[date, str, str]) -> None:
    for day, clock, person in looks:
        wall.look(day, clock, person)
    centre.take(*wall.messages())


@pytest.fixture
def centre(store_url: str, tmp_path: Path, wall: Wall) -> Iterator[Centre]:
    """p-1 has a night of the rota from Monday, p-2 the fixed nights of a guard, p-3 office hours; p-4 has a night and does not come."""
    with opened(store_url, tmp_path) as centre:
        settle(centre, wall.kiosk)
        day = ((MONDAY, "07:10", "p-3"), (MONDAY, "16:02", "p-3"))
        tell(centre, wall, *day, (MONDAY, "20:50", "p-1"), (MONDAY, "21:55", "p-2"))
        guard = Week(name="penjaga", days=(NIGHT,) * 7)
        rules = replace(PERPRES_21_2023, version=2, patterns=(*PERPRES_21_2023.patterns, guard), since=MONDAY)
        with centre.writer.transaction() as connection:
            book.install(connection, NOW)
            name = changing.propose(connection, rules, "Ani", NOW)
            changing.approve(connection, name, Decision("Budi", NOW, 2, "SE Bupati"))
            for person in ("p-1", "p-4"):
                set_pattern(connection, person, SHIFT, date(2025, 1, 1), ENTERED)
            set_pattern(connection, "p-2", "penjaga", MONDAY, ENTERED)
            nights = {(person, MONDAY): Turn(day=MONDAY, shift="malam") for person in ("p-1", "p-4")}
            set_turns(connection, {**nights, ("p-1", TUESDAY): Turn(day=TUESDAY, shift=None)})
        yield centre


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(centre: Centre, clock: Clock) -> Iterator[FlaskClient]:
    reader = open_reader(centre.url)
    client = create_app(reader, centre.writer, CollectorSettings(), clock).test_client()
    yield logged_in(client, Role.INSPECTORATE)
    reader.dispose()


def board(client: FlaskClient, query: str = "") -> dict[str, tuple[str, str, str]]:
    """First, last and number of looks by person, as the sheet has them."""
    text = client.get(f"/board.csv?{query}").text.removeprefix("\ufeff")
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    return {row["nama"][-3:]: (row["pertama"], row["terakhir"], row["jumlah"]) for row in rows}


UNSEEN = ("", "", "0")


def test_a_night_guard_is_there_while_the_shift_lasts(client: FlaskClient, clock: Clock) -> None:
    before, p1, p2 = UNSEEN, ("05-01-2026 20:50:00",) * 2, ("05-01-2026 21:55:00",) * 2
    for now in ("02:00", "05:59"):
        clock.now = at(TUESDAY, now)
        assert board(client) == {"p-1": (*p1, "1"), "p-2": (*p2, "1"), "p-3": before, "p-4": before}
        assert "<b>2</b> dari 4" in client.get("/").text
        assert set(board(client, "show=waiting")) == {"p-3", "p-4"}
        assert set(board(client, "show=present")) == {"p-1", "p-2"}
    clock.now = at(TUESDAY, "06:30")
    assert set(board(client, "show=present")) == {"p-1"}  # the guard's shift has ended, the ward's has not
    assert "5 Jan 20:50" in client.get("/").text


def test_the_leaving_look_is_the_last_of_the_date_on_which_the_shift_began(
    centre: Centre, wall: Wall, client: FlaskClient, clock: Clock
) -> None:
    tell(centre, wall, (TUESDAY, "06:04", "p-2"), (TUESDAY, "07:05", "p-1"), (TUESDAY, "07:12", "p-3"))
    clock.now = at(TUESDAY, "12:00")
    assert board(client) == {"p-1": UNSEEN, "p-2": UNSEEN, "p-3": ("07:12:00", "07:12:00", "1"), "p-4": UNSEEN}
    assert "<b>1</b> dari 4" in client.get("/").text
    assert board(client, f"date={MONDAY}") == {
        "p-1": ("20:50:00", "06-01-2026 07:05:00", "2"),
        "p-2": ("21:55:00", "06-01-2026 06:04:00", "2"),
        "p-3": ("07:10:00", "16:02:00", "2"),
        "p-4": UNSEEN,
    }


def test_a_guard_who_went_over_to_the_rota_has_the_nights_of_the_rota(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        set_pattern(connection, "p-2", SHIFT, TUESDAY, ENTERED)
        set_turns(connection, {("p-2", TUESDAY): Turn(day=TUESDAY, shift="malam")})
        told = nights(connection, WEEK[2], begun=[TUESDAY])
    assert told["p-2"].before is not None
    assert told["p-2"].before.hours.holds(at(WEEK[2], "02:00"))
