from __future__ import annotations

from datetime import date

import pytest

from bot.domain.acts import Evidence, Facts, Kind, Moment, Place
from bot.domain.law import legal_advice
from bot.messages.announcement import announce, decree_line, fit, plain, shows_number
from bot.messages.lines import MessageInput, PostPart, place_for
from bot.messages.words import words_in
from tests.bot.messages.samples import DROME, NOW, decree


def test_every_kind_has_its_own_words() -> None:
    for language in ("fr", "en"):
        assert len({announce(MessageInput(decree(kind), DROME, NOW, language)).headline for kind in Kind}) == len(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_only_what_will_be_in_force_is_said_to_start(kind: Kind) -> None:
    timed = announce(MessageInput(decree(kind), DROME, NOW)).timing is not None
    assert timed == (kind in {Kind.AUTHORISATION, Kind.RENEWAL, Kind.MODIFICATION})


def test_missing_facts_are_left_out() -> None:
    said = announce(MessageInput(decree(title="", facts=Facts(), published=None), DROME, NOW))
    assert said.lines == ()
    assert said.timing is None


def test_zero_cameras_is_a_fact() -> None:
    said = announce(MessageInput(decree(facts=Facts(cameras=0)), DROME, NOW))
    assert "0" in [line.text for line in said.lines if line.part is PostPart.CAMERAS]


def test_a_long_list_shows_its_first_items_and_how_many_more() -> None:
    said = announce(MessageInput(decree(facts=Facts(places=tuple(f"station {n}" for n in range(46)))), DROME, NOW))
    (line,) = [line for line in said.lines if line.part is PostPart.PLACES]
    assert line.text.startswith("station 0, station 1,")
    assert line.text.endswith("(+34)")


def test_an_authority_that_left_the_catalogue_is_still_named() -> None:
    said = announce(MessageInput(decree(authority="99"), place_for({"26": DROME}, "99"), NOW))
    assert said.where == "99"


def test_unnamed_places_are_told_as_such() -> None:
    assert announce(MessageInput(decree(), Place("", "", ""), NOW)).where == words_in("fr").no_place


UNSURE = Facts(
    starts=Moment(date(2026, 8, 20)), places=("gare de Valence", "Centre"), operators=("SNCF",), office="Le préfet",
    doubtful=("places", "operators", "office"),
)  # fmt: skip


def test_what_is_to_be_verified_is_told_so_with_its_page() -> None:
    quotes = (Evidence("operators", 4, "la SNCF"), Evidence("places", 5, "la gare de Valence"))
    said = announce(MessageInput(decree(facts=UNSURE, evidence=quotes), DROME, NOW))
    labels = {line.part: (line.label, line.text) for line in said.lines}
    assert labels[PostPart.PLACES] == ("Lieux (à vérifier, page 5)", "gare de Valence, Centre")
    assert labels[PostPart.OPERATORS] == ("Autorisation donnée à (à vérifier, page 4)", "SNCF")
    assert labels[PostPart.PERIOD][0] == "Quand"
    assert "#SNCF" not in said.hashtags


def test_a_number_and_a_day_that_are_to_be_verified_are_told_so_and_the_post_is_recognised_by_the_number() -> None:
    facts = Facts("2026-1", signed=date(2026, 8, 14), doubtful=("number", "signed"))
    one = decree(facts=facts, title="Arrêté", evidence=(Evidence("number", 4, "Arrêté n° 2026-1"), Evidence("signed", 5, "le 14 août")))
    said = announce(MessageInput(one, DROME, NOW))
    texts = {line.part: line.text for line in said.lines}
    assert texts[PostPart.NUMBER] == "n° 2026-1 (à vérifier, page 4)"
    assert texts[PostPart.SIGNED].endswith("14 août 2026 (à vérifier, page 5)")
    short = fit(said, lambda each: len(plain(each)), len(plain(said)) - 1)
    assert PostPart.SIGNED not in {line.part for line in short.lines}
    assert shows_number(plain(said), "2026-1")
    assert shows_number(plain(short), "2026-1")


def test_where_room_is_short_what_is_to_be_verified_goes_before_what_is_sure() -> None:
    said = announce(MessageInput(decree(facts=UNSURE, title="Arrêté"), DROME, NOW))
    whole = len(plain(said))
    short = fit(said, lambda each: len(plain(each)), whole - 1)
    assert {PostPart.PLACES, PostPart.OPERATORS}.isdisjoint(line.part for line in short.lines)
    assert PostPart.PERIOD in {line.part for line in short.lines}
    assert "SNCF" not in decree_line(MessageInput(decree(facts=UNSURE), DROME, NOW))


def test_a_line_says_that_dates_are_to_be_verified_not_when_it_begins() -> None:
    doubted = decree(facts=Facts(starts=Moment(date(2026, 8, 20)), ends=Moment(date(2026, 8, 22)), doubtful=("starts", "ends")))
    line = decree_line(MessageInput(doubted, DROME, NOW, legal_advice=legal_advice(doubted, DROME, NOW)))
    assert "du 20 au 22 août 2026 · dates à vérifier" in line
    assert "commence" not in line
