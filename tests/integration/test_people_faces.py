"""Enrolment from folders of real photos: templates, encrypted chips, and every refusal with its reason."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cli.main import main
from collector.errors import PeopleError, RegistrationError, VaultError
from collector.keys import CentreKeys
from collector.people import faces, photos
from collector.people.faces import Report
from collector.people.sealing import chip_name, clear_template
from collector.store.base import Base
from collector.store.engine import open_engine as open_store
from collector.store.people import Assignment, Chip, Person, Template, Unit
from collector.vault import Vault
from models.engine import Engine, open_engine
from models.errors import WeightsError
from models.store import default_folder

TODAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def engine() -> Engine:
    try:
        return open_engine(default_folder(), "hog")
    except WeightsError as error:
        pytest.skip(f"weights are not built ({error}): make setup")


@pytest.fixture(scope="module")
def people(faces_dir: Path) -> Path:
    return faces_dir / "face_recognition" / "faces"


@pytest.fixture
def session() -> Iterator[Session]:
    store = open_store("sqlite://")
    Base.metadata.create_all(store)
    with Session(store) as opened:
        opened.add(Unit(code="A", name="A"))
        opened.commit()
        yield opened
    store.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> CentreKeys:
    return CentreKeys.open(tmp_path / "keys")


def _opened(keys: CentreKeys, kept: Template) -> np.ndarray:
    return np.frombuffer(clear_template(keys.vault, kept.person, kept.model, kept.vector), "<f4")


def _reasons(report: Report) -> dict[str, str]:
    return {one.path: one.reason for one in report.refused}


def test_people_are_made_enrolled_and_found_again(
    session: Session, engine: Engine, keys: CentreKeys, people: Path
) -> None:
    first = faces.enrol_folder(session, people, engine, keys, today=TODAY, create_in="A")
    assert (first.created, len(first.enrolled), first.refused, first.look_alikes) == (6, 6, (), ())
    made = session.scalars(select(Person).where(Person.name == "obama")).one()
    assert made.status == "honorer dinas"
    assert session.scalars(select(Assignment.unit).where(Assignment.person == made.id)).all() == ["A"]

    again = faces.enrol_folder(session, people, engine, keys, today=TODAY)
    assert (again.created, {one.person for one in again.enrolled}) == (0, {one.person for one in first.enrolled})
    assert session.scalar(select(func.count()).select_from(Template)) == 6


def test_a_template_is_near_the_persons_other_photos_and_far_from_others(
    session: Session, engine: Engine, keys: CentreKeys, people: Path, faces_dir: Path
) -> None:
    faces.enrol_folder(session, people, engine, keys, today=TODAY, create_in="A")
    image = photos.decode((faces_dir / "face_recognition" / "other" / "obama-480p.jpg").read_bytes())
    probe = engine.embed(image, engine.detect(image)[0])
    rows = session.execute(select(Person.name, Template).join(Template, Template.person == Person.id))
    cosines = {name: float(_opened(keys, kept) @ probe) for name, kept in rows}
    assert max(cosines, key=lambda name: cosines[name]) == "obama"


def test_chips_are_readable_with_the_centres_vault_alone_and_make_the_template_again(
    session: Session, engine: Engine, keys: CentreKeys, people: Path, tmp_path: Path
) -> None:
    faces.enrol_folder(session, people, engine, keys, today=TODAY, create_in="A")
    person = session.scalars(select(Person.id).where(Person.name == "rose_leslie")).one()
    chips = session.scalars(select(Chip).where(Chip.person == person)).all()
    name = chip_name(person, chips[0].family)
    opened = [keys.vault.unseal(base64.b64decode(chip.encrypted), name) for chip in chips]
    assert len(opened) == 2
    for vault, what in ((Vault.open(tmp_path / "other"), name), (keys.vault, chip_name("p-other", chips[0].family))):
        with pytest.raises(VaultError):
            vault.unseal(base64.b64decode(chips[0].encrypted), what)
    images = [np.asarray(cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR), np.uint8) for raw in opened]
    mean = sum(engine.embed_chip(image) for image in images)
    stored = _opened(keys, session.scalars(select(Template).where(Template.person == person)).one())
    assert float(mean @ stored) / float(np.linalg.norm(mean)) > 0.99999


@pytest.fixture
def mixed(tmp_path: Path, people: Path, faces_dir: Path) -> Path:
    """A folder as offices send them: right photos, wrong ones, copies, and things that are no photos."""
    folder = tmp_path / "mixed"
    obama = sorted((people / "obama").iterdir())
    other = faces_dir / "face_recognition" / "other"
    (folder / "Obama").mkdir(parents=True)
    for photo in obama:
        shutil.copy(photo, folder / "Obama")
    shutil.copy(obama[0], folder / "Obama" / "z_copy.jpg")
    shutil.copy(next((people / "kit_harington").iterdir()), folder / "Obama" / "z_kit.jpg")
    shutil.copy(other / "two_people.jpg", folder / "Obama" / "z_two.jpg")
    dark = (cv2.imread(str(obama[0])) * 0.1).astype(np.uint8)
    cv2.imwrite(str(folder / "Obama" / "z_dark.jpg"), dark)
    cv2.imwrite(str(folder / "Obama" / "z_wall.jpg"), np.full((300, 300, 3), 128, np.uint8))
    (folder / "Obama" / "z_text.jpg").write_text("no picture")
    (folder / "Kit").mkdir()
    shutil.copy(sorted((people / "kit_harington").iterdir())[1], folder / "Kit" / "kit.jpg")
    shutil.copy(sorted((people / "kit_harington").iterdir())[1], folder / "Obama" / "z_shared.jpg")
    (folder / "Empty").mkdir()
    return folder


def test_every_photo_that_is_refused_has_its_reason(
    session: Session, engine: Engine, keys: CentreKeys, mixed: Path
) -> None:
    report = faces.enrol_folder(session, mixed, engine, keys, today=TODAY, create_in="A")
    reasons = _reasons(report)
    assert "same picture as one before" in reasons["Obama/z_copy.jpg"]
    assert "not the person of the other photos" in reasons["Obama/z_kit.jpg"]
    assert "several faces" in reasons["Obama/z_two.jpg"]
    assert reasons["Obama/z_dark.jpg"].startswith(("the face is too dark", "no face"))
    assert reasons["Obama/z_wall.jpg"] == "no face found"
    assert "neither JPEG nor PNG" in reasons["Obama/z_text.jpg"]
    assert "the same picture lies in Kit" in reasons["Obama/z_shared.jpg"]
    assert "the same picture lies in Obama" in reasons["Kit/kit.jpg"]
    assert reasons["Kit"] == reasons["Empty"] == "no photo that can be used"
    assert [(one.folder, one.photos) for one in report.enrolled] == [("Obama", 4)]


def test_folders_are_matched_by_id_nip_internal_id_or_name_and_never_by_guess(
    session: Session, engine: Engine, keys: CentreKeys, people: Path, tmp_path: Path
) -> None:
    names = ["p-1", "198503122010012003", "K7", "Siti", "Twin", "Nobody", "Gone", "a\u202eb"]
    sources = sorted(people.glob("*/*.jpg"))
    for name, source in zip(names, sources, strict=False):
        (tmp_path / "in" / name).mkdir(parents=True)
        shutil.copy(source, tmp_path / "in" / name)
    session.add_all(
        [
            Person(id="p-1", name="A", status="PNS"),
            Person(id="p-2", name="B", status="PNS", number="198503122010012003"),
            Person(id="p-3", name="C", status="PNS", internal_number="K7"),
            Person(id="p-4", name="Siti", status="PNS"),
            Person(id="p-5", name="Twin", status="PNS"),
            Person(id="p-6", name="Twin", status="PNS"),
            Person(id="p-7", name="Gone", status="PNS", left_on=TODAY),
        ]
    )
    session.commit()
    report = faces.enrol_folder(session, tmp_path / "in", engine, keys, today=TODAY)
    assert {one.folder: one.person for one in report.enrolled} == {
        "p-1": "p-1",
        "198503122010012003": "p-2",
        "K7": "p-3",
        "Siti": "p-4",
    }
    reasons = _reasons(report)
    assert "2 people are called so" in reasons["Twin"]
    assert "nobody has this id" in reasons["Nobody"]
    assert "nobody has this id" in reasons["Gone"]
    assert "invisible character" in reasons["a\u202eb"]


def test_two_folders_of_one_person_are_refused(
    session: Session, engine: Engine, keys: CentreKeys, people: Path, tmp_path: Path
) -> None:
    session.add(Person(id="p-1", name="Obama", status="PNS"))
    session.commit()
    first, second = sorted((people / "obama").iterdir())[:2]
    for name, source in (("Obama", first), ("p-1", second)):
        (tmp_path / "in" / name).mkdir(parents=True)
        shutil.copy(source, tmp_path / "in" / name)
    report = faces.enrol_folder(session, tmp_path / "in", engine, keys, today=TODAY)
    assert len(report.enrolled) == 1
    assert "of the same person" in _reasons(report)["p-1"]


def test_one_face_enrolled_for_two_people_is_reported_with_both_ids(
    session: Session, engine: Engine, keys: CentreKeys, people: Path, tmp_path: Path
) -> None:
    pictures = sorted((people / "obama").iterdir())
    for name, photo in (("Ghost", pictures[0]), ("Real", pictures[1])):
        (tmp_path / "in" / name).mkdir(parents=True)
        shutil.copy(photo, tmp_path / "in" / name)
    report = faces.enrol_folder(session, tmp_path / "in", engine, keys, today=TODAY, create_in="A")
    (pair,) = report.look_alikes
    assert {pair.person, pair.other} == {one.person for one in report.enrolled}


def test_an_unknown_unit_to_make_people_in_is_said_so(
    session: Session, engine: Engine, keys: CentreKeys, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(RegistrationError, match="unit 'Z'"):
        faces.enrol_folder(session, tmp_path / "in", engine, keys, today=TODAY, create_in="Z")
    with pytest.raises(PeopleError, match="one folder a person"):
        faces.enrol_folder(session, tmp_path / "none", engine, keys, today=TODAY)


def test_the_command_enrols_reports_and_says_who_looks_alike(tmp_path: Path, people: Path, engine: Engine) -> None:
    config = tmp_path / "centre.toml"
    store = f'[store]\nurl = "sqlite:///{tmp_path}/centre.db"\nkeys = "{tmp_path}/centre-keys"\n'
    config.write_text(f'{store}[rosters]\nweights = "{default_folder()}"\n', encoding="utf-8")
    (tmp_path / "units.csv").write_text("kode;nama\nA;Unit A\n", encoding="utf-8")
    pictures = sorted((people / "obama").iterdir())
    for name, photo in (("=Ghost", pictures[0]), ("Real", pictures[1]), ("Wall", people / "SOURCE.md")):
        (tmp_path / "in" / name).mkdir(parents=True)
        if photo.is_file():
            shutil.copy(photo, tmp_path / "in" / name)
    report = tmp_path / "refused.csv"

    def run(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, ["people", *arguments, "--config", str(config)])
        return done.exit_code, done.stdout, done.stderr

    assert run("import", str(tmp_path / "units.csv"))[0] == 0
    code, out, err = run("faces", str(tmp_path / "in"), "--create", "A", "--report", str(report), "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["created"] == 2
    assert "look alike" in err
    assert "Wall;" in report.read_text("utf-8-sig")
    assert run("faces", str(tmp_path / "in"), "--report", str(tmp_path / "no" / "x.csv"))[0] == 1
