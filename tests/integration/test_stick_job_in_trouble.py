"""An order on a stick outlives a process that is killed and a database that is away, and ends when it is the order that fails."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from collector.errors import StoreDownError
from collector.sticks import orders
from collector.sticks.faults import Fault
from collector.sticks.orders import State
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.stick_jobs import HOUR, RECORDS, Jobs, lines, zipped


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


def test_a_job_that_was_killed_at_work_does_it_again(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    number = jobs.bring(zipped((RECORDS, lines(*kiosk.day(3)))))
    with centre.writer.session() as session:
        orders.change(session, number, state=State.WORKING.value)
    jobs.job.do_next()
    assert not centre.rows("records")
    jobs.fresh()
    assert jobs.done(number).story.taken[0].records == 3


def test_an_order_that_ends_the_process_again_and_again_is_given_up_and_others_go_on(
    kiosk: FakeKiosk, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """As by the kernel: nobody in the process hears of it."""

    def killed(*_: object) -> None:
        raise KilledError

    number = jobs.bring(zipped((RECORDS, lines(*kiosk.day(3)))))
    with monkeypatch.context() as patch:
        patch.setattr("collector.sticks.job.take", killed)
        for _ in range(orders.MOST_TRIES):
            jobs.fresh()
            with pytest.raises(KilledError):
                jobs.work()
    jobs.fresh()
    ended = jobs.done(number)
    assert (ended.state, ended.error, ended.finished_at) == (State.FAILED, Fault("crashed", "3"), AT)
    assert jobs.content(number) == b""
    assert jobs.done(jobs.bring(zipped((RECORDS, lines(*kiosk.day(3)))))).state is State.DONE


def test_what_lost_its_file_by_a_restored_backup_says_so(centre: Centre, kiosk: FakeKiosk, jobs: Jobs) -> None:
    ready = jobs.give("kiosk-1")
    jobs.work()
    waiting = jobs.bring(zipped((RECORDS, lines(*kiosk.day(3)))))
    with centre.writer.session() as session:
        for order in (ready, waiting):
            orders.let_go(session, order)
    jobs.fresh()
    assert jobs.done(ready).state is State.GONE
    ended = jobs.done(waiting)
    assert (ended.state, ended.error) == (State.FAILED, Fault("lost"))


@pytest.mark.parametrize("rule", ["kept-long-enough", "no-room"])
def test_one_that_cannot_be_swept_blocks_no_other_and_is_swept_later(
    kiosk: FakeKiosk, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    made = []
    for _ in range(3):
        made.append(jobs.done(jobs.give(kiosk.id)).id)
        jobs.now += HOUR
    real = orders.let_go

    def stubborn(session: Session, order: str) -> None:
        if order == made[1]:
            raise OperationalError("DELETE", {}, Exception("could not obtain lock"))
        real(session, order)

    def turn() -> list[State]:
        jobs.fresh()
        last = jobs.done(jobs.give(kiosk.id))
        assert last.state is State.DONE, "the one that it was done for is not undone"
        return [jobs.done(number).state for number in made]

    with monkeypatch.context() as patch:
        patch.setattr(orders, "let_go", stubborn)
        if rule == "no-room":
            patch.setattr(orders, "MOST_KEPT", 1)
        else:
            jobs.now += 90 * HOUR
        assert turn() == [State.GONE, State.DONE, State.GONE]
    jobs.now += 90 * HOUR
    assert turn() == [State.GONE] * 3


def test_a_database_that_goes_away_ends_nothing(
    centre: Centre, kiosk: FakeKiosk, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = jobs.bring(zipped((RECORDS, lines(*kiosk.day(3)))))

    def down(*_told: object) -> None:
        raise StoreDownError("database: gone")

    with monkeypatch.context() as patch:
        patch.setattr("collector.sticks.job.take", down)
        with pytest.raises(StoreDownError):
            jobs.work()
    jobs.fresh()
    assert jobs.done(number).state is State.DONE
    assert len(centre.rows("records")) == 3


def test_an_order_under_which_the_database_goes_away_again_and_again_gives_up(
    jobs: Jobs, kiosk: FakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = jobs.bring(zipped((RECORDS, lines(*kiosk.day(2)))))

    def full(*_: object) -> None:
        raise StoreDownError("database: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("collector.sticks.job.take", full)
        for _ in range(orders.MOST_TRIES - 1):
            with pytest.raises(StoreDownError):
                jobs.job.turn(Event())
        ended = jobs.done(number)
    assert (ended.state, ended.error) == (State.FAILED, Fault("disk-full"))
    assert jobs.done(jobs.bring(zipped((RECORDS, lines(*kiosk.day(2)))))).state is State.DONE


def test_no_room_for_a_folder_fails_the_order_and_not_the_process(
    jobs: Jobs, kiosk: FakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = jobs.bring(zipped((RECORDS, lines(*kiosk.day(2)))))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("collector.sticks.job.tempfile.TemporaryDirectory", full)
    ended = jobs.done(number)
    assert (ended.state, ended.error) == (State.FAILED, Fault("disk-full"))


def test_a_database_that_is_away_for_the_reader_is_waited_for(
    jobs: Jobs, kiosk: FakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = jobs.bring(zipped((RECORDS, lines(*kiosk.day(2)))))

    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    for place in ("next_waiting", "content"):
        with monkeypatch.context() as patch:
            patch.setattr(f"collector.sticks.job.orders.{place}", away)
            with pytest.raises(StoreDownError, match="server closed"):
                jobs.job.turn(Event())
    assert jobs.done(number).state is State.DONE
