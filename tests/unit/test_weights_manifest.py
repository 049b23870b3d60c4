"""The manifest says what every file of weights is, and nothing else is ever installed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from models import manifest, store
from models.errors import ManifestError, WeightsError

CARD = replace(manifest.card("landmarks5"), file="made-up.onnx", sha256=hashlib.sha256(b"right").hexdigest())

ENTRY = f"""
[[model]]
name = "one"
kind = "detector"
file = "one.onnx"
sha256 = "{"0" * 64}"
origin = "somewhere"
licence = "MIT"
input = "a picture"
"""


def test_every_model_says_origin_and_licence() -> None:
    assert all(card.origin and card.licence and card.input for card in manifest.cards())


def test_a_model_without_licence_is_for_tests_only() -> None:
    assert [card.name for card in manifest.cards() if card.test_only] == ["mobilefacenet"]
    assert all(card.test_only for card in manifest.cards() if "none" in card.licence)


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('"one.onnx"', '"../one.onnx"', "plain file name"),
        ('"one.onnx"', '"/etc/passwd"', "plain file name"),
        ('"one.onnx"', '".hidden"', "plain file name"),
        ("0" * 64, "0" * 63, "64 lower-case hex"),
        ('"detector"', '"oracle"', "oracle"),
        ('licence = "MIT"', "", "licence"),
        ('licence = "MIT"', 'licence = "MIT"\ncolour = 1', "colour"),
        ('"detector"', '"embedder"', "family"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(old: str, new: str, names: str) -> None:
    with pytest.raises(ManifestError, match=names):
        manifest.read(ENTRY.replace(old, new))


def test_a_name_may_stand_only_once() -> None:
    with pytest.raises(ManifestError, match="twice"):
        manifest.read(ENTRY + ENTRY)


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ManifestError, match="sface"):
        manifest.card("sfaec")


def test_a_file_is_found_by_its_hash_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "anything.bin").write_bytes(b"right")
    (tmp_path / CARD.file).write_bytes(b"wrong")

    assert store.search(tmp_path, [CARD]) == {CARD.name: tmp_path / "deep" / "anything.bin"}


def test_an_altered_file_is_not_installed(tmp_path: Path) -> None:
    source, target = tmp_path / CARD.file, tmp_path / "weights"
    source.write_bytes(b"wrong")

    with pytest.raises(WeightsError, match="nothing was installed"):
        store.copy_in(source, CARD, target)
    assert list(target.iterdir()) == []


def test_an_installed_file_replaces_an_altered_one(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "weights"
    source.write_bytes(b"right")
    target.mkdir()
    (target / CARD.file).write_bytes(b"wrong")
    assert store.look(CARD, target).state is store.State.ALTERED

    store.copy_in(source, CARD, target)
    assert store.look(CARD, target).state is store.State.RIGHT


def test_an_altered_file_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / CARD.file).write_bytes(b"wrong")
    with pytest.raises(WeightsError, match="install again"):
        store.require(CARD, tmp_path)


def test_a_missing_file_names_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="siperlu models build"):
        store.require(CARD, tmp_path)


@pytest.mark.parametrize("address", ["http://example.org/a", "file:///etc/passwd", "ftp://example.org/a"])
def test_only_https_addresses_are_fetched(address: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="https"):
        store.fetch_in(address, CARD, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_flood_of_bytes_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_LARGEST", 10)
    with pytest.raises(WeightsError, match="no file of the manifest"):
        store.place([b"12345", b"67890", b"1"], CARD, tmp_path)
    assert list(tmp_path.iterdir()) == []
