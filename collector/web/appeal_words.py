"""The words of appeals, and which tabs of the inbox each role has."""

from __future__ import annotations

from collector.accounts.roles import Role
from collector.rules.appeals.case import Act, Ground, Stage
from collector.web.words import N_

GROUNDS = {
    Ground.LATE.value: (N_("Late"), N_("I came on time, or was held up by something that excuses.")),
    Ground.EARLY.value: (N_("Left early"), N_("I left on time, or for a reason that excuses.")),
    Ground.ABSENT.value: (N_("Absent"), N_("I was at work, or away for a reason that excuses.")),
    Ground.ASSEMBLY.value: (N_("Missed apel"), N_("I was there, or had a reason not to be.")),
    Ground.WRONG_PERSON.value: (N_("Wrong person"), N_("A look was not me, or I was taken for somebody else.")),
    Ground.VIOLATION.value: (N_("Violation"), N_("There is an explanation.")),
}
STAGES = {
    Stage.SUPERIOR: ("waiting", "ask", N_("With the superior")),
    Stage.BKD: ("waiting", "human", N_("With BKD")),
    Stage.ACCEPTED: ("check", "good", N_("Accepted")),
    Stage.REJECTED: ("incident", "bad", N_("Rejected")),
    Stage.WITHDRAWN: ("never", "down", N_("Withdrawn")),
}
ACTS = {
    Act.FILE.value: ("roster", "human", N_("Filed")),
    Act.SUPPORT.value: ("check", "good", N_("The superior supports it")),
    Act.OBJECT.value: ("fault", "ask", N_("The superior speaks against it")),
    Act.LAPSE.value: ("clock", "plain", N_("The superior was silent past the deadline")),
    Act.ACCEPT.value: ("check", "good", N_("BKD accepts it")),
    Act.REJECT.value: ("incident", "bad", N_("BKD rejects it")),
    Act.WITHDRAW.value: ("never", "down", N_("Withdrawn")),
}
TAB_WORDS = {
    "superior": N_("With the superior"),
    "bkd": N_("With BKD"),
    "closed": N_("Closed"),
    "mine": N_("My own"),
}
TABS = {
    Role.EMPLOYEE: ("mine",),
    Role.OPD_HEAD: ("superior", "bkd", "closed", "mine"),
    Role.OPD_OPERATOR: ("superior", "bkd", "closed", "mine"),
    Role.BKD_OFFICER: ("bkd", "superior", "closed", "mine"),
    Role.BKD_ADMIN: ("bkd", "superior", "closed", "mine"),
    Role.INSPECTORATE: ("bkd", "superior", "closed"),
}
