"""Rosters to kiosks: what each should know, what it was last given, and the messages between the two.

The caller commits before it publishes: a kiosk must never hold what the centre does not remember having sent.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from collector.keys import CentreKeys
from collector.outgoing import Outgoing
from collector.people.known import Known, Opener, known_by
from collector.people.scope import Entitled, Member, Scope, Tree, by_unit, entitled
from collector.settings import CollectorSettings
from collector.store.people import Assignment, Kiosk, KioskKey, Person, PublishedEntry, PublishedRoster, Unit
from models import calibration, manifest
from models.manifest import Card
from wire.messages import ROSTER_ENTRY, ROSTER_MANIFEST, RosterEntry, RosterManifest
from wire.seals import KeyName, Recipient, Sealed, digest, payload_of, peek
from wire.topics import Address

LOG = logging.getLogger(__name__)

MOST_PEOPLE = 15_000
"""Largest roster that is published: the sealed manifest of more would come near the longest message of the wire."""

AT_ONCE = 5000
"""Messages after which one run ends, and the next goes on: while a run lasts, SQLite lets nobody else write."""

CLEARED = ""
"""Digest and sealed text of an entry that was taken away: remembered, so that a broker is told again on reconnect."""


@dataclass(frozen=True, slots=True)
class _Given:
    """An entry a kiosk was last given."""

    content: str
    digest: str


_NONE = _Given(CLEARED, CLEARED)


@dataclass(frozen=True, slots=True)
class _Centre:
    """All that rosters are made of, read by one query a table."""

    tree: Tree
    members: Mapping[str, list[Member]]
    faces: Mapping[str, Known]
    kiosks: tuple[Kiosk, ...]
    readers: Mapping[str, Recipient]
    manifests: Mapping[str, PublishedRoster]
    given: Mapping[str, Mapping[str, _Given]]


def changes(
    session: Session, keys: CentreKeys, settings: CollectorSettings, now: datetime, told: set[str] | None = None
) -> list[Outgoing]:
    """Bring the stored rosters to what they should be at `now`; the messages that tell the kiosks, in order.

    Entries go before the manifest that names them, cleared ones after it. Nothing is written when nothing changed; when
    much did, this run does some kiosks, and empty is what it gives when there is no more to do. `told`: kiosks whose
    roster was too large before, and people whose template did not open, so that it is logged once.
    """
    zone = ZoneInfo(settings.web.timezone)
    card = manifest.card(settings.rosters.embedder)
    told = set() if told is None else told
    centre = _load(session, Opener(keys.vault, card.tag, told), now.astimezone(zone).date(), zone)
    run = _Run(session, keys, card, settings.rosters.false_accepts, now)
    outgoing: list[Outgoing] = []
    for kiosk in centre.kiosks:
        people = _fitting(kiosk.id, _people(centre, kiosk, zone), centre.given.get(kiosk.id, {}), told)
        outgoing += run.kiosk(kiosk, people, centre)
        if len(outgoing) >= AT_ONCE:
            break
    session.flush()
    return outgoing


def everything(session: Session, after: str = "") -> tuple[str, list[Outgoing]]:
    """The next kiosk by id after `after` that has a roster, empty when there is none, and every retained message of it
    again, for a broker that may have forgotten them: entries before their manifest."""
    following = select(PublishedRoster.kiosk, PublishedRoster.sealed).where(PublishedRoster.kiosk > after)
    kiosk, roster = session.execute(following.order_by(PublishedRoster.kiosk).limit(1)).one_or_none() or ("", "")
    if not kiosk:
        return "", []
    return kiosk, [*_entries(session, kiosk), _outgoing(kiosk, roster)]


def roster_of(session: Session, kiosk: str) -> list[Outgoing]:
    """What a kiosk was last given, to be carried to it: the manifest, then the entries. Empty when it has no roster yet."""
    roster = session.scalar(select(PublishedRoster.sealed).where(PublishedRoster.kiosk == kiosk))
    entries = [entry for entry in _entries(session, kiosk) if entry.payload]
    return [_outgoing(kiosk, roster), *entries] if roster else []


def _entries(session: Session, kiosk: str) -> list[Outgoing]:
    entries = select(PublishedEntry.person, PublishedEntry.sealed).where(PublishedEntry.kiosk == kiosk)
    return [_outgoing(kiosk, sealed, person) for person, sealed in session.execute(entries)]


class _Run:
    """One run over every kiosk."""

    def __init__(self, session: Session, keys: CentreKeys, card: Card, false_accepts: float, now: datetime) -> None:
        self._session = session
        self._keys = keys
        self._seal_name = str(keys.signing[-1].public.name)
        self._card = card
        self._false_accepts = false_accepts
        self._now = now

    def kiosk(self, kiosk: Kiosk, people: Mapping[str, Entitled], centre: _Centre) -> list[Outgoing]:
        """Write and tell what changed for one kiosk."""
        last = centre.manifests.get(kiosk.id)
        reader = centre.readers.get(kiosk.id)
        serving = kiosk.retired_at is None and reader is not None
        if not serving and last is None:
            return []
        given = centre.given.get(kiosk.id, {})
        sealed = self._entries(kiosk.id, people, given, reader, centre.faces) if serving and reader else {}
        kept = {person: one.digest for person, one in given.items() if person in people and serving}
        digests = kept | {person: digest(text) for person, text in sealed.items()}
        cleared = [person for person, one in given.items() if one.digest != CLEARED and person not in digests]
        self._clear(kiosk.id, cleared)
        faces = sum(centre.faces[person].template is not None for person in digests)
        return [
            *(_outgoing(kiosk.id, text, person) for person, text in sealed.items()),
            *self._manifest(kiosk.id, digests, faces, last),
            *(_outgoing(kiosk.id, CLEARED, person) for person in cleared),
        ]

    def _entries(
        self,
        kiosk: str,
        people: Mapping[str, Entitled],
        given: Mapping[str, _Given],
        reader: Recipient,
        faces: Mapping[str, Known],
    ) -> dict[str, str]:
        """The sealed entries that are new or changed, stored."""
        new: list[dict[str, str]] = []
        changed: list[dict[str, str]] = []
        for person, place in people.items():
            content = self._content(faces[person], place, reader)
            before = given.get(person)
            if before is not None and before.content == content and before.digest != CLEARED:
                continue
            entry = self._entry(kiosk, faces[person], place)
            sealed = self._keys.seal(Sealed.ROSTER_ENTRY, reader.encrypt(ROSTER_ENTRY.encode(entry)).encode())
            row = {"kiosk": kiosk, "person": person, "content": content, "digest": digest(sealed), "sealed": sealed}
            (new if before is None else changed).append(row)
        if new:
            self._session.execute(insert(PublishedEntry), new)
        if changed:
            self._session.execute(update(PublishedEntry), changed)
        return {row["person"]: row["sealed"] for row in (*new, *changed)}

    def _content(self, face: Known, place: Entitled, reader: Recipient) -> str:
        """Hash of what an entry says, to whom, and under which seal."""
        said = (face.mark, place.unit, place.assigned, place.until, str(reader.name), reader.x, self._seal_name)
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def _entry(self, kiosk: str, face: Known, place: Entitled) -> RosterEntry:
        return RosterEntry(
            kiosk=kiosk,
            person=place.person,
            name=face.name,
            unit=place.unit,
            assigned=place.assigned,
            model=self._card.tag,
            template=None if face.template is None else base64.b64encode(face.template).decode(),
            until=place.until,
            pin=face.pin,
        )

    def _clear(self, kiosk: str, people: list[str]) -> None:
        rows = [
            {"kiosk": kiosk, "person": person, "content": CLEARED, "digest": CLEARED, "sealed": CLEARED}
            for person in people
        ]
        if rows:
            self._session.execute(update(PublishedEntry), rows)

    def _manifest(
        self, kiosk: str, digests: dict[str, str], faces: int, last: PublishedRoster | None
    ) -> list[Outgoing]:
        """The new manifest, stored; nothing when it would say what the last one says. `faces`: how many can be looked like."""
        threshold, margin = calibration.threshold(self._card, self._false_accepts, max(faces, 1))
        wanted = RosterManifest(
            kiosk=kiosk,
            at=self._now,
            version=max((last.version if last else 0) + 1, int(self._now.timestamp() * 1000)),
            model=self._card.tag,
            threshold=threshold,
            margin=margin,
            people=digests,
        )
        if last is not None and self._says_the_same(last.sealed, wanted):
            return []
        sealed = self._keys.seal(Sealed.ROSTER_MANIFEST, ROSTER_MANIFEST.encode(wanted))
        stored = last or PublishedRoster(kiosk=kiosk)
        stored.version, stored.at, stored.sealed = wanted.version, self._now, sealed
        self._session.add(stored)
        LOG.info("roster of %s: version %d, %d people", kiosk, wanted.version, len(digests))
        return [_outgoing(kiosk, sealed)]

    def _says_the_same(self, sealed: str, wanted: RosterManifest) -> bool:
        """Whether the last manifest differs in time and version alone, and is sealed with the key of today."""
        before = ROSTER_MANIFEST.decode(payload_of(sealed))
        return peek(sealed).get("kid") == self._seal_name and wanted == replace(
            before, at=wanted.at, version=wanted.version
        )


def _fitting(
    kiosk: str, people: dict[str, Entitled], given: Mapping[str, _Given], told: set[str]
) -> dict[str, Entitled]:
    """Of too many people those that the kiosk has already: nobody is added, but who is removed is gone."""
    if len(people) <= MOST_PEOPLE:
        told.discard(kiosk)
        return people
    if kiosk not in told:
        LOG.error(
            "roster of %s: %d people are too many, most are %d; narrow its scope", kiosk, len(people), MOST_PEOPLE
        )
        told.add(kiosk)
    return {person: place for person, place in people.items() if given.get(person, _NONE).digest != CLEARED}


def _people(centre: _Centre, kiosk: Kiosk, zone: ZoneInfo) -> dict[str, Entitled]:
    """Who should be on a kiosk's roster: entitled, and with a template or a PIN."""
    scope = centre.tree.in_scope(kiosk.unit, Scope(kiosk.scope))
    found = entitled(centre.members, scope, centre.tree.below(kiosk.unit), zone)
    return {person: place for person, place in found.items() if person in centre.faces}


