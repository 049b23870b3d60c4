"""Words of the pages of people. What the services refuse is told by them in English; here it is found again and said in the
page's language. A test finds every refusal in the services' code and demands its words here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from flask import g
from markupsafe import escape

from collector.people.changing import Leaving
from collector.web.words import N_, translations

LEAVING: Mapping[Leaving, str] = {
    Leaving.RETIRED: N_("Retired"),
    Leaving.DIED: N_("Deceased"),
    Leaving.MOVED: N_("Moved to another agency"),
    Leaving.RESIGNED: N_("Resigned"),
    Leaving.CONTRACT: N_("Contract ended"),
    Leaving.DISMISSED: N_("Dismissed"),
    Leaving.OTHER: N_("Another reason"),
}

KINDS: Mapping[str, str] = {
    "opd": N_("OPD"),
    "bagian": N_("Bagian"),
    "upt": N_("UPT"),
    "kecamatan": N_("Kecamatan"),
    "kelurahan": N_("Kelurahan"),
    "desa": N_("Desa"),
    "puskesmas": N_("Puskesmas"),
    "school": N_("School"),
    "other": N_("Other"),
}

ACTIONS: Mapping[str, str] = {
    "person.added": N_("Added"),
    "person.edited": N_("Data edited"),
    "person.transferred": N_("Transferred"),
    "person.lent": N_("Second site by letter"),
    "person.post-ended": N_("Post ended"),
    "person.left": N_("End of service"),
    "person.back": N_("Back in service"),
    "nik.set": N_("NIK kept"),
    "nik.removed": N_("NIK taken away"),
    "nik.revealed": N_("NIK shown"),
    "face.enrolled": N_("Face enrolled"),
    "face.removed": N_("Face taken away"),
    "pin.give": N_("PIN given on a guarantee"),
    "pin.renew": N_("New PIN on the same guarantee"),
    "pin.end": N_("Guarantee and PIN ended"),
    "hours.pattern": N_("Pattern of hours given"),
    "hours.pattern-back": N_("Pattern of hours taken back"),
    "hours.week": N_("Own week entered"),
    "hours.week-end": N_("Own week ended"),
    "import.applied": N_("Import"),
    "import.undone": N_("Import that was undone"),
}

LOOKED: Mapping[str, str] = {
    **ACTIONS,
    "person.read": N_("looked at the attendance"),
    "person.days": N_("looked at the days"),
    "person.export": N_("took the attendance as a sheet"),
    "person.card": N_("looked at the card"),
    "hours.read": N_("looked at the hours"),
    "pin.read": N_("looked at the guarantee"),
    "face.refused": N_("tried to enrol a face"),
    "data.answered": N_("answered a request"),
    "leave.opening": N_("stated the leave of earlier years"),
    "handout.make": N_("made a hand-out link"),
}
"""What others did with a person's data, as that person is told."""

AUDITED: Mapping[str, str] = {
    **LOOKED,
    "rota.change": N_("changed a rota"),
    "rota.export": N_("took a rota as a sheet"),
    "people.export": N_("took the list of people as a sheet"),
    "person.own": N_("opened the own page"),
    "person.erased": N_("erased a person"),
    "data.copied": N_("took a copy of the own data"),
    "data.asked": N_("asked for a correction"),
    "import.uploaded": N_("uploaded a list"),
    "import.dropped": N_("let a list go"),
    "unit.added": N_("added a unit"),
    "unit.changed": N_("changed a unit"),
    "retention.nik": N_("Deleted a NIK"),
    "retention.upload": N_("Deleted a list that nobody decided about"),
}
"""Every action of these pages in the audit log."""

