"""Every error of the centre, on one page.

CollectorError (Exception)
├── KeysError (OSError)          the centre's own keys cannot be read, made or trusted
├── VaultError (ValueError)      what lies encrypted does not open: changed, or moved to another row
├── SchemaError (RuntimeError)   the database is not at the version this program needs
├── StoreDownError (OSError)     the database does not answer, is locked, full or read-only: try again later
├── AuthorityError (ValueError)  the certificate authority cannot do as asked
│   ├── RequestError                 a certificate request that is refused
│   └── ClaimError                   a claim that is not, or no longer, good for these keys
├── BackupError (ValueError)     a backup that cannot be made, read or restored
├── LinkError (OSError)          the broker cannot be reached with these certificates
├── ShareError (ValueError)      several processes were asked to write one SQLite file
├── PrintError (RuntimeError)    a file that cannot be printed here: a library is missing
├── ReportError (ValueError)     a report that cannot be made as asked
├── OrderError (ValueError)      an order to a kiosk that cannot be given or taken back
├── AccountError (ValueError)    an account that cannot be made or changed as asked
├── ReviewError (ValueError)     a decision about a violation that cannot be taken
├── AppealError (ValueError)     a step of an appeal that cannot be taken
│   ├── AppealLateError              the time to contest it is over
│   └── AppealTwiceError             it was contested before
├── PhoneError (ValueError)      a token of a phone application that cannot be made or revoked
├── StickUseError (ValueError)   a stick cannot be written as asked
├── StickSentError (ValueError)  an upload that is no stick's content; `why`: which rule it broke
├── SpotCheckError (ValueError)  a spot check that cannot be drawn, noted or closed as asked
└── PeopleError (ValueError)     what was to be registered breaks a rule
    ├── NumberError                  a NIP or NI PPPK that cannot be one
    ├── SheetError                   a CSV file that cannot be read as a table of people or units
    ├── PhotoError                   an enrolment picture that was refused
    ├── ChangeError                  a change of a person or unit that breaks a rule; `field`: which one of the form
    ├── UndoError                    an import that cannot be undone; `blocks`: what stands on it
    └── RegistrationError            a kiosk, unit or person that cannot be registered as asked
"""

from __future__ import annotations


class CollectorError(Exception):
    """Something at the centre that a person can mend; the text says how."""


class KeysError(CollectorError, OSError):
    """The centre's own keys cannot be read, made or trusted."""


class VaultError(CollectorError, ValueError):
    """What lies encrypted in the database does not open: it was changed, or moved to another row."""


class SchemaError(CollectorError, RuntimeError):
    """The database is not at the version this program needs."""


class StoreDownError(CollectorError, OSError):
    """The database does not answer, is locked, full or read-only: nothing was committed, try again later."""


class AuthorityError(CollectorError, ValueError):
    """The certificate authority cannot do as asked; the text says why and what can be done."""


class BackupError(CollectorError, ValueError):
    """A backup that cannot be made, read or restored; the text says what to do."""


class RequestError(AuthorityError):
    """A certificate request that is refused."""


class ClaimError(AuthorityError):
    """A claim that is not, or no longer, good for these keys; which of the two is not told."""


class LinkError(CollectorError, OSError):
    """The broker cannot be reached with these settings, however often one tries."""


class ShareError(CollectorError, ValueError):
    """Several processes were asked to write one SQLite file."""


class OrderError(CollectorError, ValueError):
    """An order to a kiosk that cannot be given or taken back; the text says what can."""


class AccountError(CollectorError, ValueError):
    """An account that cannot be made or changed as asked; the text says why, and `rule` which rule it was."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


class ReviewError(CollectorError, ValueError):
    """A decision about a violation that cannot be taken; the text says which one can."""


class AppealError(CollectorError, ValueError):
    """A step of an appeal that cannot be taken; the text says which one can."""


class AppealLateError(AppealError):
    """The time to contest it is over; the agency may still file it."""


class AppealTwiceError(AppealError):
    """It is being decided, or was."""


class PhoneError(CollectorError, ValueError):
    """A token of a phone application that cannot be made or revoked as asked."""


class StickSentError(CollectorError, ValueError):
    """An upload that is not taken; `why`: a word of `collector.sticks.sent.Why`, `what`: the name, file or figure it is about."""

    def __init__(self, why: str, what: str) -> None:
        super().__init__(f"{why}: {what}")
        self.why = why
        self.what = what


class SpotCheckError(CollectorError, ValueError):
    """A spot check that cannot be drawn, noted or closed as asked."""


class PrintError(CollectorError, RuntimeError):
    """A file that cannot be printed here, for a program or library is missing."""


class ReportError(CollectorError, ValueError):
    """A report that cannot be made as asked: no such unit, no judged day, a staff list that does not fit.

    `code`, `values`: the same for the pages, which have words for it (`collector.recap.faults.Fault`); empty where only a
    command meets it.
    """

    def __init__(self, text: str, code: str = "", **values: str | int) -> None:
        super().__init__(text)
        self.code, self.values = code, values


class PeopleError(CollectorError, ValueError):
    """What was to be registered breaks a rule; the text names the value, the rule and the mend."""


class NumberError(PeopleError):
    """A NIP or NI PPPK that cannot be one."""


class SheetError(PeopleError):
    """A CSV file that cannot be read as a table of people or units."""


class PhotoError(PeopleError):
    """An enrolment picture that was refused."""


class RegistrationError(PeopleError):
    """A kiosk, unit or person that cannot be registered as asked."""


class ChangeError(PeopleError):
    """A change of a person or unit that breaks a rule; `field`: the one of the form that the text is about."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class UndoError(PeopleError):
    """An import that cannot be undone; `blocks`: what stands on it, a line each."""

    def __init__(self, text: str, blocks: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.blocks = blocks


class StickUseError(CollectorError, ValueError):
    """A stick cannot be written as asked: another kiosk, no kiosk, no bundle. `rule`, `what`: which one it broke and by what, for
    the pages, which have words for it (`collector.sticks.faults`); empty where only a command meets it."""

    def __init__(self, text: str, rule: str = "", what: str = "") -> None:
        super().__init__(text)
        self.rule, self.what = rule, what
