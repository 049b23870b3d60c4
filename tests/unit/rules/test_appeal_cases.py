"""An appeal's way: filed, the superior's word, the agency's decision; four eyes, deadlines, and what a decision does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from collector.rules.appeals.case import BY, Act, Actor, Appeal, Deadlines, Ground, Part, Stage, Step, lapsed, take
from collector.rules.appeals.effects import WrongPerson, grounds, rulings
from collector.rules.codes import Code, State
from collector.rules.day import DayResult, judge_day
from collector.rules.errors import TransitionError
from collector.rules.evidence import Effect, Evidence, Look
from tests.unit.rules.scene import TUESDAY, WHO, complete, look, moment, person, rulebook, standing

KNOWN = moment(TUESDAY, "+00:00")
OWN = Actor(account="pegawai-1", person="p1")
CLERK = Actor(account="operator", person="p9")
HEAD = Actor(account="kepala", person="p2")
OFFICER = Actor(account="bkd-1", person="p3")
LIMITS = Deadlines()


def step(act: Act, by: Actor, days: float = 1, part: Part | None = None, why: str = "surat 800/1") -> Step:
    return Step(act=act, by=by, part=part or BY[act], at=KNOWN + timedelta(days=days), why=why)


def after(*steps: Step) -> Appeal:
    appeal = Appeal(person="p1", known=KNOWN)
    for each in steps:
        appeal = take(appeal, each, LIMITS)
    return appeal


FILED = step(Act.FILE, OWN)
SUPPORTED = step(Act.SUPPORT, HEAD, 2)


@pytest.mark.parametrize("word", [Act.SUPPORT, Act.OBJECT])
@pytest.mark.parametrize(("end", "stage"), [(Act.ACCEPT, Stage.ACCEPTED), (Act.REJECT, Stage.REJECTED)])
def test_the_superior_speaks_and_the_agency_decides_either_way(word: Act, end: Act, stage: Stage) -> None:
    done = after(FILED, step(word, HEAD, 2), step(end, OFFICER, 3))
    assert done.stage is stage
    assert [each.act for each in done.steps] == [Act.FILE, word, end]
    assert done.due(LIMITS) is None


def test_every_other_order_is_refused() -> None:
    """All acts at all stages: only those of the table go through."""
    stages = {
        Stage.SUPERIOR: after(FILED),
        Stage.BKD: after(FILED, SUPPORTED),
        Stage.ACCEPTED: after(FILED, SUPPORTED, step(Act.ACCEPT, OFFICER, 3)),
        Stage.REJECTED: after(FILED, SUPPORTED, step(Act.REJECT, OFFICER, 3)),
        Stage.WITHDRAWN: after(FILED, step(Act.WITHDRAW, OWN, 2)),
    }
    by = {Part.SUPERIOR: HEAD, Part.BKD: OFFICER, Part.APPELLANT: OWN, Part.CENTRE: Actor(account="siperlu")}
    passed = set()
    for stage, appeal in stages.items():
        for act in Act:
            try:
                take(appeal, step(act, by[BY[act]], 9), LIMITS)
            except TransitionError:
                continue
            passed.add((stage, act))
    assert passed == {
        (Stage.SUPERIOR, Act.SUPPORT),
        (Stage.SUPERIOR, Act.OBJECT),
        (Stage.SUPERIOR, Act.LAPSE),
        (Stage.SUPERIOR, Act.WITHDRAW),
        (Stage.BKD, Act.ACCEPT),
        (Stage.BKD, Act.REJECT),
        (Stage.BKD, Act.WITHDRAW),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        Actor(account="pegawai-1"),
        Actor(account="bkd-1", person="p1"),  # an officer about their own day
        Actor(account="operator"),  # who filed it for them
        Actor(account="bkd-2", person="p9"),  # the same human with another account
    ],
)
@pytest.mark.parametrize("act", [Act.SUPPORT, Act.ACCEPT, Act.REJECT])
def test_nobody_decides_about_their_own_or_what_they_filed(wrong: Actor, act: Act) -> None:
    filed = step(Act.FILE, CLERK if wrong.account != "pegawai-1" else OWN)
    way = after(filed) if act is Act.SUPPORT else after(filed, SUPPORTED)
    with pytest.raises(TransitionError, match="nobody decides about their own"):
        take(way, step(act, wrong, 3), LIMITS)


@pytest.mark.parametrize("again", [HEAD, Actor(account="bkd-9", person="p2")])
def test_the_superior_does_not_decide_for_the_agency_as_well(again: Actor) -> None:
    with pytest.raises(TransitionError, match="who spoke as superior"):
        take(after(FILED, SUPPORTED), step(Act.ACCEPT, again, 3), LIMITS)


def test_acts_belong_to_parts() -> None:
    with pytest.raises(TransitionError, match="for the bkd, not for the superior"):
        take(after(FILED, SUPPORTED), step(Act.ACCEPT, OFFICER, 3, Part.SUPERIOR), LIMITS)


def test_a_silent_superior_holds_nothing_up() -> None:
    filed = after(FILED)
    due = filed.due(LIMITS)
    assert due is not None
    assert lapsed(filed, due - timedelta(seconds=1), LIMITS) is filed
    passed = lapsed(filed, due + timedelta(days=40), LIMITS)
    assert passed.stage is Stage.BKD
    assert (passed.steps[-1].act, passed.steps[-1].at) == (Act.LAPSE, due)
    assert take(passed, step(Act.REJECT, OFFICER, 50), LIMITS).stage is Stage.REJECTED
    with pytest.raises(TransitionError, match="cannot take support"):
        take(passed, step(Act.SUPPORT, HEAD, 50), LIMITS)


def test_the_agency_is_reminded_but_no_clock_decides() -> None:
    waiting = after(FILED, SUPPORTED)
    assert waiting.due(LIMITS) == SUPPORTED.at + LIMITS.bkd
    assert lapsed(waiting, KNOWN + timedelta(days=400), LIMITS) is waiting


def test_a_day_can_be_contested_for_thirty_days_and_by_the_agency_later() -> None:
    assert after(step(Act.FILE, OWN, 30)).stage is Stage.SUPERIOR
    with pytest.raises(TransitionError, match="could be contested until 05-06-2026, 30 days"):
        after(step(Act.FILE, OWN, 30.01))
    assert after(step(Act.FILE, OFFICER, 90, Part.BKD)).stage is Stage.SUPERIOR


def test_only_the_person_or_the_filer_withdraws() -> None:
    filed = after(step(Act.FILE, CLERK))
    for who in (OWN, CLERK):
        assert take(filed, step(Act.WITHDRAW, who, 2), LIMITS).stage is Stage.WITHDRAWN
    with pytest.raises(TransitionError, match="by nobody else"):
        take(filed, step(Act.WITHDRAW, HEAD, 2, Part.APPELLANT), LIMITS)


def test_every_step_has_a_reason_and_history_runs_forward() -> None:
    with pytest.raises(TransitionError, match="say why"):
        after(step(Act.FILE, OWN, why="  "))
    with pytest.raises(TransitionError, match="older than the last one"):
        after(FILED, step(Act.SUPPORT, HEAD, 0.5))


def result(*codes: Code, state: State = State.FINAL) -> DayResult:
    return DayResult(person="p1", day=TUESDAY, state=state, codes=codes)


@pytest.mark.parametrize(
    ("judged", "found"),
    [
        (result(Code.H, Code.TL2), (Ground.LATE,)),
        (result(Code.H, Code.TL4, Code.PSW1, Code.TA), (Ground.LATE, Ground.EARLY, Ground.ASSEMBLY)),
        (result(Code.TK), (Ground.ABSENT,)),
        (result(Code.H), ()),
        (result(Code.CT), ()),
        (result(Code.H, state=State.OPEN), ()),
        (None, ()),
    ],
)
def test_only_what_is_held_against_somebody_can_be_contested(
    judged: DayResult | None, found: tuple[Ground, ...]
) -> None:
    assert grounds(judged) == found


def ruled(ground: Ground, *clocks: str, wrong: WrongPerson | None = None) -> DayResult:
    """The day of p1 after its appeal was accepted."""
    looks = tuple(look(moment(TUESDAY, clock), number) for number, clock in enumerate(clocks, 1))
    evidence = Evidence(
        looks=looks, kiosks=(complete(TUESDAY),), rulings=tuple(rulings(ground, "p1", TUESDAY, "S-00001", wrong))
    )
    return judge_day(WHO["PNS"], TUESDAY, evidence, rulebook())


@pytest.mark.parametrize(
    ("ground", "clocks"),
    [(Ground.LATE, ("08:40", "16:00")), (Ground.EARLY, ("07:20", "15:00")), (Ground.ABSENT, ())],
)
def test_an_accepted_appeal_takes_the_fault_away_and_is_named(ground: Ground, clocks: tuple[str, ...]) -> None:
    day = ruled(ground, *clocks)
    assert (day.codes, day.percent) == ((Code.H,), 0)
    assert any(each.kind == "ruling" and each.fact("entry") == "S-00001" for each in day.reasons)


def test_a_wrong_person_moves_the_look_and_leaves_the_record() -> None:
    """The look of p1 at 07:20 was p2: p1 loses it, p2 gains it, and both days say so."""
    morning, evening = look(moment(TUESDAY, "07:20"), 1), look(moment(TUESDAY, "16:05"), 2)
    twin = person(name="p2")
    theirs = look(moment(TUESDAY, "16:10"), 3, who="p2")
    wrong = WrongPerson(record=morning.record, holder="p1", truly="p2")
    everything = Evidence(
        looks=(morning, evening, theirs),
        kiosks=(complete(TUESDAY),),
        rulings=tuple(rulings(Ground.WRONG_PERSON, "p1", TUESDAY, "S-1", wrong)),
    )
    one, other = (judge_day(who, TUESDAY, everything, rulebook()) for who in (WHO["PNS"], twin))
    assert one.codes == (Code.H, Code.TL4)
    assert (other.codes, other.in_record) == ((Code.H,), morning.record)
    told = [[each.fact("effect") for each in day.reasons if each.kind == "ruling"] for day in (one, other)]
    assert told == [[Effect.STRIKE_LOOK.value], [Effect.COUNT_LOOK.value]]


def test_without_the_agencys_word_the_look_counts_for_nobody() -> None:
    wrong = WrongPerson(record="a/c/1", holder="p1")
    assert [each.effect for each in rulings(Ground.WRONG_PERSON, "p1", TUESDAY, "S-1", wrong)] == [Effect.STRIKE_LOOK]


@pytest.mark.parametrize(
    "wrong", [None, WrongPerson(record="", holder="p1"), WrongPerson(record="a/c/1", holder="p1", truly="p1")]
)
def test_a_wrong_person_needs_a_record_and_another_person(wrong: WrongPerson | None) -> None:
    with pytest.raises(TransitionError):
        rulings(Ground.WRONG_PERSON, "p1", TUESDAY, "S-1", wrong)


def by_phone(at: datetime) -> Look:
    from collector.rules.evidence import Method  # noqa: PLC0415

    return replace(look(at, 7), method=Method.PHONE, device="android-1", source="phone/android-1")


@pytest.mark.parametrize(("phones", "codes"), [(False, (Code.TK,)), (True, (Code.H,))])
def test_a_look_by_telephone_counts_only_where_the_rules_say_so(phones: bool, codes: tuple[Code, ...]) -> None:
    looks = tuple(replace(by_phone(moment(TUESDAY, clock)), record=f"phone/x/{clock}") for clock in ("07:20", "16:02"))
    day = judge_day(
        WHO["PNS"], TUESDAY, Evidence(looks=looks, kiosks=(complete(TUESDAY),)), rulebook(standing(phones=phones))
    )
    assert day.codes == codes