def _outgoing(kiosk: str, sealed: str, person: str | None = None) -> Outgoing:
    return Outgoing(Address(kiosk, "roster", person).topic, sealed.encode("ascii"), retain=True)


def _load(session: Session, opener: Opener, today: date, zone: ZoneInfo) -> _Centre:
    given: dict[str, dict[str, _Given]] = defaultdict(dict)
    columns = (PublishedEntry.kiosk, PublishedEntry.person, PublishedEntry.content, PublishedEntry.digest)
    for kiosk, person, content, known in session.execute(select(*columns)):
        given[kiosk][person] = _Given(content, known)
    return _Centre(
        tree=Tree(session.scalars(select(Unit))),
        members=by_unit(_members(session, today)),
        faces=known_by(session, opener, today, zone),
        kiosks=tuple(session.scalars(select(Kiosk).order_by(Kiosk.id))),
        readers=_readers(session),
        manifests={one.kiosk: one for one in session.scalars(select(PublishedRoster))},
        given=given,
    )


def _members(session: Session, today: date) -> Iterator[Member]:
    """Who serves today, and where."""
    rows = session.execute(
        select(Assignment.person, Assignment.unit, Assignment.kind, Assignment.until_day, Person.left_on)
        .join(Person, Person.id == Assignment.person)
        .where(Assignment.from_day <= today)
        .where(or_(Assignment.until_day.is_(None), Assignment.until_day >= today))
        .where(or_(Person.left_on.is_(None), Person.left_on > today))
        .order_by(Assignment.id)
    )
    return (Member(person, unit, kind == "main", until, left) for person, unit, kind, until, left in rows)


def _readers(session: Session) -> dict[str, Recipient]:
    """The newest live roster key of each kiosk."""
    rows = session.scalars(select(KioskKey).where(KioskKey.use == "roster", KioskKey.revoked_at.is_(None)))
    readers = sorted(((row.kiosk, Recipient(KeyName.parse(row.kid), row.x)) for row in rows), key=_number)
    return dict(readers)


def _number(reader: tuple[str, Recipient]) -> int:
    return reader[1].name.number
