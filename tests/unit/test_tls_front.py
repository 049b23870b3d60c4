"""What the TLS front lets through is what the pages take, and a stick's worth of bytes comes from those alone who may bring one."""

from __future__ import annotations

import re

from collector.settings import Sticks
from collector.web.guard import HUGE, LARGEST
from provisioning.centre.files import FRONT

MIB = 1 << 20
BRING, MAY = "/sticks/bring", "/sticks/may"
LOCATIONS = {path: body for path, body in re.findall(r"location (?:= )?(\S+) \{\n(.*?)\n    \}", FRONT, re.DOTALL)}  # noqa: C416


def most(text: str) -> int:
    (found,) = re.findall(r"client_max_body_size (\d+)m;", text)
    return int(found) * MIB


def test_a_sticks_size_is_let_through_in_one_place_alone() -> None:
    server = FRONT.rpartition("server {")[2]
    assert most(server.partition("location")[0]) == LARGEST
    raised = {path for path, body in LOCATIONS.items() if re.search(r"client_max_body_size \d+m;", body)}
    assert raised == {BRING, MAY}
    assert most(LOCATIONS[BRING]) == most(LOCATIONS[MAY]) == HUGE == Sticks().upload_mib * MIB


def test_who_may_is_asked_before_the_first_byte_is_taken() -> None:
    assert f"auth_request {MAY};" in LOCATIONS[BRING]
    asked = LOCATIONS[MAY]
    assert "internal;" in asked
    assert "proxy_pass_request_body off;" in asked
    assert 'Content-Length ""' in asked
