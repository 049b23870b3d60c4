"""Certificates: what the sub-CA signs, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector.authority import lists
from collector.authority.authority import Authority
from collector.authority.certificates import Role, Subject, new_key
from collector.authority.equipping import Places, equip
from collector.authority.founding import found, renew
from collector.authority.renewing import renew_own
from collector.authority.requests import fingerprint, read_request
from collector.errors import AuthorityError, KeysError, RequestError

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
LIFE = timedelta(days=400)
WORD = "7k3mq-0p9xz-abcde-vw12y"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return found(tmp_path / "ca", tmp_path / "root.pem", WORD, "Kabupaten Uji", NOW)


def a_request(key=None, name: str = "kiosk-1", digest=None) -> str:
    key = key or new_key()
    builder = x509.CertificateSigningRequestBuilder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
    return builder.sign(key, digest or hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_a_kiosks_certificate_is_one_of_a_client_and_bears_the_name_it_is_given(authority: Authority) -> None:
    key = read_request(a_request(name="centre.jobs"))
    issued = authority.issue(key, Subject("kiosk-1", Role.KIOSK), NOW, LIFE)
    leaf, sub = x509.load_pem_x509_certificates(issued.chain.encode())
    assert leaf.subject.rfc4514_string() == "CN=kiosk-1"
    assert leaf.not_valid_after_utc == NOW + LIFE
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    leaf.verify_directly_issued_by(sub)
    sub.verify_directly_issued_by(authority.root)


def test_nothing_outlives_what_signed_it(authority: Authority) -> None:
    late = authority.newest.until - timedelta(days=10)
    issued = authority.issue(new_key().public_key(), Subject("kiosk-1", Role.KIOSK), late, LIFE)
    assert issued.certificate.not_valid_after_utc == authority.newest.until
    assert authority.newest.until <= authority.root.not_valid_after_utc
    with pytest.raises(AuthorityError, match="authority renew"):
        authority.issue(new_key().public_key(), Subject("kiosk-1", Role.KIOSK), authority.newest.until, LIFE)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("empty", ""),
        ("no PEM", "kiosk"),
        ("damaged", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
        ("not ASCII", "-----BEGIN CERTIFICATE REQUEST-----\né\n-----END CERTIFICATE REQUEST-----\n"),
        ("two", a_request() + a_request()),
        ("too long", a_request() + "\n" * 9000),
        ("RSA", a_request(rsa.generate_private_key(65537, 2048))),
        ("P-384", a_request(ec.generate_private_key(ec.SECP384R1()))),
    ],
)
def test_a_request_that_is_not_one_for_p256_is_refused(what: str, text: str) -> None:
    with pytest.raises(RequestError, match="openssl req"):
        read_request(text)


def test_a_request_for_the_key_of_another_is_refused() -> None:
    """The proof of possession: the victim's public key in a request that the thief signed."""
    own, victims = x509.load_pem_x509_csr(a_request().encode()), x509.load_pem_x509_csr(a_request().encode())
    spki = [
        one.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for one in (own, victims)
    ]
    der = own.public_bytes(serialization.Encoding.DER).replace(*spki)
    forged = x509.load_der_x509_csr(der)
    assert forged.public_key() == victims.public_key()
    with pytest.raises(RequestError, match="not signed by the key it asks for"):
        read_request(forged.public_bytes(serialization.Encoding.PEM).decode())


def test_an_authority_is_made_once_and_read_by_nobody_else(tmp_path: Path, authority: Authority) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "ca").iterdir()}
    assert modes == {"root.crt": 0o644, "issuer-1.crt": 0o644, "issuer-1.key": 0o640}
    assert ((tmp_path / "root.pem").stat().st_mode & 0o777) == 0o600
    with pytest.raises(AuthorityError, match="there is an authority already"):
        found(tmp_path / "ca", tmp_path / "other.pem", WORD, "Kabupaten Uji", NOW)
    (tmp_path / "ca/issuer-1.key").chmod(0o644)
    with pytest.raises(KeysError, match="lets others read"):
        Authority.open(tmp_path / "ca")


