"""What the board says of itself, read from files as the kernel writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware import board


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("0\n", ()),
        ("50005\n", ("under-voltage", "throttled")),
        ("50000\n", ("under-voltage-before", "throttled-before")),
        ("80008\n", ("hot",)),
        ("20001\n", ("under-voltage", "frequency-capped-before")),
    ],
)
def test_the_firmwares_word_is_read_bit_by_bit(tmp_path: Path, word: str, says: tuple[str, ...]) -> None:
    (tmp_path / "get_throttled").write_text(word)
    assert board.throttled(tmp_path / "get_throttled") == says


def test_a_board_that_says_nothing_is_believed_nothing(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    assert (board.throttled(nowhere), board.model(nowhere), board.system(nowhere), board.temperature_c(nowhere)) == (
        None,
        None,
        None,
        None,
    )
    (tmp_path / "odd").write_bytes(b"\xff\xfenot a number")
    odd = tmp_path / "odd"
    assert (board.throttled(odd), board.temperature_c(odd), board.model(odd)) == (None, None, None)


def test_board_and_system_have_names(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    (tmp_path / "os-release").write_text('NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    assert board.model(tmp_path / "model") == "Raspberry Pi 4 Model B Rev 1.4"
    assert board.system(tmp_path / "os-release") == "Debian GNU/Linux 12 (bookworm)"


def test_a_temperature_no_processor_has_is_no_temperature(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("51540\n")
    assert board.temperature_c(tmp_path / "temp") == 51.54
    (tmp_path / "temp").write_text("999999\n")
    assert board.temperature_c(tmp_path / "temp") is None
