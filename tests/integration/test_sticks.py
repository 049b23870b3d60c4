"""Sticks at the centre: what they bring is judged like what the broker brings, and they take back all that is due."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.commands import order
from collector.errors import StickUseError
from collector.sticks.giving import give, give_bundle, wanted
from collector.sticks.taking import Taken, TakenFile, take
from collector.store.people import Kiosk, PublishedEntry, PublishedRoster
from stick import StickFolder, mark
from tests.centre import AT, Centre, FakeKiosk, opened
from wire import messages as m
from wire.seals import KeyName, Sealed, SealingKey, digest
from wire.stick import PARTS, Carried, Place
from wire.topics import Address


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as made:
        yield made


@pytest.fixture
def kiosk(centre: Centre) -> FakeKiosk:
    made = FakeKiosk()
    centre.register(made)
    return made


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[StickFolder]:
    (tmp_path / "stick").mkdir()
    mark(tmp_path / "stick")
    with closing(StickFolder(tmp_path / "stick")) as made:
        yield made


def _put(stick: StickFolder, kiosk: str, channel: str, *sealed: str) -> None:
    place = Place(kiosk, PARTS[channel])
    stick.write(place, [Carried(Address(kiosk, channel).topic, one.encode()) for one in sealed])


def _take(centre: Centre, stick: StickFolder) -> list[Taken]:
    return take(stick, centre.writer, centre.keys, lambda: AT)


def _given(centre: Centre, stick: StickFolder, kiosk: str, channel: str) -> list[Carried]:
    give(stick, centre.writer, centre.keys, kiosk, AT)
    return list(stick.messages(Place(kiosk, PARTS[channel])))


def _receipts(centre: Centre, stick: StickFolder, kiosk: str) -> list[m.Receipt]:
    ring = centre.keys.public.keyring()
    carried = _given(centre, stick, kiosk, "receipts")
    return [m.RECEIPT.decode(ring.verify(one.payload, Sealed.RECEIPT)) for one in carried]


def test_records_are_taken_in_once_and_receipted_every_time(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder
) -> None:
    _put(stick, kiosk.id, "records", *kiosk.day(450))
    (whole,) = _take(centre, stick)
    assert whole == Taken(
        kiosk.id,
        (TakenFile("records.txt", 450, new=450, again=0, left=0, set_aside=0, passed=0),),
        450,
        whole.complete_at,
    )
    assert (whole.messages, whole.records, whole.set_aside) == (450, 450, 0)
    assert whole.complete_at == AT + timedelta(minutes=446), "its last heartbeat"
    before = centre.rows("records"), centre.rows("chains")
    (first,) = _receipts(centre, stick, kiosk.id)
    assert (first.chain, first.upto) == (kiosk.chain, 450)
    (again,) = _take(centre, stick)
    assert again.files == (TakenFile("records.txt", 450, new=0, again=450, left=0, set_aside=0, passed=0),)
    assert (centre.rows("records"), centre.rows("chains")) == before
    assert _receipts(centre, stick, kiosk.id) == [first]
    assert not centre.incidents()


def test_a_batch_has_a_limit_of_bytes(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = kiosk.day(6)
    _put(stick, "kiosk-1", "records", *sealed)
    monkeypatch.setattr("collector.sticks.taking.MOST_BYTES", len(sealed[0]) + len(sealed[1]))
    batches: list[int] = []
    take(stick, centre.writer, centre.keys, lambda: AT, batches.append)
    assert sum(batches) == 6
    assert max(batches) <= 3
    assert len(centre.rows("records")) == 6


def test_a_gap_is_receipted_up_to_it_and_a_second_stick_fills_it(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder
) -> None:
    sealed = kiosk.day(10)
    _put(stick, kiosk.id, "records", *sealed[:4], *sealed[6:])
    _take(centre, stick)
    assert [one.upto for one in _receipts(centre, stick, kiosk.id)] == [4]
    _put(stick, kiosk.id, "records", *sealed[4:6])
    _take(centre, stick)
    assert [one.upto for one in _receipts(centre, stick, kiosk.id)] == [10]


def test_what_is_forged_or_of_another_kiosk_is_never_a_record(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder
) -> None:
    other, stranger = FakeKiosk("kiosk-2"), FakeKiosk("kiosk-1")
    centre.register(other)
    good = kiosk.day(2)
    _put(stick, kiosk.id, "records", *good, stranger.day(1)[0], other.day(1)[0], "e30.garbage.c2ln")
    _put(stick, "kiosk-99", "records", *FakeKiosk("kiosk-99").day(1))
    taken = {one.kiosk: one for one in _take(centre, stick)}
    assert taken["kiosk-1"].records == 2
    assert taken["kiosk-1"].set_aside == 3
    assert [(one.new, one.again, one.set_aside) for one in taken["kiosk-99"].files] == [(0, 0, 1)]
    assert [row["sealed"] for row in centre.rows("records")] == good
    assert [one.upto for one in _receipts(centre, stick, kiosk.id)] == [2]


def test_a_record_that_broke_the_contract_is_named_again_on_every_stick(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder
) -> None:
    bad = kiosk.add_raw(json.dumps({"kiosk": kiosk.id, "chain": kiosk.chain, "seq": 1}).encode())
    kiosk.day(2)
    _put(stick, kiosk.id, "records", *kiosk.sealed)
    _take(centre, stick)
    for _ in range(2):
        (receipt,) = _receipts(centre, stick, kiosk.id)
        assert [(one.digest, one.seq) for one in receipt.rejected] == [(digest(bad), 1)]
        assert receipt.upto == 3


def test_an_answer_ends_its_order_and_open_ones_go_on_the_stick(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder
) -> None:
    with centre.writer.transaction() as connection:
        numbers = [
            order(connection, kiosk.id, "identify", {}, by="it", now=AT, ttl=timedelta(days=30)) for _ in range(2)
        ]
    ring = centre.keys.public.keyring()

    def carried() -> set[str]:
        found = _given(centre, stick, kiosk.id, "commands")
        return {m.COMMAND.decode(ring.verify(one.payload, Sealed.COMMAND)).id for one in found}

    assert carried() == set(numbers)
    assert all(row["sent_at"] for row in centre.rows("orders")), "on its way: it cannot be cancelled any more"
    reply = m.Reply(kiosk=kiosk.id, id=numbers[0], at=AT, outcome="done")
    _put(stick, kiosk.id, "replies", kiosk.relay.seal(Sealed.REPLY, m.REPLY.encode(reply)))
    _take(centre, stick)
    assert carried() == {numbers[1]}


def test_the_roster_goes_manifest_first_and_without_those_who_were_taken_away(
    centre: Centre, kiosk: FakeKiosk, stick: StickFolder
) -> None:
    with centre.writer.session() as session:
        session.add(PublishedRoster(kiosk=kiosk.id, version=3, at=AT, sealed="manifest"))
        for person, sealed in (("p-1", "entry-1"), ("p-2", ""), ("p-3", "entry-3")):
            session.add(PublishedEntry(kiosk=kiosk.id, person=person, content="", digest=digest(sealed), sealed=sealed))
    found = _given(centre, stick, kiosk.id, "roster")
    topic = Address(kiosk.id, "roster").topic
    assert found[0] == Carried(topic, b"manifest")
    assert set(found[1:]) == {Carried(f"{topic}/p-1", b"entry-1"), Carried(f"{topic}/p-3", b"entry-3")}


def test_who_is_written_for(centre: Centre, kiosk: FakeKiosk, stick: StickFolder) -> None:
    with centre.writer.session() as session:
        with pytest.raises(StickUseError, match="name kiosks"):
            wanted(session, stick, ())
        with pytest.raises(StickUseError, match="not registered"):
            wanted(session, stick, ["kiosk-9"])
        session.add(Kiosk(id="school-1", unit="DISDIK", registered_at=AT, by_stick=True))
        session.add(Kiosk(id="school-2", unit="DISDIK", registered_at=AT, by_stick=True, retired_at=AT))
        session.flush()
        assert wanted(session, stick, ()) == ["school-1"]
        assert wanted(session, stick, ["kiosk-1", "school-1"]) == ["kiosk-1", "school-1"]
        _put(stick, kiosk.id, "records")
        _put(stick, "stranger", "records")
        assert wanted(session, stick, ()) == ["kiosk-1"]


def test_a_bundle_is_copied_under_its_own_name_and_nothing_else_is(stick: StickFolder, tmp_path: Path) -> None:
    bundle = tmp_path / "siperlu-0.2.0.tar"
    bundle.write_bytes(b"tar")
    give_bundle(stick, bundle, "kiosk-1")
    assert stick.bundles("kiosk-1") == ["0.2.0"]
    with pytest.raises(StickUseError, match="no bundle's name"):
        give_bundle(stick, tmp_path / "autorun.tar", "kiosk-1")


def test_the_commands_take_in_and_write_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/centre.db"
    (tmp_path / "centre.toml").write_text(f'[store]\nurl = "{url}"\nkeys = "{tmp_path}/centre-keys"\n')
    folder, kiosk = tmp_path / "stick", FakeKiosk()
    folder.mkdir()
    with opened(url, tmp_path) as centre:
        centre.register(kiosk)
    assert _run(tmp_path, "import-stick", str(folder)).returncode == 1, "not marked"
    told = _result(_run(tmp_path, "export-stick", str(folder), "--mark", "--kiosk", kiosk.id))
    assert told["given"] == [{"kiosk": kiosk.id, "receipts": 0, "roster": 0, "commands": 0}]
    with closing(StickFolder(folder)) as stick:
        _put(stick, kiosk.id, "records", *kiosk.day(3))
    told = _result(_run(tmp_path, "import-stick", str(folder)))
    (taken,) = told["taken"]
    assert {name: taken[name] for name in ("kiosk", "messages", "records", "set_aside", "upto")} == {
        "kiosk": kiosk.id,
        "messages": 3,
        "records": 3,
        "set_aside": 0,
        "upto": 3,
    }
    assert [(file["name"], file["new"], file["passed"]) for file in taken["files"]] == [("records.txt", 3, 0)]
    assert told["given"] == [{"kiosk": kiosk.id, "receipts": 1, "roster": 0, "commands": 0}]


def test_one_folder_that_no_kiosk_writes_keeps_no_other_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/centre.db"
    (tmp_path / "centre.toml").write_text(f'[store]\nurl = "{url}"\nkeys = "{tmp_path}/centre-keys"\n')
    folder, kiosk = tmp_path / "stick", FakeKiosk("kiosk-2")
    folder.mkdir()
    mark(folder)
    with opened(url, tmp_path) as centre:
        centre.register(kiosk)
        with closing(StickFolder(folder)) as stick:
            _put(stick, kiosk.id, "records", *kiosk.day(3))
        (folder / "from/kiosk-1/records.txt").mkdir(parents=True)
        done = _run(tmp_path, "import-stick", str(folder), "--only")
        assert done.returncode == 1
        assert "kiosk-1" in done.stderr
        assert "the rest was taken in" in done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert [(one["kiosk"], one["records"]) for one in told["taken"]] == [("kiosk-2", 3)]
        noted = [(row["action"], row["subject"]) for row in centre.rows("audit_log")]
        assert noted == [("stick.take", "kiosk-2"), ("stick.refuse", "kiosk-1")]


def _run(folder: Path, *line: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "collector", *line, "--json", "--config", str(folder / "centre.toml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_stranger_who_seals_receives_nothing(centre: Centre, kiosk: FakeKiosk, stick: StickFolder) -> None:
    stranger = SealingKey.generate(KeyName(f"{kiosk.id}/relay", 1))
    status = m.Status(kiosk=kiosk.id, at=AT, online=False, version="9", state="running", backlog=0, roster_version=0)
    _put(stick, kiosk.id, "status", stranger.seal(Sealed.STATUS, m.STATUS.encode(status)))
    _take(centre, stick)
    assert not centre.rows("kiosk_status")
    _put(stick, kiosk.id, "status", kiosk.relay.seal(Sealed.STATUS, m.STATUS.encode(status)))
    _take(centre, stick)
    assert [row["version"] for row in centre.rows("kiosk_status")] == ["9"]
