"""The centre's own keys: made once, never lent to others, old ones stay known."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.errors import KeysError
from collector.keys import CentreKeys
from wire.jwks import KeySet
from wire.seals import Sealed


def test_keys_are_made_once_and_read_again(tmp_path: Path) -> None:
    made = CentreKeys.open(tmp_path / "keys")
    again = CentreKeys.open(tmp_path / "keys")
    assert again.public == made.public
    assert {key.kid for key in made.public.keys} == {"centre#1", "centre/box#1"}
    assert made.boxes[0].decrypt(again.boxes[0].recipient.encrypt(b"x")) == b"x"


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    CentreKeys.open(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*.jwk")} == {0o600}
    assert (folder / "vault").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o660])
def test_a_key_that_others_can_read_or_a_group_can_change_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    CentreKeys.open(tmp_path)
    (tmp_path / "centre-1.jwk").chmod(mode)
    with pytest.raises(KeysError, match="chmod 600"):
        CentreKeys.open(tmp_path)


def test_the_processes_that_seal_may_read_one_key_by_their_group(tmp_path: Path) -> None:
    made = CentreKeys.open(tmp_path)
    (tmp_path / "centre-1.jwk").chmod(0o640)
    assert CentreKeys.open(tmp_path).public == made.public


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"x": "AA", "d": "AA"}', "é"])
def test_a_damaged_key_is_refused_never_replaced(tmp_path: Path, content: str) -> None:
    CentreKeys.open(tmp_path)
    (tmp_path / "centre-1.jwk").write_text(content, "utf-8")
    with pytest.raises(KeysError, match="backup"):
        CentreKeys.open(tmp_path)
    assert (tmp_path / "centre-1.jwk").read_text("utf-8") == content


def test_the_newest_key_seals_and_the_old_one_stays_public(tmp_path: Path) -> None:
    CentreKeys.open(tmp_path / "a")
    CentreKeys.open(tmp_path / "b")
    shutil.copy(tmp_path / "b/centre-1.jwk", tmp_path / "a/centre-10.jwk")
    both = CentreKeys.open(tmp_path / "a")
    sealed = both.seal(Sealed.RECEIPT, b"x")
    ring = both.public.keyring()
    assert str(ring.find(sealed).name) == "centre#10"
    assert ring.verify(sealed, Sealed.RECEIPT) == b"x"
    assert len(ring) == 2


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeysError, match="file"):
        CentreKeys.open(tmp_path / "file")


def test_processes_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def start(_number: int) -> KeySet:
        together.wait()
        return CentreKeys.open(tmp_path / "keys").public

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert sorted(path.name for path in (tmp_path / "keys").rglob("*.jwk")) == [
        "box-1.jwk",
        "centre-1.jwk",
        "vault-1.jwk",
    ]
