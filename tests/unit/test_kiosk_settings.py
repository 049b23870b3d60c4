"""What a kiosk's settings file may not say."""

import pytest

from kiosk.settings import KioskSettings
from settings import SettingsError, parse


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_without_tls_the_broker_is_on_this_machine(host: str) -> None:
    assert not parse(KioskSettings, f'[relay]\nhost = "{host}"\ntls = false\n', "kiosk.toml").relay.tls


@pytest.mark.parametrize("host", ["10.1.2.3", "broker.example.org", "127.example.org"])
def test_without_tls_nothing_leaves_this_machine(host: str) -> None:
    with pytest.raises(SettingsError, match=r"relay\.tls = False: .*only for a broker on loopback.*set it to true"):
        parse(KioskSettings, f'[relay]\ntls = false\nhost = "{host}"\n', "kiosk.toml")


@pytest.mark.parametrize("name", ["Asia/Lumajang", "", "../../etc/passwd", "Asia"])
def test_a_time_zone_that_does_not_exist_is_refused_before_the_kiosk_starts(name: str) -> None:
    with pytest.raises(SettingsError, match=r"screen\.timezone = .*Asia/Jakarta"):
        parse(KioskSettings, f'[screen]\ntimezone = "{name}"\n', "kiosk.toml")
