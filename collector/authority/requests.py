"""Certificate requests (PKCS #10): only the key of one is believed, and only with the proof that its sender has it. Pure."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collector.authority.certificates import PublicKey
from collector.errors import RequestError

LONGEST = 8192
BEGIN = "-----BEGIN CERTIFICATE REQUEST-----"
MEND = "make one with `openssl req -new` for an EC key on prime256v1"


def read_request(pem: str) -> PublicKey:
    """The P-256 key that a request asks for. Raises RequestError: no request, several, another kind of key, or a
    signature that is not by that key or over a weak digest."""
    if len(pem) > LONGEST or pem.count(BEGIN) != 1:
        raise RequestError(f"not one PEM certificate request of at most {LONGEST} characters; {MEND}")
    try:
        request = x509.load_pem_x509_csr(pem.encode("ascii"))
        key = request.public_key()
        proven = request.is_signature_valid
        digest = request.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise RequestError(f"the certificate request cannot be read ({type(error).__name__}); {MEND}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RequestError(f"the certificate request is for another kind of key than ECDSA P-256; {MEND}")
    if not proven or not isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
        raise RequestError(f"the certificate request is not signed by the key it asks for, with SHA-2; {MEND}")
    return key


def fingerprint(key: PublicKey) -> str:
    """SHA-256 of a public key's SubjectPublicKeyInfo, hexadecimal."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
