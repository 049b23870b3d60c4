"""The kiosk process from outside: started, fed, asked, stopped."""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.calibration import threshold
from models.engine import Engine, open_engine
from models.errors import ModelsError
from models.store import default_folder
from models.template import mean_template
from tests.fixtures.kiosks import KioskFolder
from wire.records import CheckIn, Event, Heartbeat

LIMIT_S = 60
ENROLLED = {"kit_harington": "2.jpg", "obama": "4.jpg", "alex_lacamoire": "3.jpg"}  # by the picture they are shown on
STRANGERS = {"rose_leslie": "2.jpg", "lin_manuel_miranda": "1.png"}


@pytest.fixture(scope="module")
def engine() -> Engine:
    try:
        return open_engine(default_folder(), detector="hog")
    except ModelsError as error:
        pytest.skip(f"weights are not built ({error}): make setup")


@pytest.fixture
def empty_room(tmp_path: Path) -> Path:
    folder = tmp_path / "room"
    folder.mkdir()
    cv2.imwrite(str(folder / "wall.png"), np.full((480, 640, 3), 128, np.uint8))
    return folder


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def until(condition: Callable[[], object], process: subprocess.Popen[str], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        if process.poll() is not None:
            pytest.fail(f"the process ended before {what}: {process.communicate()[1]}")
        if time.monotonic() > end:
            process.kill()
            pytest.fail(f"not within {LIMIT_S} s: {what}; {process.communicate()[1]}")
        time.sleep(0.02)


def stop(process: subprocess.Popen[str]) -> str:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert time.monotonic() - began < 8
    return errors


def events(kiosk: KioskFolder) -> list[tuple[str, object]]:
    bodies = [record.body for record in kiosk.records()]
    return [(body.event, body.detail.get("reason")) for body in bodies if isinstance(body, Event)]


def test_the_service_manager_hears_that_it_is_ready_alive_and_stopping(
    empty_room: Path, tmp_path: Path, running: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = KioskFolder(tmp_path, f"frames:{empty_room}", tmp_path / "no-weights")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(LIMIT_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        process = kiosk.start("run")
        running.append(process)
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        until(lambda: ("out-of-service", "weights") in events(kiosk), process, "the missing weights are told")
        errors = stop(process)
        while (word := manager.recv(100)) == b"WATCHDOG=1":
            pass
        assert word == b"STOPPING=1"
    assert "siperlu models build" in errors


def test_without_a_roster_it_is_out_of_service_and_ends_cleanly(
    empty_room: Path, tmp_path: Path, running: list[subprocess.Popen[str]], engine: Engine
) -> None:
    kiosk = KioskFolder(tmp_path, f"frames:{empty_room}", default_folder())
    process = kiosk.start("run")
    running.append(process)
    until(lambda: ("out-of-service", "no-roster") in events(kiosk), process, "the event is on disk")
    errors = stop(process)
    bodies = [record.body for record in kiosk.records()]
    beat = next(body for body in bodies if isinstance(body, Heartbeat))
    assert (beat.cause, beat.in_service) == ("start", False)
    assert events(kiosk)[-1] == ("out-of-service", "stopped")
    assert "Traceback" not in errors


def test_people_are_recorded_once_each_and_strangers_never(
    faces_dir: Path, tmp_path: Path, running: list[subprocess.Popen[str]], engine: Engine
) -> None:
    people = faces_dir / "face_recognition" / "faces"
    show = tmp_path / "show"
    show.mkdir()
    templates = {}
    for who, shown in (ENROLLED | STRANGERS).items():
        shutil.copy(people / who / shown, show / f"{who}{shown}")
        if who in ENROLLED:
            others = [path for path in sorted((people / who).iterdir()) if path.name != shown]
            templates[who.replace("_", "-")] = template(engine, others)
    least, margin = threshold(engine.card, 0.001, len(ENROLLED))
    kiosk = KioskFolder(tmp_path, f"frames:{show}?fps=15&hold=20&gap=10", default_folder())
    kiosk.enrol(templates, engine.model, least, margin)
    began = time.monotonic()
    process = kiosk.start("run")
    running.append(process)
    until(lambda: recorded(kiosk), process, "the first check-in")
    first_green_s = time.monotonic() - began
    until(lambda: len(recorded(kiosk)) == len(ENROLLED), process, "everybody is recorded")
    errors = stop(process)
    assert sorted(recorded(kiosk)) == sorted(templates)
    assert first_green_s < 10  # the promise of 5 s is measured by the bench, alone on the machine
    assert not any(name in errors.lower() for who in ENROLLED for name in who.split("_"))


def recorded(kiosk: KioskFolder) -> list[str]:
    return [record.body.person for record in kiosk.records() if isinstance(record.body, CheckIn)]


def template(engine: Engine, pictures: list[Path]) -> np.ndarray:
    vectors = []
    for path in pictures:
        image = cv2.imread(str(path))
        assert image is not None
        face = max(engine.detect(image), key=lambda found: found.box.width)
        vectors.append(engine.embed(image, face))
    return mean_template(vectors)


def test_check_names_every_part_and_what_is_wrong(empty_room: Path, tmp_path: Path, engine: Engine) -> None:
    kiosk = KioskFolder(tmp_path, f"frames:{empty_room}", default_folder())
    out, errors = kiosk.start("check", "--json").communicate(timeout=LIMIT_S)
    result = json.loads(out.splitlines()[-1])
    assert "roster" in result["wrong"]
    assert "camera" not in result["wrong"]
    assert "FAIL  roster: no list of faces yet" in errors
    kiosk.settings.write_text(kiosk.settings.read_text().replace(str(empty_room), str(tmp_path / "gone")))
    process = kiosk.start("check", "--json")
    out, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert "camera" in json.loads(out.splitlines()[-1])["wrong"]
    assert str(tmp_path / "gone") in errors


def test_status_reads_what_is_there_whether_it_runs_or_not(empty_room: Path, tmp_path: Path) -> None:
    kiosk = KioskFolder(tmp_path, f"frames:{empty_room}", default_folder())
    empty = json.loads(kiosk.start("status", "--json").communicate(timeout=LIMIT_S)[0].splitlines()[-1])
    assert empty["last_seq"] is None
    assert "ledger.db" in empty["problems"][0]
    kiosk.enrol({"ani": np.eye(1, 128, dtype=np.float32)[0]}, "dlib-resnet-1", 0.9, 0.02)
    found = json.loads(kiosk.start("status", "--json").communicate(timeout=LIMIT_S)[0].splitlines()[-1])
    no_relay_runs = False
    assert (found["online"], found["roster_version"], found["enrolled"]) == (no_relay_runs, 3, 1)


def test_keys_are_made_once_and_only_their_public_halves_printed(empty_room: Path, tmp_path: Path) -> None:
    kiosk = KioskFolder(tmp_path, f"frames:{empty_room}", default_folder())
    first = kiosk.start("keys").communicate(timeout=LIMIT_S)[0]
    assert first == kiosk.start("keys").communicate(timeout=LIMIT_S)[0]
    keys = json.loads(first)["keys"]
    assert sorted(key["kid"] for key in keys) == ["kiosk-1#1", "kiosk-1/relay#1", "kiosk-1/roster#1"]
    assert not any("d" in key for key in keys)


def test_settings_that_are_wrong_are_refused_in_one_line(empty_room: Path, tmp_path: Path) -> None:
    kiosk = KioskFolder(tmp_path, "webcam:0", default_folder())
    process = kiosk.start("run")
    _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert "webcam:0" in errors
    assert "Traceback" not in errors
