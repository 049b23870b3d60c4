"""How a kiosk is before and after an update, out of the files that its processes leave."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from kiosk.agent.update.course import Vital, shortcomings
from kiosk.agent.vital import vital
from kiosk.ledger import Ledger
from kiosk.settings import Folders, KioskSettings
from tests.fixtures.ledgers import START, Box, check_in, reading
from wire.records import Event, Heartbeat


def begin(ledger: Ledger, seconds: float) -> None:
    """As a process that starts, and serves a second later."""
    ledger.append(Heartbeat(cause="start", in_service=False, version="1.1.0", counts={}), reading(seconds))
    ledger.append(Event(event="in-service", detail={"seconds": 1}), reading(seconds + 1))


def end(ledger: Ledger, seconds: float) -> None:
    """As a process that is told to stop."""
    ledger.append(Event(event="out-of-service", detail={"reason": "stopped"}), reading(seconds))


def test_what_the_old_release_wrote_proves_nothing_of_the_new_one(tmp_path: Path) -> None:
    settings = KioskSettings(folders=Folders(ledger=tmp_path / "kiosk", relay=tmp_path / "relay", run=tmp_path))
    restarted = START + timedelta(seconds=100)
    with closing(Box(tmp_path / "kiosk").open()) as ledger:
        begin(ledger, 0)
        before = vital(settings)
        assert before.start is not None
        assert before == Vital(started_at=START, start=before.start, serves=True)
        ledger.append(check_in(), reading(50))  # while the new release is installed
        end(ledger, 101)
        assert shortcomings(before, vital(settings), restarted) == ["no-record", "no-service"]
        ledger.append(Heartbeat(cause="start", in_service=False, version="1.1.0", counts={}), reading(105))
        assert shortcomings(before, vital(settings), restarted) == ["no-service"]
        ledger.append(Event(event="in-service", detail={"seconds": 3}), reading(108))
        assert vital(settings).start not in {None, before.start}
        assert shortcomings(before, vital(settings), restarted) == []
    assert not vital(settings).serves, "nobody writes it any more"


def test_a_kiosk_that_never_ran_has_nothing_to_lose(tmp_path: Path) -> None:
    assert vital(KioskSettings(folders=Folders(ledger=tmp_path / "a", relay=tmp_path / "b", run=tmp_path))) == Vital()
