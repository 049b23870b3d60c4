"""The TLS key is made on the kiosk, once, and a request says whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kiosk.certificate import request
from kiosk.keys import KeyFileError


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = (request(tmp_path / "kiosk.key", "disdik-1") for _ in range(2))
    assert (tmp_path / "kiosk.key").stat().st_mode & 0o777 == 0o400
    read = [x509.load_pem_x509_csr(text.encode()) for text in (first, second)]
    assert read[0].public_key() == read[1].public_key()
    assert all(one.is_signature_valid for one in read)
    assert read[0].subject.rfc4514_string() == "CN=disdik-1"
    assert [path.name for path in tmp_path.iterdir()] == ["kiosk.key"]


def test_a_damaged_or_foreign_key_is_never_replaced_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.key"
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    weak = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for content in (b"", b"garbage", other, weak):
        path.write_bytes(content)
        with pytest.raises(KeyFileError, match="move it away"):
            request(path, "disdik-1")
        assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="run this as root"):
        request(tmp_path / "none" / "kiosk.key", "disdik-1")
