"""Every key of every settings file is explained; what `config show` prints reads back as the same settings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from cli.config import FILES
from cli.main import main
from collector.settings import CollectorSettings
from settings import Section, Settings, SettingsError, key, keys, parse, reference, render
from settings.describe import Key, sections, toml

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
UNIT_OF_SUFFIX = {"_s": "s", "_ms": "ms", "_days": "days", "_c": "°C", "_mib": "MiB"}
ALL_KEYS = [pytest.param(one, id=f"{name}.{one.section}.{one.name}") for name in FILES for one in keys(FILES[name])]


class Lamp(Section):
    """A lamp."""

    name: str = key("a", "Its name.")
    level: float = key(1.0, "How bright.", unit="cd", ge=0)
    on: bool = key(True, "Whether it shines.")
    place: Path = key(Path("/x"), "Where.")
    pin: int | None = key(None, "Its pin.", unit="BCM")
    colours: tuple[str, ...] = key(("red",), "Its colours.")
    mode: Literal["a|b", "c"] = key("c", "Its mode.")


class House(Settings):
    """A house."""

    lamp: Lamp = Lamp()


@pytest.mark.parametrize("one", ALL_KEYS)
def test_every_key_has_a_sentence_and_the_unit_its_name_promises(one: Key) -> None:
    assert one.sentence.endswith("."), "a sentence ends in a full stop"
    for suffix, unit in UNIT_OF_SUFFIX.items():
        if one.name.endswith(suffix):
            assert one.unit == unit


@pytest.mark.parametrize("model", FILES.values(), ids=FILES)
def test_every_key_has_a_default_and_every_field_says_its_unit(model: type[Settings]) -> None:
    for table, section in sections(model):
        assert section.__doc__, f"[{table}] says what it is about"
        for name, field in section.model_fields.items():
            assert not field.is_required(), f"{table}.{name} has a default"
            assert isinstance(field.json_schema_extra, dict), f"{table}.{name} is made with settings.key"
            assert "unit" in field.json_schema_extra


def test_the_page_of_the_documentation_has_every_key() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(FILES), "siperlu config reference > docs/settings.md"


@pytest.mark.parametrize("name", FILES)
def test_what_show_prints_reads_back_as_the_same_settings(name: str) -> None:
    defaults = parse(FILES[name], "", "defaults")
    assert parse(FILES[name], render(defaults), "shown") == defaults
    assert render(defaults, changed_only=True) == ""


LAMPS = st.builds(
    Lamp,
    name=st.text(),
    level=st.floats(min_value=0),
    on=st.booleans(),
    place=st.text().map(Path),
    pin=st.none() | st.integers(),
    colours=st.lists(st.text()).map(tuple),
)


@given(LAMPS)
def test_any_value_survives_being_shown(lamp: Lamp) -> None:
    house = House(lamp=lamp)
    for changed_only in (False, True):
        assert parse(House, render(house, changed_only=changed_only), "shown") == house


@given(st.text() | st.integers() | st.floats(allow_nan=False) | st.booleans())
def test_values_are_written_as_toml_reads_them(value: object) -> None:
    assert tomllib.loads(f"v = {toml(value)}") == {"v": value}


def test_a_value_toml_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        toml(object())


def test_diff_names_the_default_of_what_was_changed_and_nothing_else() -> None:
    shown = render(House(lamp=Lamp(level=2.5, pin=4)), changed_only=True)
    assert shown == (
        "# A lamp.\n[lamp]\n# How bright. Unit: cd. Default: 1.0.\nlevel = 2.5\n"
        "# Its pin. Unit: BCM. Default: not set.\npin = 4\n"
    )


def test_the_reference_says_what_is_allowed_and_keeps_its_table_whole() -> None:
    page = reference({"house": House})
    assert "| `level` | `1.0` | cd | ≥ 0 | How bright. |" in page
    assert '| `mode` | `"c"` |  | "a\\|b", "c" | Its mode. |' in page


def test_a_field_beside_the_tables_is_refused() -> None:
    class Loose(Settings):
        """Not made of tables."""

        level: int = 3

    with pytest.raises(TypeError, match=r"Loose\.level"):
        list(keys(Loose))
    assert issubclass(Loose, BaseModel)


def test_every_wrong_key_is_listed_with_a_mend() -> None:
    text = "[lamp]\nlevl = 3\nlevel = -1\n[lmap]\nx = 1\n"
    with pytest.raises(SettingsError) as caught:
        parse(House, text, "house.toml")
    lines = str(caught.value).splitlines()
    assert 'house.toml: lamp.levl: unknown key; did you mean "level"?' in lines
    assert 'house.toml: lmap: unknown key; did you mean "lamp"?' in lines
    assert any("lamp.level = -1" in line and "greater than or equal to 0" in line for line in lines)
    assert len(lines) == 3


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Asia", "/etc/localtime"])
def test_a_time_zone_nobody_knows_is_found_when_the_file_is_read(zone: str) -> None:
    with pytest.raises(SettingsError, match=r"web\.timezone = .*Asia/Jakarta"):
        parse(CollectorSettings, f'[web]\ntimezone = "{zone}"\n', "centre.toml")


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["config", *arguments])


def test_check_finds_out_whose_file_it_is_and_exits_1_on_a_wrong_one(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text("[camera]\nwidht = 3\n[checkin]\nrepeat_s = -1\n", encoding="utf-8")
    wrong = _run("check", str(file))
    assert wrong.exit_code == 1
    assert 'camera.widht: unknown key; did you mean "width"?' in wrong.stderr
    assert "checkin.repeat_s = -1" in wrong.stderr

    file.write_text("[camera]\nwidth = 1280\n", encoding="utf-8")
    right = _run("check", str(file))
    assert (right.exit_code, right.stdout) == (0, "")
    assert "a good kiosk file" in right.stderr


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"[camera\n", "TOML"), (b"\xff\xfe", "TOML"), (b"[nothing]\nx=1\n", "--as"), (b"", "--as")],
)
def test_check_of_a_file_that_tells_nothing_says_why(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "any.toml"
    file.write_bytes(raw)
    result = _run("check", str(file))
    assert (result.exit_code, said in result.stderr) == (1, True)


def test_check_of_a_missing_file_says_so(tmp_path: Path) -> None:
    result = _run("check", str(tmp_path / "none.toml"))
    assert result.exit_code == 1
    assert "none.toml" in result.stderr


def test_show_and_diff_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text('[store]\nurl = "sqlite:///x.db"\n', encoding="utf-8")
    shown = _run("show", "collector", "--config", str(file))
    assert tomllib.loads(shown.stdout)["store"]["url"] == "sqlite:///x.db"
    assert "[broker]" in shown.stdout
    changed = _run("diff", "collector", "--config", str(file))
    assert tomllib.loads(changed.stdout) == {"store": {"url": "sqlite:///x.db"}}
    assert _run("show", "kiosk", "--config", str(file)).exit_code == 1
