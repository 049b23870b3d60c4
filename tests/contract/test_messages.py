"""The contract of version 1: every message round-trips, and what was sent yesterday is read tomorrow."""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from tests.contract.samples import SAMPLES, Sample
from wire import jwks, messages, records, registration, stick
from wire.codec import Codec
from wire.errors import ContractError
from wire.types import Instant, KioskId, Name, PersonId, Word

STORED = Path(__file__).parent / "samples" / "v1"
FIRST_KIOSK_BODIES = (records.CheckIn, records.Heartbeat, records.Event, records.Enrolment)


def _message_classes() -> set[type]:
    """Every public dataclass of the contract that is sent by itself: it has a codec or is a record's body."""
    found = {
        cls
        for module in (messages, jwks, registration, stick)
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and dataclasses.is_dataclass(cls)
    }
    parts = {messages.Rejected, messages.DayHours, messages.PinVerifier, jwks.PublicJwk}
    parts |= {registration.RegisteredKiosk, registration.BrokerAddress}
    parts |= {stick.Part, stick.Place, stick.Carried}
    return (found - parts) | set(FIRST_KIOSK_BODIES)


def _class_of(sample: Sample) -> type:
    message = sample.message
    return type(message.body) if isinstance(message, records.Record) else type(message)


@pytest.fixture(params=sorted(SAMPLES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_message_has_a_sample() -> None:
    assert _message_classes() - {_class_of(sample) for sample in SAMPLES.values()} == set()


def test_every_sample_has_its_stored_json_and_the_other_way_round() -> None:
    assert {path.stem for path in STORED.glob("*.json")} == set(SAMPLES)


def test_round_trip(name: str) -> None:
    sample = SAMPLES[name]
    assert sample.decode(sample.encode(sample.message)) == sample.message


def test_stored_v1_is_still_read_as_the_same_message(name: str) -> None:
    sample = SAMPLES[name]
    assert sample.decode((STORED / f"{name}.json").read_bytes()) == sample.message


def test_unknown_fields_are_ignored(name: str) -> None:
    sample = SAMPLES[name]
    tree = json.loads(sample.encode(sample.message))
    tree["field_of_tomorrow"] = {"a": [1]}
    assert sample.decode(json.dumps(tree).encode()) == sample.message


def _required_fields(cls: type) -> list[str]:
    return [
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]


def test_a_missing_required_field_is_named(name: str) -> None:
    sample = SAMPLES[name]
    for field in _required_fields(type(sample.message)):
        tree = json.loads(sample.encode(sample.message))
        del tree[field]
        with pytest.raises(ContractError, match=field):
            sample.decode(json.dumps(tree).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'"text"',
        b"1e999",
        b"[" * 100_000,
        b'{"kind":7}',
        b'{"kind":"check-in"}',
    ],
)
def test_garbage_is_a_contract_error(name: str, raw: bytes) -> None:
    with pytest.raises(ContractError):
        SAMPLES[name].decode(raw)


def _with(path: str, value: Any) -> bytes:
    sample = SAMPLES["record-check-in"]
    tree = json.loads(sample.encode(sample.message))
    *parents, last = path.split(".")
    node = tree
    for parent in parents:
        node = node[parent]
    node[last] = value
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", 0),
        ("seq", 1.5),
        ("seq", 2**53),
        ("seq", "7"),
        ("seq", True),
        ("at", "2026-01-05T07:30:00"),
        ("at", "yesterday"),
        ("at", 1767573012),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("at", "9999-12-31T23:59:59-14:00"),
        ("kiosk", "../x"),
        ("kiosk", "UPPER"),
        ("kiosk", "a\n"),
        ("prev", "xyz"),
        ("chain", "short"),
        ("clock.source", "gps"),
        ("clock.error_ms", -1),
        ("body.person", "198001012005011001/x"),
        ("body.method", "guess"),
        ("body.match.score", float("nan")),
        ("body.match.score", 1.1),
        ("body.place.lat", 91),
        ("body.liveness", None),
    ],
)
def test_a_value_out_of_range_is_refused_and_named(field: str, value: Any) -> None:
    with pytest.raises(ContractError, match=field.rpartition(".")[2]):
        records.decode_record(_with(field, value))


def test_an_error_is_one_line_whatever_the_sender_called_a_field() -> None:
    tree = json.loads(_with("kind", "event"))
    tree["body"] = {"event": "noise", "detail": {"X" * 10_000: 1}}
    with pytest.raises(ContractError) as caught:
        records.decode_record(json.dumps(tree).encode())
    assert len(str(caught.value)) < 300


def test_a_record_of_a_kind_of_tomorrow_is_kept() -> None:
    raw = _with("kind", "mood")
    record = records.decode_record(raw)
    assert isinstance(record.body, records.Other)
    assert (record.kind, record.seq) == ("mood", 7)


def test_kind_and_body_must_agree() -> None:
    record = dataclasses.replace(SAMPLES["record-check-in"].message, kind="heartbeat")
    with pytest.raises(ContractError, match="heartbeat"):
        records.encode_record(record)


def test_a_moment_is_sent_in_utc_with_milliseconds() -> None:
    record = records.decode_record(_with("at", "2026-01-05T07:30:12.345678+07:00"))
    assert json.loads(records.encode_record(record))["at"] == "2026-01-05T00:30:12.345Z"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _EntryBeforePins:
    """A roster entry as kiosks know it that were released before there was a PIN on the wire."""

    kiosk: KioskId
    person: PersonId
    name: Name
    unit: str
    assigned: bool
    model: Word
    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=20_000)]
    from_: Instant | None = None
    until: Instant | None = None


def test_a_kiosk_from_before_pins_knows_faces_as_ever_and_leaves_out_who_has_none() -> None:
    old, face, pin = Codec("roster-entry", _EntryBeforePins), SAMPLES["roster-entry"], SAMPLES["roster-entry-by-pin"]
    both = dataclasses.replace(face.message, pin=pin.message.pin)
    assert old.decode(messages.ROSTER_ENTRY.encode(both)).template == face.message.template
    with pytest.raises(ContractError, match="template"):  # refused alone; its kiosk counts it and serves the others
        old.decode(messages.ROSTER_ENTRY.encode(pin.message))
