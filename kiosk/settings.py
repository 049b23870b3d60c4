"""The settings of a kiosk: `siperlu config show kiosk` prints them all."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationInfo, field_validator

from settings import Section, Settings, key


class Identity(Section):
    """Which kiosk this is and where it hangs."""

    id: str = key("kiosk-1", "Name of this kiosk, as registered at the centre.", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    unit: str = key("UNIT", "Code of the unit whose wall it hangs on.", min_length=1, max_length=64)
    unit_name: str = key("", "Name of that unit, shown on the screen.", max_length=120)
    latitude: float | None = key(None, "Where it hangs, WGS 84; unknown when not set.", unit="degrees", ge=-90, le=90)
    longitude: float | None = key(
        None, "Where it hangs, WGS 84; unknown when not set.", unit="degrees", ge=-180, le=180
    )


class Folders(Section):
    """Where the kiosk keeps its files."""

    ledger: Path = key(Path("/var/lib/siperlu/kiosk"), "Ledger and keys; only the kiosk process writes here.")
    relay: Path = key(Path("/var/lib/siperlu/relay"), "The relay's database and key; only the relay writes here.")
    weights: Path = key(
        Path("/var/lib/siperlu/weights"), "Installed weights: `siperlu models install --to` this folder."
    )
    agent: Path = key(
        Path("/var/lib/siperlu/agent"), "What the agent has done and is doing; only the agent writes here."
    )
    notice: Path = key(Path("/run/siperlu-agent"), "In memory: what the agent asks the kiosk process to show.")
    releases: Path = key(
        Path("/opt/siperlu"), "Releases, each in a folder of its own, and the link to the current one."
    )
    release_keys: Path = key(Path("/etc/siperlu/release.json"), "Public release keys, a JSON Web Key Set.")
    run: Path = key(Path("/run/siperlu-kiosk"), "In memory: what the kiosk process tells its neighbours as it runs.")
    centre_keys: Path = key(Path("/etc/siperlu/centre.json"), "Public keys of the centre, a JSON Web Key Set.")


class CameraSettings(Section):
    """The eye."""

    address: str = key("picamera2:0", "picamera2:N, v4l2:/dev/videoN, file:CLIP or frames:FOLDER?fps=N.")
    width: int = key(640, "Width asked of the camera.", unit="px", ge=160, le=4096)
    height: int = key(480, "Height asked of the camera.", unit="px", ge=120, le=4096)
    stall_s: float = key(2.0, "Without a frame for so long the camera counts as stalled.", unit="s", ge=0.2, le=2.5)


class VisionSettings(Section):
    """Finding and reading faces."""

    detector: Literal["auto", "hog", "yunet"] = key("auto", "auto takes YuNet where it is installed, else HOG.")
    embedder: str = key("dlib", "Name of the embedder in models/manifest.toml.")


class CheckInSettings(Section):
    """When a look counts."""

    agree_frames: int = key(
        3, "Frames that must name the same person before it is recorded.", unit="frames", ge=1, le=30
    )
    repeat_s: float = key(
        60.0, "A second look within this time is a repeat: shown, not recorded.", unit="s", ge=0, le=3600
    )
    show_s: float = key(2.5, "How long a result stays before the next person is served.", unit="s", ge=0.2, le=30)


class EvidenceSettings(Section):
    """Small pictures of doubtful looks, encrypted to the centre before they touch the disk."""

    enabled: bool = key(True, "Keep a picture where the contract asks for one; off keeps none.")
    most_mib: int = key(64, "Pictures that wait for the centre; the oldest go first.", unit="MiB", ge=1, le=4096)
    free_mib: int = key(256, "With less free on the disk none is kept: the ledger goes before.", unit="MiB", ge=16)
    keep_days: int = key(60, "One that never reached the centre is deleted after so long.", unit="days", ge=1, le=90)


class PinSettings(Section):
    """Presence by PIN, for who has one on a guarantee: how long whoever guesses must wait."""

    free: int = key(3, "Wrong PINs in a row of one number until it must wait.", unit="PINs", ge=1, le=10)
    first_s: int = key(60, "Its first wait; each further wrong PIN doubles it.", unit="s", ge=1, le=3600)
    longest_s: int = key(3600, "Its longest wait.", unit="s", ge=60, le=86400)
    burst: int = key(10, "Wrong PINs of whatever number at this kiosk until it must wait.", unit="PINs", ge=3, le=100)
    refill_s: int = key(180, "After them one more wrong PIN is borne every so often.", unit="s", ge=1, le=3600)


class LightsSettings(Section):
    """Lights and sound; BCM pin numbers."""

    driver: Literal["silent", "rgb", "leds"] = key("silent", "silent, one RGB LED, or three LEDs.")
    red: int = key(17, "Pin of the red LED.", unit="BCM", ge=0, le=27)
    green: int = key(27, "Pin of the green LED.", unit="BCM", ge=0, le=27)
    blue: int = key(22, "Pin of the blue LED; yellow on a board of three.", unit="BCM", ge=0, le=27)
    buzzer: int | None = key(None, "Pin of the buzzer; none when not set.", unit="BCM", ge=0, le=27)


class ScreenSettings(Section):
    """The page on the wall."""

    port: int = key(8080, "Port on 127.0.0.1; 0 takes a free one.", ge=0, le=65535)
    language: Literal["id", "en"] = key("id", "Language of the screen.")
    timezone: str = key("Asia/Jakarta", "Local time on the wall (WIB, no daylight saving).")

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no such time zone; Indonesia has Asia/Jakarta, Asia/Makassar, Asia/Jayapura") from error
        return name


class RelaySettings(Section):
    """The way to the centre."""

    host: str = key("127.0.0.1", "Broker's name or address.")
    port: int = key(8883, "Broker's port.", ge=1, le=65535)
    tls: bool = key(True, "Mutual TLS; off only for a broker on loopback.")
    ca: Path = key(Path("/etc/siperlu/ca.crt"), "The broker's certificate authority.")
    certificate: Path = key(Path("/etc/siperlu/kiosk.crt"), "This kiosk's certificate.")
    certificate_key: Path = key(Path("/etc/siperlu/kiosk.key"), "Its private key.")
    window: int = key(200, "Records on the way without a receipt at one time.", unit="records", ge=1, le=10000)
    resend_s: float = key(20.0, "Without progress for so long the window is sent again.", unit="s", ge=0.2, le=3600)
    releases_port: int = key(
        8884,
        "Port of the centre where releases are fetched with that certificate; 0: they come by SSH or stick.",
        ge=0,
        le=65535,
    )
    keep_days: int = key(90, "A record is kept so long after its receipt.", unit="days", ge=1, le=3650)

    @field_validator("tls")
    @classmethod
    def _plain_on_loopback_only(cls, tls: bool, info: ValidationInfo) -> bool:
        host = str(info.data.get("host", ""))
        if not tls and host != "localhost" and not _is_loopback(host):
            raise ValueError(f"off only for a broker on loopback, and relay.host is {host!r}; set it to true")
        return tls


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class KioskSettings(Settings):
    """A kiosk's settings file."""

    kiosk: Identity = Identity()
    folders: Folders = Folders()
    camera: CameraSettings = CameraSettings()
    vision: VisionSettings = VisionSettings()
    checkin: CheckInSettings = CheckInSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    pin: PinSettings = PinSettings()
    lights: LightsSettings = LightsSettings()
    screen: ScreenSettings = ScreenSettings()
    relay: RelaySettings = RelaySettings()
