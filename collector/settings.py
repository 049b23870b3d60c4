"""The settings of the centre: `siperlu config show collector` prints them all."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationInfo, field_validator

from settings import Section, Settings, key


class Store(Section):
    """The database."""

    url: str = key("sqlite:////var/lib/siperlu/centre.db", "SQLAlchemy address; postgresql+psycopg://… in production.")
    keys: Path = key(Path("/var/lib/siperlu/centre-keys"), "Folder of the centre's own keys, mode 0700.")


class Broker(Section):
    """The MQTT broker."""

    host: str = key("127.0.0.1", "Broker's name or address.")
    port: int = key(8883, "Broker's port.", ge=1, le=65535)
    tls: bool = key(True, "Mutual TLS; off only for a broker on loopback.")
    ca: Path = key(Path("/var/lib/siperlu/broker/ca.crt"), "The broker's certificate authority.")
    certificate: Path = key(
        Path("/var/lib/siperlu/broker/centre.{role}.crt"),
        "The centre's client certificate; {role} stands for the process's own name: ingest, jobs or all.",
    )
    certificate_key: Path = key(
        Path("/etc/siperlu/keys/centre.{role}.key"), "Its private key; {role} as in the certificate's."
    )

    def of(self, role: str) -> Broker:
        """The same with the files of one role."""
        return self.model_copy(
            update={
                name: Path(str(getattr(self, name)).replace("{role}", role))
                for name in ("certificate", "certificate_key")
            }
        )


class Authority(Section):
    """The certificate authority, and how kiosks register."""

    folder: Path = key(Path("/var/lib/siperlu/authority"), "The sub-CAs; without any, nothing is issued or renewed.")
    served: Path = key(
        Path("/var/lib/siperlu/broker"),
        "Certificates of the centre's own servers and processes, and revoked.crl: renewed by jobs, read by the broker.",
    )
    host: str = key("", "Broker's name or address as kiosks are told; empty: broker.host.", max_length=253)
    port: int = key(8883, "Broker's port as kiosks are told.", ge=1, le=65535)
    life_days: int = key(400, "A certificate holds so long.", unit="days", ge=1, le=1200)
    renew_days: int = key(100, "It is renewed so long before its end.", unit="days", ge=0, le=1200)
    claim_days: int = key(14, "A claim code holds so long.", unit="days", ge=1, le=90)
    enforce_s: float = key(5.0, "Revocations are looked for so often.", unit="s", ge=0.1, le=30)

    @field_validator("renew_days")
    @classmethod
    def _below_life(cls, days: int, info: ValidationInfo) -> int:
        if days >= info.data.get("life_days", days + 1):
            raise ValueError(
                "not below life_days: a certificate would be renewed as soon as it is made; take a quarter"
            )
        return days


class Ingest(Section):
    """Taking records in."""

    batch: int = key(500, "Most messages in one commit.", unit="messages", ge=1, le=20000)
    wait_ms: int = key(50, "A batch that is not full is committed after so long.", unit="ms", ge=0, le=5000)


class Rosters(Section):
    """Publishing rosters."""

    false_accepts: float = key(0.001, "Wanted share of strangers accepted at a kiosk.", ge=1e-6, le=0.1)
    embedder: str = key("dlib", "Embedder of the templates, as named in models/manifest.toml.")
    weights: Path = key(Path("/var/lib/siperlu/weights"), "Installed weights.")
    picture_share: float = key(
        0.0, "Share of sure check-ins of which kiosks keep a picture too; of doubtful ones they always do.", ge=0, le=1
    )
    every_s: float = key(
        10.0,
        "Changes of people and kiosks are looked for so often, and at every connection.",
        unit="s",
        ge=0.2,
        le=3600,
    )


class Web(Section):
    """The pages."""

    port: int = key(8090, "Port on 127.0.0.1; 0 takes a free one.", ge=0, le=65535)
    language: str = key("id", "First language of the pages: id or en.", pattern="^(id|en)$")
    timezone: str = key("Asia/Jakarta", "Local time of the regency (WIB, no daylight saving).")
    origin: str = key(
        "",
        "Address people reach the pages at, behind a TLS proxy on this machine; empty: this computer only.",
        pattern=r"^(https://[a-z0-9.-]+(:\d{1,5})?)?$",
    )
    idle_min: int = key(120, "A browser nobody uses is logged out after so long.", unit="min", ge=1, le=10080)
    session_h: int = key(12, "A browser is logged out after so long in any case.", unit="h", ge=1, le=720)
    attempts: int = key(
        5, "Failed log-ins of one account from one address until it must wait.", unit="attempts", ge=1, le=100
    )
    attempts_min: int = key(15, "How long it must wait, and failures count.", unit="min", ge=1, le=1440)
    handout_h: int = key(72, "A hand-out link of an employee holds for so long.", unit="h", ge=1, le=720)
    one_time_h: int = key(72, "A one-time password holds for so long.", unit="h", ge=1, le=720)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        """Found out when the file is read, not when the first page is asked for."""
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no zone of the IANA time zone database; e.g. Asia/Jakarta") from error
        return name


class Retention(Section):
    """How long what is kept."""

    evidence_days: int = key(60, "Evidence pictures are deleted after so long.", unit="days", ge=30, le=90)
    leaver_days: int = key(
        3, "Templates, enrolment pictures and PIN of who left are deleted after so long.", unit="days", ge=0, le=7
    )


class Guarantees(Section):
    """PIN presence on a guarantee."""

    longest_days: int = key(
        92, "A guarantee and its PIN hold for at most so long; then it is given anew.", unit="days", ge=1, le=366
    )


class Releases(Section):
    """Releases that kiosks fetch with their certificates."""

    folder: Path = key(
        Path("/var/lib/siperlu/releases"),
        "Where they lie; the TLS front hands them out, `siperlu collector releases` fills it.",
    )


class Sticks(Section):
    """USB sticks by way of the pages; the commands know no such limits."""

    upload_mib: int = key(
        256, "Most of one upload; the TLS front of `siperlu centre install` lets 256 through.", unit="MiB", ge=1, le=256
    )
    unpacked_mib: int = key(1024, "Most that an upload may be once it is unpacked.", unit="MiB", ge=1, le=4096)
    zip_mib: int = key(1024, "Most of a ZIP to take along, an update in it included.", unit="MiB", ge=1, le=3072)
    kept_h: int = key(72, "It can be fetched for so long.", unit="h", ge=1, le=720)


class Reports(Section):
    """Printed reports."""

    regency: str = key("Pemerintah Kabupaten Lumajang", "Whose letterhead it is.")
    place: str = key("Lumajang", "Where a recap is signed.")


class Appeals(Section):
    """Appeals: how long each has (a regency's own letter may say otherwise)."""

    file_days: int = key(30, "A day can be contested for so long after it was judged.", unit="days", ge=1, le=400)
    superior_days: int = key(5, "The superior has so long; then it goes to the agency.", unit="days", ge=1, le=60)
    bkd_days: int = key(10, "The agency has so long; later it is shown as overdue.", unit="days", ge=1, le=120)


class Phones(Section):
    """Presence by telephone. Whether it counts for the day, not only as a reason to check, is for the rule set to say."""

    batch: int = key(500, "Most records in one request.", unit="records", ge=1, le=1000)
    per_minute: int = key(120, "Most requests of one token in a minute.", unit="requests", ge=1, le=6000)
    oldest_days: int = key(31, "Older records are refused.", unit="days", ge=1, le=366)
    ahead_s: int = key(120, "A phone's clock may run ahead of the centre's by so much.", unit="s", ge=0, le=3600)


class CollectorSettings(Settings):
    """The centre's settings file."""

    store: Store = Store()
    broker: Broker = Broker()
    authority: Authority = Authority()
    ingest: Ingest = Ingest()
    rosters: Rosters = Rosters()
    web: Web = Web()
    releases: Releases = Releases()
    sticks: Sticks = Sticks()
    reports: Reports = Reports()
    retention: Retention = Retention()
    guarantees: Guarantees = Guarantees()
    appeals: Appeals = Appeals()
    phones: Phones = Phones()
