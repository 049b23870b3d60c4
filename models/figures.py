"""Error rates of recognition, from vectors and names alone. Terms as in ISO/IEC 19795-1: FMR, FPIR, FNIR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.face import Vector
from models.template import mean_template

Scores: TypeAlias = NDArray[np.float32]

MISSED = -1.0
"""The score of a comparison with a picture in which no face was found: never accepted."""

_BLOCK = 512
_BURSTS = 10  # bursts drawn of one stranger


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person's pictures in order; None where no face was found."""

    name: str
    vectors: tuple[Vector | None, ...]

    @property
    def found(self) -> list[Vector]:
        """The vectors there are."""
        return [vector for vector in self.vectors if vector is not None]


@dataclass(frozen=True, slots=True)
class OpenSet:
    """How an open-set trial is drawn and decided: `gallery` people with `enrol` pictures each, a probe the mean of `burst`
    pictures, and the `margin` that the likest must lead the runner-up by."""

    gallery: int = 150
    enrol: int = 3
    burst: int = 1
    margin: float = 0.0
    draws: int = 20
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One draw: `mates` (n,) the enrolled one's own score, `MISSED` where another was likelier, the lead too small, or no
    face was found; `strangers` (m,) each one's highest score, `MISSED` where the lead was too small; `impostors` the highest scores of stranger against template, of `compared`."""

    mates: Scores
    strangers: Scores
    impostors: Scores
    compared: int


def fold_accuracy(scores: NDArray[np.floating], same: NDArray[np.bool_], folds: NDArray[np.integer]) -> float:
    """Mean accuracy over folds, each with the threshold that was best on the others (the protocol of LFW)."""
    rates = []
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        least = _best_threshold(scores[train], same[train])
        rates.append(float(((scores[test] >= least) == same[test]).mean()))
    return float(np.mean(rates))


def _best_threshold(scores: NDArray[np.floating], same: NDArray[np.bool_]) -> float:
    order = np.argsort(-scores)
    right = np.cumsum(np.where(same[order], 1, -1))
    best = int(np.argmax(right))
    return float(scores[order[best]])


def tar_at_fmr(people: Sequence[Person], rates: Sequence[float]) -> dict[float, float]:
    """True accepts of all pairs of one person's pictures, at thresholds that so many of all other pairs reach."""
    vectors = np.array([vector for person in people for vector in person.found])
    labels = np.array([row for row, person in enumerate(people) for _ in person.found])
    pairs = sum(math.comb(len(person.vectors), 2) for person in people)
    impostors = math.comb(len(labels), 2) - sum(math.comb(len(person.found), 2) for person in people)
    mated, highest = _pairs(vectors, labels, math.ceil(max(rates) * impostors) + 1)
    return {rate: float((mated > at_rate(highest, impostors, rate)).sum() / pairs) for rate in rates}


