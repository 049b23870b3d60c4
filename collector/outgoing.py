"""What the centre wants published: made by ingest and by the rosters, sent by the one MQTT link."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to a kiosk: topic, sealed bytes (empty clears a retained one), and whether the broker keeps it."""

    topic: str
    payload: bytes
    retain: bool = False
