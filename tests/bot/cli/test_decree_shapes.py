"""What the JSON of a decree says of contesting it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.cli.shapes import decree_json
from bot.model import Decree, Facts, Kind, Moment

PARIS, CERGY = "Tribunal administratif de Paris", "Tribunal administratif de Cergy-Pontoise"
DECREE = Decree(
    authority="92",
    kind=Kind.AUTHORISATION,
    title="Arrêté",
    facts=Facts(starts=Moment(date(2025, 5, 3)), ends=Moment(date(2025, 5, 4))),
    evidence=(),
    url="https://www.lande.gouv.fr/recueil.pdf",
    page=3,
    published=date(2025, 5, 6),
)


def test_court_last_day_and_flags() -> None:
    shape = decree_json(DECREE)
    assert shape["court"] == shape["court_by_seat"] == CERGY
    assert shape["last_day"] == "2025-07-07"
    assert shape["flags"] == ["outside_window", "published_after_start"]


def test_a_court_that_differs_is_shown_with_the_other() -> None:
    shape = decree_json(replace(DECREE, facts=replace(DECREE.facts, court=PARIS)))
    assert (shape["court"], shape["court_by_seat"]) == (PARIS, CERGY)


def test_what_is_not_known_is_null() -> None:
    shape = decree_json(replace(DECREE, authority="", published=None))
    assert (shape["court"], shape["last_day"], shape["flags"]) == (None, None, ["outside_window"])
    for misread in (date.min, date.max):
        assert decree_json(replace(DECREE, published=misread))["last_day"] is None
