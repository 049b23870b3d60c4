"""Making X.509 certificates: ECDSA P-256 with SHA-256 throughout. Pure: keys and times come in, certificates go out.

root (off-line) ── sub-CA n (at the centre) ── kiosks, the broker, the centre's processes, the pages
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACK = timedelta(days=1)
"""A certificate holds from a day before: a board without a clock chip may be behind until it learns the time."""
ROOT_LIFE = timedelta(days=25 * 365)
ISSUER_LIFE = timedelta(days=8 * 365)
COUNTRY = "ID"

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


class Role(StrEnum):
    """What a certificate lets its holder be."""

    KIOSK = "kiosk"
    CENTRE = "centre"
    SERVER = "server"
    CANARY = "canary"


PURPOSE = {
    Role.KIOSK: ExtendedKeyUsageOID.CLIENT_AUTH,
    Role.CENTRE: ExtendedKeyUsageOID.CLIENT_AUTH,
    Role.CANARY: ExtendedKeyUsageOID.CLIENT_AUTH,
    Role.SERVER: ExtendedKeyUsageOID.SERVER_AUTH,
}


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate that signs others, and its secret key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def until(self) -> datetime:
        """Until when what it signs can be believed."""
        return self.certificate.not_valid_after_utc


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate is for: its common name, its role, and for a server the names and addresses it is reached by."""

    name: str
    role: Role
    hosts: tuple[str, ...] = ()


def new_key() -> PrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(key: PrivateKey, regency: str, now: datetime) -> x509.Certificate:
    """The root: signs sub-CAs alone."""
    name = _authority_name(regency, "root")
    builder = _builder(name, name, key.public_key(), now, now + ROOT_LIFE)
    return _as_authority(builder, path_length=1).sign(key, hashes.SHA256())


def make_issuer(key: PublicKey, root: Signer, regency: str, number: int, now: datetime) -> x509.Certificate:
    """Sub-CA `number`: signs ends alone. It never outlives the root."""
    name = _authority_name(regency, f"sub-CA {number}")
    until = min(now + ISSUER_LIFE, root.until)
    builder = _builder(name, root.certificate.subject, key, now, until)
    return _under(_as_authority(builder, path_length=0), root).sign(root.key, hashes.SHA256())


def issue(key: PublicKey, subject: Subject, issuer: Signer, now: datetime, life: timedelta) -> x509.Certificate:
    """A certificate for an end; nothing in it comes from a request but the key. It never outlives its issuer."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.name)])
    builder = _builder(name, issuer.certificate.subject, key, now, min(now + life, issuer.until))
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([PURPOSE[subject.role]]), critical=False)
    )
    if subject.hosts:
        names = x509.SubjectAlternativeName([_general(host) for host in subject.hosts])
        builder = builder.add_extension(names, critical=False)
    return _under(builder, issuer).sign(issuer.key, hashes.SHA256())


def make_list(
    issuer: Signer, revoked: Iterable[tuple[int, datetime]], since: datetime, until: datetime
) -> x509.CertificateRevocationList:
    """The list of revoked serial numbers of one issuer. Of two lists a broker goes by the one with the later `since`."""
    builder = x509.CertificateRevocationListBuilder(issuer.certificate.subject, since, until)
    for serial, at in revoked:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(one)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
    ).add_extension(x509.CRLNumber(int(since.timestamp())), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def hosts_of(certificate: x509.Certificate) -> Sequence[str]:
    """The names and addresses a server's certificate carries."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return (
        x509.CertificateBuilder(issuer, subject, key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACK)
        .not_valid_after(until)
        .add_extension(identifier, critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        _usage(signs=True), critical=True
    )


def _under(builder: x509.CertificateBuilder, issuer: Signer) -> x509.CertificateBuilder:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return builder.add_extension(identifier, critical=False)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_name(regency: str, part: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, regency[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Siperlu {part}"),
        ]
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
