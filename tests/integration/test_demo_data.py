"""`siperlu demo-data`: honest records, numbers that can be NIPs, the newspaper's report, and the same again by its seed."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from cli.main import main
from cli.synthetic.filling import Wish, regency
from cli.synthetic.phones import submissions
from cli.synthetic.rota import turns
from collector.people.numbers import Status, parse_number
from collector.rules.hours import WIB
from collector.store.engine import open_engine
from collector.store.hours import StoredTurn
from collector.store.results import DayRow
from wire.records import GENESIS, decode_record
from wire.seals import KeyName, PublicKey, Sealed, digest

SMALL = ["--people", "700", "--units", "120", "--days", "2", "--until", "2026-01-06"]
ERA = ["--from", "2019-01-02", "--to", "2019-01-11"]


def call(folder: Path, url: str, *words: str) -> Result:
    settings = folder / "centre.toml"
    settings.write_text(f'[store]\nurl = "{url}"\nkeys = "{folder / "keys"}"\n')
    return CliRunner().invoke(main, [*words, "--config", str(settings)], catch_exceptions=False)


def last(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def rows(url: str, query: str) -> list[Any]:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text(query)).all()
    engine.dispose()
    return list(found)


def test_the_newspapers_report_comes_out_and_every_record_is_honest(store_url: str, tmp_path: Path) -> None:
    call(tmp_path, store_url, "collector", "migrate")
    made = last(call(tmp_path, store_url, "demo-data", *SMALL, "--json"))
    assert (made["people"], made["units"]) == (700, 120)
    report = last(call(tmp_path, store_url, "report", "violations", *ERA, "--json"))
    assert report["total"] == 1333
    assert set(report["kinds"]) == {"shared-device", "outside-coordinates"}
    assert sum(unit["total"] for unit in report["opd"]) == 1333
    _honest(store_url, made["records"])
    judged = dict(rows(store_url, "SELECT state, count(*) FROM day_results GROUP BY state"))
    assert sum(judged.values()) == made["judged"] == 2 * 700
    assert judged["final"] > 600  # the first date; the last one waits for what the kiosks have not told yet
    assert rows(store_url, "SELECT count(*) FROM touched_days")[0][0] == 0
    _nights(store_url)
    assert len(rows(store_url, "SELECT DISTINCT kiosk FROM records WHERE clock_source <> 'ntp'")) == 2
    again = call(tmp_path, store_url, "demo-data", *SMALL)
    assert again.exit_code == 1
    assert "empty database" in again.stderr


def _nights(url: str) -> None:
    """The hospital works around the clock: the night that began on the first date ended on the second, and counts for the first."""
    night = (StoredTurn.person == DayRow.person) & (StoredTurn.day == DayRow.day) & (StoredTurn.shift == "malam")
    query = sa.select(DayRow.last_out).join(StoredTurn, night).where(DayRow.day == date(2026, 1, 5))
    engine = open_engine(url)
    with engine.connect() as connection:
        ends = [end.astimezone(WIB) for end in connection.scalars(query) if end]
    engine.dispose()
    assert len(ends) > 10
    assert {end.date() for end in ends} == {date(2026, 1, 6)}
    assert max(end.hour for end in ends) < 10
    assert dict(rows(url, "SELECT pattern, count(*) FROM schedules GROUP BY pattern")).keys() == {"shift"}


def _honest(url: str, count: int) -> None:
    """Every seal verifies, every chain links, but for the numbers that the demonstration loses."""
    keys = {row.kiosk: row for row in rows(url, "SELECT * FROM kiosk_keys WHERE use = 'record'")}
    heads: dict[str, tuple[int, str]] = {}
    found = rows(url, "SELECT kiosk, chain, seq, prev, sealed FROM records ORDER BY kiosk, seq")
    assert len(found) == count
    for kiosk, chain, seq, prev, sealed in found:
        key = PublicKey.from_x(KeyName.parse(keys[kiosk].kid), keys[kiosk].x)
        record = decode_record(key.verify(sealed, Sealed.RECORD))
        assert (record.kiosk, record.chain, record.seq, record.prev) == (kiosk, chain, seq, prev)
        before, head = heads.get(kiosk, (0, GENESIS))
        assert prev == head or seq > before + 1
        heads[kiosk] = (seq, digest(sealed))


def test_a_violation_is_decided_by_its_key(sqlite_url: str, tmp_path: Path) -> None:
    call(tmp_path, sqlite_url, "demo-data", *SMALL)
    key = rows(sqlite_url, "SELECT key FROM violations WHERE status = 'open' ORDER BY key LIMIT 1")[0][0]
    words = ["--by", "bkd-1", "--reason", "fotonya jelas", "--json"]
    call(tmp_path, sqlite_url, "collector", "accounts", "create", "bkd-1", "--role", "bkd-officer", "--name", "Sari")
    decided = last(call(tmp_path, sqlite_url, "violations", "decide", key[:16], "--state", "confirmed", *words))
    assert decided == {"violation": key, "state": "confirmed", "decisions": 1}
    again = call(tmp_path, sqlite_url, "violations", "decide", key, "--state", "dismissed", *words)
    assert (again.exit_code, "make it open" in again.stderr) == (1, True)
    looked = last(call(tmp_path, sqlite_url, "violations", "detect", *ERA, "--json"))
    assert looked["dates"] == 10
    assert rows(sqlite_url, f"SELECT status FROM violations WHERE key = '{key}'") == [("confirmed",)]
    wrong = call(tmp_path, sqlite_url, "report", "violations", "--from", "2019-01-11", "--to", "2019-01-02")
    assert "exchange them" in wrong.stderr


@pytest.mark.parametrize("seed", [1, 7])
def test_people_of_full_size_have_numbers_that_can_be_true_and_the_era_its_1333(seed: int) -> None:
    wish = Wish(11_000, 700, 30, seed, date(2026, 1, 6))
    made = regency(wish)
    assert len({site.code for site in made.sites}) == len(made.sites) == 700
    assert len({one.id for one in made.people}) == len(made.people) == 11_000
    numbers = [one.number for one in made.people if one.number]
    assert len(set(numbers)) == len(numbers)
    for one in made.people:
        assert (one.number is not None) == one.status.numbered
        assert one.number is None or parse_number(one.number, Status(one.status)).digits == one.number
    assert len(submissions(wish.chance("phones"), made.sites, made.people)) > 10_000


def test_the_same_seed_gives_the_same_and_another_one_another() -> None:
    wish = Wish(300, 60, 3, 1, date(2026, 1, 6))
    assert regency(wish) == regency(wish)
    assert regency(wish).people != regency(Wish(300, 60, 3, 2, date(2026, 1, 6))).people


def test_too_few_units_are_refused_with_the_least_number(sqlite_url: str, tmp_path: Path) -> None:
    result = call(tmp_path, sqlite_url, "demo-data", "--units", "10")
    assert result.exit_code == 1
    assert "52" in result.stderr


def test_every_ward_has_somebody_in_each_shift_of_each_date() -> None:
    wish = Wish(3_000, 200, 9, 1, date(2026, 1, 6))
    on = {plan.unit: list(plan.duties) for plan in regency(wish).plans if plan.duties}
    assert {"RSUD-HARYOTO", "SATPOLPP", "BPBD"} < set(on)
    assert sum(unit.startswith("PUSKESMAS-") for unit in on) > 10
    for day in wish.dates:
        assert {one.turn(day) for one in on["RSUD-HARYOTO"]} == {"pagi", "siang", "malam", "LJ", "LB"}
    one = on["RSUD-HARYOTO"][0]
    fortnight = [turn for _, turn, _ in turns(one, date(2026, 1, 1), date(2026, 1, 14))]
    assert all(after != "pagi" for before, after in pairwise(fortnight) if before == "malam")
