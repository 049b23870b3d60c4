"""At a kiosk storage, hubs and cameras get a driver, and what IT names; a keyboard never does, whatever else it says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from provisioning.errors import InventoryError
from provisioning.kiosk import usb
from provisioning.kiosk.usb import Usb, rules
from provisioning.shell import LocalShell
from provisioning.step import Outcome, run
from tests.unit.test_provisioning_wish import wish

TOKEN = re.compile(r'([A-Z]+)(?:\{([^}]+)\})?(==|!=|\+=|=)"((?:[^"])*)"')


@dataclass
class Device:
    """A device as the kernel announces it. `ran`: programs that udev would start."""

    env: dict[str, str]
    attributes: dict[str, str] = field(default_factory=lambda: {"authorized": "0"})
    subsystem: str = "usb"
    action: str = "add"
    ran: list[str] = field(default_factory=list)


def apply(text: str, device: Device) -> Device:
    """What udev(7) says of the words used here; any other word is an error."""
    skip = ""
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        tokens = TOKEN.findall(line)
        assert ", ".join(f'{key}{f"{{{at}}}" if at else ""}{op}"{value}"' for key, at, op, value in tokens) == line
        if skip:
            skip = "" if ("LABEL", "", "=", skip) in tokens else skip
            continue
        if all(_holds(device, *token) for token in tokens):
            skip = next((value for key, _, _, value in tokens if key == "GOTO"), "")
    assert not skip, f"no LABEL {skip}"
    return device


def _holds(device: Device, key: str, at: str, op: str, value: str) -> bool:
    """Whether a condition holds; what is to be done is done, as its line's conditions come first."""
    if op in {"==", "!="}:
        there = {
            "SUBSYSTEM": device.subsystem,
            "ACTION": device.action,
            "ENV": device.env.get(at, ""),
            "ATTR": device.attributes.get(at, ""),
            "TEST": value if value in device.attributes else "",
        }[key]
        return any(fnmatchcase(there, each) for each in value.split("|")) is (op == "==")
    if (key, op) == ("ATTR", "="):
        device.attributes[at] = value
    elif (key, op) == ("RUN", "+="):
        device.ran.append(value)
    else:
        assert (key, op) in {("GOTO", "="), ("LABEL", "=")}
    return True


def interface(said: str, product: str = "1d6b/104/0", authorized: str = "0") -> Device:
    env = {"DEVTYPE": "usb_interface", "INTERFACE": said, "PRODUCT": product}
    return apply(rules(), Device(env, {"authorized": authorized}))


@pytest.mark.parametrize("said", ["8/6/80", "8/6/98", "9/0/0", "9/0/1", "14/1/0", "14/2/0"])
def test_storage_hubs_and_cameras_get_their_driver(said: str) -> None:
    found = interface(said)
    assert found.attributes["authorized"] == "1"
    assert found.ran == ["/bin/sh -c 'echo %k > /sys/bus/usb/drivers_probe'"]


def test_what_the_kernel_let_in_before_needs_no_second_driver() -> None:
    assert interface("8/6/80", authorized="1").ran == []


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("3/1/1", "keyboard"),
        ("3/1/2", "mouse"),
        ("3/0/0", "keyboard without the boot protocol, touch panel"),
        ("2/2/1", "modem"),
        ("2/6/0", "network"),
        ("224/1/1", "Bluetooth"),
        ("224/1/3", "RNDIS"),
        ("255/255/255", "vendor's own"),
        ("1/1/0", "microphone of a camera"),
        ("10/0/0", "serial data"),
        ("11/0/0", "smart card"),
        ("7/1/2", "printer"),
        ("6/1/1", "camera that is a store of pictures"),
        ("239/2/1", "several functions"),
        ("0/0/0", "none"),
        ("80/6/80", "a class that only begins alike"),
        ("148/1/0", "a class that only ends alike"),
        ("", "nothing said"),
    ],
)
@pytest.mark.parametrize("authorized", ["0", "1"])
def test_everything_else_is_refused(said: str, what: str, authorized: str) -> None:
    found = interface(said, authorized=authorized)
    assert (found.attributes["authorized"], found.ran) == ("0", []), what


