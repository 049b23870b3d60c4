"""What the pages order on sticks: the jobs process does it, once or again, and a stick's coming and going is noted."""

from __future__ import annotations

import io
import json
import resource
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from collector.commands import order as give_order
from collector.errors import StickUseError
from collector.sticks import orders
from collector.sticks.faults import Fault
from collector.sticks.giving import give
from collector.sticks.orders import Kind, State
from collector.sticks.sent import Refused, Why
from collector.sticks.visits import given, went
from collector.store.records import KioskStatus
from stick import StickFolder, mark
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.stick_jobs import HOUR, RECORDS, Jobs, lines, noted, visit, zipped
from wire.seals import Sealed
from wire.stick import PARTS, Place


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
def jobs(centre: Centre, tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(centre, tmp_path)
    yield made
    made.reader.dispose()


def test_what_was_brought_is_taken_in_told_and_let_go(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    raw = lines(*kiosk.day(7)) + b"no message\n" + lines("e30.garbage.c2ln") + kiosk.day(1)[0].encode()[:80]
    number = jobs.bring(zipped((RECORDS, raw), ("from/kiosk-9/records.txt", lines(*FakeKiosk("kiosk-9").day(2)))))
    ended = jobs.done(number)
    assert (ended.state, ended.error) == (State.DONE, None)
    ours, strange = ended.story.taken
    (file,) = ours.files
    assert (file.messages, file.new, file.again, file.set_aside, file.passed) == (8, 7, 0, 1, 2)
    assert (ours.upto, ours.complete_at) == (7, AT + timedelta(minutes=6))
    assert (strange.kiosk, strange.set_aside, ended.story.strangers) == ("kiosk-9", 2, ("kiosk-9",))
    assert centre.rows("stick_pieces") == []
    assert (visit(centre)["kiosk"], visit(centre)["came_by"], visit(centre)["went_at"]) == ("kiosk-1", "admin", None)
    assert noted(centre) == [("admin", "stick.take", "kiosk-1"), ("admin", "stick.take", "kiosk-9")]


def test_the_same_stick_again_brings_nothing_new(kiosk: FakeKiosk, jobs: Jobs) -> None:
    raw = zipped((RECORDS, lines(*kiosk.day(7))))
    jobs.done(jobs.bring(raw))
    again = jobs.done(jobs.bring(raw)).story.taken[0].files[0]
    assert (again.new, again.again, again.set_aside) == (0, 7, 0)


def test_junk_is_no_visit_and_fills_no_log(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    junk = [(f"from/stranger-{n}/records.txt", lines("e30.garbage.c2ln")) for n in range(30)]
    jobs.done(jobs.bring(zipped((RECORDS, lines("e30.garbage.c2ln")), *junk)))
    assert not centre.rows("stick_visits")
    subjects = [subject for _, action, subject in noted(centre) if action == "stick.take"]
    assert len(subjects) == 1 + 20 + 1
    assert {"kiosk-1", "stranger-0", "+10"} <= set(subjects)


def test_a_round_that_grows_too_large_stops_there(
    centre: Centre, kiosk: FakeKiosk, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2, 6):
        centre.register(FakeKiosk(f"kiosk-{n}", n))
    written: list[str] = []

    def large(_: StickFolder, kiosk: str) -> int:
        written.append(kiosk)
        return 400 << 10

    monkeypatch.setattr("collector.sticks.job.archive.weigh", large)
    ended = jobs.done(jobs.give(*(f"kiosk-{n}" for n in range(1, 6))))
    assert (ended.state, ended.error) == (State.FAILED, Fault("size", "1"))
    assert written == ["kiosk-1", "kiosk-2", "kiosk-3"]


def test_the_job_believes_no_page(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    """A hole in the pages lets a hostile ZIP through: it is judged again where it would be unpacked."""
    for raw in (b"no zip", zipped(("../../etc/cron.d/x", b"x")), zipped((RECORDS, b"0" * (3 << 20)))):
        ended = jobs.done(jobs.bring(raw))
        assert ended.state is State.FAILED
        assert ended.error
        last = centre.rows("audit_log")[-1]
        assert (last["action"], last["subject"]) == ("stick.refuse", ended.id)
        assert json.loads(last["detail"]) == {"why": ended.error.code}
    broken = bytearray(zipped((RECORDS, lines(*kiosk.day(3))), ("from/kiosk-2/records.txt", b"x\n")))
    broken[broken.index(b"eyJ") + 30] ^= 1
    ended = jobs.done(jobs.bring(bytes(broken)))
    assert (ended.state, ended.story.refused) == (State.DONE, (Refused(RECORDS, Why.BROKEN),))
    assert not centre.rows("records")


def test_what_is_due_is_made_kept_and_let_go(centre: Centre, kiosk: FakeKiosk, jobs: Jobs, tmp_path: Path) -> None:
    jobs.done(jobs.bring(zipped((RECORDS, lines(*kiosk.day(9))))))
    with centre.writer.transaction() as connection:
        give_order(connection, kiosk.id, "identify", {}, by="it", now=AT, ttl=timedelta(days=30))
    number = jobs.give(kiosk.id)
    ended = jobs.done(number)
    assert ended.ready
    assert [(one.receipts, one.commands) for one in ended.story.given] == [(1, 1)]
    with zipfile.ZipFile(io.BytesIO(jobs.content(number))) as made:
        made.extractall(tmp_path / "copy")
    with closing(StickFolder(tmp_path / "copy")) as stick:
        (receipt,) = stick.messages(Place(kiosk.id, PARTS["receipts"]))
        assert centre.keys.public.keyring().verify(receipt.payload, Sealed.RECEIPT)
    assert ended.size == len(jobs.content(number))
    jobs.now += 73 * HOUR
    jobs.fresh()
    assert (jobs.done(number).state, jobs.content(number)) == (State.GONE, b"")


def test_an_update_goes_along_with_the_order_for_it(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    (jobs.releases / "siperlu-1.2.0.tar").write_bytes(b"a release")
    for days in (0, 10, 70):  # prepared again; and once more when what was ordered would end on the way
        jobs.now = AT + timedelta(days=days)
        made = jobs.done(jobs.give(kiosk.id, version="1.2.0"))
        assert made.story.given[0].commands == (2 if days == 70 else 1)
        with zipfile.ZipFile(io.BytesIO(jobs.content(made.id))) as packed:
            assert packed.read(f"to/{kiosk.id}/siperlu-1.2.0.tar") == b"a release"
            assert packed.read(f"to/{kiosk.id}/commands.txt"), "a kiosk installs nothing that nobody ordered"
    found = [(row["command"], row["arguments"], row["by"]) for row in centre.rows("orders")]
    assert found == [("update", '{"version": "1.2.0"}', "admin")] * 2
    with centre.writer.session() as session:
        status = KioskStatus(kiosk=kiosk.id, at=AT, received_at=AT, online=False, version="1.2.0", state="running")
        status.backlog, status.roster_version, status.last_seq = 0, 0, 1
        session.add(status)
    jobs.done(jobs.give(kiosk.id, version="1.2.0"))
    assert len(centre.rows("orders")) == 2, "it has that version"


def test_an_update_that_cannot_go_along_is_not_ordered(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    (jobs.releases / "siperlu-1.3.0.tar").write_bytes(bytes(2 << 20))
    with centre.writer.transaction() as connection:
        give_order(connection, kiosk.id, "identify", {}, by="it", now=AT, ttl=timedelta(days=30))
    for version, fault in (("1.3.0", Fault("size", "1")), ("1.4.0", Fault("no-release", "1.4.0"))):
        ended = jobs.done(jobs.give(kiosk.id, version=version))
        assert (ended.state, ended.error) == (State.FAILED, fault)
    assert [row["sent_at"] for row in centre.rows("orders")] == [None], "a command that went nowhere can be taken back"


def test_a_kiosk_that_was_retired_meanwhile_gets_nothing(jobs: Jobs) -> None:
    ended = jobs.done(jobs.give("kiosk-7"))
    assert (ended.state, ended.error) == (State.FAILED, Fault("stranger", "kiosk-7"))


def test_only_so_many_wait_and_an_upload_that_broke_off_is_forgotten(
    centre: Centre, kiosk: FakeKiosk, jobs: Jobs
) -> None:
    with centre.writer.session() as session:
        for _ in range(orders.MOST_WAITING):
            orders.place(session, Kind.BRING, kiosks=[kiosk.id], by="admin", now=AT)
        with pytest.raises(StickUseError, match="wait already"):
            orders.place(session, Kind.GIVE, kiosks=[kiosk.id], by="admin", now=AT)
    jobs.now += 2 * HOUR
    jobs.work()
    assert centre.rows("stick_orders") == []
    with centre.writer.session() as session, pytest.raises(StickUseError, match="from 1 to"):
        orders.place(session, Kind.GIVE, kiosks=[], by="admin", now=AT)


def arriving(centre: Centre) -> str:
    with centre.writer.session() as session:
        return orders.place(session, Kind.BRING, kiosks=["kiosk-1"], by="admin", now=AT)


def test_uploads_that_came_to_a_halt_take_nobodys_place_after_a_minute(centre: Centre, jobs: Jobs) -> None:
    for _ in range(orders.MOST_WAITING):
        arriving(centre)
    jobs.now += orders.LOST + timedelta(seconds=1)
    assert jobs.give("kiosk-1"), "nobody waits for the job to sweep"
    jobs.work()
    assert [row["kind"] for row in centre.rows("stick_orders")] == ["give"]


def test_an_upload_that_takes_long_lives_as_long_as_its_pieces_come(centre: Centre, jobs: Jobs) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            jobs.now += orders.LOST * 0.7
            jobs.fresh()
            jobs.work()
            return super().read(size)

    number = arriving(centre)
    size = orders.keep(centre.writer, number, Slow(bytes(3 * orders.PIECE)), lambda: jobs.now)
    with centre.writer.session() as session:
        orders.arrived(session, number, size)
    assert [row["state"] for row in centre.rows("stick_orders")] == ["waiting"]


def test_an_upload_that_was_given_up_and_goes_on_is_told(centre: Centre, jobs: Jobs) -> None:
    number = arriving(centre)
    jobs.now += 2 * orders.LOST
    jobs.work()
    with pytest.raises(StickUseError, match="given up"):
        orders.keep(centre.writer, number, io.BytesIO(b"late"), lambda: jobs.now)
    with centre.writer.session() as session, pytest.raises(StickUseError, match="given up"):
        orders.arrived(session, number, 4)
    assert (centre.rows("stick_orders"), centre.rows("stick_pieces")) == ([], [])


def test_a_stick_that_was_written_here_is_noted_too(centre: Centre, kiosk: FakeKiosk, tmp_path: Path) -> None:

    (tmp_path / "stick").mkdir()
    mark(tmp_path / "stick")
    with closing(StickFolder(tmp_path / "stick")) as stick:
        written = give(stick, centre.writer, centre.keys, kiosk.id, AT)
    with centre.writer.session() as session:
        given(session, [written], "command:it", AT)
    assert (visit(centre)["went_by"], visit(centre)["came_at"]) == ("command:it", None)
    assert noted(centre) == [("command:it", "stick.give", "kiosk-1")]


def test_the_oldest_files_make_room_and_the_newest_stays(
    kiosk: FakeKiosk, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    for _ in range(3):
        numbers.append(jobs.done(jobs.give(kiosk.id)).id)
        jobs.now += HOUR
    monkeypatch.setattr(orders, "MOST_KEPT", 1)
    last = jobs.done(jobs.give(kiosk.id))
    assert last.ready
    assert [jobs.done(number).state for number in numbers] == [State.GONE] * 3


def test_what_left_earlier_does_not_hide_what_left_later(centre: Centre, kiosk: FakeKiosk) -> None:
    assert kiosk
    for at, by in ((AT, "first"), (AT + HOUR, "second"), (AT, "late click")):
        with centre.writer.session() as session:
            went(session, ["kiosk-1"], by, at)
    assert (visit(centre)["went_by"], visit(centre)["went_at"]) == ("second", AT + HOUR)


def test_a_round_of_many_kiosks_opens_few_files(centre: Centre, jobs: Jobs) -> None:
    names = [f"kiosk-{number}" for number in range(1, 41)]
    for name in names:
        one = FakeKiosk(name)
        centre.register(one)
        jobs.done(jobs.bring(zipped((f"from/{name}/records.txt", lines(*one.day(1)))), name))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = {int(one.name) for one in Path("/proc/self/fd").iterdir()}
    free = [number for number in range(soft) if number not in used]
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[25], hard))
    try:
        ended = jobs.done(jobs.give(*names))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (ended.state, ended.error) == (State.DONE, None)
    assert len(ended.story.given) == len(names)
