"""Faces from folders of photos: looked at first, without the database; then written in one short transaction."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from collector.errors import PhotoError, RegistrationError
from collector.keys import CentreKeys
from collector.people import photos, portrait
from collector.people.merge import new_id
from collector.people.numbers import Status
from collector.people.rows import clean_name
from collector.people.sealing import chip_name, clear_template, template_name
from collector.store.people import Assignment, Chip, Person, Template, Unit
from collector.vault import Vault
from collector.violating.ghosts import note_ghosts
from models import calibration
from models.engine import Engine
from models.face import Vector
from models.manifest import Card
from models.template import mean_template

MOST_PHOTOS = 40
"""Photos of one person that are looked at; more do not make a better template."""

LOOK_ALIKE_RATE = 0.001
"""Share of newly enrolled people that may be reported for looking like somebody else by chance."""

Told = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Refused:
    """A photo, or a whole folder, that was not used, and why. `path` is relative to the folder asked for."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A person's face as the folder shows it: template, and the aligned chips it was made of, as PNG."""

    folder: str
    template: Vector
    chips: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """What the photos gave: a portrait a folder, and everything that was refused."""

    card: Card
    portraits: tuple[Portrait, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person who now has a template, of how many photos."""

    person: str
    folder: str
    photos: int


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Two people whose templates are so alike that they may be one: a ghost, twins, or photos in the wrong folder."""

    person: str
    other: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a folder of faces."""

    enrolled: tuple[Enrolled, ...]
    created: int
    refused: tuple[Refused, ...]
    look_alikes: tuple[LookAlike, ...]


def enrol_folder(  # noqa: PLR0913 - what is optional has a name
    session: Session,
    folder: Path,
    engine: Engine,
    keys: CentreKeys,
    *,
    today: date,
    create_in: str | None = None,
) -> Report:
    """Look at FOLDER/<person>/<pictures> and write what came of it; `create_in`: the unit of people not known yet.

    Raises PeopleError. For many people take `study` and `store` by themselves: the database is free meanwhile.
    """
    return store(session, study(photos.find(folder), engine), keys, today=today, create_in=create_in)


def study(people: Mapping[str, Sequence[Path]], engine: Engine, told: Told = lambda _: None) -> Study:
    """Look at every photo; `told` hears of each one when it is done. About 50 ms a photo; no database."""
    studio = _Studio(engine, _shared(people), told)
    portraits = [studio.portrait(name, paths) for name, paths in people.items()]
    return Study(engine.card, tuple(one for one in portraits if one), tuple(studio.refused))


def store(session: Session, found: Study, keys: CentreKeys, *, today: date, create_in: str | None = None) -> Report:
    """Write templates and encrypted chips of the people the folders name, in place of the ones they had.

    Raises RegistrationError when `create_in` is no unit.
    """
    if create_in is not None and session.get(Unit, create_in) is None:
        raise RegistrationError(f"unit {create_in!r} is not known; import the units first (siperlu people import)")
    register = _Register(session, today, create_in)
    refused = list(found.refused)
    named: dict[str, Portrait] = {}
    for one in found.portraits:
        try:
            named[register.person(one.folder)] = one
        except ValueError as error:
            refused.append(Refused(one.folder, str(error)))
    session.flush()
    write(session, named, found.card, keys.vault)
    look_alikes = _look_alikes(session, list(named), found.card, keys.vault)
    note_ghosts(session, [(pair.person, pair.other, pair.cosine) for pair in look_alikes], datetime.now(UTC))
    enrolled = tuple(Enrolled(person, one.folder, len(one.chips)) for person, one in named.items())
    return Report(enrolled, register.created, tuple(refused), look_alikes)


class _Studio:
    """Photos of one folder after the other, and what was refused so far."""

    def __init__(self, engine: Engine, shared: Mapping[str, frozenset[str]], told: Told) -> None:
        self._engine = engine
        self._shared = shared
        self._told = told
        self._least = engine.card.thresholds[0][1]
        self.refused: list[Refused] = []

    def portrait(self, folder: str, paths: Sequence[Path]) -> Portrait | None:
        """The folder's person; None when no photo is good, or when they contradict each other."""
        taken: dict[str, tuple[Vector, bytes]] = {}
        for path in paths[:MOST_PHOTOS]:
            try:
                taken[f"{folder}/{path.name}"] = self._look(path, folder, [vector for vector, _ in taken.values()])
            except PhotoError as error:
                self.refused.append(Refused(f"{folder}/{path.name}", str(error)))
            self._told(path)
        for path in paths[MOST_PHOTOS:]:
            self.refused.append(Refused(f"{folder}/{path.name}", f"more than {MOST_PHOTOS}; the others are enough"))
            self._told(path)
        kept = self._of_one_person(taken)
        if not kept:
            self.refused.append(Refused(folder, "no photo that can be used"))
            return None
        return Portrait(folder, mean_template([vector for vector, _ in kept]), tuple(chip for _, chip in kept))

    def _look(self, path: Path, folder: str, before: Sequence[Vector]) -> tuple[Vector, bytes]:
        """A photo's vector and its chip as PNG. Raises PhotoError."""
        raw = photos.read(path)
        elsewhere = self._shared.get(_digest(raw), frozenset()) - {folder}
        if elsewhere:
            raise PhotoError(f"the same picture lies in {', '.join(sorted(elsewhere))}; it can only be of one person")
        image = photos.decode(raw)
        face = portrait.only_face(self._engine.detect(image))
        hint = self._engine.assess(image, face).hint
        if hint is not None:
            raise PhotoError(portrait.REASONS[hint])
        chip = self._engine.chip(image, face)
        vector = self._engine.embed_chip(chip)
        if portrait.copy_of(vector, before) is not None:
            raise PhotoError("the same picture as one before")
        return vector, cv2.imencode(".png", chip)[1].tobytes()

    def _of_one_person(self, taken: Mapping[str, tuple[Vector, bytes]]) -> list[tuple[Vector, bytes]]:
        agreed = portrait.agreeing([vector for vector, _ in taken.values()], self._least)
        reason = "not the person of the other photos" if agreed else "the photos are of several people"
        self.refused += [Refused(path, reason) for place, path in enumerate(taken) if place not in agreed]
        return [one for place, one in enumerate(taken.values()) if place in agreed]


class _Register:
    """Finds or makes the person a folder is named for."""

    def __init__(self, session: Session, today: date, create_in: str | None) -> None:
        self._session = session
        self._today = today
        self._create_in = create_in
        self._by_key: dict[str, set[str]] = defaultdict(set)
        self._folders: dict[str, str] = {}
        self.created = 0
        for person in session.scalars(select(Person)):
            if person.left_on is None or person.left_on > today:
                for key in (person.id, person.number, person.internal_number, person.name):
                    if key:
                        self._by_key[key].add(person.id)

    def person(self, folder: str) -> str:
        """The id of the one person with this id, NIP, internal id or name. Raises RegistrationError, ValueError."""
        person = self._find(clean_name(folder))
        if person in self._folders:
            raise RegistrationError(f"folder {self._folders[person]!r} is of the same person; join them")
        self._folders[person] = folder
        return person

    def _find(self, name: str) -> str:
        found = self._by_key.get(name, set())
        if len(found) > 1:
            raise RegistrationError(f"{len(found)} people are called so; name the folder by NIP or id")
        if not found and self._create_in is None:
            raise RegistrationError("nobody has this id, NIP or name; import the person, or correct the folder's name")
        return next(iter(found)) if found else self._create(name, self._create_in or "")

    def _create(self, name: str, unit: str) -> str:
        person = Person(id=new_id(), name=name, status=Status.HONORARY.value)
        self._session.add(person)
        self._session.flush()
        self._session.add(Assignment(person=person.id, unit=unit, kind="main", from_day=self._today))
        self._by_key[name].add(person.id)
        self.created += 1
        return person.id


def _shared(people: Mapping[str, Sequence[Path]]) -> dict[str, frozenset[str]]:
    """Folders by the digest of the pictures that lie in more than one of them."""
    folders: dict[str, set[str]] = defaultdict(set)
    for name, paths in people.items():
        for path in paths[:MOST_PHOTOS]:
            try:
                folders[_digest(photos.read(path))].add(name)
            except PhotoError:
                continue  # told when its turn comes
    return {digest: frozenset(names) for digest, names in folders.items() if len(names) > 1}


def write(session: Session, named: Mapping[str, Portrait], card: Card, vault: Vault) -> None:
    """Templates and sealed chips of people by id, in place of the ones they had. Encrypting comes first and takes its time; the database is held for the statements alone."""
    if not named:
        return
    family = card.family.value if card.family else ""
    now = datetime.now(UTC)
    chips = [
        {"person": person, "family": family, "made_at": now, **_encrypted(chip, chip_name(person, family), vault)}
        for person, one in named.items()
        for chip in one.chips
    ]
    held = set(session.scalars(select(Template.person).where(Template.model == card.tag)))
    rows = [_template(person, one, card.tag, now, vault) for person, one in named.items()]
    new, changed = [row for row in rows if row["person"] not in held], [row for row in rows if row["person"] in held]
    outdated = delete(Chip).where(Chip.person == bindparam("whose"), Chip.family == family)
    session.connection().execute(outdated, [{"whose": person} for person in named])
    for statement, several in ((insert(Template), new), (update(Template), changed), (insert(Chip), chips)):
        if several:
            session.execute(statement, several)


def _template(person: str, one: Portrait, model: str, now: datetime, vault: Vault) -> dict[str, Any]:
    vector = vault.seal(one.template.astype("<f4").tobytes(), template_name(person, model))
    return {"person": person, "model": model, "vector": vector, "photos": len(one.chips), "made_at": now}


def _encrypted(chip: bytes, name: str, vault: Vault) -> dict[str, str]:
    text = base64.b64encode(vault.seal(chip, name)).decode()
    return {"digest": _digest(text.encode()), "encrypted": text}


def _look_alikes(session: Session, new: Sequence[str], card: Card, vault: Vault) -> tuple[LookAlike, ...]:
    """Pairs of a newly enrolled person with anybody whose template is as near as a stranger's seldom is."""
    if not new:
        return ()
    rows = session.execute(select(Template.person, Template.vector).where(Template.model == card.tag))
    vectors = {person: np.frombuffer(clear_template(vault, person, card.tag, kept), "<f4") for person, kept in rows}
    people = list(vectors)
    least, _ = calibration.threshold(card, LOOK_ALIKE_RATE, len(people))
    pairs = portrait.look_alikes(np.stack([vectors[one] for one in new]), np.stack(list(vectors.values())), least)
    found = {tuple(sorted((new[a], people[b]))): cosine for a, b, cosine in pairs if new[a] != people[b]}
    return tuple(LookAlike(person, other, cosine) for (person, other), cosine in sorted(found.items()))


def resembling(session: Session, person: str, face: Vector, card: Card, vault: Vault) -> tuple[LookAlike, ...]:
    """Others who are enrolled and whose template is as near as a stranger's seldom is, the nearest first. One query."""
    rows = session.execute(
        select(Template.person, Template.vector).where(Template.model == card.tag, Template.person != person)
    )
    vectors = {other: np.frombuffer(clear_template(vault, other, card.tag, kept), "<f4") for other, kept in rows}
    if not vectors:
        return ()
    least, _ = calibration.threshold(card, LOOK_ALIKE_RATE, len(vectors))
    people = list(vectors)
    pairs = portrait.look_alikes(face[None, :], np.stack(list(vectors.values())), least)
    found = [LookAlike(person, people[place], cosine) for _, place, cosine in pairs]
    return tuple(sorted(found, key=lambda pair: -pair.cosine))


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
