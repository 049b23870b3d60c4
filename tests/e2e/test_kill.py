"""Nothing is lost, nothing doubled, every green accounted for, whatever is killed and whenever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kill_campaign import VICTIMS, Campaign

KILLS_EACH = 5
"""Of each of the four. More of the same: `make campaign-kill KILLS=10 SEED=20260105`, or 250 by default."""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_kill_9_of_kiosk_relay_broker_and_centre(tmp_path: Path) -> None:
    books = Campaign(tmp_path / "stage", seed=20260105).run(KILLS_EACH)
    assert books.kills == dict.fromkeys(VICTIMS, KILLS_EACH)
    assert books.in_order, books
