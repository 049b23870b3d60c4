"""A drawn person before a drawn wall: the only face in any picture of the documentation."""

from __future__ import annotations

from playwright.sync_api import Browser

from kiosk.screen import Picture
from models.face import Box

WIDTH, HEIGHT = 640, 480
FACE = Box(268, 158, 112, 132)

PERSON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480" width="640" height="480">
<defs><linearGradient id="wall" x2="0" y2="1"><stop stop-color="#d9dfdd"/><stop offset="1" stop-color="#b3bfbe"/></linearGradient>
<linearGradient id="scarf" x2="1" y2="1"><stop stop-color="#2f7f86"/><stop offset="1" stop-color="#1d5a63"/></linearGradient>
<radialGradient id="skin" cx=".42" cy=".4"><stop stop-color="#d9a67f"/><stop offset="1" stop-color="#bd8760"/></radialGradient>
<filter id="far"><feGaussianBlur stdDeviation="5"/></filter><filter id="soft"><feGaussianBlur stdDeviation=".7"/></filter></defs>
<rect width="640" height="480" fill="url(#wall)"/>
<g filter="url(#far)"><rect x="30" y="40" width="150" height="250" rx="6" fill="#eef4f3"/><rect x="100" y="40" width="7" height="250" fill="#a9b6b5"/>
<rect x="470" y="70" width="140" height="330" fill="#8d7a66"/><circle cx="488" cy="250" r="7" fill="#5d4f41"/>
<path d="M0 400h640v80H0z" fill="#8e9a97"/><path d="M210 400c-10-80-35-90-40-130 30 20 45 60 50 130z" fill="#5f8a67"/></g>
<g filter="url(#soft)"><path d="M118 480c8-92 70-132 206-132s198 40 206 132z" fill="#c4a77a"/>
<path d="M300 470l24-60 24 60z" fill="#ac9064"/><rect x="408" y="420" width="64" height="34" rx="3" fill="#f2efe6"/><path d="M416 431h36M416 441h24" stroke="#7b7466" stroke-width="3"/>
<path d="M324 104c-76 0-106 62-102 136 3 60 2 110-24 146 60 36 196 38 254 0-28-40-28-90-26-146 4-74-28-136-102-136z" fill="url(#scarf)"/>
<path d="M324 142c-48 0-64 40-62 88 2 50 30 88 62 88s60-38 62-88c2-48-14-88-62-88z" fill="url(#skin)"/>
<path d="M262 214c2-46 22-72 62-72s60 26 62 72c-10-34-30-48-62-48s-52 14-62 48z" fill="#174a52"/>
<path d="M281 208c8-7 20-7 27-1M340 207c8-6 20-6 27 1" stroke="#3a2618" stroke-width="4.500" fill="none" stroke-linecap="round"/>
<ellipse cx="296" cy="224" rx="8.500" ry="6" fill="#fff"/><ellipse cx="352" cy="224" rx="8.500" ry="6" fill="#fff"/>
<circle cx="296" cy="224" r="5" fill="#2b1a10"/><circle cx="352" cy="224" r="5" fill="#2b1a10"/>
<path d="M323 226c-2 12-6 20-9 25 5 5 13 5 19 1" stroke="#9a6844" stroke-width="3.500" fill="none" stroke-linecap="round"/>
<path d="M302 275c12 11 32 11 44 0-10-4-34-4-44 0z" fill="#a5524a"/>
<path d="M262 250c6 46 32 78 62 78s56-32 62-78c22 60-10 110-62 112-54-2-84-52-62-112z" fill="#246c74" opacity=".95"/>
<path d="M270 330c30 34 80 34 112 2" stroke="#174a52" stroke-width="3" fill="none" opacity=".6"/></g></svg>"""


def picture(browser: Browser) -> Picture:
    """The drawing as the camera would give it."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_content(f"<style>body{{margin:0}}</style>{PERSON}")
    jpeg = page.screenshot(type="jpeg", quality=88)
    page.close()
    return Picture(jpeg, WIDTH, HEIGHT, FACE)
