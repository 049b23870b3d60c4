"""`siperlu kiosk status`: what is on disk, and why a part of it cannot be read."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import insert

from kiosk.relay import store
from kiosk.relay.tables import MANIFESTS
from kiosk.settings import Folders, KioskSettings
from kiosk.status import read_status
from tests.fixtures.ledgers import Box, check_in, reading


def _settings(folder: Path) -> KioskSettings:
    return KioskSettings(folders=Folders(ledger=folder / "kiosk", relay=folder / "relay"))


def test_a_kiosk_that_never_ran_has_no_ledger_and_says_so(tmp_path: Path) -> None:
    status = read_status(_settings(tmp_path))
    assert status["last_seq"] is None
    (problem,) = status["problems"]
    assert "ledger.db: absent" in problem


def test_a_damaged_roster_is_a_problem_and_the_rest_is_told(tmp_path: Path) -> None:
    with closing(Box(tmp_path / "kiosk").open()) as ledger:
        entry = ledger.append(check_in(), reading())
    with closing(store.Store(tmp_path / "relay")) as relay, relay.transaction() as connection:
        connection.execute(insert(MANIFESTS).values(slot="active", version=1, sealed="flipped"))
    status = read_status(_settings(tmp_path))
    assert (status["chain"], status["last_seq"], status["backlog"]) == (entry.chain, 1, 1)
    (problem,) = status["problems"]
    assert "not a sealed message" in problem
