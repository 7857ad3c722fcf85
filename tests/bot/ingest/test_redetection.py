"""What a difference between the rules of two days means: a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.acts import Act, Decree, Facts, Judged, Kind, Outcome, Sighting, Verdict
from bot.domain.records import Recueil, RecueilState
from bot.domain.text import PageText
from bot.ingest.renewal import Difference, Effect, JudgedAs, difference
from bot.storage.decrees import StoredAct
from tests.bot.real_acts import DAY, NOW

RECUEIL = Recueil(1, "26", "26:site", "https://p.example/a.pdf", "RAA", DAY, False, RecueilState.READ, 1, None, None, None, None)
ACT = Act("26-2026-08-14-00003", "Arrêté de M. Jean Dupont", "Cabinet", 3, 4, (PageText(3, "texte"),))
FACTS = Facts(number="2026-1", operators=("SNCF",), cameras=24)
KNOWN = Decree(
    "26", Kind.AUTHORISATION, "Arrêté", FACTS, (), RECUEIL.url, 3, DAY, id=7, sightings=(Sighting("26", RECUEIL.url, 3, NOW),)
)  # fmt: skip
TWICE = replace(KNOWN, sightings=(*KNOWN.sightings, Sighting("07", "https://p.example/b.pdf", 9, NOW)))
ELSEWHERE = replace(TWICE, url="https://p.example/b.pdf", page=9)
DECREE, DOUBT, NONE = Outcome.DECREE, Outcome.UNCERTAIN, Outcome.NOT_CONCERNED


def compared(
    before: Outcome, after: Outcome, known: Decree | None, facts: Facts = FACTS, kind: Kind = Kind.AUTHORISATION
) -> Difference | None:
    old = StoredAct(5, 1, ACT.id, ACT.title, None, 3, 4, before, None, (), "texte", None if known is None else known.id)
    verdict = Verdict(after, kind if after is DECREE else None, facts if after is DECREE else Facts())
    found = replace(KNOWN, kind=kind, facts=facts, sightings=(), id=None) if after is DECREE else None
    return difference(RECUEIL, old, Judged(ACT, verdict), found, known)


@pytest.mark.parametrize(
    ("before", "after", "known", "effect"),
    [
        (NONE, NONE, None, None),
        (NONE, DOUBT, None, Effect.DOUBTFUL),
        (NONE, DECREE, None, Effect.FOUND),
        (DOUBT, NONE, None, Effect.SETTLED),
        (DOUBT, DOUBT, None, None),
        (DOUBT, DECREE, None, Effect.FOUND),
        (DECREE, NONE, KNOWN, Effect.LOST),
        (DECREE, DOUBT, KNOWN, Effect.LOST),
        (DECREE, DECREE, KNOWN, None),
        (DECREE, DECREE, None, Effect.FOUND),
        # It waits already, and a person alone takes a decree back.
        (DOUBT, NONE, KNOWN, None),
        (DOUBT, DOUBT, KNOWN, None),
        (DOUBT, DECREE, KNOWN, Effect.CHANGED),
    ],
)
def test_an_outcome_before_and_after(before: Outcome, after: Outcome, known: Decree | None, effect: Effect | None) -> None:
    found = compared(before, after, known)
    assert (None if found is None else found.effect) is effect
    if found is not None:
        assert (found.before.outcome, found.after.outcome) == (before, after)
        assert "Dupont" not in found.title


@pytest.mark.parametrize(
    ("known", "facts", "names"),
    [
        (KNOWN, replace(FACTS, cameras=25), ("cameras",)),
        (KNOWN, replace(FACTS, operators=("SNCF", "RATP"), event="Concert"), ("event", "operators")),
        (KNOWN, replace(FACTS, cameras=None), ("cameras",)),  # what was misread is found no more
        (TWICE, replace(FACTS, cameras=None), ()),  # the other sighting may have told it
        (TWICE, replace(FACTS, cameras=25), ("cameras",)),
        (ELSEWHERE, replace(FACTS, cameras=25), ()),  # shown by another act, whose facts stay
        (ELSEWHERE, replace(FACTS, event="Concert"), ("event",)),  # which this one completes
        (ELSEWHERE, replace(FACTS, authority="PP"), ()),
        (replace(ELSEWHERE, facts=FACTS.settle({"event": None})), replace(FACTS, event="Concert"), ()),  # a person said: none
    ],
)
def test_other_facts(known: Decree, facts: Facts, names: tuple[str, ...]) -> None:
    found = compared(DECREE, DECREE, known, facts)
    assert (() if found is None else found.facts) == names
    assert found is None or found.effect is Effect.CHANGED


@pytest.mark.parametrize(("known", "effect"), [(KNOWN, Effect.CHANGED), (ELSEWHERE, None)])
def test_another_kind_counts_where_the_decree_is_shown(known: Decree, effect: Effect | None) -> None:
    found = compared(DECREE, DECREE, known, kind=Kind.RENEWAL)
    assert (None if found is None else found.effect) is effect
    assert found is None or found.after == JudgedAs(DECREE, Kind.RENEWAL)
