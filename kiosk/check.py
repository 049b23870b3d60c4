"""Trying every part of a kiosk, and saying in plain words what is wrong and how to mend it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firmware import clock
from firmware.camera import Camera, Frame, open_camera
from firmware.errors import AddressError, CameraError, CameraStalled, LightsBusy, LightsError
from firmware.lights import Pins, open_lights
from kiosk.keys import KeyFileError
from kiosk.settings import KioskSettings
from kiosk.status import public_keys, read_status
from models.engine import open_engine
from models.errors import ModelsError
from wire.errors import WireError
from wire.jwks import KEY_SET

FRAME_LIMIT_S = 8.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part: how it is, or what is wrong and how to mend it."""

    part: str
    good: bool
    text: str


class Wrong(Exception):
    """What is wrong with a part, and how to mend it."""


def examine(settings: KioskSettings) -> tuple[Finding, ...]:
    """Try camera, recogniser, ledger folder, keys, the centre's keys, lights, clock and roster, all of them."""
    return tuple(_findings(settings))


def _findings(settings: KioskSettings) -> Iterator[Finding]:
    parts: dict[str, Callable[[KioskSettings], str]] = {
        "camera": _camera,
        "recogniser": _recogniser,
        "ledger folder": _ledger_folder,
        "keys": _keys,
        "centre's keys": _centre_keys,
        "lights": _lights,
        "clock": _clock,
        "roster": _roster,
    }
    for name, look in parts.items():
        try:
            yield Finding(name, True, look(settings))
        except (Wrong, AddressError, CameraError, LightsError, ModelsError, KeyFileError, OSError) as error:
            yield Finding(name, False, str(error))


def _camera(settings: KioskSettings) -> str:
    wish = settings.camera
    camera = open_camera(wish.address, wish.width, wish.height, wish.stall_s)
    try:
        frame = _first_frame(camera)
    finally:
        camera.close()
    height, width = frame.pixels.shape[:2]
    dark = "" if frame.pixels.mean() > 10 else "; the picture is black: is the lens covered?"
    return f"{wish.address} gives pictures of {width}x{height}{dark}"


def _first_frame(camera: Camera) -> Frame:
    """The first frame; a stall while the camera starts is waited out. Raises CameraError."""
    end_s = time.monotonic() + FRAME_LIMIT_S
    while True:
        try:
            frame = camera.read(0.2)
        except CameraStalled:
            if time.monotonic() > end_s:
                raise
        else:
            if frame is not None:
                return frame


def _recogniser(settings: KioskSettings) -> str:
    engine = open_engine(settings.folders.weights, settings.vision.detector, settings.vision.embedder)
    return f"{engine.model} with detector {engine.detector}"


def _ledger_folder(settings: KioskSettings) -> str:
    folder = settings.folders.ledger
    mend = "create it and make it writable for this user, and for nobody else"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(1 << 20))
            trial.flush()
            os.fsync(trial.fileno())
    except OSError as error:
        raise Wrong(f"{folder} takes no megabyte of test data ({error}); {mend}, or free the disk") from error
    free_mib = shutil.disk_usage(folder).free >> 20
    return f"{folder} is writable, {free_mib} MiB free"


def _keys(settings: KioskSettings) -> str:
    public = KEY_SET.decode(public_keys(settings))
    return ", ".join(key.kid for key in public.keys)


def _centre_keys(settings: KioskSettings) -> str:
    path = settings.folders.centre_keys
    mend = "get the file from the centre: without it no roster and no receipt is believed"
    try:
        public = KEY_SET.decode(path.read_bytes())
    except (OSError, WireError) as error:
        raise Wrong(f"{path}: no keys of the centre there ({error}); {mend}") from error
    names = ", ".join(key.kid for key in public.keys)
    if not any(key.kid.startswith("centre#") for key in public.keys):
        raise Wrong(f"{path} holds {names or 'no key'}, none that seals for the centre; {mend}")
    return names


def _lights(settings: KioskSettings) -> str:
    wish = settings.lights
    try:
        lights = open_lights(wish.driver, Pins(wish.red, wish.green, wish.blue, wish.buzzer))
    except LightsBusy:
        return f"driver {wish.driver}, driven now: by the kiosk, unless its journal says `no lights`"
    lights.close()
    return f"driver {wish.driver}"


def _clock(_settings: KioskSettings) -> str:
    reading = clock.read()
    if reading.source == "none":
        raise Wrong(
            f"says {reading.at:%Y-%m-%d %H:%M} UTC and nobody vouches for it; connect the kiosk to a time server, or"
            " fit a clock chip: until then its records go to review"
        )
    error = "" if reading.error_ms is None else f", error at most {reading.error_ms} ms"
    return f"{reading.at:%Y-%m-%d %H:%M:%S} UTC by {reading.source}{error}"


def _roster(settings: KioskSettings) -> str:
    status = read_status(settings)
    if not status["enrolled"]:
        raise Wrong("no list of faces yet; is the relay running, and is this kiosk registered at the centre?")
    return f"version {status['roster_version']}, {status['enrolled']} people"