def test_the_roots_key_is_in_its_file_alone_and_needs_the_passphrase(tmp_path: Path, authority: Authority) -> None:
    secrets = [path for path in tmp_path.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert {path.name for path in secrets} == {"root.pem", "issuer-1.key"}
    assert b"ENCRYPTED" in (tmp_path / "root.pem").read_bytes()
    with pytest.raises(AuthorityError, match="passphrase"):
        renew(tmp_path / "ca", tmp_path / "root.pem", "wrong", "Kabupaten Uji", NOW)


def test_the_next_sub_ca_issues_and_the_last_one_is_still_believed(tmp_path: Path, authority: Authority) -> None:
    before = authority.issue(new_key().public_key(), Subject("kiosk-1", Role.KIOSK), NOW, LIFE)
    after = renew(tmp_path / "ca", tmp_path / "root.pem", WORD, "Kabupaten Uji", NOW + timedelta(days=2000))
    issued = after.issue(new_key().public_key(), Subject("kiosk-1", Role.KIOSK), NOW, LIFE)
    assert (before.issuer, issued.issuer) == (1, 2)
    lists.write(tmp_path / "crl", after, {1: [(before.certificate.serial_number, NOW)]}, NOW)
    first, second = lists.read(tmp_path / "crl")
    assert first.get_revoked_certificate_by_serial_number(before.certificate.serial_number)
    assert not list(second)


def test_the_file_of_another_root_makes_no_sub_ca_here(tmp_path: Path, authority: Authority) -> None:
    found(tmp_path / "other", tmp_path / "other.pem", WORD, "Kabupaten Uji", NOW)
    with pytest.raises(AuthorityError, match="another root"):
        renew(tmp_path / "ca", tmp_path / "other.pem", WORD, "Kabupaten Uji", NOW)


def test_files_of_two_authorities_in_one_folder_are_found_out(tmp_path: Path, authority: Authority) -> None:
    found(tmp_path / "other", tmp_path / "other.pem", WORD, "Kabupaten Uji", NOW)
    (tmp_path / "ca/root.crt").write_bytes((tmp_path / "other/root.crt").read_bytes())
    with pytest.raises(KeysError, match="not issued by the root"):
        Authority.open(tmp_path / "ca")


def test_lists_written_in_one_second_begin_one_after_the_other(tmp_path: Path, authority: Authority) -> None:
    path = tmp_path / "crl"
    begins = []
    for _ in range(3):
        lists.write(path, authority, {}, NOW)
        begins.append(lists.read(path)[0].last_update_utc)
    assert begins == sorted(set(begins))
    assert not lists.is_stale(path, authority, NOW)
    assert lists.is_stale(path, authority, NOW + timedelta(days=8))
    path.write_bytes(b"\xff")
    assert lists.is_stale(path, authority, NOW)


def test_what_the_centre_needs_is_made_once_and_renewed_for_the_same_key(tmp_path: Path, authority: Authority) -> None:
    places = Places(tmp_path / "served", tmp_path / "keys")
    places.certificates.mkdir()
    places.keys.mkdir()
    assert len(equip(authority, places, ["10.0.0.1", "pusat.uji.go.id"], NOW, LIFE)) == 7
    assert equip(authority, places, ["pusat.uji.go.id", "10.0.0.1"], NOW, LIFE) == []
    assert equip(authority, places, ["pusat.uji.go.id"], NOW, LIFE) == ["server.broker.crt", "server.pages.crt"]
    path = places.certificates / "server.broker.crt"
    held = x509.load_pem_x509_certificate(path.read_bytes())
    assert renew_own([path], authority, NOW + timedelta(days=100), NOW, LIFE) == []
    later = NOW + timedelta(days=350)
    assert renew_own([path], authority, later + timedelta(days=100), later, LIFE) == ["server.broker.crt"]
    renewed = x509.load_pem_x509_certificate(path.read_bytes())
    assert renewed.not_valid_after_utc == later + LIFE
    assert renewed.public_key() == held.public_key()
    assert renewed.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ) == held.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert equip(authority, places, ["pusat.uji.go.id"], later, LIFE) == []


def test_a_fingerprint_is_of_the_key_and_of_nothing_else() -> None:
    key = new_key()
    assert fingerprint(read_request(a_request(key, "a"))) == fingerprint(read_request(a_request(key, "b")))
    assert fingerprint(read_request(a_request(name="a"))) != fingerprint(read_request(a_request(name="a")))
