import itertools
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.checkin import Decision, Glance, Outcome, Rules, State, by_pin, step
from kiosk.gallery.match import Match, Verdict
from models.face import Hint

FRAME_NS = 66_666_667  # 15 frames/s
SECOND_NS = 1_000_000_000
RULES = Rules(agree_frames=3, repeat_ns=60 * SECOND_NS, show_ns=int(2.5 * SECOND_NS))

Seen = tuple[int | None, Match | None, Hint | None]


def match(person: str, score: float = 0.97) -> Match:
    return Match(person, score, 0.9, Verdict.MATCH)


def unknown() -> Match:
    return Match("p1", 0.5, 0.4, Verdict.UNKNOWN)


def uncertain() -> Match:
    return Match("p1", 0.9, 0.89, Verdict.UNCERTAIN)


class Wall:
    """A kiosk's day, frame by frame."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules, self.state, self.now_ns = rules, State(), 100 * SECOND_NS
        self.decisions: list[Decision] = []

    def see(self, track: int | None, what: Match | Hint | None = None, frames: int = 1) -> Decision:
        for _ in range(frames):
            self.now_ns += FRAME_NS
            found, hint = (what, None) if isinstance(what, Match) else (None, what)
            self.state, decision = step(self.rules, self.state, Glance(self.now_ns, track, found, hint))
            self.decisions.append(decision)
        return self.decisions[-1]

    def wait(self, seconds: float) -> Decision:
        return self.see(None, frames=max(1, int(seconds * SECOND_NS / FRAME_NS)))

    @property
    def announced(self) -> list[tuple[Outcome, str | None]]:
        return [(decision.outcome, decision.person) for decision in self.decisions if decision.new]


def test_a_person_is_recorded_with_the_third_agreeing_frame() -> None:
    wall = Wall()
    assert wall.see(1, match("ani"), 2) == Decision(Outcome.SEEN)
    decision = wall.see(1, match("ani"))
    assert (decision.outcome, decision.new, decision.person) == (Outcome.RECORDED, True, "ani")


def test_the_evidence_is_the_mean_score_the_best_other_and_the_frames() -> None:
    wall = Wall()
    for score, runner_up in ((0.9, 0.5), (1.0, None), (0.95, 0.7)):
        decision = wall.see(1, Match("ani", score, runner_up, Verdict.MATCH))
    assert decision.evidence is not None
    assert round(decision.evidence.score, 6) == 0.95
    assert (decision.evidence.runner_up, decision.evidence.frames) == (0.7, 3)


def test_a_board_that_needs_two_seconds_for_a_frame_records_with_the_third_all_the_same() -> None:
    state = State()
    decisions = []
    for number in range(3):
        state, decision = step(RULES, state, Glance((100 + 2 * number) * SECOND_NS, 1, match("ani")))
        decisions.append(decision.outcome)
    assert decisions == [Outcome.SEEN, Outcome.SEEN, Outcome.RECORDED]


def test_who_stays_is_told_once_and_stays_green() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 30 * 15)
    assert wall.announced == [(Outcome.RECORDED, "ani")]
    assert wall.decisions[-1] == Decision(Outcome.RECORDED, person="ani")


def test_who_stays_for_ten_minutes_is_recorded_once() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 600 * 15)
    assert wall.announced == [(Outcome.RECORDED, "ani")]


def test_a_second_look_within_the_repeat_time_is_a_repeat() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 3)
    wall.wait(20)
    wall.see(2, match("ani"), 10)
    assert wall.announced == [(Outcome.RECORDED, "ani"), (Outcome.ALREADY, "ani")]


def test_a_look_after_the_repeat_time_is_recorded() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 3)
    wall.wait(61)
    wall.see(2, match("ani"), 3)
    assert wall.announced == [(Outcome.RECORDED, "ani"), (Outcome.RECORDED, "ani")]


def test_a_queue_flows_one_person_every_three_frames() -> None:
    wall = Wall()
    for number in range(20):
        wall.see(number, match(f"p{number}"), 3)
    assert wall.announced == [(Outcome.RECORDED, f"p{number}") for number in range(20)]


def test_the_next_face_leaves_the_result_before_it_on_the_screen_for_a_moment() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 3)
    assert wall.see(2, Hint.CLOSER) == Decision(Outcome.RECORDED, person="ani")
    assert wall.see(2, Hint.CLOSER, 20) == Decision(Outcome.ADJUST, hint=Hint.CLOSER)


def test_somebody_else_on_the_same_track_starts_anew() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 2)
    wall.see(1, match("budi"), 2)
    assert wall.announced == []
    wall.see(1, match("budi"))
    assert wall.announced == [(Outcome.RECORDED, "budi")]
    wall.see(1, match("ani"), 3)
    assert wall.announced[1:] == [(Outcome.RECORDED, "ani")]


def test_frames_of_two_tracks_never_add_up() -> None:
    wall = Wall()
    for track in range(10):
        wall.see(track, match("ani"), 2)
    assert wall.announced == []


def test_a_frame_that_does_not_match_breaks_the_run() -> None:
    wall = Wall()
    for doubt in (unknown(), uncertain()):
        wall.see(1, match("ani"), 2)
        wall.see(1, doubt)
    wall.see(1, match("ani"), 2)
    assert wall.announced == []


def test_unreadable_frames_in_between_do_not() -> None:
    wall = Wall()
    for _ in range(3):
        wall.see(1, match("ani"))
        wall.see(1, Hint.HOLD_STILL)
    assert wall.announced == [(Outcome.RECORDED, "ani")]


def test_a_stranger_is_told_once_after_a_while_and_never_by_a_flash() -> None:
    wall = Wall()
    wall.see(1, unknown(), 8)
    assert wall.announced == []
    wall.see(1, unknown(), 300)
    assert wall.announced == [(Outcome.NOT_RECOGNISED, None)]


def test_who_was_not_recognised_may_still_be() -> None:
    wall = Wall()
    wall.see(1, unknown(), 15)
    wall.see(1, match("ani"), 3)
    assert wall.announced == [(Outcome.NOT_RECOGNISED, None), (Outcome.RECORDED, "ani")]


def test_doubt_that_lasts_calls_the_officer() -> None:
    wall = Wall()
    wall.see(1, uncertain(), 60)
    assert wall.announced == [(Outcome.SEE_OFFICER, None)]


def test_a_named_persons_turned_head_is_no_stranger_but_a_swap_is() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 3)
    wall.see(1, unknown(), 2 * 15)
    wall.see(1, match("ani"), 3)
    assert wall.announced == [(Outcome.RECORDED, "ani")]
    wall.see(1, unknown(), 4 * 15)
    assert wall.announced[1:] == [(Outcome.NOT_RECOGNISED, None)]


def test_a_shortcoming_is_said_when_it_lasts() -> None:
    wall = Wall()
    assert wall.see(1, Hint.TOO_DARK, 3) == Decision(Outcome.SEEN)
    assert wall.see(1, Hint.TOO_DARK, 5) == Decision(Outcome.ADJUST, hint=Hint.TOO_DARK)
    assert wall.see(1, match("ani")) == Decision(Outcome.SEEN)


def test_a_detectors_blink_is_nobody_leaving() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 2)
    assert wall.see(None, frames=3) == Decision(Outcome.SEEN)
    assert wall.see(1, match("ani")).outcome is Outcome.RECORDED


def test_a_result_stays_for_its_time_after_its_person_left() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 3)
    assert wall.wait(2.3) == Decision(Outcome.RECORDED, person="ani")
    assert wall.wait(0.5) == Decision(Outcome.IDLE)


def test_what_could_not_be_written_is_decided_again_from_the_state_before() -> None:
    wall = Wall()
    wall.see(1, match("ani"), 2)
    before = wall.state
    assert wall.see(1, match("ani")).new
    wall.state = before
    assert wall.see(1, match("ani")).new


people = st.sampled_from(["ani", "budi", "citra"])
matches = st.builds(
    Match,
    people,
    st.floats(-1, 1),
    st.none() | st.floats(-1, 1),
    st.sampled_from([Verdict.MATCH, Verdict.MATCH, Verdict.MATCH, Verdict.UNKNOWN, Verdict.UNCERTAIN]),
)
glances = st.lists(
    st.tuples(
        st.integers(-SECOND_NS, 3 * SECOND_NS),
        st.none() | st.integers(0, 2),
        st.none() | matches,
        st.none() | st.sampled_from(Hint),
        st.integers(1, 5),
    ),
    max_size=60,
)


def days(steps: list[tuple[int, int | None, Match | None, Hint | None, int]]) -> Iterable[Glance]:
    now_ns = 10 * SECOND_NS
    for forward_ns, track, found, hint, times in steps:
        for _ in range(times):
            now_ns += forward_ns // times
            yield Glance(now_ns, track, found if track is not None else None, hint if found is None else None)


@settings(max_examples=150, deadline=None)
@given(glances, st.integers(1, 4), st.integers(0, 5))
def test_over_any_time_the_promises_hold(
    steps: list[tuple[int, int | None, Match | None, Hint | None, int]], agree: int, repeat_s: int
) -> None:
    rules = Rules(agree, repeat_s * SECOND_NS, SECOND_NS)
    state, seen, recorded_ns = State(), list[Glance](), dict[str, int]()
    for glance in days(steps):
        before = state
        state, decision = step(rules, state, glance)
        seen.append(glance)
        assert state.now_ns >= max(before.now_ns, glance.at_ns)
        assert set(state.recorded) <= {"ani", "budi", "citra"}
        assert len(state.reading.run) <= agree
        if not decision.new:
            assert state.recorded == before.recorded
        if decision.outcome is Outcome.RECORDED and decision.new:
            assert_agreement(seen, decision, agree)
            assert decision.person is not None
            last_ns = recorded_ns.get(decision.person)
            assert last_ns is None or state.now_ns - last_ns >= rules.repeat_ns
            recorded_ns[decision.person] = state.now_ns
        if decision.outcome is Outcome.ALREADY and decision.new:
            assert decision.person is not None
            assert state.now_ns - recorded_ns[decision.person] < rules.repeat_ns


def assert_agreement(seen: list[Glance], decision: Decision, agree: int) -> None:
    """The last `agree` readable frames are matches of this person, on one track, with no other track in between."""
    track = seen[-1].track
    present = [glance for glance in reversed(seen) if glance.track is not None]
    here = list(itertools.takewhile(lambda glance: glance.track == track, present))
    read = [glance.match for glance in here if glance.match is not None][:agree]
    assert len(read) == agree
    assert all(one.verdict is Verdict.MATCH and one.person == decision.person for one in read)


def given_pin(wall: Wall, outcome: Outcome, person: str | None) -> Decision:
    wall.state, decision = by_pin(wall.rules, wall.state, wall.now_ns, outcome, person)
    wall.decisions.append(decision)
    return decision


def test_a_pin_and_a_face_share_their_repeats() -> None:
    wall = Wall()
    assert given_pin(wall, Outcome.RECORDED, "ani").outcome is Outcome.RECORDED
    wall.wait(4)
    assert wall.see(1, match("ani"), 3).outcome is Outcome.ALREADY
    wall.wait(58)
    assert given_pin(wall, Outcome.RECORDED, "ani").outcome is Outcome.RECORDED


def test_a_wrong_pin_stays_readable_and_the_next_face_is_served() -> None:
    wall = Wall()
    given_pin(wall, Outcome.PIN_WRONG, None)
    assert wall.see(None).outcome is Outcome.PIN_WRONG
    assert wall.see(1, match("budi"), 3).outcome is Outcome.RECORDED
    assert given_pin(wall, Outcome.PIN_LOCKED, None) == Decision(Outcome.PIN_LOCKED, True)
    assert wall.wait(3).outcome is Outcome.IDLE


def test_whose_pin_was_taken_is_not_called_unknown_but_another_face_still_is_named() -> None:
    wall = Wall()
    wall.see(1, unknown(), 2)
    given_pin(wall, Outcome.RECORDED, "citra")
    assert {wall.see(1, unknown()).outcome for _ in range(200)} == {Outcome.RECORDED}
    assert wall.see(1, match("budi"), 3).person == "budi"
    assert wall.see(2, unknown(), 40).outcome is Outcome.NOT_RECOGNISED
