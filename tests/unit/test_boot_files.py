"""config.txt, cmdline.txt and fstab: merging twice is merging once, undoing gives back what was there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.boot import CMDLINE, FSTAB, Part, block, cmdline, config_parts, lines, words
from firmware.lights import Pins
from kiosk.settings import Folders, LightsSettings

CONFIG_TXT = "# For more options see\ndtparam=audio=on\ncamera_auto_detect=0\n\n[cm4]\notg_mode=1\n"
CMDLINE_TXT = "console=serial0,115200 console=tty1 root=PARTUUID=1-02 rootfstype=ext4 fsck.repair=yes rootwait\n"
PINS = Pins(LightsSettings().red, LightsSettings().green, LightsSettings().blue, 23)
ENTRIES = lines(config_parts(PINS))

line = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=20)
text = st.lists(line).map(lambda rows: "".join(f"{row}\n" for row in rows))
word = st.text("abc=.,0", min_size=1, max_size=8)
command = st.lists(
    st.one_of(word, st.sampled_from(["quiet", "console=serial0,115200", "console=ttyAMA0", "overlayroot=x"]))
)


@given(text, st.sampled_from(["\n", "\r\n"]))
def test_a_block_is_idempotent_and_undone_exactly(existing: str, ending: str) -> None:
    existing = existing.replace("\n", ending)
    merged = block.merge(existing, ENTRIES, "[all]")
    assert block.merge(merged, ENTRIES, "[all]") == merged
    assert block.remove(merged) == existing


def test_a_last_line_without_an_end_is_ended() -> None:
    merged = block.merge("dtparam=audio=on", ["a=1"])
    assert merged.splitlines() == ["dtparam=audio=on", block.BEGIN, "a=1", block.END]


def test_an_older_block_is_replaced_wherever_it_stands() -> None:
    older = block.merge("a=1\n", ["old=1"]) + "added=later\n"
    assert block.merge(older, ["new=1"]) == block.merge("a=1\nadded=later\n", ["new=1"])
    assert block.merge(older, []) == "a=1\nadded=later\n"


def test_a_block_that_was_cut_off_takes_nothing_of_others_with_it() -> None:
    torn = f"a=1\n{block.BEGIN}\nb=2\n"
    assert block.remove(torn) == torn


@pytest.mark.parametrize("entry", [block.BEGIN, f" {block.END}", "a=1\nb=2"])
def test_a_line_that_would_break_the_block_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        block.merge("", [entry])


def test_our_lines_hold_on_every_board_and_come_last() -> None:
    merged = block.merge(CONFIG_TXT, ENTRIES, "[all]").splitlines()
    assert merged.index("[all]") > merged.index("[cm4]")
    assert merged.index("camera_auto_detect=1") > merged.index("camera_auto_detect=0")


def test_red_stands_and_nothing_sounds_until_the_kiosk_runs() -> None:
    assert "gpio=17=op,dh" in ENTRIES
    assert "gpio=27,22,23=op,dl" in ENTRIES
    assert not [entry for entry in lines(config_parts(None)) if entry.startswith("gpio=")]


def test_the_clock_chip_is_chosen() -> None:
    assert "dtoverlay=i2c-rtc,ds3231" in ENTRIES
    assert "dtparam=rtc_bbat_vchg=3000000" in lines(config_parts(None, "pi5"))
    assert not [entry for entry in lines(config_parts(None, "none")) if "rtc" in entry]


@given(command, command)
def test_a_command_line_is_idempotent_and_undone_exactly(existing: list[str], later: list[str]) -> None:
    before = " ".join(existing) + "\n"
    merged = cmdline.merge(before, words(CMDLINE))
    assert cmdline.merge(merged, words(CMDLINE)) == merged
    assert cmdline.remove(merged) == before
    assert cmdline.remove(" ".join([merged.strip(), *later])).split() == [*existing, *later]


def test_nobody_logs_in_on_the_pins_and_the_root_is_read_only() -> None:
    merged = cmdline.merge(CMDLINE_TXT, words(CMDLINE))
    assert merged.count("\n") == 1
    assert not [found for found in merged.split() if re.match(r"console=(serial|tty(S|AMA))", found)]
    assert merged.split()[1:3] == ["console=tty1", "root=PARTUUID=1-02"]
    assert "overlayroot=tmpfs:recurse=0" in merged.split()
    assert "cgroup_enable=memory" in merged.split(), "MemoryMax= of the units holds nothing without it"


def test_a_keyboard_at_the_wall_restarts_nothing() -> None:
    merged = cmdline.merge(CMDLINE_TXT, words(CMDLINE)).split()
    assert "sysctl.kernel.sysrq=0" in merged, "Alt-SysRq-B restarts a Debian at once"
    assert "systemd.mask=ctrl-alt-del.target" in merged, "system.conf.d stops the burst of seven alone"


@pytest.mark.parametrize("entry", ["", "two words", "siperlu.begin"])
def test_what_is_not_a_word_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="not one word"):
        cmdline.merge(CMDLINE_TXT, [entry])


def test_what_must_last_lies_outside_the_read_only_root() -> None:
    rows = [entry.split() for part in FSTAB for entry in part.entries]
    assert {len(row) for row in rows} == {6}
    mounts = {row[1]: row[3].split(",") for row in rows}
    kept = Folders()
    assert all(str(folder).startswith("/var/lib/siperlu/") for folder in (kept.ledger, kept.relay, kept.weights))
    assert str(kept.centre_keys).startswith("/etc/siperlu/")
    assert {"noexec", "nosuid", "nodev", "errors=remount-ro"} <= set(mounts["/var/lib/siperlu"])
    assert "noexec" not in mounts["/opt/siperlu"]
    assert not [
        option for options in mounts.values() for option in options if option.startswith(("nobarrier", "barrier=0"))
    ]
    assert not [option for options in mounts.values() for option in options if option in ("data=writeback", "async")]


@pytest.mark.parametrize(
    "part", [*config_parts(PINS), *config_parts(None, "pi5"), *CMDLINE, *FSTAB], ids=lambda p: p.name
)
def test_every_part_says_why(part: Part) -> None:
    assert part.why.endswith(".")
    assert "\n" not in part.why
    assert part.entries
