"""Key files: made whole or not at all, for their owner's eyes only, and never replaced in silence."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from kiosk.keys import KeyFileError, KioskKeys, open_relay_key
from wire.seals import Sealed


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_and_read_back(tmp_path: Path) -> None:
    first = KioskKeys(tmp_path / "keys", "kiosk-1")
    again = KioskKeys(tmp_path / "keys", "kiosk-1")
    assert again.record.public.thumbprint == first.record.public.thumbprint
    assert str(again.record.public.name) == "kiosk-1#1"
    assert again.roster.decrypt(first.roster.recipient.encrypt(b"x")) == b"x"
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["record-1.jwk", "roster-1.jwk"]


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    KioskKeys(tmp_path / "keys", "kiosk-1")
    open_relay_key(tmp_path / "relay", "kiosk-1")
    assert _mode(tmp_path / "keys") == 0o700
    for path in (tmp_path / "keys" / "record-1.jwk", tmp_path / "relay" / "relay-1.jwk"):
        assert _mode(path) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_keys_that_root_prints_first_belong_to_the_process_that_will_use_them(tmp_path: Path) -> None:
    state, nobody = tmp_path / "state", 65534
    state.mkdir()
    os.chown(state, nobody, nobody)
    KioskKeys(state / "keys", "kiosk-1")
    open_relay_key(state / "relay-keys", "kiosk-1")
    made = [path for path in state.rglob("*") if path != state]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(nobody, nobody)}
    assert len(made) == 5


def test_loose_modes_are_tightened_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    KioskKeys(tmp_path, "kiosk-1")
    (tmp_path / "record-1.jwk").chmod(0o644)
    KioskKeys(tmp_path, "kiosk-1")
    assert _mode(tmp_path / "record-1.jwk") == 0o600
    assert "0644" in caplog.text


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"kid": "kiosk-1#1", "x": "AA", "d": "AA"}', '{"kid":"kiosk-1#1"}']
)
def test_a_damaged_key_file_is_an_error_and_stays_as_it_is(tmp_path: Path, content: str) -> None:
    KioskKeys(tmp_path, "kiosk-1")
    path = tmp_path / "record-1.jwk"
    path.write_text(content)
    with pytest.raises(KeyFileError, match=r"record-1\.jwk"):
        KioskKeys(tmp_path, "kiosk-1")
    assert path.read_text() == content


def test_a_key_whose_halves_do_not_match_is_damaged(tmp_path: Path) -> None:
    first, second = KioskKeys(tmp_path / "a", "kiosk-1"), KioskKeys(tmp_path / "b", "kiosk-1")
    mixed = {**first.record.private, "d": second.record.private["d"], "kid": "kiosk-1#1"}
    (tmp_path / "a" / "record-1.jwk").write_text(json.dumps(mixed))
    with pytest.raises(KeyFileError, match="damaged"):
        KioskKeys(tmp_path / "a", "kiosk-1")


def test_a_key_without_its_secret_half_is_damaged(tmp_path: Path) -> None:
    keys = KioskKeys(tmp_path, "kiosk-1")
    public = {name: value for name, value in keys.record.private.items() if name != "d"}
    (tmp_path / "record-1.jwk").write_text(json.dumps({**public, "kid": "kiosk-1#1"}))
    with pytest.raises(KeyFileError, match="damaged"):
        KioskKeys(tmp_path, "kiosk-1")


def test_the_keys_of_another_kiosk_are_refused(tmp_path: Path) -> None:
    KioskKeys(tmp_path, "kiosk-1")
    with pytest.raises(KeyFileError, match=r"kiosk\.id"):
        KioskKeys(tmp_path, "kiosk-2")


def test_no_error_and_no_log_tells_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret = KioskKeys(tmp_path, "kiosk-1").record.private["d"]
    (tmp_path / "record-1.jwk").write_text(json.dumps({"kid": "kiosk-1#1", "d": secret, "x": "zz"}))
    with pytest.raises(KeyFileError) as caught:
        KioskKeys(tmp_path, "kiosk-1")
    assert secret not in str(caught.value)
    assert secret not in caplog.text


def test_the_next_key_has_the_next_number_and_the_old_one_stays(tmp_path: Path) -> None:
    keys = KioskKeys(tmp_path, "kiosk-1")
    old = keys.record
    assert str(keys.renew().public.name) == "kiosk-1#2"
    assert str(keys.renew(above=6).public.name) == "kiosk-1#7"
    again = KioskKeys(tmp_path, "kiosk-1")
    assert again.record.public.name.number == 7
    assert again.find(old.public.thumbprint) is not None
    assert len(again.public().keyring()) == 3


def test_a_crash_while_writing_leaves_no_half_key(tmp_path: Path) -> None:
    (tmp_path / ".record-1.jwk.0123abcd").write_text("{")
    assert KioskKeys(tmp_path, "kiosk-1").record.seal(Sealed.RECORD, b"x")


def test_the_public_set_tells_no_secret(tmp_path: Path) -> None:
    keys = KioskKeys(tmp_path, "kiosk-1")
    assert {key.kid for key in keys.public().keys} == {"kiosk-1#1", "kiosk-1/roster#1"}
    assert keys.record.private["d"] not in repr(keys.public())
