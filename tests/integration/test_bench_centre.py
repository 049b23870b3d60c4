"""`siperlu bench centre` runs, with copies and without, and says what was promised beside what it measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.bench.centre_fill import ARCHIVE
from cli.main import main
from tests.integration.test_demo_data import rows

SMALL = ["--people", "120", "--units", "52", "--times", "3", "--json"]


def bench(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["bench", "centre", *SMALL, *words], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_copies_of_the_judged_month_lie_before_it_and_every_promise_is_measured(postgres_url: str) -> None:
    found = bench("--years", "0.15", "--db", postgres_url)
    assert (found["people"], found["judged_days"]) == (120, 120 * 28 * 2)
    assert found["look_back_person_days"] >= 120 * 27
    assert found["close_a_day_records"] > 120
    assert set(found["promises"]) >= {"board", "violations_of_a_year", "person", "all_recaps_s", "close_a_day_s"}
    for name, promise in found["promises"].items():
        assert promise["kept"] == (0 < promise["measured"] <= promise["limit"]), name
    assert found["all_kept"] == all(each["kept"] for each in found["promises"].values())
    _copies_are_whole(postgres_url)
    again = bench("--years", "0.15", "--db", postgres_url)
    assert (again["filled"], again["judged_days"]) == ("before", found["judged_days"])
    assert again["close_a_day_records"] > 120


def _copies_are_whole(url: str) -> None:
    """A copy of a judged day says its own date, and its digest is of what it says."""
    wrong = "SELECT count(*) FROM day_results WHERE encode(sha256(document), 'hex') <> digest"
    assert rows(url, wrong) == [(0,)]
    other = "position(to_char(day, 'YYYY-MM-DD') in convert_from(document, 'UTF8')) = 0"
    assert rows(url, f"SELECT count(*) FROM day_results WHERE {other}") == [(0,)]
    sums = rows(url, "SELECT sum(people), sum(tk), sum(h) FROM unit_days")
    assert sums == rows(
        url,
        "SELECT count(*), count(*) FILTER (WHERE codes LIKE '% TK %'), count(*) FILTER (WHERE codes LIKE '% H %') FROM day_results",
    )
    absent = "SELECT sum(absent), sum(minutes) FROM person_years"
    final = "state = 'final' AND codes LIKE '% TK %'), sum(minutes_late + minutes_early) FILTER (WHERE state = 'final'"
    assert rows(url, absent) == rows(url, f"SELECT count(*) FILTER (WHERE {final}) FROM day_results")
    looks = rows(url, f"SELECT chain = '{ARCHIVE}', count(DISTINCT person) FROM records GROUP BY 1 ORDER BY 1")
    assert [copied for copied, _ in looks] == [False, True]
    assert len(rows(url, "SELECT indexname FROM pg_indexes WHERE indexname = 'ix_records_person_at'")) == 1


@pytest.mark.slow
def test_an_sqlite_file_is_measured_too(tmp_path: Path) -> None:
    found = bench("--sqlite", "--days", "5", "--db", f"sqlite:///{tmp_path / 'centre.db'}")
    assert found["judged_days"] == 120 * 5
    assert found["board"]["p95_ms"] > 0
    again = bench("--sqlite", "--days", "5", "--pages-alone", "--db", f"sqlite:///{tmp_path / 'centre.db'}")
    assert set(again["promises"]) == {*found["promises"]} - {"all_recaps_s", "close_a_day_s"}
    with pytest.raises(AssertionError, match="empty"):
        bench("--sqlite", "--days", "5", "--pages-alone", "--db", f"sqlite:///{tmp_path / 'empty.db'}")
