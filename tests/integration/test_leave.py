"""Leave from filing to the judged day: one files, another decides, and a second letter never replaces a first by itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import Connection, update

from collector.accounts.book import Author
from collector.entered.withdrawing import withdraw
from collector.judging import entries
from collector.leave import letters, requests
from collector.leave.account import Accounts, Opening, state_opening
from collector.leave.errors import AccountError, DeciderError, LeaveError, LetterError, OverlapError
from collector.leave.requests import Filing, Verdict
from collector.rules.codes import Code
from collector.rules.letters import Approver
from collector.store.engine import open_engine
from collector.store.people import Person
from collector.store.writer import Writer
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.judged_office import NOW, WEEK, judge, open_week, results, settle

TUESDAY, THURSDAY = WEEK[1], WEEK[3]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
LEAVE = Filing(
    people=("p-1",), code=Code.CT, since=TUESDAY, until=THURSDAY, number="800/12/2026", dated=date(2026, 1, 2)
)
HEAD = Verdict("kepala", Approver.SUPERIOR, NOW)
BKD = Verdict("bkd", Approver.BKD, NOW)


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"))
        open_week(centre)
        judge(centre)
        yield centre


def filed(centre: Centre, filing: Filing = LEAVE, **changes: Any) -> list[str]:
    with centre.writer.transaction() as connection:
        return requests.file(connection, replace(filing, **changes), "operator", NOW)


def codes(centre: Centre, on: date = TUESDAY, person: str = "p-1") -> tuple[Code, ...]:
    judge(centre)
    return results(centre)[person, on].codes


def test_leave_counts_from_its_approval_until_it_is_withdrawn(centre: Centre) -> None:
    [number] = filed(centre)
    assert Code.CT not in codes(centre)
    with centre.writer.transaction() as connection:
        requests.approve(connection, number, HEAD)
    assert codes(centre) == codes(centre, THURSDAY) == (Code.CT,)
    with centre.writer.transaction() as connection, pytest.raises(LeaveError, match="needs its reason"):
        requests.withdraw(connection, number, "kepala", " ", NOW)
    with centre.writer.transaction() as connection:
        requests.withdraw(connection, number, "kepala", "batal berangkat", NOW)
    assert Code.CT not in codes(centre)
    with centre.writer.transaction() as connection, pytest.raises(LeaveError, match="is withdrawn"):
        requests.withdraw(connection, number, "kepala", "lagi", NOW)


def test_a_leave_whose_entry_is_taken_back_is_withdrawn_itself(centre: Centre) -> None:
    [number] = filed(centre)
    with centre.writer.transaction() as connection:
        requests.approve(connection, number, HEAD)
    [entry] = [row["id"] for row in centre.rows("entries") if row["kind"] == "permit"]
    with centre.writer.session() as session, pytest.raises(LeaveError, match="needs its reason"):
        withdraw(session, entry, Author("bkd", NOW))
    with centre.writer.session() as session:
        withdraw(session, entry, Author("bkd", NOW), "batal berangkat")
    [row] = centre.rows("leave_requests")
    assert (row["state"], row["withdrawn_by"], row["withdrawn_why"]) == ("withdrawn", "bkd", "batal berangkat")
    assert Code.CT not in codes(centre)
    assert filed(centre)  # those days may be asked for again


def test_a_leave_whose_entry_an_older_program_took_back_can_still_be_withdrawn(centre: Centre) -> None:
    [number] = filed(centre)
    with centre.writer.transaction() as connection:
        requests.approve(connection, number, HEAD)
        entry = requests.find(connection, number).entry
        assert entry is not None
        entries.withdraw(connection, entry, "bkd", NOW, "salah")
        requests.withdraw(connection, number, "kepala", "salah", NOW)
    assert [row["state"] for row in centre.rows("leave_requests")] == ["withdrawn"]


def test_who_files_does_not_decide_and_a_superior_does_not_decide_for_bkd(centre: Centre) -> None:
    [own] = filed(centre)
    [long] = filed(centre, code=Code.CM, letter=stored(centre), until=date(2026, 4, 4))
    with centre.writer.transaction() as connection:
        with pytest.raises(DeciderError, match="somebody else"):
            requests.approve(connection, own, replace(HEAD, by="Operator "))
        with pytest.raises(DeciderError, match="own"):
            requests.approve(connection, own, replace(HEAD, person="p-1"))
        with pytest.raises(DeciderError, match="decided by BKD"):
            requests.approve(connection, long, HEAD)
        requests.refuse(connection, own, replace(HEAD, why="masa sibuk"))
        requests.approve(connection, long, BKD)
        with pytest.raises(LeaveError, match="is refused"):
            requests.approve(connection, own, HEAD)


def stored(centre: Centre, raw: bytes = PDF, name: str = "Surat.pdf") -> str:
    with centre.writer.transaction() as connection:
        return letters.store(connection, centre.keys.vault, letters.check(raw, name), "operator", NOW)


def test_a_second_letter_never_replaces_a_first_by_itself(centre: Centre) -> None:
    [first] = filed(centre)
    [second] = filed(centre, code=Code.DL, place="Surabaya", letter=stored(centre), number="090/7", since=THURSDAY)
    with centre.writer.transaction() as connection:
        requests.approve(connection, first, HEAD)
        permit = requests.permit_of(requests.find(connection, second))
        [met] = requests.meetings(connection, [permit], frozenset({second}))
        assert (met.number, met.state) == ("800/12/2026", "approved")
        with pytest.raises(OverlapError, match="800/12/2026"):
            requests.approve(connection, second, HEAD)
        requests.shorten(connection, first, WEEK[2], replace(HEAD, why="dinas luar mendadak"))
        requests.approve(connection, second, HEAD)
    assert codes(centre, WEEK[2]) == (Code.CT,)
    assert codes(centre, THURSDAY) == (Code.DL,)


def test_of_two_who_decide_at_once_the_second_meets_what_the_first_left(centre: Centre) -> None:
    """Two processes, on one request and on two that claim the same days."""
    [one], [other] = filed(centre), filed(centre, number="800/13/2026")
    url = centre.writer.engine.url.render_as_string(hide_password=False)
    beside = ThreadPoolExecutor(2)
    with Writer(open_engine(url)) as second:

        def decide(number: str) -> str:
            with second.transaction() as connection:
                return requests.approve(connection, number, BKD)

        with centre.writer.transaction() as connection:
            requests.approve(connection, one, HEAD)
            late = [beside.submit(decide, number) for number in (one, other)]
            assert not wait(late, timeout=0.5).done, "they wait for the first"
        with pytest.raises(LeaveError, match="is approved"):
            late[0].result(20)
        with pytest.raises(OverlapError, match="800/12/2026"):
            late[1].result(20)
    beside.shutdown()
    assert [row["kind"] for row in centre.rows("entries")].count("permit") == 1


def test_two_parts_of_a_day_stand_side_by_side(centre: Centre) -> None:
    morning = filed(centre, code=Code.I, until=TUESDAY, hours=(time(7, 30), time(9)))
    noon = filed(centre, code=Code.I, until=TUESDAY, hours=(time(14), time(16)), number="2")
    with centre.writer.transaction() as connection:
        for number in (*morning, *noon):
            requests.approve(connection, number, HEAD)


def test_one_letter_may_send_many_and_all_or_none_are_filed(centre: Centre) -> None:
    trip = replace(LEAVE, code=Code.DL, place="Jember", letter=stored(centre))
    assert len(filed(centre, trip, people=("p-1", "p-2", "p-3"))) == 3
    with pytest.raises(LeaveError, match="does not serve"):
        filed(centre, trip, people=("p-1", "nobody"))
    assert len(centre.rows("leave_requests")) == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"code": Code.LB}, "not filed"),
        ({"until": date(2026, 1, 5)}, "end comes after the start"),
        ({"until": date(2031, 1, 5)}, "within four years"),
        ({"number": " "}, "number of its letter"),
        ({"code": Code.DL}, "place"),
        ({"code": Code.CS}, "letter attached"),
        ({"hours": (time(8), time(9))}, "part of the day"),
        ({"code": Code.I, "hours": (time(9), time(8))}, "start before the end"),
        ({"people": ()}, "0 people"),
        ({"number": "9" * 101}, "number of 101 characters"),
        ({"code": Code.DL, "place": "x" * 201}, "place of 201 characters"),
    ],
)
def test_what_no_letter_can_say_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(LeaveError, match=told):
        requests.check(replace(LEAVE, **changes))


def test_annual_leave_beyond_the_account_is_given_by_bkd_with_a_reason_or_not_at_all(centre: Centre) -> None:
    year = replace(LEAVE, since=date(2026, 2, 2), until=date(2026, 2, 24))
    [number] = filed(centre, year)
    with centre.writer.transaction() as connection:
        [cost] = requests.costs(connection, requests.permits_of(year))
        assert (cost.days, cost.account.right, cost.account.left, cost.over) == (
            15,
            12,
            12,
            3,
        )  # Imlek and its joint leave
        with pytest.raises(AccountError, match="3 working days more"):
            requests.approve(connection, number, HEAD)
        with pytest.raises(AccountError):
            requests.approve(connection, number, replace(BKD, over=True))
        requests.approve(connection, number, replace(BKD, over=True, why="haji"))
    assert centre.rows("leave_requests")[0]["over"] == 3


def test_the_account_knows_what_was_taken_before_this_system(centre: Centre) -> None:
    def account(connection: Connection) -> tuple[int, int]:
        found = Accounts(connection, ["p-1"], WEEK[0], WEEK[0]).year("p-1", 2026)
        return found.right, found.taken

    with centre.writer.transaction() as connection:
        connection.execute(update(Person).values(number="197001011995031001").where(Person.id == "p-1"))
        assert account(connection) == (12, 0)
        for year in (2024, 2025):
            state_opening(connection, "p-1", Opening(year, 0, 0, "rekap 2025"), "bkd", NOW)
        assert account(connection) == (24, 0)
        state_opening(connection, "p-1", Opening(2025, 9, 0, "rekap 2025"), "bkd", NOW)
        state_opening(connection, "p-1", Opening(2026, 2, 1, "rekap 2026"), "bkd", NOW)
        assert account(connection) == (12 + 6 + 1, 2)
        with pytest.raises(LeaveError, match="0 to 24"):
            state_opening(connection, "p-1", Opening(2025, 99, 0, "x"), "bkd", NOW)


def test_a_letter_lies_sealed_and_comes_back_as_it_was(centre: Centre) -> None:
    number = stored(centre, PDF, "..\\..\\etc/pass wd\r\n.php")
    [row] = centre.rows("letters")
    assert PDF not in row["sealed"]
    assert row["name"] == "pass wd.pdf"
    with centre.writer.transaction() as connection:
        paper = letters.read(connection, centre.keys.vault, number)
        assert (paper.content, paper.mimetype) == (PDF, "application/pdf")
        with pytest.raises(LetterError, match="no letter"):
            letters.read(connection, centre.keys.vault, "../" + number)
        connection.exec_driver_sql("UPDATE letters SET id = 'elsewhere'")
        with pytest.raises(LetterError, match="does not open"):
            letters.read(connection, centre.keys.vault, "elsewhere")


def test_a_picture_is_drawn_anew_and_nothing_rides_along() -> None:
    _, png = cv2.imencode(".png", np.full((40, 60, 3), 200, np.uint8))
    paper = letters.check(png.tobytes() + b"<script>alert(1)</script>", "foto.html")
    assert (paper.kind, paper.name) == ("jpeg", "foto.jpg")
    assert b"script" not in paper.content


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00", "neither PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither PDF"),
        (b"%PDF-1.7\nhalf", "cut short"),
        (PDF + b" " * (5 * 2**20), "larger than 5 MiB"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff", "million"),
    ],
)
def test_what_is_no_letter_is_refused_by_its_content(raw: bytes, told: str) -> None:
    with pytest.raises(LetterError, match=told):
        letters.check(raw, "surat.pdf")
