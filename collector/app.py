"""The centre's processes: which parts they are made of, and in which order they begin and end."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from enum import StrEnum
from threading import Event

from sqlalchemy.orm import Session

from collector.authority.job import AuthorityJob
from collector.commands.job import CommandJob
from collector.errors import CollectorError, ShareError
from collector.fleet.job import FleetJob
from collector.ingest.intake import Intake, now
from collector.ingest.lane import Lane
from collector.ingest.link import Link
from collector.jobs import RosterJob
from collector.judging.job import JudgingJob
from collector.keys import CentreKeys
from collector.memory import set_apart
from collector.outgoing import Outgoing
from collector.parts import Loop, Part, run_parts
from collector.retention.job import RetentionJob
from collector.settings import CollectorSettings
from collector.store import migrate
from collector.store.engine import is_sqlite, open_engine, open_reader
from collector.store.writer import Writer
from collector.violating.detection import Detection
from collector.violating.job import ViolationJob

log = logging.getLogger(__name__)


class Role(StrEnum):
    """What one process of the centre does."""

    INGEST = "ingest"
    JOBS = "jobs"
    WEB = "web"


EVERYTHING = frozenset(Role)


class PartEndedError(CollectorError, RuntimeError):
    """A part that must not end has ended; the log says why."""


def run(settings: CollectorSettings, stop: Event, roles: frozenset[Role] = EVERYTHING) -> None:
    """Be the centre, or one role of it, until `stop` is set.

    Raises CollectorError when it cannot start or a part ended by itself, OSError when the pages' port is taken.
    """
    check_sharing(settings.store.url, roles)
    engine = open_engine(settings.store.url)
    with ExitStack() as stack:
        writer = stack.enter_context(Writer(engine))
        migrate.prepare(engine)
        if Role.WEB in roles:
            first_start(settings, writer)
        parts = _parts(settings, writer, roles, stack)
        stack.enter_context(set_apart())
        if not run_parts(parts, stop):
            raise PartEndedError("a part of the centre ended by itself; see above")


def check_sharing(url: str, roles: frozenset[Role]) -> None:
    """Raises ShareError where several processes would write one SQLite file."""
    if roles != EVERYTHING and is_sqlite(url):
        raise ShareError(
            f"store.url = {url}: an SQLite file has one writing process, so ingest, web and jobs cannot be separate; "
            "run `siperlu collector run`, or set store.url to a postgresql+psycopg:// address"
        )


def first_start(settings: CollectorSettings, writer: Writer) -> None:
    """Make the first admin where there is no account yet, and tell the one-time password on standard error, once.

    There is no password that every centre has, and none that holds for long: this one opens its own change alone.
    """
    from collector.accounts import book  # noqa: PLC0415 - ingest and jobs need no accounts

    with writer.session() as session:
        password = book.first_admin(session, now(), timedelta(hours=settings.web.one_time_h))
    if password is not None:
        told = f"first start: log in as {book.FIRST} with the one-time password {password} within {settings.web.one_time_h} h"
        sys.stderr.write(f"{told}; lost: siperlu collector accounts reset {book.FIRST}\n")
        sys.stderr.flush()


def _parts(settings: CollectorSettings, writer: Writer, roles: frozenset[Role], stack: ExitStack) -> list[Part]:
    """In the order of their start; the end is the other way round: jobs, then the lane, which finishes the batch it
    has in hand and sends its receipts, then the link, then the pages."""
    parts = [] if roles == {Role.WEB} else _linked(settings, writer, roles)
    if Role.JOBS in roles:
        parts.append(_violations(settings, writer, stack))
        parts.append(_reports(settings, writer, stack))
        parts.append(_sticks(settings, writer, stack))
        parts.append(Loop("retention", RetentionJob(writer, settings, now).run))
        parts.append(Loop("fleet", FleetJob(writer, now).run))
        parts.append(Loop("authority", AuthorityJob(settings, writer, now).run))
    # Made last and started first: it holds a port as soon as it is made.
    return [_web(settings, writer, stack), *parts] if Role.WEB in roles else parts


def _linked(settings: CollectorSettings, writer: Writer, roles: frozenset[Role]) -> list[Part]:
    """The link to the broker, and what works by it."""
    keys = CentreKeys.open(settings.store.keys)
    lane = Lane(settings.ingest.batch, settings.ingest.wait_ms / 1000) if Role.INGEST in roles else None
    connected = Event()
    link = Link(settings.broker.of(_role(roles)), _client_id(roles), lane, connected.set)
    parts: list[Part] = [Loop("link", link.run)]
    if lane is not None:
        parts.append(Loop("ingest", _ingest(lane, Intake(writer, keys), link.publish), lane.wake))
    if Role.JOBS in roles:
        parts.append(Loop("jobs", _jobs(settings, writer, keys, link, connected).run))
        parts.append(Loop("commands", CommandJob(writer, keys, link, now).run))
        parts.append(Loop("judging", JudgingJob(writer, now).run))
    return parts


def _ingest(lane: Lane, intake: Intake, publish: Callable[[list[Outgoing]], object]) -> Callable[[Event], None]:
    def run_lane(stop: Event) -> None:
        lane.run(intake.take, publish, stop)

    return run_lane


def _jobs(settings: CollectorSettings, writer: Writer, keys: CentreKeys, link: Link, connected: Event) -> RosterJob:
    from collector.announcing.rules import Announcer, rules_of, without_roster  # noqa: PLC0415 - ingest announces nothing
    from collector.people import publisher  # noqa: PLC0415 - ingest alone needs no models
    from collector.people.sealing import reseal_all  # noqa: PLC0415
    from models import manifest  # noqa: PLC0415

    manifest.card(settings.rosters.embedder)  # said now, when it is no model
    reseal_all(writer, keys)
    too_large: set[str] = set()
    announcer = Announcer(keys, settings, now)

    def changes(session: Session) -> list[Outgoing]:
        return [*publisher.changes(session, keys, settings, now(), too_large), *announcer.changes(session)]

    def everything(session: Session, after: str) -> tuple[str, list[Outgoing]]:
        kiosk, messages = publisher.everything(session, after)
        return kiosk, [*messages, *(rules_of(session, kiosk) if kiosk else without_roster(session))]

    return RosterJob(writer, link, connected, changes, everything, settings.rosters.every_s)


def _violations(settings: CollectorSettings, writer: Writer, stack: ExitStack) -> Part:
    from collector.violating.sureness import limits_of  # noqa: PLC0415 - ingest alone needs no models

    reader = open_reader(settings.store.url)
    stack.callback(reader.dispose)
    return Loop("violations", ViolationJob(Detection(reader, writer, limits_of(settings.rosters)), now).run)


def _reports(settings: CollectorSettings, writer: Writer, stack: ExitStack) -> Part:
    from collector.recap.job import ReportJob  # noqa: PLC0415 - ingest prints nothing

    reader = open_reader(settings.store.url)
    stack.callback(reader.dispose)
    return Loop("reports", ReportJob(reader, writer, CentreKeys.open(settings.store.keys), settings, now).run)


def _sticks(settings: CollectorSettings, writer: Writer, stack: ExitStack) -> Part:
    from collector.sticks.job import StickJob  # noqa: PLC0415 - ingest reads no stick

    reader = open_reader(settings.store.url)
    stack.callback(reader.dispose)
    return Loop("sticks", StickJob(reader, writer, CentreKeys.open(settings.store.keys), settings, now).run)


def _web(settings: CollectorSettings, writer: Writer, stack: ExitStack) -> Part:
    from collector.web.server import WebServer  # noqa: PLC0415 - ingest and jobs need no Flask

    reader = open_reader(settings.store.url)
    stack.callback(reader.dispose)
    return WebServer(reader, writer, settings)


def _role(roles: frozenset[Role]) -> str:
    """Which of the centre's certificates a process connects with."""
    return "all" if roles == EVERYTHING else "-".join(sorted(roles))


def _client_id(roles: frozenset[Role]) -> str:
    """One name a role: a process started again takes the place of the connection that its killed self left behind."""
    return "centre" if roles == EVERYTHING else f"centre-{'-'.join(sorted(roles))}"
