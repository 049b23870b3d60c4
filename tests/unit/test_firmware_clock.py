import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware import clock, watchdog
from firmware.clock import ClockWatch, Reading, Turn, judge

NOW = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)
FIRST = Reading(NOW, "none", None, "boot", 5_000_000_000)


def later(reading: Reading, seconds: float, *, turned_s: float = 0, source: clock.ClockSource | None = None) -> Reading:
    return replace(
        reading,
        at=reading.at + timedelta(seconds=seconds + turned_s),
        monotonic_ns=reading.monotonic_ns + int(seconds * 1e9),
        source=source or reading.source,
    )


def test_a_reading_of_this_machine_is_whole_and_runs_forward() -> None:
    one, two = clock.read(), clock.read()
    assert one.source in ("ntp", "rtc", "none")
    assert (one.error_ms is None) == (one.source != "ntp")
    assert one.boot == two.boot != ""
    assert one.monotonic_ns < two.monotonic_ns


def test_a_thread_that_waited_between_two_clocks_reads_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([1_000_000_000, 2_600_000_000, 2_600_000_500, 2_600_001_000])
    monkeypatch.setattr(clock, "monotonic_ns", lambda: next(ticks))
    assert clock.read().monotonic_ns == 2_600_001_000


def test_the_source_is_the_best_that_somebody_vouches_for() -> None:
    assert judge(1_200, True, NOW) == ("ntp", 2)
    assert judge(None, True, NOW) == ("rtc", None)
    assert judge(None, False, NOW) == ("none", None)


def test_a_clock_chip_with_an_empty_battery_is_not_believed() -> None:
    assert judge(None, True, datetime(1970, 1, 1, tzinfo=UTC)) == ("none", None)


def test_a_chip_counts_only_when_the_kernel_set_the_clock_from_it(tmp_path: Path) -> None:
    chip = tmp_path / "rtc0"
    chip.mkdir()
    assert not clock._set_by_chip(tmp_path)
    (chip / "hctosys").write_text("0\n")
    assert not clock._set_by_chip(tmp_path)
    (chip / "hctosys").write_text("1\n")
    assert clock._set_by_chip(tmp_path)
    assert not clock._set_by_chip(tmp_path / "missing")


def test_a_clock_that_runs_on_is_no_event() -> None:
    watch = ClockWatch(FIRST)
    assert watch.see(later(FIRST, 3600, turned_s=0.4)) is None


def test_a_step_is_told_with_its_size() -> None:
    watch = ClockWatch(FIRST)
    back = later(FIRST, 1, turned_s=-7200)
    assert watch.see(back) == Turn(False, -7_200_000)
    assert watch.see(later(back, 1)) is None


def test_a_learnt_time_is_told_against_what_was_believed_since_boot() -> None:
    watch = ClockWatch(FIRST)
    stepped = later(FIRST, 10, turned_s=86_400)
    assert watch.see(stepped) == Turn(False, 86_400_000)
    assert watch.see(later(stepped, 1, source="ntp")) == Turn(True, 86_400_000)


def test_ready_reaches_the_service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert watchdog.notify("READY=1")
        assert manager.recv(100) == b"READY=1"
    assert not watchdog.notify("WATCHDOG=1")


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not watchdog.notify("READY=1")
