"""A claim code as people read, type and mistype it."""

from __future__ import annotations

import pytest

from wire.errors import ContractError
from wire.registration import read_claim

CODE = "7k3mq-0p9xz-abcde-vw12y"


@pytest.mark.parametrize(
    "typed", [CODE, CODE.upper(), " 7K3MQ 0P9XZ ABCDE VW12Y\n", "7k3mq0p9xzabcdevw12y", "7k3mq-op9xz-abcde-vwl2y"]
)
def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    assert read_claim(typed) == CODE


@pytest.mark.parametrize("typed", ["", "7k3mq", CODE + "0", CODE.replace("a", "u"), "é" * 20, "0" * 100_000])
def test_what_is_no_code_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(ContractError) as caught:
        read_claim(typed)
    assert not typed or typed not in str(caught.value)
