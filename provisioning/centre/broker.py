"""The broker's configuration: mosquitto 2.0 with mutual TLS, where a certificate's name is all that one is. Pure.

`use_username_as_clientid` makes the name the client id too: nobody can take another's session over by its id, and whoever
holds a newer certificate of the name can: that is how a revoked kiosk's live connection is ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wire.messages import MAX_MESSAGE_BYTES
from wire.topics import CENTRE, FROM_KIOSK, ROOT, TO_KIOSK, WITH_ITEM

CIPHERS = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"

PACKET = 1024
"""Bytes of a packet beside its payload: the topic, the properties."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the broker listens, and the files it goes by. `address` empty: every one."""

    port: int
    certificates: Path
    key: Path
    rights: Path
    address: str = ""
    most: int = 8000


def configuration(listener: Listener) -> str:
    """`/etc/mosquitto/conf.d/siperlu.conf`: beside Debian's own file, which turns persistence on and says where."""
    folder = listener.certificates
    where = f"{listener.port} {listener.address}".strip()
    return f"""# Made by `siperlu centre install`: changes here are undone by the next run.
per_listener_settings false
allow_anonymous false
acl_file {listener.rights}

# The broker is plumbing: what it forgets the kiosks send again. What it keeps saves them the work.
autosave_interval 60
persistent_client_expiration 7d
max_queued_messages 5000
max_inflight_messages 1000
max_packet_size {MAX_MESSAGE_BYTES + PACKET}
max_keepalive 600
set_tcp_nodelay true
log_timestamp_format %Y-%m-%dT%H:%M:%S
log_type error
log_type warning
log_type notice

listener {where}
max_connections {listener.most}
cafile {folder}/ca.crt
certfile {folder}/server.broker.crt
keyfile {listener.key}
crlfile {folder}/revoked.crl
tls_version tlsv1.2
ciphers {CIPHERS}
require_certificate true
use_identity_as_username true
use_username_as_clientid true
"""


def rights() -> str:
    """The access list: each name its own lines, kiosks by pattern; what is not named is refused, `$SYS` among it."""
    blocks = [_centre(name) for name in CENTRE]
    kiosk = [f"pattern write {ROOT}/%u/{channel}" for name in FROM_KIOSK for channel in _channels(name)]
    kiosk += [f"pattern read {ROOT}/%u/{channel}" for name in TO_KIOSK for channel in _channels(name)]
    return (
        "\n\n".join([*blocks, "# A kiosk: its own topics alone, by the name in its certificate.\n" + "\n".join(kiosk)])
        + "\n"
    )


def _centre(name: str) -> str:
    own = CENTRE[name]
    lines = [f"topic read {ROOT}/+/{channel}" for each in own.reads for channel in _channels(each)]
    lines += [f"topic write {ROOT}/+/{channel}" for each in own.writes for channel in _channels(each)]
    return "\n".join([f"user {name}", *lines])


def _channels(name: str) -> tuple[str, ...]:
    """Blobs are only under their digest; a roster is a manifest and its entries."""
    if name == "blobs":
        return (f"{name}/+",)
    return (name, f"{name}/+") if name in WITH_ITEM else (name,)
