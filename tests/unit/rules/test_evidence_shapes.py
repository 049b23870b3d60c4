"""What evidence cannot say: a letter that makes somebody absent, a fifth reason for a manual list."""

from __future__ import annotations

import pytest

from collector.rules.codes import FAULTS, PERMITS, Code
from collector.rules.evidence import Evidence, ManualWhy, Permit, gather
from tests.unit.rules.scene import TUESDAY, seen


@pytest.mark.parametrize("code", [*sorted(FAULTS), Code.H, Code.CBER])
def test_no_letter_gives_presence_absence_or_joint_leave(code: Code) -> None:
    with pytest.raises(ValueError, match=f"letter 800/1: {code} is not given by letter"):
        Permit(person="p1", code=code, since=TUESDAY, until=TUESDAY, letter="800/1")


@pytest.mark.parametrize("code", sorted(PERMITS))
def test_every_kind_of_leave_is_given_by_letter(code: Code) -> None:
    assert Permit(person="p1", code=code, since=TUESDAY, until=TUESDAY, letter="800/1").code is code


def test_a_manual_list_knows_four_reasons() -> None:
    assert len(ManualWhy) == 4


def test_gathered_batches_hold_all_that_was_in_them() -> None:
    one, other = seen(TUESDAY, "07:20"), seen(TUESDAY, "16:00")
    both = gather([one, Evidence(), other])
    assert both.looks == (*one.looks, *other.looks)
    assert both.kiosks == (*one.kiosks, *other.kiosks)