def _pairs(vectors: Scores, labels: NDArray[np.integer], keep: int) -> tuple[Scores, Scores]:
    mated: list[Scores] = []
    highest = np.empty(0, np.float32)
    for start in range(0, len(labels), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors[start:].T
        upper = np.triu(np.ones(block.shape, bool), 1)
        same = labels[start : start + _BLOCK, None] == labels[None, start:]
        mated.append(block[upper & same])
        highest = _highest(np.concatenate([highest, block[upper & ~same]]), keep)
    return np.concatenate(mated), highest


def _highest(scores: Scores, keep: int) -> Scores:
    """The `keep` highest, falling."""
    if len(scores) > keep:
        scores = np.partition(scores, len(scores) - keep)[-keep:]
    return np.sort(scores)[::-1]


def at_rate(highest: Scores, total: int, rate: float) -> float:
    """The score that at most `rate` of `total` comparisons exceed; `highest`: the highest of them, falling."""
    return float(highest[min(math.floor(rate * total), len(highest) - 1)])


def draw(people: Sequence[Person], plan: OpenSet) -> list[Trial]:
    """Trials with galleries drawn by the seed; everybody else is a stranger. Raises `ValueError` when nobody can be drawn."""
    rng = np.random.default_rng(plan.seed)
    able = [row for row, person in enumerate(people) if len(person.vectors) >= plan.enrol + plan.burst]
    if not able:
        raise ValueError(
            f"nobody has {plan.enrol + plan.burst} pictures, {plan.enrol} to enrol and {plan.burst} to look"
        )
    return [_trial(people, set(rng.permutation(able)[: plan.gallery].tolist()), plan, rng) for _ in range(plan.draws)]


def _trial(people: Sequence[Person], enrolled: set[int], plan: OpenSet, rng: np.random.Generator) -> Trial:
    templates: list[Vector] = []
    mates: list[tuple[int, Vector | None]] = []
    for row in enrolled:
        order = [people[row].vectors[index] for index in rng.permutation(len(people[row].vectors))]
        template = _mean(order[: plan.enrol])
        mates.append(
            (len(templates) if template is not None else -1, _mean(order[plan.enrol : plan.enrol + plan.burst]))
        )
        templates += [template] if template is not None else []
    gallery = np.array(templates)
    strangers = [
        vector for row, person in enumerate(people) if row not in enrolled for vector in _looks(person, plan, rng)
    ]
    scores = np.array(strangers) @ gallery.T if strangers else np.empty((0, len(templates)), np.float32)
    highest = _highest(scores.ravel(), math.ceil(0.011 * scores.size))
    own = np.array([_mated(gallery, at, probe, plan.margin) for at, probe in mates], np.float32)
    return Trial(own, _leading(scores, plan.margin), highest, scores.size)


def _leading(scores: Scores, margin: float) -> Scores:
    """Each row's highest score, `MISSED` where it leads the next by less than the margin: the kiosk's own rule."""
    if scores.shape[1] < 2:
        return np.asarray(scores.max(1), np.float32)
    first_two = np.partition(scores, scores.shape[1] - 2, axis=1)[:, -2:]
    lead = first_two[:, 1] - first_two[:, 0]
    return np.asarray(np.where(lead >= margin, first_two[:, 1], MISSED), np.float32)


def _mean(vectors: Sequence[Vector | None]) -> Vector | None:
    found = [vector for vector in vectors if vector is not None]
    return mean_template(found) if found else None


def _looks(person: Person, plan: OpenSet, rng: np.random.Generator) -> list[Vector]:
    """A stranger's probes: every picture, or some bursts of different pictures."""
    if plan.burst == 1:
        return person.found
    if len(person.found) < plan.burst:
        return []
    picks = (rng.choice(len(person.found), plan.burst, replace=False) for _ in range(_BURSTS))
    return [mean_template([person.found[index] for index in pick]) for pick in picks]


def _mated(gallery: Scores, at: int, probe: Vector | None, margin: float) -> float:
    if probe is None or at < 0:
        return MISSED
    scores = (gallery @ probe)[None]
    return float(_leading(scores, margin)[0]) if int(scores.argmax()) == at else MISSED


def fnir_at_fpir(trials: Sequence[Trial], rate: float) -> float:
    """Share of the enrolled refused or taken for another, where `rate` of strangers are accepted; mean over the draws."""
    shares = []
    for trial in trials:
        least = at_rate(np.sort(trial.strangers)[::-1], len(trial.strangers), rate)
        shares.append(float((trial.mates <= least).mean()))
    return float(np.mean(shares))


def at_threshold(trials: Sequence[Trial], least: float) -> tuple[float, float]:
    """(FNIR, FPIR) with a given threshold, mean over the draws."""
    refused = np.mean([(trial.mates < least).mean() for trial in trials])
    accepted = np.mean([(trial.strangers >= least).mean() for trial in trials])
    return float(refused), float(accepted)


def thresholds(trials: Sequence[Trial], rates: Sequence[float]) -> dict[float, float]:
    """Least cosine that one comparison of stranger and template exceeds at each rate, over all draws together."""
    total = sum(trial.compared for trial in trials)
    highest = np.sort(np.concatenate([trial.impostors for trial in trials]))[::-1]
    return {rate: at_rate(highest, total, rate) for rate in rates}
