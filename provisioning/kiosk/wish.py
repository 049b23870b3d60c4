"""What a kiosk is to be."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.bundle import Bundle
from provisioning.errors import InventoryError
from provisioning.kiosk.usb import ID
from wire.errors import ContractError
from wire.registration import RegistrationAnswer, read_claim
from wire.topics import Address, parse

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Wish:
    """A kiosk as it is to be. `claim`: its one-time code, needed until it is registered; `centre`: https address of the centre's
    pages; `release_keys`: the public key set that updates are checked with; `settings`: further sections of its kiosk.toml; `usb`: devices that may be plugged in besides storage, hubs and cameras, as vendor:product."""

    id: str
    unit: str
    claim: str
    centre: str
    bundle: Bundle
    release_keys: bytes
    centre_ca: Path | None = None
    screen: bool = True
    settings: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    usb: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises InventoryError that names the value, the rule and the mend."""
        try:
            parse(Address(self.id, "records").topic)
        except ContractError as error:
            rule = "lower-case letters, digits and hyphens, at most 63, no hyphen first"
            raise InventoryError(
                f"kiosk id {self.id[:80]!r}: {rule}; use the one that the claim was made for"
            ) from error
        if not 1 <= len(self.unit) <= 64 or not self.unit.isprintable():
            raise InventoryError(f"unit {self.unit[:80]!r}: 1 to 64 printable characters, as the centre lists it")
        if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(/[\x21-\x7e]*)?", self.centre):
            raise InventoryError(f"centre {self.centre[:80]!r}: not an https address, as https://siperlu.example.go.id")
        for device in self.usb:
            if not ID.fullmatch(device):
                raise InventoryError(f"USB device {device[:40]!r}: vendor:product as `lsusb` shows it, as 04d9:1203")
        for section, values in self.settings.items():
            for key, value in values.items():
                _settable(section, key, value)
        if self.claim:
            try:
                read_claim(self.claim)
            except ContractError as error:
                raise InventoryError(str(error)) from error

    def toml(self, answer: RegistrationAnswer | None = None) -> bytes:
        """The kiosk's settings file; before it is registered, what its keys and its request need of it."""
        sections: dict[str, dict[str, Value]] = {name: dict(values) for name, values in self.settings.items()}
        sections["kiosk"] = {**sections.get("kiosk", {}), "id": self.id, "unit": self.unit}
        if answer is not None:
            broker: dict[str, Value] = {"host": answer.broker.host, "port": answer.broker.port}
            sections["relay"] = {**sections.get("relay", {}), **broker}
        return "".join(_section(name, sections[name]) for name in sorted(sections)).encode()


_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", **{code: f"\\u{code:04x}" for code in (*range(32), 127)}}
"""What TOML 1.0 wants escaped in a basic string; JSON's own pairs of surrogates for what lies beyond U+FFFF are none of it."""


def _section(name: str, values: Mapping[str, Value]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {_written(value)}\n" for key, value in values.items())


def _written(value: Value) -> str:
    """A number or truth value of JSON is one of TOML, too."""
    return f'"{value.translate(_ESCAPES)}"' if isinstance(value, str) else json.dumps(value)


def _settable(section: str, key: str, value: object) -> None:
    """Raises InventoryError for what could not stand in a settings file."""
    where = f"setting {section[:40]}.{key[:40]}"
    if not (re.fullmatch(r"[A-Za-z0-9_]+", section) and re.fullmatch(r"[A-Za-z0-9_]+", key)):
        raise InventoryError(f"{where}: letters, digits and underscores, as in camera.address")
    if isinstance(value, float) and not math.isfinite(value):
        raise InventoryError(f"{where} = {value}: not a number that one can count with")
    if not isinstance(value, (str, int, float)):
        raise InventoryError(f"{where} = {str(value)[:80]!r}: a text, a number, true or false is needed")
    if isinstance(value, str) and not _utf8(value):
        raise InventoryError(f"{where} = {value[:80]!r}: it holds bytes that are no text; type it in UTF-8")


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