REFUSALS = (
    # numbers
    N_("'%(value)s' was rounded by a spreadsheet; format the column as text and enter it again"),
    N_("%(value)s has the 16 digits of a NIK, which is not stored; enter the NIP or NI PPPK"),
    N_("'%(value)s' has %(count)s characters; a NIP or NI PPPK is 18 digits, check the letter"),
    N_("%(value)s: appointed %(year)s, born %(born)s, is below %(age)s years of age"),
    N_("a NIK was rounded by a spreadsheet; format the column as text and enter it again"),
    N_("a NIK of %(count)s characters; it has 16 digits, check the card"),
    N_("NIK %(value)s: digits 7 to 12 are no birth date, or it ends in 0000; check the card"),
    N_("%(value)s: digits 1 to 8 are not a birth date YYYYMMDD, check them"),
    N_(
        "%(value)s: digits 13 and 14 are %(code)s, a PNS has the month 01 to 12; 21 to 29 would be a PPPK, check the status"
    ),
    N_("%(value)s: digits 13 and 14 are %(code)s, a PNS has the month 01 to 12, check them"),
    N_("%(value)s: digits 13 and 14 are %(code)s, a PPPK has 21 to 29; 01 to 12 would be a PNS, check the status"),
    N_("%(value)s: digits 13 and 14 are %(code)s, a PPPK has 21 to 29, check them"),
    N_("%(value)s: digit 15 is %(digit)s, it must be 1 (man) or 2 (woman), check it"),
    N_("%(value)s: digits 16 to 18 are 000; if a spreadsheet rounded it, format the column as text and enter it again"),
    N_("status '%(value)s' is not known; write one of: %(known)s"),
    # rows
    N_("%(column)s is empty; fill it in"),
    N_("neither id nor NIP: nothing to know this person by next time; give an id"),
    N_("until %(until)s lies before from %(since)s; exchange them"),
    N_("latitude without longitude, or longitude without latitude; give both"),
    N_("latitude without longitude, or longitude without latitude; give both or none"),
    N_("name has the invisible character U+%(code)s; type the name again"),
    N_("name of %(count)s characters; it must have 1 to %(most)s"),
    N_("unit code '%(value)s': letters, digits and . _ / - only, at most 64; correct it"),
    N_("id %(value)s has the 16 digits of a NIK, which is not stored; give a number of your own"),
    N_("id '%(value)s': letters, digits and . _ / - only, at most 64; correct it"),
    N_("date '%(value)s' is not a day since 1900 as dd-mm-yyyy; correct it"),
    N_("%(status)s has no NIP; leave it empty or correct the status"),
    N_("NIP or NI PPPK is empty; %(status)s needs it"),
    N_("kind '%(value)s' is not known; write one of: %(known)s"),
    N_("'%(value)s' is not between -%(limit)s and %(limit)s degrees; correct it"),
    N_("born %(born)s by the file, %(other)s by the NIP; check which is right"),
    N_("born %(born)s by the NIK, %(other)s by the NIP; check which is right"),
    # merging
    N_("called %(name)s here, %(other)s in the file, under the same number; check whether it is one person"),
    N_("unit %(code)s is not known; did you mean %(near)s?"),
    N_("unit %(code)s is not known; import the units first"),
    N_("unit %(code)s is in line %(line)s already; keep one"),
    N_("%(what)s is in line %(line)s already; keep one"),
    N_("id %(id)s and NIP %(number)s belong to two people; correct one"),
    N_("NIP %(number)s belongs to id %(id)s, not %(other)s; correct one"),
    N_("left on %(day)s; if they are back, give an empty column `keluar`"),
    N_("parent %(code)s is not known or was set aside; did you mean %(near)s?"),
    N_("parent %(code)s is not known or was set aside; import the units first"),
    N_("unit %(code)s would lie above itself; correct its parent"),
    # files
    N_("%(file)s: larger than %(most)s MiB; split it"),
    N_("%(file)s: holds NUL bytes, so it is no CSV in UTF-8; save it as CSV UTF-8"),
    N_("%(file)s: empty; the first row must name the columns"),
    N_("%(file)s: %(count)s columns, at most %(most)s are read; take the others out"),
    N_("%(file)s: neither UTF-8 nor Windows-1252; save it as CSV UTF-8"),
    N_("%(file)s: more than %(most)s rows; split it"),
    N_("%(file)s: row at line %(line)s: %(fault)s; check the quotation marks there"),
    N_("%(count)s cells, the header has %(columns)s; quote the cell with a delimiter"),
    N_("a cell of %(count)s characters, at most %(most)s are read; shorten it"),
    N_("columns '%(one)s' and '%(other)s' both say %(meaning)s; take one out"),
    N_("columns %(seen)s: people need nama; status; unit (and id or nip), units need kode; nama"),
    N_("not UTF-8: read as Windows-1252; check names with accents"),
    N_("column NIK is protected data: not read, not stored"),
    N_("column '%(title)s' is not read; did you mean '%(near)s'?"),
    N_("column '%(title)s' is not read"),
    N_(
        "%(count)s people of these units do not stand in the file and stay as they are; who has left needs a row with a date in the column `keluar`"
    ),
    N_("%(file)s: an old or password-protected workbook; save it as .xlsx without a password, or as CSV"),
    N_("%(file)s: no workbook that can be read (%(kind)s); save it again as .xlsx, or as CSV"),
    N_("%(file)s: a damaged workbook; save it again as .xlsx, or as CSV"),
    N_("%(file)s: part '%(part)s' declares entities or is not UTF-8; save it again as .xlsx"),
    N_(
        "%(file)s: %(count)s parts of %(size)s MiB unpacked, at most %(most)s of %(limit)s MiB are read; take pictures and other sheets out, or save it as CSV"
    ),
    N_("%(file)s: no visible sheet; show the one that is meant"),
    N_("%(file)s: sheet '%(sheet)s' has merged cells (%(cells)s); unmerge them, and let row 1 name the columns"),
    N_("only the first sheet '%(sheet)s' is read"),
    N_("cell %(cell)s holds a formula; paste values only"),
    N_("cell %(cell)s holds the error %(fault)s; paste values only"),
    N_("this import does not wait any more; upload the file again"),
    # changes
    N_("%(day)s: a post begins on %(other)s; give a later day, or take that post back first"),
    N_("%(unit)s is their unit on %(day)s already; choose another"),
    N_("%(day)s lies before %(other)s; exchange them"),
    N_("%(unit)s is one of their units in that time already; end that post first"),
    N_("post %(place)s is not there any more; open the page again"),
    N_("they have not left"),
    N_("nobody has the id '%(id)s'"),
    N_("%(status)s needs a NIP or NI PPPK; enter its 18 digits"),
    N_("neither NIP nor internal number: give one of your own"),
    N_("%(value)s belongs to another person already; correct one of the two"),
    N_("they left on %(day)s; take that back first"),
    N_("unit '%(code)s' is not known; choose one of the list"),
    N_("%(day)s is no day between %(first)s and %(last)s; correct it"),
    N_("a second site needs the number of the letter of assignment"),
    N_("%(count)s characters, at most %(most)s; shorten it"),
    N_("say in a few words what the NIK is needed for; the audit log keeps it"),
    N_("there is no NIK of this person"),
    # units
    N_("%(code)s is a unit already; choose another code"),
    N_("unit '%(code)s' is not there"),
    N_("kind '%(value)s' is not known; choose one of the list"),
    N_("%(parent)s lies below %(own)s: a unit cannot lie above itself; choose another"),
    # undoing
    N_("say why the import is undone, in a few words"),
    N_("it was undone already"),
    N_("line %(line)s, %(name)s: was changed since (%(fields)s)"),
    N_("line %(line)s, %(name)s: has check-in records"),
    N_("line %(line)s, %(name)s: has phone records"),
    N_("line %(line)s, %(name)s: is enrolled"),
    N_("line %(line)s, %(name)s: has leave or another entry"),
    N_("line %(line)s, %(name)s: has hours of their own"),
    N_("line %(line)s, %(name)s: has a rota"),
    N_("line %(line)s, %(name)s: has days in a closed month"),
    N_("line %(line)s, %(name)s: has an account"),
    N_("line %(line)s, %(name)s: has people"),
    N_("line %(line)s, %(name)s: has kiosks"),
    N_("line %(line)s, %(name)s: has units below it"),
    N_("line %(line)s, %(name)s: has a closed month"),
    N_("line %(line)s, %(name)s: has an entry"),
    # requests
    N_("a request of %(count)s characters; say it in %(least)s to %(most)s"),
    N_("%(most)s requests wait already; await their answers"),
    N_("this request was answered already"),
    N_("say in a few words what was done, or why not"),
    # photos
    N_("cannot be read: %(fault)s"),
    N_("larger than %(most)s MiB; make it smaller"),
    N_("%(width)s x %(height)s pixels, at most %(most)s million are read; make it smaller"),
    N_("a damaged picture; export it again"),
    N_("a damaged picture: its header is cut short; export it again"),
    N_("a damaged picture: no frame in it; export it again"),
    N_("neither JPEG nor PNG; save it as one of them"),
    N_("no face found"),
    N_("several faces (%(count)s); cut out the one that is meant"),
    N_("the face is too small; take it from nearer"),
    N_("the face is turned or tilted; look into the camera"),
    N_("the face is blurred; hold still"),
    N_("the face is too dark; more light from the front"),
    N_("the face is too bright; less light"),
    N_("the same picture as one before"),
    N_("the same picture lies in %(folders)s; it can only be of one person"),
    N_("more than %(most)s; the others are enough"),
    N_("not the person of the other photos"),
    N_("the photos are of several people"),
    N_("no photo that can be used"),
)
_PIECES = re.compile(r"%\(\w+\)s|'")
_HOLE = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")


