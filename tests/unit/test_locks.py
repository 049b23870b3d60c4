"""The locks name every wheel that a kiosk, a centre and a checkout run with: none missing, none for nothing, none against setup.py."""

from __future__ import annotations

import runpy
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from provisioning.bundle.wheels import BUILT, PLATFORM, PYTHON, lock_of
from tests.fixtures.containers import CHECKOUT
from tests.fixtures.releases import Pins, pins_of

FROM_APT = {"picamera2", "libcamera", "simplejpeg", "lgpio", "rpi-lgpio", "pykms", "prctl"}
"""Raspberry Pi OS has them, built for its own kernel, camera stack and numpy; a wheel beside them would hide them."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Requirement]]:
    """What setup.py asks for, by extra; "" is always."""
    given: dict[str, list[Requirement]] = {}

    def setup(install_requires: list[str], extras_require: dict[str, list[str]], **_: object) -> None:
        for extra, texts in {"": install_requires, **extras_require}.items():
            given[extra] = [Requirement(text) for text in texts]

    monkeypatch.setattr("setuptools.setup", setup)
    runpy.run_path(str(CHECKOUT / "setup.py"))
    return given


def environment(suite: str, arch: str) -> dict[str, str]:
    return {
        "python_version": PYTHON[suite],
        "python_full_version": f"{PYTHON[suite]}.0",
        "platform_machine": PLATFORM[arch],
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def reached(roots: list[Requirement], pins: Pins, machine: dict[str, str]) -> set[str]:
    """Names of all that these need on a machine, as the packages installed here say; each pin is held against who needs it."""
    found: set[tuple[str, str]] = set()
    waiting = [(need, "setup.py") for need in roots]
    while waiting:
        need, who = waiting.pop()
        name = canonicalize_name(need.name)
        assert name in pins, f"{name}, needed by {who}, is not pinned"
        assert need.specifier.contains(pins[name], prereleases=True), f"{who} needs {need}, pinned is {pins[name]}"
        for extra in {"", *need.extras} - {extra for each, extra in found if each == name}:
            found.add((name, extra))
            waiting += [(each, name) for each in _needs(name, extra, pins, machine)]
    return {name for name, _ in found}


def _needs(name: str, extra: str, pins: Pins, machine: dict[str, str]) -> list[Requirement]:
    here = metadata.distribution(name)
    needs = [Requirement(text) for text in here.requires or ()]
    held = [need for need in needs if not need.marker or need.marker.evaluate({**machine, "extra": extra})]
    if Version(here.version) != pins[name]:  # another version's bounds: only the names count
        return [Requirement(f"{need.name}[{','.join(need.extras)}]") for need in held]
    return held


@pytest.mark.parametrize("arch", PLATFORM)
@pytest.mark.parametrize("suite", PYTHON)
def test_a_lock_names_what_runs_on_its_system_and_nothing_else(
    suite: str, arch: str, asked: dict[str, list[Requirement]]
) -> None:
    pins = pins_of(lock_of(CHECKOUT, suite))
    roots = [*asked[""], *asked["kiosk"], *asked["centre"]]
    assert set(pins) == reached(roots, pins, environment(suite, arch))


def test_a_checkout_runs_what_trixie_runs_and_its_tools_are_pinned_beside(asked: dict[str, list[Requirement]]) -> None:
    path = CHECKOUT / "requirements/dev.txt"
    assert "-c trixie.txt" in path.read_text().splitlines()
    trixie, tools = pins_of(lock_of(CHECKOUT, "trixie")), pins_of(path)
    assert not set(trixie) & set(tools), "pinned in one place"
    pins = {**trixie, **tools}
    assert set(pins) >= reached([*asked[""], *asked["dev"]], pins, environment("bookworm", "amd64"))


@pytest.mark.parametrize("suite", PYTHON)
def test_what_raspberry_pi_os_brings_is_left_to_it(suite: str) -> None:
    assert not set(pins_of(lock_of(CHECKOUT, suite))) & FROM_APT


def test_numpy_is_of_the_generation_that_the_systems_camera_packages_were_built_against() -> None:
    """Compiled against 1.24 on Bookworm and 2.2 on Trixie: what was built against 1.x does not load beside 2.x."""
    assert {suite: pins_of(lock_of(CHECKOUT, suite))["numpy"].major for suite in PYTHON} == {"bookworm": 1, "trixie": 2}


def test_a_wheel_that_serves_all_systems_is_pinned_alike() -> None:
    for name in map(canonicalize_name, BUILT):
        assert len({pins_of(lock_of(CHECKOUT, suite))[name] for suite in PYTHON}) == 1, name
