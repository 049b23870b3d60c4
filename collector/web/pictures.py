"""The pictures beside a violation or an appeal: on a page of their own, for those who judge, and each look is in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort, current_app, render_template, url_for
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.roles import WHOLE
from collector.appealing import listing
from collector.appealing.book import deadlines
from collector.errors import KeysError
from collector.evidence.named import Named, named_by
from collector.evidence.pictures import enrolled_pictures, evidence_picture, inline
from collector.reports import violations as reports
from collector.settings import CollectorSettings
from collector.vault import Vault
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.menu import Entry
from collector.web.words import N_

MENU: tuple[Entry, ...] = ()
WORDS = {
    "check-in": N_("Recorded"),
    "pin": N_("Recorded by PIN"),
    "look-alike": N_("Sent to the officer: as like somebody else"),
    "pin-failed": N_("A wrong PIN"),
    "spoof": N_("A photo or a screen was held up"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A record that names a picture, and the picture to stand in the page; without one, whether its time is over (`past`)."""

    named: Named
    picture: str | None
    past: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """All of one page. `enrolled`: pictures of the people whose picture is here; `readable`: whether this machine can open any."""

    seen: tuple[Seen, ...]
    enrolled: dict[str, list[str]]
    readable: bool


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """One page for a violation, one for an appeal."""
    blueprint = Blueprint("pictures", __name__)
    blueprint.context_processor(lambda: {"picture_words": WORDS})
    limits = deadlines(settings.appeals)

    @blueprint.get("/violations/<key>/pictures")
    @allow(*WHOLE)
    def violation(key: str) -> str:
        with desk.session() as session:
            found = reports.detail(session, key) or abort(404, "no such violation")
            sight = _sight(desk, settings, session, named_by(session, found.violation.evidence))
        return _shown(desk, sight, key, url_for("violations.one", key=key))

    @blueprint.get("/appeals/<int:number>/pictures")
    @allow(*WHOLE)
    def appeal(number: int) -> str:
        with desk.session() as session:
            found = listing.detail(session, number, desk.now(), limits) or abort(404, "no such appeal")
            known, person = found.known, found.row.person
            told = [*(look.record for look in known.looks), *(one.record for one in known.tries), found.record]
            # What others did at the same kiosk is no part of this appeal, the contested look is, whoever it names.
            named = [one for one in named_by(session, told) if one.person == person or one.record == found.record]
            sight = _sight(desk, settings, session, named)
        return _shown(desk, sight, str(number), url_for("appeals.one", number=number))

    return blueprint


def _sight(desk: Desk, settings: CollectorSettings, session: Session, named: list[Named]) -> Sight:
    past = desk.now() - timedelta(days=settings.retention.evidence_days)
    vault = _vault(settings)
    seen = tuple(Seen(one, _picture(session, vault, one), one.received_at < past) for one in named)
    people = {one.named.person for one in seen if one.picture and one.named.person}
    return Sight(seen, {person: _enrolled(session, vault, person) for person in people}, vault is not None)


def _shown(desk: Desk, sight: Sight, about: str, back: str) -> str:
    _note(desk, sight.seen, about)
    return render_template("pictures/show.html", sight=sight, back=back)


def _vault(settings: CollectorSettings) -> Vault | None:
    try:
        return Vault.open(settings.store.keys)
    except KeysError as error:
        current_app.logger.warning("pictures cannot be opened here: %s", error)
        return None


def _picture(session: Session, vault: Vault | None, one: Named) -> str | None:
    try:
        found = None if vault is None else evidence_picture(session, vault, one.kiosk, one.digest)
    except KeysError as error:
        current_app.logger.warning("a picture cannot be opened here: %s", error)
        return None
    return None if found is None else inline(found)


def _enrolled(session: Session, vault: Vault | None, person: str) -> list[str]:
    try:
        found = [] if vault is None else enrolled_pictures(session, vault, person)
    except KeysError:
        return []
    return [face for face in map(inline, found) if face is not None]


def _note(desk: Desk, seen: tuple[Seen, ...], about: str) -> None:
    """Whose face was looked at, and which pictures by their digests: what retention's proofs name too."""
    by_person: dict[str, list[str]] = {}
    for one in seen:
        if one.picture:
            by_person.setdefault(one.named.person or about, []).append(one.named.digest)
    with desk.write() as session:
        for person, digests in sorted(by_person.items()):
            audit.note(session, me().id, "evidence.read", person, {"about": about, "sha256": digests}, desk.now())