@pytest.mark.parametrize("product", ["424/ec00/200", "424/7800/300"])
def test_the_ethernet_of_a_raspberry_pi_3_stays(product: str) -> None:
    assert interface("255/0/255", product).attributes["authorized"] == "1"


@pytest.mark.parametrize("product", ["424/ec0/200", "1424/ec00/200", "424/9514/200", "424/ec001/2"])
def test_a_number_that_only_looks_alike_is_another_device(product: str) -> None:
    assert interface("255/0/255", product).attributes["authorized"] == "0"


def test_a_device_that_it_names_is_let_in_and_no_other() -> None:
    text = rules(["04d9:1203", "12d1:1506"])
    for product, allowed in (("4d9/1203/110", "1"), ("12d1/1506/102", "1"), ("4d9/1204/110", "0")):
        env = {"DEVTYPE": "usb_interface", "INTERFACE": "3/1/1", "PRODUCT": product}
        assert apply(text, Device(env)).attributes["authorized"] == allowed


def test_every_hub_of_the_board_gives_no_driver_by_itself_from_then_on() -> None:
    hub = Device(
        {"DEVTYPE": "usb_device", "PRODUCT": "1d6b/3/618"}, {"interface_authorized_default": "1", "authorized": "1"}
    )
    assert apply(rules(), hub).attributes == {"interface_authorized_default": "0", "authorized": "1"}
    stick = Device({"DEVTYPE": "usb_device", "PRODUCT": "781/5567/100"}, {"authorized": "1"})
    assert apply(rules(), stick).attributes == {"authorized": "1"}


@pytest.mark.parametrize(("subsystem", "action"), [("block", "add"), ("usb", "remove"), ("usb", "bind")])
def test_other_news_is_none_of_its_business(subsystem: str, action: str) -> None:
    env = {"DEVTYPE": "usb_interface", "INTERFACE": "3/1/1", "PRODUCT": "1/2/3"}
    assert apply(rules(), Device(env, {"authorized": "1"}, subsystem, action)).attributes == {"authorized": "1"}


@pytest.mark.parametrize("named", ["04d9", "04D9:1203", "04d9:12", '04d9:1203"', "04d9:1203\n", "*:*"])
def test_a_device_named_wrong_is_refused(named: str) -> None:
    with pytest.raises(InventoryError, match="vendor:product"):
        wish(usb=(named,)).check()


def ports(folder: Path, vendor: str, state: str, *, on_usb: bool = True) -> None:
    device = folder / ("usb1/1-1" if on_usb else "pci0") / "1-1:1.0"
    device.mkdir(parents=True)
    (device.parent / "idVendor").write_text(f"{vendor[:4]}\n")
    (device.parent / "idProduct").write_text(f"{vendor[5:]}\n")
    port = folder / "net" / "eth0"
    port.mkdir(parents=True)
    (port / "operstate").write_text(f"{state}\n")
    (port / "device").symlink_to(device)
    (folder / "net" / "lo").mkdir()


@pytest.mark.parametrize(
    ("vendor", "state", "on_usb", "allowed", "good"),
    [
        ("0bda:8153", "up", True, (), False),
        ("0bda:8153", "up", True, ("0bda:8153",), True),
        ("0bda:8153", "down", True, (), True),
        ("0bda:8153", "up", False, (), True),
        ("0424:ec00", "up", True, (), True),
    ],
)
def test_nobody_cuts_off_the_network_he_comes_by(  # noqa: PLR0917 - a table
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    vendor: str,
    state: str,
    on_usb: bool,
    allowed: tuple[str, ...],
    good: bool,
) -> None:
    ports(tmp_path, vendor, state, on_usb=on_usb)
    monkeypatch.setattr(usb, "_NETWORK", usb._NETWORK.replace("/sys/class/net", str(tmp_path / "net")))
    monkeypatch.setattr(usb, "PLACE", str(tmp_path / "rules.d" / "40.rules"))
    monkeypatch.setattr(usb, "_AFTER", "true")
    (result,) = run([Usb(allowed)], LocalShell())
    assert (result.outcome is Outcome.CHANGED) is good, result.text
    if not good:
        assert (
            "its network hangs on the USB device 0bda:8153, which would be refused: say --allow-usb 0bda:8153"
            in result.text
        )
        assert not (tmp_path / "rules.d").exists()
