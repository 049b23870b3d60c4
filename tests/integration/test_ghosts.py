"""One face for two people is stored once, and what was decided about it stays when it is found again."""

from __future__ import annotations

from pathlib import Path

from collector.rules.violations.case import Status, Step
from collector.store.engine import open_reader
from collector.violating.detection import Detection
from collector.violating.ghosts import note_ghosts
from collector.violating.review import review
from tests.centre import AT, FakeKiosk, opened
from tests.fixtures.judged_office import settle


def test_a_ghost_is_stored_once_and_stays_as_it_was_decided(store_url: str, tmp_path: Path) -> None:
    with opened(store_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"), people=["p-1", "p-2"])
        with centre.writer.session() as session:
            assert note_ghosts(session, [("p-2", "p-1", 0.93)], AT) == 1
        [row] = centre.rows("violations")
        assert (row["kind"], row["subject"], row["about"], row["unit"]) == ("ghost", "p-1", "p-2", "DISDIK")
        with centre.writer.session() as session:
            review(session, row["key"], Step(to=Status.DISMISSED, by="bkd-1", at=AT, why="kembar"))
        with centre.writer.session() as session:
            note_ghosts(session, [("p-1", "p-2", 0.94)], AT)
        reader = open_reader(centre.url)
        try:
            Detection(reader, centre.writer).again(AT.date(), AT.date())
        finally:
            reader.dispose()
        [after] = centre.rows("violations")
        assert (after["status"], after["stands"]) == ("dismissed", True)
