"""The recap as PDF on folio paper, laid out by WeasyPrint. Same document and same libraries, same bytes.

The document travels inside the file, so that anybody can print it again and compare.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from collector.errors import PrintError
from collector.recap.document import Document, text
from collector.recap.layout import digest_of
from collector.recap.qr import svg
from collector.recap.seal import Seal, Sealer, qr_text, stamp
from wire.codec import Codec
from wire.errors import ContractError

LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
ATTACHMENT = "rekap.json"
TYPEFACE = "plus-jakarta-sans.woff2"
OFF = ("LB", "LJ", "CBer")
WEIGHTS = (400, 600, 700)
MAX_CONTENT = 16 * 2**20
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""Date of the attachment: always this one, for the time of print stands in the foot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a PDF was printed from: the document and its seal."""

    siperlu: str
    document: Document
    seal: str


CONTENT: Codec[Content] = Codec("content of a recap", Content)
CONTENT_MARK = b'{"siperlu":"recap/1"'


def write(document: Document, sealer: Sealer) -> bytes:
    """The file. Raises PrintError when WeasyPrint or its libraries are missing."""
    return laid_out(document, stamp(document, digest_of(document), sealer).text)


def laid_out(document: Document, seal: str) -> bytes:
    """The pages of a document under a seal that exists. Raises PrintError."""
    weasyprint = _weasyprint()
    content = CONTENT.encode(Content(siperlu="recap/1", document=document, seal=seal))
    fetcher, fonts = _only_data(), weasyprint.text.fonts.FontConfiguration()
    styles = weasyprint.CSS(string=_css(), url_fetcher=fetcher, font_config=fonts)
    attachment = weasyprint.Attachment(
        string=content, name=ATTACHMENT, created=MADE, modified=MADE, url_fetcher=fetcher, relationship="Source"
    )
    page = weasyprint.HTML(string=_html(document, Seal(digest_of(document), seal)), url_fetcher=fetcher)
    raw = page.write_pdf(
        stylesheets=[styles],
        font_config=fonts,
        attachments=[attachment],
        pdf_identifier=hashlib.sha256(content).digest()[:16],
    )
    return bytes(raw)


@cache
def _css() -> str:
    """The styles with the centre's own typeface in them: the same letters on every machine.

    The typeface is cut to the weights that are used, because a variable one is given the time of printing by the library.
    """
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - comes with WeasyPrint
    from fontTools.varLib.instancer import instantiateVariableFont  # noqa: PLC0415

    variable = (resources.files("collector") / "web" / "static" / TYPEFACE).read_bytes()
    faces = []
    for weight in WEIGHTS:
        cut = instantiateVariableFont(TTFont(io.BytesIO(variable), recalcTimestamp=False), {"wght": weight})
        cut.flavor = None
        target = io.BytesIO()
        cut.save(target)
        source = base64.b64encode(target.getvalue()).decode()
        faces.append(
            f'@font-face {{ font-family: "Siperlu"; font-weight: {weight}; src: url(data:font/ttf;base64,{source}) }}'
        )
    return "\n".join([*faces, (resources.files("collector.recap") / "templates" / "recap.css").read_text("utf-8")])


def content_of(raw: bytes) -> Content | None:
    """What a PDF says it was printed from, or None. Nothing is believed yet: print it again and compare every byte."""
    for place in _streams(raw):
        stream = zlib.decompressobj()
        with contextlib.suppress(zlib.error, ContractError):
            if stream.decompress(memoryview(raw)[place:], len(CONTENT_MARK)) == CONTENT_MARK:
                return CONTENT.decode(CONTENT_MARK + stream.decompress(stream.unconsumed_tail, MAX_CONTENT))
    return None


def _streams(raw: bytes) -> Iterator[int]:
    """Where the streams of a PDF begin."""
    place = 0
    while (start := raw.find(b"stream\n", place)) >= 0:
        place = start + len(b"stream\n")
        yield place


def _html(document: Document, seal: Seal) -> str:
    pages = Environment(
        loader=PackageLoader("collector.recap"), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    pages.filters["cell"] = text
    template = pages.get_template("recap.html")
    drawn = Markup(svg(qr_text(document, seal)))  # noqa: S704 - drawn here
    return template.render(document=document, seal=seal, qr=drawn, off=OFF)


def _weasyprint() -> Any:
    """The library, loaded when something is printed: it opens Pango's shared objects."""
    try:
        import weasyprint  # noqa: PLC0415 - the centre runs without it
    except (ImportError, OSError) as error:
        raise PrintError(
            f"a PDF needs WeasyPrint and Pango, and one of them is missing ({error}): apt-get install {LIBRARIES}; "
            "XLSX and CSV need neither"
        ) from error
    return weasyprint


def _only_data() -> Any:
    """Nothing that stands in a name or a note can make the printer open a file or an address."""
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    return URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
