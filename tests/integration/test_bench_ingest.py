"""`siperlu bench ingest` runs and prints its figures; what they must be is for a quiet machine to say."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli.bench.postgres import find_binaries
from cli.main import main


@pytest.mark.slow
def test_bench_ingest_prints_its_figures_for_each_store() -> None:
    line = ["bench", "ingest", "--records", "200", "--kiosks", "3", "--batch", "100", "--json"]
    result = CliRunner().invoke(main, line, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    stores = {"sqlite", "postgresql"} if find_binaries() else {"sqlite"}
    for name in stores:
        figures = found[name]
        assert figures["ratio"] == pytest.approx(figures["records_per_s"] / figures["peer_records_per_s"], rel=0.01)
        assert figures["ratio"] > 1
        assert 0 < figures["share_of_seals"] < 1
    assert found["ratio"] == min(found[name]["ratio"] for name in stores)
