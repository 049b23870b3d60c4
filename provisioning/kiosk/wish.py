"""What a kiosk is to be."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.bundle import Bundle
from provisioning.errors import InventoryError
from wire.errors import ContractError
from wire.registration import RegistrationAnswer, read_claim
from wire.topics import Address, parse

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Wish:
    """A kiosk as it is to be. `claim`: its one-time code, needed until it is registered; `centre`: https address of the centre's
    pages; `release_keys`: the public key set that updates are checked with; `settings`: further sections of its kiosk.toml."""

    id: str
    unit: str
    claim: str
    centre: str
    bundle: Bundle
    release_keys: bytes
    centre_ca: Path | None = None
    screen: bool = True
    settings: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

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


def _section(name: str, values: Mapping[str, Value]) -> str:
    """A JSON string, number or truth value is one of TOML, too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=True)}\n" for key, value in values.items()]
    return f"[{name}]\n{''.join(lines)}"
