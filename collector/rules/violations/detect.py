"""All detectors, by name, and all their violations in one fixed order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from collector.rules.hours import WIB
from collector.rules.violations import machines, people, travel
from collector.rules.violations.stream import Detector, Kind, Stream, Violation

DETECTORS: Mapping[str, Detector] = {
    "two-places": travel.two_places,
    "wrong-unit": travel.wrong_unit,
    "outside-coordinates": travel.outside_coordinates,
    "uncertain-match": people.uncertain_match,
    "ghost": people.ghost,
    "attacks": people.attacks,
    "pin-guessing": people.pin_guessing,
    "series": people.series,
    "shared-device": people.shared_device,
    "checked-in-and-gone": people.checked_in_and_gone,
    "clock-turned": machines.clock_turned,
    "kiosk-moved": machines.kiosk_moved,
    "records": machines.records,
    "recurring-outage": machines.recurring_outage,
}


def detect(stream: Stream, detectors: Iterable[Detector] = tuple(DETECTORS.values())) -> list[Violation]:
    """The violations of a stream, each once by its key (the earliest of equals), in order of time."""
    found = (violation for detector in detectors for violation in detector(stream))
    first: dict[str, Violation] = {}
    for violation in sorted(found, key=lambda each: (each.at, each.kind, each.subject, each.evidence)):
        first.setdefault(violation.key, violation)
    return list(first.values())


def count(
    violations: Iterable[Violation], opd_of: Mapping[str, str], since: date, until: date
) -> dict[tuple[str, Kind], int]:
    """Violations by OPD and kind between two local dates, both included. A unit without OPD counts for itself."""
    return dict(
        sorted(
            Counter(
                (opd_of.get(each.unit, each.unit), each.kind)
                for each in violations
                if since <= each.at.astimezone(WIB).date() <= until
            ).items()
        )
    )
