"""What is laid out for kiosks is what IT sealed, and stays what it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from collector.errors import OrderError
from collector.fleet.shelf import Shelf
from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe, collected
from wire.jwks import key_set, readable
from wire.seals import KeyName, SealingKey

KEY = SealingKey.generate(KeyName("release", 1))
OTHER = SealingKey.generate(KeyName("release", 2))
RING = key_set([KEY.public], []).keyring()
AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "releases")


def bundle(folder: Path, version: str, content: str = "x", key: SealingKey = KEY) -> Path:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "siperlu.whl").write_text(content)
    out = folder / f"{version}-{content}.tar"
    files = collected([(source, "wheels/trixie-arm64", "trixie-arm64")])  # type: ignore[list-item]
    write_bundle(out, Recipe(version, "1.0", AT, 1), files, key)
    return out


def test_the_newest_comes_first(shelf: Shelf, tmp_path: Path) -> None:
    for version in ("1.2", "1.10", "1.9rc1"):
        shelf.put(bundle(tmp_path, version), RING)
    (shelf.folder / "siperlu-none.tar").write_text("by hand")
    assert shelf.versions() == ["1.10", "1.9rc1", "1.2"]
    assert (shelf.folder / "siperlu-1.2.tar").stat().st_mode & 0o777 == 0o644


def test_a_version_is_one_release_for_good(shelf: Shelf, tmp_path: Path) -> None:
    first = bundle(tmp_path, "1.2")
    shelf.put(first, RING)
    shelf.put(first, RING)
    with pytest.raises(OrderError, match=r"1\.2 lies there already"):
        shelf.put(bundle(tmp_path, "1.2", "y"), RING)
    assert (shelf.folder / "siperlu-1.2.tar").read_bytes() == first.read_bytes()


def test_half_a_copy_is_replaced(shelf: Shelf, tmp_path: Path) -> None:
    whole = bundle(tmp_path, "1.2")
    shelf.put(whole, RING)
    lying = shelf.folder / "siperlu-1.2.tar"
    lying.write_bytes(whole.read_bytes()[:1000])
    shelf.put(whole, RING)
    assert lying.read_bytes() == whole.read_bytes()


def test_what_nobody_sealed_is_not_laid_out(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(OrderError, match="do not install it"):
        shelf.put(bundle(tmp_path, "1.2", key=OTHER), RING)
    assert shelf.versions() == []


@pytest.mark.parametrize("version", ["1.3", "../1.2", ""])
def test_what_is_not_there_cannot_be_taken_away(shelf: Shelf, tmp_path: Path, version: str) -> None:
    shelf.put(bundle(tmp_path, "1.2"), RING)
    with pytest.raises(OrderError, match=r"there are: 1\.2"):
        shelf.remove(version)


def test_the_commands_of_it(tmp_path: Path) -> None:
    config = tmp_path / "collector.toml"
    config.write_text(f'[releases]\nfolder = "{tmp_path}/releases"\n')
    keys = tmp_path / "release.json"
    keys.write_text(readable(key_set([KEY.public], [])))

    def siperlu(*words: str) -> str:
        done = CliRunner().invoke(main, ["collector", "releases", *words, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done.output.splitlines()[-1]

    made = bundle(tmp_path, "1.2")
    assert json.loads(siperlu("add", str(made), "--release-keys", str(keys), "--json")) == {
        "version": "1.2",
        "targets": ["trixie-arm64"],
    }
    assert json.loads(siperlu("list", "--json")) == {"releases": ["1.2"]}
    siperlu("remove", "1.2")
    assert json.loads(siperlu("list", "--json")) == {"releases": []}
