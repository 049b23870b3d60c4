"""The vault: nothing of a dump opens without its keys, nothing opens in another's place, old keys still open."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import KeysError, VaultError
from collector.vault import Vault, add_key, is_sealed


def test_what_is_sealed_opens_again_and_only_in_its_own_place(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path)
    sealed = vault.seal(b"a face", "template/p-1/dlib")
    assert is_sealed(sealed)
    assert b"a face" not in sealed
    assert Vault.open(tmp_path).unseal(sealed, "template/p-1/dlib") == b"a face"
    with pytest.raises(VaultError, match="template/p-2/dlib"):
        vault.unseal(sealed, "template/p-2/dlib")


@pytest.mark.parametrize("place", [6, 20, -1])
def test_a_changed_value_does_not_open(tmp_path: Path, place: int) -> None:
    vault = Vault.open(tmp_path)
    sealed = bytearray(vault.seal(b"a face", "x"))
    sealed[place] ^= 1
    with pytest.raises(VaultError, match="changed"):
        vault.unseal(bytes(sealed), "x")


@pytest.mark.parametrize("value", [b"", b"SPV1", b"SPV1\0\1short"])
def test_what_is_cut_short_does_not_open(tmp_path: Path, value: bytes) -> None:
    with pytest.raises(VaultError):
        Vault.open(tmp_path).unseal(value, "x")


def test_the_same_value_twice_looks_different(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path)
    assert vault.seal(b"x", "x") != vault.seal(b"x", "x")


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    before = Vault.open(tmp_path)
    sealed = before.seal(b"a face", "x")
    assert add_key(tmp_path) == 2
    after = Vault.open(tmp_path)
    assert after.unseal(sealed, "x") == b"a face"
    assert not sealed.startswith(after.head)
    assert after.seal(b"a face", "x").startswith(after.head)
    with pytest.raises(KeysError, match="vault-2, which is not here; restore it from the backup"):
        before.unseal(after.seal(b"a face", "x"), "x")


def test_another_centres_vault_opens_nothing(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path / "a").seal(b"a face", "x")
    with pytest.raises(VaultError):
        Vault.open(tmp_path / "b").unseal(sealed, "x")


def test_the_keys_are_their_owners_alone(tmp_path: Path) -> None:
    Vault.open(tmp_path)
    folder = tmp_path / "vault"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
    (folder / "vault-1.jwk").chmod(0o644)
    with pytest.raises(KeysError, match="chmod 600"):
        Vault.open(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"kty": "oct", "k": "AA"}', '{"kty": "OKP", "k": "AA"}'])
def test_a_damaged_key_is_refused_never_replaced(tmp_path: Path, content: str) -> None:
    Vault.open(tmp_path)
    (tmp_path / "vault" / "vault-1.jwk").write_text(content)
    with pytest.raises(KeysError, match="restore it from the backup"):
        Vault.open(tmp_path)
    assert (tmp_path / "vault" / "vault-1.jwk").read_text() == content
