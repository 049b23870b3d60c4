"""Whatever a technician types into names and settings arrives as typed, or is refused with the rule; nothing is ever run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.provision import _setting
from provisioning import inventory
from provisioning.bundle import Bundle
from provisioning.errors import InventoryError
from provisioning.kiosk.wish import Value, Wish
from provisioning.shell import LocalShell
from provisioning.steps import File, Files
from wire.release import Release, ReleaseFile

RELEASE = Release(
    version="0.1.0",
    floor="0.1.0",
    at=datetime(2026, 1, 5, tzinfo=UTC),
    schema=1,
    files=(ReleaseFile(path="a", sha256="0" * 64, size=0),),
)
HOSTILE = [
    "$(reboot)",
    "`reboot`",
    "a; rm -rf /",
    "'\"",
    '"""',
    "\\",
    "a\nb = 1",
    "[relay]",
    "ü😀",
    "\x7f",
    "\x00",
    "#",
    "%s",
]


def wish(
    unit: str = "DISDIK", settings: Mapping[str, Mapping[str, Value]] | None = None, keys: bytes = b"", **more: Any
) -> Wish:
    return Wish("disdik-1", unit, "", "https://c", Bundle(Path(), RELEASE, b""), keys, settings=settings or {}, **more)


@given(st.text(), st.text())
def test_a_setting_is_read_back_as_typed(first: str, second: str) -> None:
    asked = wish(settings={"camera": {"address": first, "name": second}})
    read = tomllib.loads(asked.toml().decode())
    assert read["camera"] == {"address": first, "name": second}
    assert read["kiosk"] == {"id": "disdik-1", "unit": "DISDIK"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_units_name_is_read_back_or_refused(text: str) -> None:
    asked = wish(text)
    if text.isprintable():
        asked.check()
    else:
        with pytest.raises(InventoryError, match="printable"):
            asked.check()
    assert tomllib.loads(asked.toml().decode())["kiosk"]["unit"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_written_on_the_machine_is_what_was_typed(tmp_path: Path, text: str) -> None:
    import grp  # noqa: PLC0415
    import os  # noqa: PLC0415
    import pwd  # noqa: PLC0415

    owner = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"
    place = tmp_path / "kiosk.toml"
    content = wish(settings={"screen": {"name": text}}).toml()
    step = Files("settings", "", [File(str(place), content, "644", owner)])
    step.do(LocalShell())
    assert step.done(LocalShell())
    assert tomllib.loads(place.read_text("utf-8"))["screen"]["name"] == text
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"camera": {"add-ress": "x"}}, "letters, digits and underscores"),
        ({"camera]\nx": {"address": "x"}}, "letters, digits and underscores"),
        ({"camera": {"fps": float("nan")}}, "not a number that one can count with"),
        ({"camera": {"fps": None}}, "a text, a number, true or false"),
        ({"camera": {"fps": [1]}}, "a text, a number, true or false"),
        ({"camera": {"address": "\udcff"}}, "bytes that are no text"),
    ],
)
def test_a_setting_that_cannot_be_written_is_refused(settings: Any, says: str) -> None:
    with pytest.raises(InventoryError, match=says):
        wish(settings=settings).check()


@pytest.mark.parametrize("unit", ["", "x" * 65, "a\nb", "a\tb", "\udcff"])
def test_a_unit_that_nobody_could_read_is_refused(unit: str) -> None:
    with pytest.raises(InventoryError, match="1 to 64 printable characters"):
        wish(unit).check()


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("camera.address=v4l2:/dev/video0", "v4l2:/dev/video0"),
        ('camera.address="15"', "15"),
        ("camera.fps=15", 15),
        ("camera.on=true", True),
        ("camera.address=null", "null"),
        ("camera.address=[1]", "[1]"),
        ("camera.address={}", "{}"),
        ("camera.address=a=b", "a=b"),
        ("camera.address=", ""),
    ],
)
def test_a_setting_on_the_command_line_is_a_text_unless_it_is_a_number_or_truth_value(typed: str, value: Value) -> None:
    assert _setting(typed)[2] == value


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('port = "22"', "port = '22' is not a number"),
        ("port = true", "port = True is not a number"),
        ("user = 5", "user = 5 is not a text"),
        ('screen = "no"', "screen = 'no' is not true or false"),
        ('settings = "x"', "settings = 'x' is not a table"),
        ('settings = {camera = "x"}', "settings.camera = 'x' is not a table"),
    ],
)
def test_an_inventory_with_a_value_of_another_kind_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(f'[[kiosk]]\nhost = "h"\nid = "a"\nunit = "A"\n{line}\n')
    with pytest.raises(InventoryError) as caught:
        inventory.read(path)
    assert says in str(caught.value)
