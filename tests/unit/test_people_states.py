"""Which days a change of a person touches: exactly those on which they served otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from collector.judging.marks import Mark, Whose
from collector.people.states import PERSON, PersonState, PostState, marks_of

D = date(2026, 1, 1)
SITI = PersonState("p", "Siti", "PNS", "1", None, None, posts=(PostState("main", "A", D),))


def span(before: PersonState | None, after: PersonState | None) -> tuple[date, date] | None:
    marks = marks_of(before, after)
    assert all((mark.kind, mark.subject) == (Whose.PERSON, "p") for mark in marks)
    return (marks[0].since, marks[0].until) if marks else None


def test_a_transfer_touches_the_days_from_it_on() -> None:
    moved = replace(
        SITI, posts=(PostState("main", "A", D, date(2026, 2, 28)), PostState("main", "B", date(2026, 3, 1)))
    )
    assert span(SITI, moved) == (date(2026, 3, 1), date.max)


def test_a_second_site_touches_its_own_days() -> None:
    lent = replace(SITI, posts=(*SITI.posts, PostState("second", "B", date(2026, 2, 2), date(2026, 2, 6), "800/1")))
    assert span(SITI, lent) == (date(2026, 2, 2), date(2026, 2, 6))


def test_leaving_earlier_touches_the_days_between() -> None:
    assert span(replace(SITI, left_on=date(2026, 5, 1)), replace(SITI, left_on=date(2026, 4, 1))) == (
        date(2026, 4, 1),
        date(2026, 4, 30),
    )


def test_a_new_person_and_one_who_never_was_touch_all_their_days() -> None:
    assert span(None, SITI) == span(SITI, None) == (D, date.max)


def test_a_name_touches_nothing_and_a_status_everything() -> None:
    assert marks_of(SITI, replace(SITI, name="Siti R.", number="2")) == ()
    assert marks_of(SITI, replace(SITI, status="PPPK")) == (Mark(Whose.PERSON, "p", date.min, date.max),)


days = st.dates(D, D + timedelta(days=40))
posts = st.builds(
    PostState, st.sampled_from(["main", "second"]), st.sampled_from("AB"), days, st.one_of(st.none(), days)
)
people = st.builds(
    lambda several, left: replace(SITI, posts=tuple(several), left_on=left),
    st.lists(posts, max_size=4),
    st.one_of(st.none(), days),
)


@given(people, people)
def test_outside_of_the_marked_days_nothing_is_otherwise(before: PersonState, after: PersonState) -> None:
    marked = span(before, after)
    for number in range(-2, 45):
        day = D + timedelta(days=number)
        if marked is None or not marked[0] <= day <= marked[1]:
            assert before.serves(day) == after.serves(day)
    if marked is not None:
        assert before.serves(marked[0]) != after.serves(marked[0])


@given(people)
def test_a_state_survives_being_written_down(state: PersonState) -> None:
    assert PERSON.decode(PERSON.encode(state)) == state
