"""One sample of every message of the contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wire import messages as m
from wire import records as r
from wire import registration as g
from wire.jwks import KEY_SET, KeySet, PublicJwk
from wire.stick import MARKED, STICK_MARKER

AT = datetime(2026, 1, 5, 0, 30, 12, 345000, tzinfo=UTC)
KEY = "A" * 42 + "w"
CHAIN = "Zx9_-" + "c" * 38
DIGEST = "0123456789abcdef" * 4
KEYS = KeySet(keys=(PublicJwk(kid="kiosk-1#1", crv="Ed25519", x=KEY),))


@dataclass(frozen=True)
class Sample:
    """A message, and how it is written and read."""

    message: Any
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _record(body: Any) -> Sample:
    clock = r.Clock(source="ntp", error_ms=12, boot="3f9a", monotonic_ns=123_456_789)
    record = r.Record(kiosk="kiosk-1", chain=CHAIN, seq=7, prev=DIGEST, kind=body.KIND, at=AT, clock=clock, body=body)
    return Sample(record, r.encode_record, r.decode_record)


def _message(message: Any, codec: Any) -> Sample:
    return Sample(message, codec.encode, codec.decode)


CHECK_IN = r.CheckIn(
    person="p-7f3a",
    method="face",
    match=r.MatchScore(model="dlib-resnet-1", score=0.9312, runner_up=0.61, frames=3),
    liveness=r.Liveness(method="none", score=None),
    roster_version=4,
    place=r.Place(unit="DISDIK", lat=-8.133, lon=113.225, anchor=DIGEST),
    evidence=None,
)

SAMPLES: dict[str, Sample] = {
    "record-check-in": _record(CHECK_IN),
    "record-heartbeat": _record(
        r.Heartbeat(cause="hour", in_service=True, version="0.1.0", counts={"check-in": 31, "repeat": 4})
    ),
    "record-event": _record(r.Event(event="clock-learnt", detail={"offset_ms": 86_400_000})),
    "record-event-look-alike": _record(
        r.Event(event="look-alike", detail={"person": "p-7f3a", "score": 0.95, "runner_up": 0.945, "evidence": DIGEST})
    ),
    "record-check-in-by-pin": _record(dataclasses.replace(CHECK_IN, method="pin", match=None)),
    "record-event-pin-failed": _record(
        r.Event(event="pin-failed", detail={"reason": "wrong", "person": "p-7f3a", "in_row": 4, "locked_s": 120})
    ),
    "record-event-chain-started": _record(
        r.Event(
            event="chain-started",
            detail={},
            chain_start=r.ChainStart(public_key=KEY, previous=CHAIN, previous_upto=311, endorsement="a.b.c"),
        )
    ),
    "record-enrolment": _record(
        r.Enrolment(person="p-7f3a", chips=(DIGEST,), officer="p-0001", basis="UU 27/2022", informed=True)
    ),
    "receipt": _message(
        m.Receipt(
            kiosk="kiosk-1",
            at=AT,
            chain=CHAIN,
            upto=311,
            blobs=(DIGEST,),
            rejected=(m.Rejected(digest=DIGEST, seq=None, reason="seal"),),
        ),
        m.RECEIPT,
    ),
    "status": _message(
        m.Status(
            kiosk="kiosk-1",
            at=AT,
            online=True,
            version="0.1.0",
            state="idle",
            backlog=3,
            roster_version=4,
            chain=CHAIN,
            last_seq=314,
            temperature_c=51.5,
            disk_free_mib=20_480,
        ),
        m.STATUS,
    ),
    "status-of-a-board": _message(
        m.Status(
            kiosk="kiosk-1",
            at=AT,
            online=True,
            version="0.1.0",
            state="running",
            backlog=0,
            roster_version=4,
            throttled=("hot", "under-voltage-before"),
            last_frame_at=AT,
            certificate_until=AT,
            board="Raspberry Pi 4 Model B Rev 1.4",
            system="Debian GNU/Linux 12 (bookworm)",
        ),
        m.STATUS,
    ),
    "roster-manifest": _message(
        m.RosterManifest(
            kiosk="kiosk-1",
            at=AT,
            version=4,
            model="dlib-resnet-1",
            threshold=0.92,
            margin=0.02,
            people={"p-7f3a": DIGEST},
        ),
        m.ROSTER_MANIFEST,
    ),
    "roster-entry": _message(
        m.RosterEntry(
            kiosk="kiosk-1",
            person="p-7f3a",
            name="Siti Rahayu",
            unit="DISDIK",
            assigned=True,
            model="dlib-resnet-1",
            template="AACAPwAAAAA=",
            from_=AT,
            until=None,
        ),
        m.ROSTER_ENTRY,
    ),
    "roster-entry-by-pin": _message(
        m.RosterEntry(
            kiosk="kiosk-1",
            person="p-7f3a",
            name="Siti Rahayu",
            unit="DISDIK",
            assigned=True,
            model="dlib-resnet-1",
            template=None,
            pin=m.PinVerifier(
                number="40718",
                salt="AAECAwQFBgcICQoLDA0ODw==",
                digest="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                cost=15,
                from_=AT,
                until=AT,
            ),
        ),
        m.ROSTER_ENTRY,
    ),
    "rules": _message(
        m.Rules(
            kiosk="kiosk-1",
            at=AT,
            version=2,
            hours=(m.DayHours(weekday=0, start="07:30", end="16:00"),),
            holidays=("2026-03-19",),
        ),
        m.RULES,
    ),
    "command": _message(
        m.Command(kiosk="kiosk-1", id="c-1", at=AT, expires=AT, command="identify", arguments={"seconds": "30"}),
        m.COMMAND,
    ),
    "reply": _message(m.Reply(kiosk="kiosk-1", id="c-1", at=AT, outcome="done", detail={"blinks": 30}), m.REPLY),
    "registration-request": _message(
        g.RegistrationRequest(claim="7k3mq-0p9xz-abcde-vw12y", keys=KEYS, csr="-----BEGIN CERTIFICATE REQUEST-----\n"),
        g.REGISTRATION_REQUEST,
    ),
    "registration-answer": _message(
        g.RegistrationAnswer(
            kiosk=g.RegisteredKiosk(id="kiosk-1", unit="DISDIK", scope="unit"),
            certificate="-----BEGIN CERTIFICATE-----\n",
            ca="-----BEGIN CERTIFICATE-----\n",
            centre_keys=KEYS,
            broker=g.BrokerAddress(host="siperlu.example.go.id", port=8883),
        ),
        g.REGISTRATION_ANSWER,
    ),
    "registration-refusal": _message(
        g.RegistrationRefusal(reason="claim", text="this claim code is not valid; make a new one"),
        g.REGISTRATION_REFUSAL,
    ),
    "stick-marker": _message(MARKED, STICK_MARKER),
    "key-set": Sample(KEYS, KEY_SET.encode, KEY_SET.decode),
}
