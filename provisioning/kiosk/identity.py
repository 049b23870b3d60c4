"""What a kiosk is, as a paper about it says: system, board, and the fingerprints by which it can be told from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioning.kiosk.software import PROGRAM
from provisioning.shell import Shell
from wire.errors import WireError
from wire.jwks import KEY_SET

_LOOK = """
. /etc/os-release; printf 'system=%s\\n' "${PRETTY_NAME:-}"
for name in model serial-number; do printf '%s=%s\\n' "$name" "$(tr -d '\\0' < "/proc/device-tree/$name" 2>/dev/null || true)"; done
printf 'host-key=%s\\n' "$(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub 2>/dev/null | cut -d' ' -f2)"
openssl x509 -in /etc/siperlu/kiosk.crt -noout -fingerprint -sha256 -enddate 2>/dev/null || true
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """`certificate`: SHA-256 of the TLS certificate, hexadecimal; `until`: when it ends, as openssl says it; `host_key`: of SSH;
    `keys`: RFC 7638 thumbprints by key name. What could not be read is empty."""

    system: str = ""
    board: str = ""
    serial: str = ""
    host_key: str = ""
    certificate: str = ""
    until: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


def identity_of(shell: Shell) -> Identity:
    """Look at a kiosk; nothing is changed. Raises ConnectionLost."""
    said = dict(line.split("=", 1) for line in shell.run(_LOOK).out.splitlines() if "=" in line)
    return Identity(
        system=said.get("system", ""),
        board=said.get("model", ""),
        serial=said.get("serial-number", ""),
        host_key=said.get("host-key", ""),
        certificate=said.get("sha256 Fingerprint", "").replace(":", "").lower(),
        until=said.get("notAfter", ""),
        keys=_keys(shell),
    )


def _keys(shell: Shell) -> Mapping[str, str]:
    """Of a box that has none yet, none are made for this."""
    found = shell.run(f"test -d /var/lib/siperlu/kiosk/keys && {PROGRAM} kiosk keys --config /etc/siperlu/kiosk.toml")
    try:
        return {key.kid: key.thumbprint for key in KEY_SET.decode(found.out).keys} if found.code == 0 else {}
    except WireError:
        return {}
