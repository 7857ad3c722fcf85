from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.app.demo.scenario import demo_text
from bot.detection.facts.identity import corrected, decided_by, identities, prefix, prefixes
from bot.detection.judging import as_decree
from bot.domain.acts import Act, Facts, Kind, Moment, Outcome, Reference, Verdict
from bot.domain.text import PageText

DAY = date(2026, 8, 14)
TITLE = "Arrêté portant autorisation d'un traitement algorithmique"


@pytest.mark.parametrize(
    ("number", "authority", "expected"),
    [
        ("2026-123", "26", "number:26:2026-123:"),
        ("2026-00123", "26", "number:26:2026-123:"),
        ("DUPA-2024-1017", "PP", "number:PP:2024-1017:"),
        # The series is nobody else's, whoever names it.
        ("DUPA 2024-1017", "92", "number:PP:2024-1017:"),
        ("2024-1017", "92", "number:92:2024-1017:"),
        (None, "26", None),
    ],
)
def test_what_the_keys_of_a_named_decree_begin_with(number: str | None, authority: str, expected: str | None) -> None:
    assert prefix(Reference(Kind.RENEWAL, number, DAY), authority) == expected


def test_the_prefix_begins_the_keys_of_that_decree() -> None:
    facts = Facts("DUPA n° 2024-1691", signed=DAY, starts=Moment(DAY))
    [begins] = prefixes(Facts(references=(Reference(Kind.RENEWAL, "2024-1691"),)), "PP")
    assert begins is not None
    assert all(key.startswith(begins) for key in identities("92", None, facts, ""))


@pytest.mark.parametrize(
    ("facts", "keys", "expected"),
    [
        (Facts(), (), "92"),
        (Facts(authority="PP"), (), "PP"),
        (Facts(), ("act:92-2026-08-14-00001", "number:PP:2026-1:signed:2026-08-14"), "PP"),
        (Facts(), ("text:abc", "number:92:2026-1:signed:2026-08-14"), "92"),
    ],
)
def test_whose_decree_it_is(facts: Facts, keys: tuple[str, ...], expected: str) -> None:
    assert decided_by("92", facts, keys) == expected


def verdict(kind: Kind = Kind.AUTHORISATION, **facts: Any) -> Verdict:
    return Verdict(Outcome.DECREE, kind, Facts(**facts))


def act(title: str = TITLE, text: str = "PRÉFET DE LA DRÔME\nArrêté") -> Act:
    return Act(None, title, None, 1, 1, (PageText(1, text),))


NAMED = (Reference(Kind.MODIFICATION, "2026-123", DAY),)


@pytest.mark.parametrize(
    "erratum", [act("Erratum à l'arrêté n° 2026-123"), act(text="PRÉFET DE LA DRÔME\n  ERRATUM\nà l'arrêté"), act("ERRATA (RAA n° 12)")]
)
def test_an_erratum_modifies_what_it_corrects(erratum: Act) -> None:
    repeated = verdict(number="2026-123", signed=DAY, ends=Moment(DAY))
    assert corrected(erratum, repeated) == verdict(Kind.MODIFICATION, ends=Moment(DAY), references=NAMED)
    told = verdict(signed=date(2026, 8, 15), references=NAMED)
    assert corrected(erratum, told) == verdict(Kind.MODIFICATION, signed=date(2026, 8, 15), references=NAMED)
    ending = verdict(Kind.ABROGATION, number="2026-123", signed=DAY)
    assert corrected(erratum, ending).kind is Kind.ABROGATION
    assert corrected(erratum, ending).facts.references == (Reference(Kind.ABROGATION, "2026-123", DAY),)


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (act(), verdict(number="2026-123")),
        (act("Arrêté autorisant un traitement algorithmique sur la via ferrata"), verdict(number="2026-123")),
        (act(text="PRÉFET\nArrêté n° 2026-130 rapportant l'erratum publié hier"), verdict(number="2026-130")),
        (act(text="Arrêté\n" * 80 + "erratum"), verdict(number="2026-130")),
        (act("Erratum"), Verdict(Outcome.UNCERTAIN)),
        (act("Erratum"), Verdict(Outcome.NOT_CONCERNED)),
        (act("Erratum"), verdict(starts=Moment(DAY))),
        # A renewal of another one with its own number: its title says more than the word.
        (act("Erratum"), verdict(Kind.RENEWAL, number="2026-130", references=(Reference(Kind.RENEWAL, "2026-123"),))),
    ],
)
def test_whatever_else_is_left_as_it_was_judged(item: Act, found: Verdict) -> None:
    assert corrected(item, found) == found


def test_what_a_person_says_is_a_decree_is_read_like_one() -> None:
    text = demo_text("authorisation", DAY, number="2026-123")
    found = as_decree(Act("26-2026-08-14-00001", TITLE, "Cabinet", 3, 4, (PageText(3, "Page de garde"), PageText(4, text))), Kind.RENEWAL)
    assert (found.outcome, found.kind) == (Outcome.DECREE, Kind.RENEWAL)
    assert (found.facts.number, found.facts.signed, found.facts.cameras) == ("2026-123", DAY, 24)
    assert {quote.page for quote in found.evidence} == {4}
    # Nothing in it that the rules know: it is a decree all the same, and nothing is made up.
    for pages in ((), (PageText(1, ""),), (PageText(1, "Arrêté de circulation"),)):
        empty = as_decree(Act(None, "Arrêté", None, 1, 1, pages), Kind.REFUSAL)
        assert (empty.kind, empty.facts) == (Kind.REFUSAL, Facts())
