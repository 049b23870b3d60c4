"""`siperlu people …` and `siperlu collector kiosks …` on a database file: preview, import, list, remove, register, retire."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from wire.jwks import KeySet, key_set, readable
from wire.seals import DecryptionKey, KeyName, SealingKey

Run: TypeAlias = Callable[..., Result]
NIP = "198503122010012003"
UNITS = "kode;nama;jenis;induk\nSD-1;SDN 1;sekolah;DISDIK\nDISDIK;Dinas Pendidikan;opd;\nBKD;BKD;opd;\n"
PEOPLE = f"id;nama;nip;status;unit\nK1;Siti Rahayu;{NIP};PNS;SD-1\nG1;Budi;;honorer guru;SD-1\n"


def _counts(new: int, aside: int) -> dict[str, int]:
    return {"new": new, "changed": 0, "same": 0, "set_aside": aside, "warnings": 0}


def _keys() -> KeySet:
    signing = [SealingKey.generate(KeyName(owner, 1)).public for owner in ("k-1", "k-1/relay")]
    return key_set(signing, [DecryptionKey.generate(KeyName("k-1/roster", 1)).recipient])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "centre.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/centre.db"\n', encoding="utf-8")
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE.replace("guru;SD-1", "guru;SD-9"), encoding="utf-8")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["people", *arguments, "--config", str(config)])

    return call


def test_the_command_previews_imports_reports_and_repeats(run: Run, tmp_path: Path) -> None:
    units, people = str(tmp_path / "units.csv"), str(tmp_path / "people.csv")
    assert run("import", units).exit_code == 0
    dry = run("import", people, "--dry-run", "--json")
    assert json.loads(dry.stdout) == {"kind": "people", "dry_run": True, "import": None, **_counts(new=1, aside=1)}
    assert "SD-9" in dry.stderr
    assert not (tmp_path / "people.ditolak.csv").exists()

    strict = run("import", people, "--strict")
    assert strict.exit_code == 1
    assert "nothing was written" in strict.stderr
    assert json.loads(run("list", "--json").stdout) == {"people": []}

    assert json.loads(run("import", people, "--json").stdout)["new"] == 1
    assert (tmp_path / "people.ditolak.csv").exists()
    assert json.loads(run("import", people, "--json").stdout)["same"] == 1
    assert "Siti Rahayu" in run("list").stdout

    assert "left from 2026-01-31" in run("remove", NIP, "--on", "2026-01-31", "--why", "retired").stderr
    assert json.loads(run("list", "--json").stdout) == {"people": []}
    assert run("remove", NIP, "--erase").exit_code == 0
    gone = run("remove", NIP)
    assert (gone.exit_code, "nobody has" in gone.stderr) == (1, True)


def test_an_import_is_listed_and_undone_and_what_stands_on_it_is_named(run: Run, tmp_path: Path) -> None:
    for name in ("units", "people"):
        assert run("import", str(tmp_path / f"{name}.csv")).exit_code == 0
    newest, oldest = json.loads(run("imports", "--json").stdout)["imports"]
    assert (newest["file"], newest["counts"]["new"], oldest["kind"]) == ("people.csv", 1, "units")
    refused = run("undo", oldest["id"], "--why", "salah berkas")
    assert refused.exit_code == 1
    assert "SDN 1: has people" in refused.stderr
    dry = json.loads(run("undo", newest["id"], "--why", "salah berkas", "--dry-run", "--json").stdout)
    assert dry == {"import": newest["id"], "undone": 0, "blocks": []}
    for one in (newest, oldest):
        assert json.loads(run("undo", one["id"], "--why", "salah berkas", "--json").stdout)["blocks"] == []
    assert json.loads(run("list", "--json").stdout) == {"people": []}
    assert "undone" in run("imports").stdout


def test_faces_and_nik_are_sealed_anew_by_command(tmp_path: Path) -> None:
    config = tmp_path / "centre.toml"
    store = f'[store]\nurl = "sqlite:///{tmp_path}/centre.db"\nkeys = "{tmp_path}/keys"\n'
    config.write_text(store, encoding="utf-8")
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
    (tmp_path / "people.csv").write_text(
        PEOPLE.replace("unit\n", "unit;nik\n").replace("SD-1\n", "SD-1;3508015203850001\n"), encoding="utf-8"
    )

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["people", *arguments, "--config", str(config)])

    assert run("import", str(tmp_path / "units.csv")).exit_code == 0
    assert run("import", str(tmp_path / "people.csv"), "--with-nik").exit_code == 0
    assert json.loads(run("vault", "--json").stdout) == {"sealed": 0, "key": 1}
    assert json.loads(run("vault", "--rotate", "--json").stdout) == {"sealed": 2, "key": 2}


def test_a_report_that_cannot_be_written_stops_the_import(run: Run, tmp_path: Path) -> None:
    run("import", str(tmp_path / "units.csv"))
    failed = run("import", str(tmp_path / "people.csv"), "--report", str(tmp_path / "no" / "where.csv"))
    assert (failed.exit_code, "--report" in failed.stderr) == (1, True)
    assert json.loads(run("list", "--json").stdout) == {"people": []}


def test_the_command_adds_lists_and_retires(tmp_path: Path) -> None:
    config = tmp_path / "centre.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/centre.db"\n', encoding="utf-8")
    (tmp_path / "keys.json").write_text(readable(_keys()), encoding="utf-8")
    (tmp_path / "units.csv").write_text("kode;nama\nA;Unit A\n", encoding="utf-8")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["collector", "kiosks", *arguments, "--config", str(config)])

    add = ("add", "k-1", "--unit", "A", "--scope", "opd", "--keys", str(tmp_path / "keys.json"))
    refused = run(*add)
    assert (refused.exit_code, "import the units first" in refused.stderr) == (1, True)
    units = ["people", "import", str(tmp_path / "units.csv"), "--config", str(config)]
    assert CliRunner().invoke(main, units).exit_code == 0
    assert run(*add).exit_code == 0
    listed = json.loads(run("list", "--json").stdout)["kiosks"]
    assert [(one["id"], one["scope"], one["retired_at"]) for one in listed] == [("k-1", "opd", None)]
    assert run("retire", "k-1").exit_code == 0
    assert json.loads(run("list", "--json").stdout)["kiosks"][0]["retired_at"]
    assert "k-1" in run("list").stdout
    missing = run(*add[:-1], str(tmp_path / "none.json"))
    assert (missing.exit_code, "siperlu kiosk keys" in missing.stderr) == (1, True)
