"""Counting: tables of labels and verdicts, and what they must come to."""

from __future__ import annotations

import pytest

from benchmarks.detection.evaluating import Mark, assess, mark_of, tally
from benchmarks.detection.labelled import Labelled, Printed, Value
from bot.domain.acts import Evidence, Facts, Kind, Outcome, Verdict

RIGHT, WRONG, MISSING, INVENTED = Mark

DECREE, NOT_CONCERNED, UNCERTAIN = Outcome.DECREE, Outcome.NOT_CONCERNED, Outcome.UNCERTAIN


def label(outcome: Outcome, kind: Kind | None = None, absent: tuple[str, ...] = (), *, partial: bool = True, **facts: Value) -> Labelled:
    return Labelled("acts/a.txt", Printed("Titre", ("Texte",)), outcome, kind, facts, partial, absent, at="labels/a.toml:1")


def decree(kind: Kind = Kind.AUTHORISATION, **facts: object) -> Verdict:
    return Verdict(DECREE, kind, Facts(**facts))  # type: ignore[arg-type]  # each test names its own


@pytest.mark.parametrize(
    ("expected", "found", "partial", "loosely", "mark"),
    [
        (None, None, False, False, None),
        (None, 12, False, False, INVENTED),
        (12, None, True, False, MISSING),
        (12, 21, False, False, WRONG),
        ("DUPA 2024-699", "DUPA  2024-699", False, False, RIGHT),
        ("DUPA 2024-699", "2024-699", False, False, WRONG),
        ("DUPA 2024-699", "DUPA 2024 -699", False, True, RIGHT),
        ("fête d'été", "FETE D ETE", False, False, WRONG),
        ("fête d'été", "FETE D ETE", False, True, RIGHT),
        (("SNCF", "RATP"), ("RATP", "SNCF"), False, False, RIGHT),
        (("SNCF", "RATP"), ("SNCF",), False, False, WRONG),
        (("SNCF",), ("SNCF", "RATP"), True, False, WRONG),
    ],
)
def test_the_mark_of_a_fact(expected: Value | None, found: Value | None, partial: bool, loosely: bool, mark: Mark | None) -> None:
    assert mark_of(expected, found, partial=partial, loosely=loosely) is mark


def test_precision_and_recall_of_a_table() -> None:
    authorisation = label(DECREE, Kind.AUTHORISATION)
    said = [
        (authorisation, decree()),
        (authorisation, decree(Kind.MODIFICATION)),
        (authorisation, Verdict(UNCERTAIN)),
        (label(DECREE, Kind.REFUSAL), Verdict(NOT_CONCERNED)),
        (label(NOT_CONCERNED), Verdict(NOT_CONCERNED)),
        (label(NOT_CONCERNED), decree()),
        (label(NOT_CONCERNED), Verdict(UNCERTAIN)),
        (label(UNCERTAIN), Verdict(UNCERTAIN)),
        (label(UNCERTAIN), Verdict(NOT_CONCERNED)),
        (label(UNCERTAIN), decree()),
    ]
    total = tally(assess(act, [verdict]) for act, verdict in said)
    assert (total.acts, total.decrees, total.found, total.false, total.dropped, total.queued) == (10, 4, 2, 2, 1, 3)
    assert (total.doubtful, total.doubtful_right) == (3, 1)
    assert (total.precision, total.recall) == (0.5, 0.5)
    assert total.kinds == {"authorisation": {"authorisation": 1, "modification": 1, "uncertain": 1}, "refusal": {"not_concerned": 1}}
    assert total.kinds_right == 1
    about = [mistake.about for act, verdict in said for mistake in assess(act, [verdict]).mistakes]
    assert about == ["kind", "outcome", "outcome", "outcome", "outcome", "outcome", "outcome"]


def test_facts_are_counted_over_decrees() -> None:
    whole = label(DECREE, Kind.AUTHORISATION, partial=False, number="2026-1", cameras=12)
    found = [
        decree(number="2026-1", cameras=12),
        decree(number="2026-2", cameras=12, software="Vision"),
        Verdict(UNCERTAIN),
    ]
    total = tally(assess(whole, [verdict]) for verdict in found)
    counts = {"number": (1, 1, 1, 0), "cameras": (2, 0, 1, 0), "software": (0, 0, 0, 1)}
    assert {name: tuple(marks[mark] for mark in Mark) for name, marks in total.facts.items()} == counts
    assert tuple(total.all_facts[mark] for mark in Mark) == (3, 1, 2, 1)
    mistakes = assess(whole, [found[1]]).mistakes
    assert [(mistake.about, mistake.expected, mistake.found) for mistake in mistakes] == [
        ("number", "2026-1", "2026-2"),
        ("software", "nothing", "Vision"),
    ]
    assert {(mistake.file, mistake.at, mistake.noise) for mistake in mistakes} == {("acts/a.txt", "labels/a.toml:1", None)}


def test_one_decree_that_would_be_told_twice_is_a_mistake() -> None:
    [mistake] = assess(label(DECREE, Kind.AUTHORISATION), [decree(), decree()], "squares").mistakes
    assert (mistake.about, mistake.expected, mistake.found, mistake.noise) == ("decrees", "1", "2", "squares")


def test_a_name_that_must_not_be_shown_is_found_wherever_it_is_and_not_repeated() -> None:
    act = label(DECREE, Kind.AUTHORISATION, absent=("Perrault", "ÉTIENNE"))
    shown = Verdict(DECREE, Kind.AUTHORISATION, Facts(event="fête"), (Evidence("verdict", 1, "par M. Etienne"),))
    [mistake] = assess(act, [shown]).mistakes
    assert (mistake.about, mistake.found) == ("absent", "absent name 2 is shown")
    assert assess(act, [decree(event="la fête de PERRAULT")]).mistakes[0].found == "absent name 1 is shown"
    assert assess(act, [decree(event="fête")]).mistakes == ()
