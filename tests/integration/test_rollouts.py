"""A rollout goes on by itself as kiosks answer, pauses when they fail, and goes on or ends by a person's word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from collector.accounts.roles import Role
from collector.commands.sending import LATE, due, take
from collector.errors import OrderError
from collector.fleet.rollouts import Failure, Plan, Progress, begin, carry_on, change, left_to_sticks, progress
from collector.fleet.waves import Step
from collector.store.people import Kiosk
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.at_once import at_once
from tests.fixtures.commands import account, asked, called, refused, settings_file
from wire.messages import Reply

PLAN = Plan("1.2.0", {"version": "1.2.0"}, sizes=(1, 2))
NAMES = [f"kiosk-{number}" for number in range(1, 6)]


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as made:
        made.register(*(FakeKiosk(name) for name in NAMES))
        yield made


def start(centre: Centre, plan: Plan = PLAN, *kiosks: str) -> str:
    with centre.writer.transaction() as connection:
        return begin(connection, plan, kiosks, "it", AT)


def turn(centre: Centre, after: timedelta = timedelta()) -> list[Step]:
    with centre.writer.transaction() as connection:
        return [step for _, step in carry_on(connection, AT + after)]


def ordered(centre: Centre) -> list[str]:
    return sorted(row["kiosk"] for row in centre.rows("orders") if row["state"] == "open")


def answer(centre: Centre, outcome: Any = "done", *kiosks: str, **detail: Any) -> None:
    rows = [row for row in centre.rows("orders") if row["state"] == "open" and (not kiosks or row["kiosk"] in kiosks)]
    assert rows
    replies = [Reply(kiosk=row["kiosk"], id=row["id"], at=AT, outcome=outcome, detail=detail) for row in rows]
    with centre.writer.transaction() as connection:
        take(connection, [(reply, AT) for reply in replies])


def now(centre: Centre) -> Progress:
    with centre.writer.transaction() as connection:
        return progress(connection)[0]


def test_kiosks_that_live_by_sticks_hold_no_wave_up(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        connection.execute(update(Kiosk).where(Kiosk.id.in_(["kiosk-1", "kiosk-4"])).values(by_stick=True))
        assert left_to_sticks(connection) == 2
    start(centre)
    turn(centre)
    assert ordered(centre) == ["kiosk-2"]
    for _ in range(2):
        answer(centre)
        turn(centre)
    assert (now(centre).state, dict(now(centre).stages)) == ("done", {"done": 3})
    start(centre, PLAN, "kiosk-4")
    turn(centre)
    assert ordered(centre) == ["kiosk-4"], "somebody asked for it"


def test_wave_after_wave_as_answers_come(centre: Centre) -> None:
    start(centre)
    assert turn(centre) == [Step.NEXT]
    assert ordered(centre) == ["kiosk-1"]
    assert turn(centre) == [Step.WAIT]
    answer(centre)
    assert turn(centre) == [Step.NEXT]
    assert ordered(centre) == ["kiosk-2", "kiosk-3"]
    answer(centre, "done", "kiosk-2")
    assert turn(centre) == [Step.WAIT]
    answer(centre)
    assert turn(centre) == [Step.NEXT]
    answer(centre)
    assert turn(centre) == [Step.END]
    assert turn(centre) == []
    assert (now(centre).state, dict(now(centre).stages)) == ("done", {"done": 5})
    arguments = {json.dumps(json.loads(row["arguments"])) for row in centre.rows("orders")}
    assert arguments == {'{"version": "1.2.0"}'}


def test_a_failure_pauses_it_and_a_person_takes_it_up_or_ends_it(centre: Centre) -> None:
    number = start(centre)
    turn(centre)
    answer(centre, "failed", reason="health")
    assert turn(centre) == [Step.PAUSE]
    assert turn(centre) == []
    found = now(centre)
    assert (found.state, found.why) == ("paused", "too many failures in wave 1")
    assert found.failed == [Failure("kiosk-1", "failed", "health")]
    with centre.writer.transaction() as connection:
        change(connection, number, "running", "it", "that box was broken before", AT)
    assert turn(centre) == [Step.NEXT]
    answer(centre, "failed", "kiosk-2")
    assert turn(centre) == [Step.PAUSE]
    with centre.writer.transaction() as connection:
        change(connection, number, "ended", "it", "bad version", AT)
    answer(centre, "done", "kiosk-3")
    assert turn(centre) == []
    assert dict(now(centre).stages) == {"failed": 2, "done": 1, "waiting": 2}


def test_no_answer_in_time_is_a_failure(centre: Centre) -> None:
    start(centre)
    turn(centre)
    later = timedelta(hours=PLAN.hours) + 2 * LATE
    with centre.writer.transaction() as connection:
        due(connection, centre.keys, AT + later)
    assert turn(centre, later) == [Step.PAUSE]
    assert [each.told for each in now(centre).failed] == ["expired: no answer"]


def test_a_kiosk_retired_meanwhile_holds_nothing_up(centre: Centre) -> None:
    start(centre)
    with centre.writer.transaction() as connection:
        connection.execute(update(Kiosk).where(Kiosk.id == "kiosk-1").values(retired_at=AT))
    turn(centre)
    assert ordered(centre) == []
    assert turn(centre) == [Step.NEXT]
    assert ordered(centre) == ["kiosk-2", "kiosk-3"]


@pytest.mark.parametrize(
    ("plan", "kiosks", "says"),
    [
        (PLAN, ["kiosk-9"], "'kiosk-9' is not there"),
        (Plan("1", {}, sizes=(0,)), [], "at least one kiosk"),
    ],
)
def test_what_cannot_be_rolled_out(centre: Centre, plan: Plan, kiosks: list[str], says: str) -> None:
    with pytest.raises(OrderError, match=says):
        start(centre, plan, *kiosks)


def test_two_at_once_would_undo_each_other(centre: Centre) -> None:
    start(centre)
    with pytest.raises(OrderError, match=r"version 1\.2\.0 is still being rolled out"):
        start(centre)


def test_of_two_at_once_the_second_meets_what_the_first_left(centre: Centre) -> None:
    late = at_once(
        centre,
        lambda session: begin(session.connection(), PLAN, [], "it", AT),
        lambda session: begin(session.connection(), PLAN, [], "it", AT),
    )
    with pytest.raises(OrderError, match="still being rolled out"):
        late.result()
    [row] = centre.rows("rollouts")
    late = at_once(
        centre,
        lambda session: change(session.connection(), row["id"], "ended", "it", "keliru", AT),
        lambda session: carry_on(session.connection(), AT),
    )
    assert (late.result(), ordered(centre)) == ([], []), "it was ended before it ordered anything"


def test_a_change_needs_somebody_and_a_reason(centre: Centre) -> None:
    number = start(centre)
    for state, by, why in (("ended", "", "x"), ("ended", "it", " "), ("done", "it", "x")):
        with pytest.raises(OrderError, match="name both"), centre.writer.transaction() as connection:
            change(connection, number, state, by, why, AT)
    with pytest.raises(OrderError, match="is not there"), centre.writer.transaction() as connection:
        change(connection, "0", "ended", "it", "x", AT)


def test_the_command(sqlite_url: str, tmp_path: Path) -> None:
    path, rollouts = settings_file(tmp_path, sqlite_url), ("collector", "rollouts")
    with opened(sqlite_url, tmp_path) as made:
        made.register(*(FakeKiosk(name) for name in NAMES))
        account(made, "bkd-it", Role.BKD_ADMIN)
        account(made, "bkd-1", Role.BKD_OFFICER)
    begin = (*rollouts, "begin", "1.2.0", "--kiosk", "kiosk-2")
    assert "bkd-1 is bkd-officer: this is for bkd-admin" in refused(path, *begin, "--by", "bkd-1")
    called(path, *begin, "--by", "bkd-it")
    (one,) = asked(path, *rollouts, "list")["rollouts"]
    assert (one["version"], one["state"], one["waves"]) == ("1.2.0", "running", [{"waiting": 1}])
    end = (*rollouts, "change", one["id"], "--to", "end", "--reason", "wrong day")
    assert "no account 'it'" in refused(path, *end, "--by", "it")
    called(path, *end, "--by", "bkd-it")
    assert "wrong day" in called(path, *rollouts, "list")
