"""A text as a QR code, for paper and for a spreadsheet."""

from __future__ import annotations

import io

import segno

SCALE = 6
BORDER = 4
"""Modules of quiet zone that the standard asks for (ISO/IEC 18004)."""


def png(text: str) -> bytes:
    """A black and white picture, `SCALE` dots a module."""
    target = io.BytesIO()
    _made(text).save(target, kind="png", scale=SCALE, border=BORDER)
    return target.getvalue()


def svg(text: str) -> str:
    """A drawing without size of its own, to stand in a page."""
    return str(_made(text).svg_inline(border=BORDER, omitsize=True))


def _made(text: str) -> segno.QRCode:
    """Error correction L: a clean print needs no more, and larger modules read better. Never Micro QR: few apps read it."""
    return segno.make(text, error="l", micro=False, boost_error=False)
