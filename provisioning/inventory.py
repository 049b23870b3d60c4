"""The list of machines that a technician goes by, as `siperlu collector kiosks claim --out` begins it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioning.errors import InventoryError
from provisioning.kiosk.wish import Value

TEXT = (str, "a text in quotes")
KINDS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("host", "id", "unit", "claim", "scope", "user"), TEXT),
    "port": (int, "a number without quotes"),
    "screen": (bool, "true or false without quotes"),
    "usb": (list, 'a list, as ["04d9:1203"]'),
    "settings": (dict, "a table of sections, as [kiosk.settings.camera]"),
}


@dataclass(frozen=True, slots=True)
class Machine:
    """One line of it: where, and what it is to be."""

    host: str
    id: str
    unit: str
    claim: str
    user: str | None = None
    port: int | None = None
    screen: bool = True
    settings: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    usb: tuple[str, ...] = ()


def read(path: Path) -> list[Machine]:
    """The machines of an inventory that have an address. Raises InventoryError naming the entry, the rule and the mend."""
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("kiosk", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InventoryError(f"{path}: cannot be read as an inventory ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise InventoryError(f"{path}: no [[kiosk]] in it; `siperlu collector kiosks claim --out` makes one")
    machines = [_machine(path, number, entry) for number, entry in enumerate(entries, start=1)]
    named = [machine for machine in machines if machine.host]
    if not named:
        raise InventoryError(f'{path}: no kiosk has an address; write host = "…" for those that are on the network')
    _no_twins(path, named)
    return named


def _machine(path: Path, number: int, entry: Any) -> Machine:
    where = f"{path}: kiosk {number}"
    if not isinstance(entry, dict):
        raise InventoryError(f"{where}: a table is needed, with host, id, unit and claim")
    unknown = sorted(set(entry) - set(KINDS))
    if unknown:
        raise InventoryError(f"{where}: {unknown[0]!r} is not known; known are {', '.join(sorted(KINDS))}")
    for name, (kind, rule) in KINDS.items():
        if name in entry and type(entry[name]) is not kind:
            raise InventoryError(f"{where}: {name} = {entry[name]!r} is not {rule}")
    if not entry.get("id") or not entry.get("unit"):
        raise InventoryError(f"{where}: id and unit are needed, as the claim was made for")
    for section, values in entry.get("settings", {}).items():
        if not isinstance(values, dict):
            raise InventoryError(
                f"{where}: settings.{section} = {values!r} is not a table; write [kiosk.settings.{section}]"
            )
    host = entry.get("host", "")
    if host.startswith("-") or any(character.isspace() for character in host):
        raise InventoryError(f"{where}: host {host!r} is no name or address")
    given = {name: value for name, value in entry.items() if name != "scope"}
    devices = tuple(str(device) for device in given.pop("usb", ()))
    return Machine(**{"host": "", "claim": "", **given}, usb=devices)


def _no_twins(path: Path, machines: list[Machine]) -> None:
    for name in ("host", "id"):
        seen: set[str] = set()
        for machine in machines:
            value = str(getattr(machine, name))
            if value in seen:
                raise InventoryError(f"{path}: {name} {value!r} stands twice: each kiosk has its own")
            seen.add(value)
