"""Names and lines of a stick: the closed list, and what is passed over."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import ContractError
from wire.seals import digest
from wire.stick import (
    MAX_LINE_BYTES,
    PARTS,
    Carried,
    Place,
    bundle_version,
    read_line,
    read_lines,
    read_path,
    whole_lines,
    write_line,
)
from wire.topics import ROOT

SEALED = b"eyJhbGci.e30.c2ln"


@pytest.mark.parametrize("channel", sorted(PARTS))
def test_a_message_is_the_same_after_its_line(channel: str) -> None:
    item = f"/{digest(SEALED)}" if channel == "blobs" else ""
    sent = Carried(f"{ROOT}/kiosk-1/{channel}{item}", SEALED)
    line = write_line(PARTS[channel], sent)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_line(PARTS[channel], "kiosk-1", line[:-1]) == sent


def test_a_roster_entry_names_its_person_and_the_manifest_does_not() -> None:
    roster = PARTS["roster"]
    entry = Carried(f"{ROOT}/kiosk-1/roster/p-1", SEALED)
    assert write_line(roster, entry) == b"p-1\t" + SEALED + b"\n"
    assert read_line(roster, "kiosk-1", b"p-1\t" + SEALED) == entry
    assert read_line(roster, "kiosk-1", SEALED).topic == f"{ROOT}/kiosk-1/roster"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "from",
        "from/kiosk-1",
        "from/kiosk-1/receipts.txt",
        "to/kiosk-1/records.txt",
        "from/../records.txt",
        "../from/kiosk-1/records.txt",
        "/from/kiosk-1/records.txt",
        "from/kiosk-1/../records.txt",
        "from/kiosk-1/records.txt/",
        "from/kiosk-1/.records.txt",
        "from/kiosk-1/records.txt.new",
        "from/kiosk-1/records.txt\n",
        "from/Kiosk-1/records.txt",
        "from/.kiosk/records.txt",
        "to/kiosk-1/siperlu-.tar",
        "to/kiosk-1/siperlu-1.2..tar",
        "to/kiosk-1/siperlu-1.2.0.tar.gz",
        "to/kiosk-1/siperlu-../x.tar",
        "from/kiosk-1/siperlu-1.2.0.tar",
        "to/kiosk-1/autorun.inf",
    ],
)
def test_what_is_not_on_the_closed_list_is_refused(path: str) -> None:
    with pytest.raises(ContractError):
        read_path(path)


def test_what_is_on_it_is_read_back() -> None:
    places = [Place("kiosk-1", part) for part in PARTS.values()] + [Place("kiosk-1", None, "1.2.0rc1")]
    for place in places:
        assert read_path("/".join(place.steps)) == place
    assert bundle_version("siperlu-0.2.0.tar") == "0.2.0"


@given(st.text(max_size=60))
def test_no_name_leads_out(path: str) -> None:
    try:
        place = read_path(path)
    except ContractError:
        return
    assert ".." not in place.steps
    assert "/".join(place.steps) == path


def test_a_line_without_its_end_and_one_that_is_too_long_are_passed_over() -> None:
    long = b"x" * (2 * MAX_LINE_BYTES)
    file = io.BytesIO(SEALED + b"\r\n\n" + long + b"\n" + b"second\n" + SEALED)
    assert list(whole_lines(file.readline)) == [SEALED, b"second"]


@pytest.mark.parametrize("line", [b"a b", b"\x00", "é".encode(), b"P-1\tx", b"../p\tx", b"p-1\t", b"p\tx\ty", b"\tx"])
def test_a_line_that_is_no_message_is_passed_over(line: bytes) -> None:
    roster = PARTS["roster"]
    with pytest.raises(ContractError):
        read_line(roster, "kiosk-1", line)
    file = io.BytesIO(line + b"\n" + SEALED + b"\n")
    assert [one.payload for one in read_lines(roster, "kiosk-1", file.readline)] == [SEALED]


@given(st.binary(max_size=300))
def test_garbage_is_never_more_than_garbage(raw: bytes) -> None:
    for part in PARTS.values():
        for one in read_lines(part, "kiosk-1", io.BytesIO(raw).readline):
            assert one.topic.startswith(f"{ROOT}/kiosk-1/{part.channel}")


@pytest.mark.parametrize("payload", [b"", b"a\nb", b"a\tb", b"a b"])
def test_nothing_is_written_that_would_be_two_lines(payload: bytes) -> None:
    with pytest.raises(ContractError):
        write_line(PARTS["records"], Carried(f"{ROOT}/kiosk-1/records", payload))


def test_nothing_is_written_under_another_channel() -> None:
    with pytest.raises(ContractError):
        write_line(PARTS["records"], Carried(f"{ROOT}/kiosk-1/status", SEALED))


def test_each_line_that_is_passed_over_is_heard_of() -> None:
    passed: list[None] = []
    raw = SEALED + b"\n\nno message\n" + b"x" * (MAX_LINE_BYTES + 9) + b"\n" + SEALED + b"\r\n" + SEALED[:9]
    found = read_lines(PARTS["records"], "kiosk-1", io.BytesIO(raw).readline, lambda: passed.append(None))
    assert [one.payload for one in found] == [SEALED, SEALED]
    assert len(passed) == 3, "no message, too long, cut off"