def found(text: str) -> tuple[str, dict[str, str]] | None:
    """The words a refusal was made of, and what stood in its holes; None for a text that nobody wrote down here."""
    for words, longest, pattern in _patterns():
        match = pattern.fullmatch(text) if longest in text else None
        if match:
            return words, match.groupdict()
    return None


def told(text: str) -> str:
    """A refusal in the language of the page; as it is where nobody wrote it down."""
    known = found(text)
    return text if known is None else _catalogue(g.language)(known[0]) % known[1]


def for_field(text: str) -> str:
    """A refusal as the errors of a field and flashed words want it: these are translated once more where they are shown, by
    which a text counts as HTML and its percent signs as holes. What somebody typed is neither."""
    return str(escape(told(text))).replace("%", "%%")


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Words, the longest piece of them between holes, and their pattern. The more one says by itself, the sooner it is tried."""
    most = sorted(REFUSALS, key=lambda words: len(_HOLE.sub("", words)), reverse=True)
    return tuple((words, max(_PIECES.split(words), key=len), _pattern(words)) for words in most)


def _pattern(words: str) -> re.Pattern[str]:
    """A hole that is named twice holds the same both times. A quoted one may stand in either kind of quotes, as `repr` does."""
    seen: set[str] = set()

    def hole(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.*)"

    escaped = _HOLE.sub(hole, re.escape(words).replace("%\\(", "%(").replace("\\)s", ")s"))
    return re.compile(escaped.replace("'", "['\"]"), re.DOTALL)


@cache
def _catalogue(language: str) -> Callable[[str], str]:
    return translations(language).gettext
