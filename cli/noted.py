"""What a command changes stands in the audit log as a page's change does, under the user of the system who ran it."""

from __future__ import annotations

import getpass

from sqlalchemy.orm import Session

from collector import audit

ACTING = "acting"


def hand() -> str:
    """Whose hand a command is."""
    return f"command:{getpass.getuser()}"


def note(session: Session, action: str, subject: str, **detail: str | int) -> None:
    """Add an entry in the command's transaction. What `--by` said stays with the thing itself: it may be a name, and
    entries cannot be deleted."""
    audit.note(session, hand(), action, subject, detail)


def remember(session: Session, account: str) -> None:
    """For which account the command acts; `note_acting` adds it to the log."""
    session.info[ACTING] = account


def note_acting(session: Session) -> None:
    """Last of all before the commit: who adds to the log has everybody else wait, also for rows that the command still needs."""
    account = session.info.pop(ACTING, None)
    if account is not None:
        note(session, "command.act", account)
