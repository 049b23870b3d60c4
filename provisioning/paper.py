"""The report as paper: a page per kiosk to print, check at the wall, sign and file. Indonesian first, English under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from provisioning.report import MachineReport
from provisioning.step import Outcome, Result

STEPS = {
    "connection": "Sambungan SSH / pusat",
    "system": "Sistem operasi",
    "clock": "Jam awal",
    "packages": "Paket Debian",
    "software": "Perangkat lunak",
    "units": "Layanan systemd",
    "models": "Model pengenal wajah",
    "registration": "Pendaftaran di pusat",
    "settings": "Pengaturan",
    "release keys": "Kunci rilis",
    "time": "Sinkronisasi waktu",
    "firewall rules": "Aturan firewall",
    "firewall": "Firewall",
    "ssh": "Pengamanan SSH",
    "usb": "Penolakan USB",
    "boot": "Berkas boot",
    "service": "Layanan berjalan",
    "self-test": "Uji diri",
}
OUTCOMES = {
    Outcome.UNCHANGED: "sudah benar",
    Outcome.CHANGED: "dipasang",
    Outcome.WOULD_CHANGE: "akan diubah",
    Outcome.FAILED: "GAGAL",
    Outcome.NOT_REACHED: "belum sampai",
}
CHECKS = (
    (
        "Kotak terpasang kokoh, lensa setinggi 1,5 m, cahaya dari depan, tidak membelakangi jendela.",
        "Firmly mounted, lens at 1.5 m, light from the front, no window behind people.",
        False,
    ),
    (
        "Kabel listrik dan jaringan, colokan USB dan kartu memori tidak terjangkau orang lewat.",
        "Power, network, USB and card out of the reach of passers-by.",
        False,
    ),
    (
        "Nama kiosk dan unit di layar sama dengan di kertas ini.",
        "Kiosk and unit on the screen are those on this paper.",
        True,
    ),
    (
        "Jam di layar sama dengan jam yang benar (selisih paling lama satu menit), gambar kamera bergerak.",
        "The clock on the screen is right to the minute; the live picture moves.",
        True,
    ),
    (
        "Pegawai terdaftar: lampu hijau, bunyi pendek, “Tercatat”, lalu “Diterima pusat”.",
        "An enrolled person: green light, short tone, recorded, then received by the centre.",
        False,
    ),
    (
        "Orang yang tidak terdaftar, dan foto pegawai di ponsel: tidak pernah hijau.",
        "A stranger, and a photo of an employee on a telephone: never green.",
        False,
    ),
    (
        "Kabel jaringan dicabut: pegawai tetap tercatat; dipasang lagi: “Diterima pusat” menyusul.",
        "Network pulled: still recorded; plugged in again: the centre receives it.",
        False,
    ),
    (
        "Tombol “Kenali” di halaman kiosk di pusat: kiosk ini yang berkedip, bukan yang lain.",
        "“Identify” on the centre's page: this kiosk blinks, and no other.",
        False,
    ),
    (
        "Listrik dicabut dan dipasang lagi: kiosk melayani kembali tanpa disentuh.",
        "Power pulled and plugged in: it serves again untouched.",
        False,
    ),
)
"""What only eyes at the wall can say, Indonesian and English; and whether a screen is needed for it."""

STYLE = """
@page { size: A4; margin: 11mm 14mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.35 "Liberation Sans", Arial, sans-serif; color: #111; margin: 0; background: #eee; }
section { background: #fff; max-width: 210mm; margin: 8mm auto; padding: 12mm; }
h1 { font-size: 16pt; margin: 0; } h2 { font-size: 11pt; margin: 4mm 0 1mm; border-bottom: .3mm solid #111; }
i { color: #555; font-size: 8.5pt; } p { margin: .5mm 0; }
.verdict { border: .5mm solid #111; padding: 2mm 3mm; margin: 3mm 0; font-weight: bold; overflow-wrap: anywhere; }
.bad { border-style: double; border-width: 1mm; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .4mm 2mm .4mm 0; }
th { font-weight: normal; color: #444; width: 34%; }
code { font: 8.5pt "Liberation Mono", monospace; overflow-wrap: anywhere; }
.steps { columns: 2; column-gap: 8mm; font-size: 9.5pt; } .steps div { display: flex; justify-content: space-between; break-inside: avoid; }
.steps b { white-space: nowrap; } ol { list-style: none; margin: 0; padding: 0; } li { display: flex; gap: 3mm; margin: 1mm 0; break-inside: avoid; }
.box { flex: none; width: 4mm; height: 4mm; border: .4mm solid #111; margin-top: .5mm; } li i { display: block; line-height: 1.15; }
.sign { display: flex; align-items: flex-end; gap: 12mm; margin-top: 4mm; break-inside: avoid; } .sign div { flex: 1; } .line { border-bottom: .3mm solid #111; height: 13mm; margin-bottom: 1mm; }
@media (max-width: 600px) { section { margin: 0; padding: 5mm; } .steps { columns: 1; } .sign { gap: 5mm; } }
@media print {
  body { background: #fff; font-size: 9pt; line-height: 1.25; } i, code, .steps { font-size: 7.5pt; } .steps { columns: 3; }
  h2 { font-size: 10pt; margin-top: 2.5mm; } td, th { padding: .1mm 2mm .1mm 0; } li { margin: .7mm 0; } .line { height: 11mm; }
  section { margin: 0; padding: 0 .5mm; max-width: none; break-after: page; } section:last-child { break-after: auto; }
}
"""


@dataclass(frozen=True, slots=True)
class Occasion:
    """When it was done, by whom, from which machine, and with which release."""

    at: datetime
    by: str
    version: str
    centre: str


def html(reports: Sequence[MachineReport], occasion: Occasion) -> str:
    """A page of HTML that needs nothing beside it; printed, each kiosk is one sheet of A4."""
    head = f'<!doctype html><html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Berita acara pemasangan kiosk</title><style>{STYLE}</style></head>'
    return f"{head}<body>{''.join(_sheet(report, occasion) for report in reports)}</body></html>\n"


def _sheet(report: MachineReport, occasion: Occasion) -> str:
    checks = [(ours, theirs) for ours, theirs, screen in CHECKS if report.screen or not screen]
    return (
        "<section><h1>Berita acara pemasangan kiosk presensi</h1><i>Report of a kiosk put into service</i>"
        f'<div class="verdict{"" if report.good else " bad"}">{_verdict(report)}</div>'
        f"<table>{_facts(report, occasion)}</table>"
        f"<h2>Sidik jari <i>Fingerprints</i></h2><table>{_fingerprints(report)}</table>"
        f'<h2>Langkah <i>Steps</i></h2><div class="steps">{"".join(map(_step, report.results))}</div>'
        f"<h2>Periksa di tempat <i>Check at the wall</i></h2><ol>{''.join(_check(*each) for each in checks)}</ol>"
        f'<div class="sign">{_signature("Teknisi", "Technician")}{_signature("Penanggung jawab unit", "For the unit")}</div></section>'
    )


def _verdict(report: MachineReport) -> str:
    if any(one.outcome is Outcome.WOULD_CHANGE for one in report.results):
        ours = f"Uji coba: {report.changed} langkah akan mengubah sesuatu. Tidak ada yang diubah."
    elif report.good:
        ours = "Siap melayani." if report.changed else "Siap melayani. Tidak ada yang perlu diubah."
    else:
        ours = "BELUM SIAP. Perbaiki, lalu jalankan perintah yang sama lagi."
    return f"{ours}<br><i>{escape(report.verdict)}</i>"


def _facts(report: MachineReport, occasion: Occasion) -> str:
    it = report.identity
    rows = (
        ("Kiosk", "Kiosk", report.kiosk),
        ("Unit", "Unit", report.unit),
        ("Alamat", "Host", report.host),
        ("Perangkat, nomor seri", "Board, serial", ", ".join(filter(None, (it.board, it.serial)))),
        ("Sistem operasi", "System", it.system),
        ("Versi Siperlu", "Version", occasion.version),
        ("Pusat", "Centre", occasion.centre),
        ("Waktu", "Time", f"{occasion.at:%d-%m-%Y %H:%M %Z}"),
        ("Dikerjakan oleh", "By", occasion.by),
    )
    return "".join(_row(ours, theirs, escape(value)) for ours, theirs, value in rows)


def _fingerprints(report: MachineReport) -> str:
    it = report.identity
    keys = [(f"Kunci {name}", "Key, RFC 7638", thumbprint) for name, thumbprint in it.keys.items()]
    rows = (
        *keys,
        ("Sertifikat TLS (SHA-256)", f"until {it.until}" if it.until else "TLS certificate", it.certificate),
        ("Kunci SSH", "SSH host key", it.host_key),
    )
    return "".join(_row(ours, theirs, value and f"<code>{escape(value)}</code>") for ours, theirs, value in rows)


def _row(ours: str, theirs: str, value: str) -> str:
    return f"<tr><th>{escape(ours)} <i>{escape(theirs) if theirs != ours else ''}</i></th><td>{value or '&mdash;'}</td></tr>"


def _step(one: Result) -> str:
    return f"<div><span>{escape(STEPS.get(one.step, one.step))} <i>{escape(one.step)}</i></span><b>{OUTCOMES[one.outcome]}</b></div>"


def _check(ours: str, theirs: str) -> str:
    return f'<li><span class="box"></span><span>{escape(ours)} <i>{escape(theirs)}</i></span></li>'


def _signature(ours: str, theirs: str) -> str:
    return f'<div>{ours} <i>{theirs}</i><div class="line"></div>Nama, NIP, tanggal <i>Name, NIP, date</i></div>'
