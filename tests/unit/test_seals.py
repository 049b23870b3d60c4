"""Seals and encryption: what is altered, replayed as another kind, or from another key is worth nothing."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from wire.errors import SealError, UnreadableError
from wire.jwks import KEY_SET, key_set, readable
from wire.seals import (
    LARGEST,
    DecryptionKey,
    KeyName,
    Keyring,
    PublicKey,
    Recipient,
    Sealed,
    SealingKey,
    digest,
    payload_of,
    peek,
)

NAME = KeyName("kiosk-1", 1)
KEY = SealingKey.generate(NAME)
BOX = DecryptionKey.generate(KeyName("kiosk-1/roster", 1))
RING = Keyring([KEY.public])


@given(st.binary(max_size=2000))
def test_the_very_bytes_come_back(payload: bytes) -> None:
    assert RING.verify(KEY.seal(Sealed.RECORD, payload), Sealed.RECORD) == payload


@given(st.data())
def test_no_character_of_a_sealed_text_can_be_changed(data: st.DataObject) -> None:
    sealed = KEY.seal(Sealed.RECORD, b'{"a":1}')
    place = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.="))
    altered = sealed[:place] + other + sealed[place + 1 :]
    if altered != sealed:
        with pytest.raises(SealError):
            RING.verify(altered, Sealed.RECORD)


@pytest.mark.parametrize("size", [129_000, 1_500_000])
def test_what_is_large_is_read_up_to_the_longest_message(size: int) -> None:
    """A roster of 15,000 people, an enrolment picture: the library's own limits are far lower."""
    payload = b"x" * size
    sealed = KEY.seal(Sealed.ROSTER_MANIFEST, payload)
    assert RING.verify(sealed, Sealed.ROSTER_MANIFEST) == payload_of(sealed) == payload
    assert BOX.decrypt(BOX.recipient.encrypt(payload)) == payload


def test_what_is_longer_than_any_message_is_refused() -> None:
    payload = b"x" * LARGEST
    with pytest.raises(SealError):
        RING.verify(KEY.seal(Sealed.ROSTER_MANIFEST, payload), Sealed.ROSTER_MANIFEST)
    with pytest.raises(UnreadableError):
        BOX.decrypt(BOX.recipient.encrypt(payload))


def test_a_signature_has_one_spelling_only() -> None:
    """Base64 leaves 4 bits of the last character unused: were they free, a broker could make a second digest."""
    sealed = KEY.seal(Sealed.RECORD, b"x")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
    others = {sealed[:-1] + last for last in alphabet} | {sealed + "=", sealed + "==", sealed + "A"}
    for other in others - {sealed}:
        with pytest.raises(SealError):
            RING.verify(other, Sealed.RECORD)


def test_a_seal_over_one_kind_is_worth_nothing_for_another() -> None:
    sealed = KEY.seal(Sealed.STATUS, b"{}")
    with pytest.raises(SealError, match="expected 'receipt'"):
        RING.verify(sealed, Sealed.RECEIPT)


def test_a_seal_by_another_key_of_the_same_name_is_refused() -> None:
    forged = SealingKey.generate(NAME).seal(Sealed.RECORD, b"{}")
    with pytest.raises(SealError):
        RING.verify(forged, Sealed.RECORD)


def test_an_unknown_key_is_named() -> None:
    sealed = SealingKey.generate(KeyName("kiosk-2", 1)).seal(Sealed.RECORD, b"{}")
    with pytest.raises(SealError, match="kiosk-2#1"):
        RING.verify(sealed, Sealed.RECORD)


def _unsigned(header: dict[str, str]) -> str:
    part = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{part}.e30."


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA", "ES256", ""])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    with pytest.raises(SealError):
        RING.verify(_unsigned({"alg": algorithm, "typ": "record", "kid": str(NAME)}), Sealed.RECORD)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_garbage_is_a_seal_error(garbage: bytes | str) -> None:
    with pytest.raises(SealError):
        RING.verify(garbage, Sealed.RECORD)


def test_keys_survive_being_written_and_read() -> None:
    again = SealingKey.from_private(NAME, KEY.private)
    assert again.public.thumbprint == KEY.public.thumbprint
    assert PublicKey.from_x(NAME, KEY.public.x).verify(again.seal(Sealed.RECORD, b"x"), Sealed.RECORD) == b"x"


@pytest.mark.parametrize("x", ["", "zz", "A" * 42, "é" * 43])
def test_a_damaged_key_is_refused(x: str) -> None:
    with pytest.raises(SealError):
        PublicKey.from_x(NAME, x)


def test_a_damaged_secret_is_refused() -> None:
    with pytest.raises(SealError):
        SealingKey.from_private(NAME, {"x": "AA", "d": "AA"})


def test_an_encryption_key_cannot_verify_seals() -> None:
    with pytest.raises(SealError, match="X25519"):
        PublicKey(NAME, OKPKey.generate_key("X25519"))


@pytest.mark.parametrize("kind", [SealingKey, DecryptionKey])
def test_halves_of_two_keys_are_no_key(kind: type[SealingKey | DecryptionKey]) -> None:
    one, other = kind.generate(NAME).private, kind.generate(NAME).private
    with pytest.raises(SealError, match="halves"):
        kind.from_private(NAME, {**one, "x": other["x"]})


def test_nothing_is_encrypted_to_a_key_that_would_hide_nothing() -> None:
    with pytest.raises(SealError, match="small order"):
        Recipient(NAME, "A" * 43).encrypt(b"a template")


@given(st.binary(max_size=500))
def test_only_the_reader_it_is_for_can_read_it(payload: bytes) -> None:
    encrypted = BOX.recipient.encrypt(payload)
    assert BOX.decrypt(encrypted) == payload
    with pytest.raises(UnreadableError):
        DecryptionKey.generate(BOX.name).decrypt(encrypted)


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100)))
def test_garbage_is_unreadable(garbage: bytes | str) -> None:
    with pytest.raises(UnreadableError):
        BOX.decrypt(garbage)


def test_an_altered_ciphertext_is_unreadable() -> None:
    encrypted = BOX.recipient.encrypt(b"a template")
    head, key, vector, text, tag = encrypted.split(".")
    with pytest.raises(UnreadableError):
        BOX.decrypt(".".join([head, key, vector, text[:-2] + ("AA" if text[-2:] != "AA" else "BB"), tag]))


@pytest.mark.parametrize("text", ["", "kiosk", "kiosk#", "#1", "kiosk#x", "kiosk#²", "kiosk#1 "])
def test_a_key_name_needs_owner_and_number(text: str) -> None:
    with pytest.raises(SealError):
        KeyName.parse(text)


def test_a_key_name_with_a_path_is_parsed_back() -> None:
    assert KeyName.parse(str(KeyName("kiosk-1/relay", 12))) == KeyName("kiosk-1/relay", 12)


def test_public_keys_travel_as_a_key_set() -> None:
    newer = DecryptionKey.generate(KeyName("kiosk-1/roster", 2))
    keys = KEY_SET.decode(readable(key_set([KEY.public], [newer.recipient, BOX.recipient])))
    assert keys.keyring().verify(KEY.seal(Sealed.RECORD, b"x"), Sealed.RECORD) == b"x"
    assert newer.decrypt(keys.recipients()["kiosk-1/roster"].encrypt(b"y")) == b"y"
    assert '"d"' not in readable(keys)


def test_a_digest_is_of_the_bytes_as_sent() -> None:
    sealed = KEY.seal(Sealed.RECORD, b"x")
    assert digest(sealed) == digest(sealed.encode())
    assert peek(sealed)["kid"] == "kiosk-1#1"
