"""One step: what a frame changes, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

from kiosk.checkin.decision import NAMED, Decision, Evidence, Glance, Outcome, Rules
from kiosk.checkin.state import Reading, Shown, State, read_on
from kiosk.gallery.match import Match


def step(rules: Rules, state: State, glance: Glance) -> tuple[State, Decision]:
    """The state after a frame, and the decision it brings.

    Who could not write a RECORDED decision keeps the state before it: then nothing was recorded. Time never runs
    backwards in the state, whatever the glances say.
    """
    now_ns = max(state.now_ns, glance.at_ns)
    state = replace(state, now_ns=now_ns)
    gone = now_ns - state.seen_ns > rules.gone_ns
    if glance.track is None:
        return _nobody(rules, state, gone)
    if glance.track != state.track:
        state = replace(state, track=glance.track, reading=Reading())
    state = replace(state, seen_ns=now_ns, reading=_read(rules, state.reading, glance, now_ns))
    result = _result(rules, state)
    if result is not None:
        return _announce(rules, state, glance.track, result)
    return state, _meanwhile(rules, state, glance)


def by_pin(rules: Rules, state: State, at_ns: int, outcome: Outcome, person: str | None) -> tuple[State, Decision]:
    """The state after somebody gave a PIN, and the decision it brings. `outcome`: RECORDED with `person`, who may have been
    recorded a moment ago, or PIN_WRONG, PIN_LOCKED without.

    Who could not write a RECORDED decision keeps the state before it, as after `step`.
    """
    now_ns = max(state.now_ns, at_ns)
    recorded_ns = state.recorded.get(person) if person is not None else None
    if recorded_ns is not None and now_ns - recorded_ns < rules.repeat_ns:
        outcome = Outcome.ALREADY
    state = replace(state, now_ns=now_ns, reading=Reading(), shown=Shown(outcome, person, state.track, now_ns, True))
    if outcome is Outcome.RECORDED and person is not None:
        state = replace(state, recorded=_recorded(rules, state, person))
    return state, Decision(outcome, True, person)


def _nobody(rules: Rules, state: State, gone: bool) -> tuple[State, Decision]:
    if state.track is not None and not gone:
        return state, _meanwhile(rules, state, Glance(state.now_ns, state.track))
    state = replace(state, track=None, reading=Reading())
    if state.shown is not None and state.now_ns - state.shown.at_ns < rules.show_ns:
        return state, _standing(state.shown)
    return replace(state, shown=None), Decision(Outcome.IDLE)


def _read(rules: Rules, reading: Reading, glance: Glance, now_ns: int) -> Reading:
    if glance.match is not None:
        return read_on(rules, reading, glance.match, now_ns)
    since_ns = reading.hinted_ns if reading.hinted_ns is not None else now_ns
    return replace(reading, hinted_ns=since_ns if glance.hint is not None else None)


def _result(rules: Rules, state: State) -> Decision | None:
    """What the reading has come to, None while it is open."""
    run = state.reading.run
    if len(run) == rules.agree_frames and run[-1].person is not None:
        return _named(rules, state, run[-1].person, _evidence(run))
    return _nameless(rules, state)


def _named(rules: Rules, state: State, person: str, evidence: Evidence) -> Decision:
    recorded_ns = state.recorded.get(person)
    repeat = recorded_ns is not None and state.now_ns - recorded_ns < rules.repeat_ns
    standing = _shown_here(state)
    if standing is not None and standing.person == person:
        return _standing(standing)  # somebody who goes on standing there: neither told nor written again
    if repeat:
        return Decision(Outcome.ALREADY, True, person)
    return Decision(Outcome.RECORDED, True, person, evidence)


def _nameless(rules: Rules, state: State) -> Decision | None:
    reading, standing = state.reading, _shown_here(state)
    if standing is not None and standing.by_pin and standing.outcome in NAMED:
        return None  # no kiosk can read this face, and its owner must not be told so after they were recorded
    patience_ns = rules.patience_ns
    if standing is not None:  # what was just said stays readable
        patience_ns = rules.swap_ns if standing.outcome in NAMED else rules.show_ns
    if reading.tries < rules.patience_frames or state.now_ns - reading.since_ns < patience_ns:
        return None
    doubtful = 2 * reading.unknown <= reading.tries
    if doubtful and reading.tries < 2 * rules.patience_frames:
        return None
    outcome = Outcome.SEE_OFFICER if doubtful else Outcome.NOT_RECOGNISED
    return Decision(outcome, new=standing is None or standing.outcome is not outcome)


def _announce(rules: Rules, state: State, track: int, result: Decision) -> tuple[State, Decision]:
    """The result becomes what is shown, and the reading begins anew: the same face may still become a match."""
    state = replace(state, reading=Reading())
    if not result.new:
        return state, result
    shown = Shown(result.outcome, result.person, track, state.now_ns)
    recorded = state.recorded
    if result.outcome is Outcome.RECORDED and result.person is not None:
        recorded = _recorded(rules, state, result.person)
    return replace(state, shown=shown, recorded=recorded), result


def _recorded(rules: Rules, state: State, person: str) -> dict[str, int]:
    recent = {who: at for who, at in state.recorded.items() if state.now_ns - at < rules.repeat_ns}
    return {**recent, person: state.now_ns}


def _meanwhile(rules: Rules, state: State, glance: Glance) -> Decision:
    """What to show while nothing new has come out."""
    shown, hinted_ns = state.shown, state.reading.hinted_ns
    if shown is not None:
        stays_ns = rules.show_ns if shown.track == state.track else min(rules.yield_ns, rules.show_ns)
        named_here = shown.track == state.track and shown.outcome in NAMED
        if named_here or state.now_ns - shown.at_ns < stays_ns:
            return _standing(shown)
    if hinted_ns is not None and state.now_ns - hinted_ns >= rules.adjust_ns:
        return Decision(Outcome.ADJUST, hint=glance.hint)
    if shown is not None and shown.track == state.track:
        return _standing(shown)
    return Decision(Outcome.SEEN)


def _shown_here(state: State) -> Shown | None:
    return state.shown if state.shown is not None and state.shown.track == state.track else None


def _standing(shown: Shown) -> Decision:
    return Decision(shown.outcome, person=shown.person)


def _evidence(run: tuple[Match, ...]) -> Evidence:
    others = [match.runner_up for match in run if match.runner_up is not None]
    return Evidence(fmean(match.score for match in run), max(others, default=None), len(run))
