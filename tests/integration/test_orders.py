"""Orders to kiosks: given once, sent until answered, never past their end, and answered by their own kiosk alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update

from cli.main import main
from collector import commands
from collector.accounts.roles import Role
from collector.commands.orders import LONGEST
from collector.commands.sending import AGAIN, LATE, MOST_DETAIL, due
from collector.errors import OrderError
from collector.outgoing import Outgoing
from collector.store.people import Kiosk
from collector.store.records import KioskStatus
from tests.centre import AT, Centre, FakeKiosk, opened
from tests.fixtures.commands import account, asked, called, refused, settings_file
from wire.messages import COMMAND, REPLY, Command, Reply
from wire.seals import Sealed, SealingKey

MINUTE = timedelta(minutes=1)


@pytest.fixture
def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest.fixture
def centre(store_url: str, tmp_path: Path, kiosk: FakeKiosk) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as made:
        made.register(kiosk)
        yield made


def give(centre: Centre, name: Any = "identify", *, kiosk: str = "kiosk-1", **told: Any) -> str:
    with centre.writer.transaction() as connection:
        return commands.order(connection, kiosk, name, told.pop("arguments", None), by="it", now=AT, **told)


def sent(centre: Centre, now: datetime) -> list[Command]:
    with centre.writer.transaction() as connection:
        waiting = due(connection, centre.keys, now)
    return [read(centre, one) for one in waiting]


def read(centre: Centre, message: Outgoing) -> Command:
    command = COMMAND.decode(centre.keys.public.keyring().verify(message.payload, Sealed.COMMAND))
    assert message.topic == f"siperlu/v1/{command.kiosk}/commands"
    assert not message.retain
    return command


def answer(centre: Centre, kiosk: FakeKiosk, number: str, key: SealingKey | None = None, **told: Any) -> None:
    reply = Reply(kiosk=kiosk.id, id=number, at=AT, outcome=told.pop("outcome", "done"), detail=told)
    centre.intake.take([kiosk.message((key or kiosk.relay).seal(Sealed.REPLY, REPLY.encode(reply)), "replies")])


def states(centre: Centre) -> list[str]:
    return [row["state"] for row in centre.rows("orders")]


def online(centre: Centre, received_at: datetime, *, online: bool = True) -> None:
    status = {"kiosk": "kiosk-1", "at": AT, "received_at": received_at, "online": online, "version": "0.1.0"}
    known = {"state": "running", "backlog": 0, "roster_version": 1, "last_seq": 1}
    with centre.writer.transaction() as connection:
        if connection.execute(update(KioskStatus).values(received_at=received_at, online=online)).rowcount == 0:
            connection.execute(insert(KioskStatus).values(**status, **known))


def test_an_order_arrives_as_it_was_given_and_its_answer_is_kept(centre: Centre, kiosk: FakeKiosk) -> None:
    number = give(centre, arguments={"seconds": "30"}, ttl=timedelta(hours=2))
    (command,) = sent(centre, AT)
    assert command == Command(
        kiosk="kiosk-1",
        id=number,
        at=AT,
        expires=AT + timedelta(hours=2),
        command="identify",
        arguments={"seconds": "30"},
    )
    answer(centre, kiosk, number, blinks=30)
    with centre.writer.transaction() as connection:
        (one,) = commands.orders_of(connection, "kiosk-1")
    assert (one.state, one.detail, one.replied_at) == (commands.OrderState.DONE, {"blinks": 30}, AT)
    assert sent(centre, AT + AGAIN * 2) == []


def test_it_goes_out_again_only_when_the_kiosk_can_hear_it(centre: Centre) -> None:
    give(centre)
    assert len(sent(centre, AT)) == 1
    assert sent(centre, AT + AGAIN + MINUTE) == []
    online(centre, AT - MINUTE, online=False)
    assert sent(centre, AT + AGAIN + MINUTE) == []
    online(centre, AT + MINUTE)
    assert sent(centre, AT + AGAIN / 2) == []
    assert len(sent(centre, AT + AGAIN + MINUTE)) == 1


def test_it_is_not_sent_past_its_end_and_a_late_answer_overrules(centre: Centre, kiosk: FakeKiosk) -> None:
    number = give(centre, ttl=MINUTE)
    assert sent(centre, AT + MINUTE) == []
    assert sent(centre, AT + MINUTE + LATE + MINUTE) == []
    assert states(centre) == ["expired"]
    answer(centre, kiosk, number)
    assert states(centre) == ["done"]


def test_the_first_answer_stands(centre: Centre, kiosk: FakeKiosk) -> None:
    number = give(centre)
    answer(centre, kiosk, number, outcome="failed")
    answer(centre, kiosk, number, outcome="done")
    assert states(centre) == ["failed"]


def test_another_kiosk_or_key_cannot_answer(centre: Centre, kiosk: FakeKiosk) -> None:
    other = FakeKiosk("kiosk-2")
    centre.register(other)
    number = give(centre)
    answer(centre, other, number)
    answer(centre, kiosk, number, kiosk.key)
    answer(centre, kiosk, number, SealingKey.generate(kiosk.relay.public.name))
    assert states(centre) == ["open"]
    assert centre.reasons() == ["wrong-key", "seal"]


def test_an_answer_that_floods_is_cut(centre: Centre, kiosk: FakeKiosk) -> None:
    number = give(centre)
    answer(centre, kiosk, number, log="x" * MOST_DETAIL)
    with centre.writer.transaction() as connection:
        (one,) = commands.orders_of(connection, "kiosk-1")
    assert list(one.detail) == ["too-long"]


def test_who_waits_for_an_answer_acts_on_it_once(centre: Centre, kiosk: FakeKiosk) -> None:
    number = give(centre, "renew-certificate", arguments={"step": "request"})
    answer(centre, kiosk, number, csr="-----BEGIN")
    with centre.writer.transaction() as connection:
        (one,) = commands.answers(connection, "renew-certificate")
        commands.handled(connection, one.id, AT)
        assert commands.answers(connection, "renew-certificate") == []
        assert one.detail == {"csr": "-----BEGIN"}


def test_what_was_sent_cannot_be_taken_back(centre: Centre) -> None:
    number = give(centre)
    with centre.writer.transaction() as connection:
        commands.cancel(connection, number, AT)
    assert states(centre) == ["cancelled"]
    assert sent(centre, AT) == []
    other = give(centre)
    sent(centre, AT)
    with pytest.raises(OrderError, match="was sent already"), centre.writer.transaction() as connection:
        commands.cancel(connection, other, AT)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"name": "reboot"}, "'reboot' is not one of restart-part"),
        ({"kiosk": "kiosk-9"}, "no kiosk 'kiosk-9'"),
        ({"ttl": timedelta()}, "at most 90 days"),
        ({"ttl": LONGEST + MINUTE}, "at most 90 days"),
        ({"arguments": {"certificate": "x" * 8001}}, "8000"),
        ({"arguments": {"No Word": "x"}}, "pattern"),
    ],
)
def test_an_order_that_cannot_be_is_refused(centre: Centre, told: dict[str, Any], says: str) -> None:
    with pytest.raises(OrderError, match=says):
        give(centre, **told)


def test_a_retired_kiosk_can_only_be_wiped(centre: Centre) -> None:
    with centre.writer.transaction() as connection:
        connection.execute(update(Kiosk).values(retired_at=AT))
    with pytest.raises(OrderError, match="only be wiped"):
        give(centre)
    give(centre, "wipe")
    assert [one.command for one in sent(centre, AT)] == ["wipe"]


def test_the_command_orders_all_or_none(sqlite_url: str, tmp_path: Path) -> None:
    path = settings_file(tmp_path, sqlite_url)
    told = ("--command", "identify", "--argument", "seconds=9", "--by", "bkd-it")
    with opened(sqlite_url, tmp_path) as made:
        made.register(FakeKiosk())
        fresh = refused(path, "collector", "orders", "give", "kiosk-1", *told)
        assert "this centre has none yet" in fresh
        assert "siperlu collector accounts create LOGIN --role bkd-admin" in fresh
        account(made, "bkd-it", Role.BKD_ADMIN)
        account(made, "bkd-1", Role.BKD_OFFICER)
    orders = ("collector", "orders")
    assert "no account 'it'" in refused(path, *orders, "give", "kiosk-1", *told[:-1], "it")
    assert "bkd-1 is bkd-officer: this is for bkd-admin" in refused(
        path, *orders, "give", "kiosk-1", *told[:-1], "bkd-1"
    )
    assert "no kiosk 'kiosk-9'" in refused(path, *orders, "give", "kiosk-1", "kiosk-9", *told)
    called(path, *orders, "give", "kiosk-1", *told)
    [one] = asked(path, *orders, "list", "kiosk-1")["orders"]
    assert (one["command"], one["state"], one["by"]) == ("identify", "open", "bkd-it")
    called(path, *orders, "cancel", one["id"])
    give = CliRunner().invoke(
        main, [*orders, "give", "kiosk-1", "--command", "identify", "--argument", "x", *told[-2:]]
    )
    assert "NAME=VALUE" in give.output
