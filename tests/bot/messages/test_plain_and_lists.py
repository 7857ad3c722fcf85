from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Place, Reference, Slot
from bot.domain.law import Flag, LegalAdvice, Standing
from bot.domain.law import legal_advice as legal_advice_at
from bot.messages.announcement import decree_line, decree_line_html, plain_decree, plain_post
from bot.messages.lines import MessageInput
from bot.messages.words import JOINER, Language
from tests.bot.messages.samples import DROME, FULL, NOW, PDF, POLICE, advices, advised, decree, decrees, languages, nows, places
from tests.servers.telegram_html import parse


def test_a_plain_post_has_its_link_and_no_hashtags() -> None:
    text = plain_post(MessageInput(decree(), DROME, NOW))
    assert text.endswith(f"Lire l’arrêté (PDF, page 7) : {PDF}#page=7")
    assert "#VSA" not in text


@given(decrees, places, nows, languages, st.none() | advices)
def test_nothing_can_move_a_cursor(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None
) -> None:
    for text in (
        plain_post(MessageInput(decree, place, now, language, legal_advice)),
        plain_decree(MessageInput(decree, place, now, language, legal_advice)),
    ):
        assert all(character.isprintable() or character == "\n" for character in text)


def test_one_line_per_decree() -> None:
    assert decree_line(MessageInput(decree(), DROME, NOW)) == (
        "[12] gare de Valence-Ville, gare routière : Foire du Dauphiné · autorisation · Drôme (26) · du 20 avril 2031 à 14 h au 21 avril"
        " 2031 à 6 h · commence dans 14 h · SNCF · n° 2031-00493"
    )


def test_a_decree_without_places_shows_its_communes() -> None:
    said = decree(facts=replace(FULL, places=(), communes=("Valence", "Crest")))
    assert "Lieux : Valence, Crest" in plain_post(MessageInput(said, DROME, NOW)).split("\n")
    assert decree_line(MessageInput(said, DROME, NOW)).startswith("[12] Valence, Crest : Foire du Dauphiné · autorisation · ")
    assert "Lieux (à vérifier" in plain_post(MessageInput(replace(said, facts=replace(said.facts, doubtful=("communes",))), DROME, NOW))
    both = decree(facts=replace(FULL, communes=("Crest",), doubtful=("communes",)))
    assert plain_post(MessageInput(both, DROME, NOW)) == plain_post(MessageInput(decree(), DROME, NOW))


def test_a_line_does_not_begin_with_what_is_to_be_verified() -> None:
    doubted = decree(facts=replace(FULL, communes=("Valence",), doubtful=("places", "event")))
    assert decree_line(MessageInput(doubted, DROME, NOW)).startswith("[12] Valence · autorisation · ")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place("PP", "Préfecture de police", "Paris", territory=frozenset({"75", "93"})), "autorisation · Préfecture de police · "),
        (
            Place("R-BRE", "Préfecture de la région Bretagne", "Bretagne", territory=frozenset({"35"})),
            "· Préfecture de la région Bretagne ·",
        ),
        (Place("75", "Préfecture de Paris", "Paris"), "autorisation · Paris (75) · "),
    ],
)
def test_a_line_says_who_decided_where_it_is_not_the_prefecture_of_a_department(place: Place, said: str) -> None:
    assert said in decree_line(MessageInput(decree(), place, NOW))


def test_the_html_line_reads_the_same_and_leads_to_the_pdf() -> None:
    parsed = parse(decree_line_html(MessageInput(decree(), DROME, NOW)))
    assert parsed.text == decree_line(MessageInput(decree(), DROME, NOW))
    assert f"{PDF}#page=7" in [entity.get("url") for entity in parsed.entities]


def test_a_decree_without_facts_shows_its_title() -> None:
    line = decree_line(MessageInput(decree(Kind.ABROGATION, facts=Facts(), title="Arrêté <abrogeant>", id=None), DROME, NOW, "en"))
    assert line == "end of authorisation · Drôme (26) · Arrêté <abrogeant>"


@given(decrees, places, nows, languages, st.none() | advices)
def test_any_line_is_one_line_valid_and_short(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None
) -> None:
    line = decree_line(MessageInput(decree, place, now, language, legal_advice))
    assert line.isprintable()
    assert 0 < len(line) <= 300
    parsed = parse(decree_line_html(MessageInput(decree, place, now, language, legal_advice)))
    read = parsed.text.replace(JOINER, "")
    assert read.isprintable()
    assert len(read) <= 310


_ENDED = Change(Kind.ABROGATION, 15, "2031-9", date(2031, 4, 1))
_SUSPENDED = Change(Kind.SUSPENSION, None, "2031-8")
_MODIFIED = Change(Kind.MODIFICATION, 16, "2031-7", date(2031, 4, 2))


@pytest.mark.parametrize(
    ("standing", "changed_by", "french", "english"),
    [
        (Standing.UPCOMING, (), "commence dans 14 h", "starts in 14 h"),
        (Standing.UPCOMING, (_MODIFIED,), "commence dans 14 h · modifié depuis", "starts in 14 h · modified since"),
        (Standing.ENDED, (_ENDED,), "plus en vigueur depuis le 1er avril 2031", "no longer in force since 1 April 2031"),
        (Standing.ENDED, (Change(Kind.ABROGATION),), "plus en vigueur", "no longer in force"),
        (Standing.SUSPENDED, (_SUSPENDED,), "suspension en cours", "suspended"),
    ],
)
def test_a_line_says_where_its_decree_stands(standing: Standing, changed_by: tuple[Change, ...], french: str, english: str) -> None:
    changed = decree(changed_by=changed_by)
    assert f" à 6 h · {french} · SNCF" in decree_line(MessageInput(changed, DROME, NOW, "fr", advised(standing)))
    assert f", 06:00 · {english} · SNCF" in decree_line(MessageInput(changed, DROME, NOW, "en", advised(standing)))


@pytest.mark.parametrize(
    ("starts", "ends", "standing", "expected"),
    [
        ("2031-04-18", "2031-04-30", Standing.IN_FORCE, "en cours"),
        ("2031-04-01", "2031-04-03", Standing.OVER, "terminé"),
        ("2031-04-01", None, Standing.UNKNOWN, "commencé, fin inconnue"),
        (None, None, Standing.UNKNOWN, "dates à vérifier"),
    ],
)
def test_a_line_by_its_period(starts: str | None, ends: str | None, standing: Standing, expected: str) -> None:
    said = Facts(number="1", starts=Moment.parse(starts) if starts else None, ends=Moment.parse(ends) if ends else None)
    assert f" · {expected} · n° 1" in decree_line(MessageInput(decree(facts=said), DROME, NOW, "fr", advised(standing)))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2031-04-20T13:00", "en cours à certaines heures ; prochaine plage : vendredi 25 avril 2031 à 22 h"),
        ("2031-04-25T21:00", "en cours, jusqu’au samedi 26 avril 2031 à 2 h"),
        ("2031-04-27T13:00", "plus aucune plage à venir"),
    ],
)
def test_a_line_of_a_decree_with_hours_says_which_come_next(now: str, expected: str) -> None:
    nights = Slot(date(2031, 4, 18), date(2031, 4, 26), time(22), time(2), (4, 5))
    said = Facts(number="1", starts=Moment(date(2031, 4, 18)), ends=Moment(date(2031, 4, 30)), slots=(nights,))
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    some = decree(facts=said)
    line = decree_line(MessageInput(some, DROME, at, "fr", legal_advice_at(some, DROME, at)))
    assert expected in line.translate({0xA0: " ", 0x202F: " "})


def test_a_line_shows_the_period_that_counts() -> None:
    moved = advised(starts=Moment(date(2031, 4, 23)), ends=Moment(date(2031, 4, 25)))
    assert "du 23 au 25 avril 2031 · commence dans 3 jours · modifié depuis" in decree_line(
        MessageInput(decree(changed_by=(_MODIFIED,)), DROME, NOW, "fr", moved)
    )


def test_a_line_names_the_decree_it_bears_on() -> None:
    ending = decree(Kind.ABROGATION, facts=Facts(number="2", references=(Reference(Kind.ABROGATION, "1", date(2031, 1, 1)),)))
    assert (
        decree_line(MessageInput(ending, DROME, NOW, "fr", advised(Standing.CHANGE)))
        == "[12] fin d’autorisation · Drôme (26) · met fin à l’arrêté n° 1 · n° 2"
    )
    refused = decree(Kind.REFUSAL, facts=Facts(number="2"))
    assert decree_line(MessageInput(refused, DROME, NOW, "fr", advised(Standing.REFUSED))) == "[12] refus · Drôme (26) · n° 2"


def test_flags_are_brief_in_a_line() -> None:
    flagged = advised(flags=tuple(Flag), late=1, months=1)
    line = decree_line(MessageInput(decree(), DROME, NOW, "fr", flagged))
    flags = "🔎 base légale à vérifier · 🔎 durée à vérifier · 🔎 publié après le début"
    assert f" · {flags} · " in line


def test_only_the_long_form_tells_who_signed_and_what_to_do() -> None:
    said = decree(facts=Facts(number="1", office="Le préfet de la Drôme", authority="PP"), changed_by=(_ENDED,))
    whole = plain_decree(MessageInput(said, DROME, NOW, "fr", advised(Standing.ENDED)), {"PP": POLICE})
    for row in (
        "Signé par : Le préfet de la Drôme",
        "Décidé par : Préfecture de police",
        "Fin décidée par l’arrêté n° 2031-9 [15], à compter du 1er avril 2031",
        "Ce que vous pouvez faire (information générale à vérifier, pas un conseil juridique)",
    ):
        assert row in whole.split("\n")
        assert row not in plain_post(MessageInput(said, DROME, NOW, "fr", advised(Standing.ENDED))).split("\n")


@pytest.mark.parametrize(
    ("language", "asked", "operated"), [("fr", "Demandé par", "Autorisation donnée à"), ("en", "Requested by", "Authorised operator")]
)
def test_a_refusal_says_who_asked_and_no_cameras_at_work(language: Language, asked: str, operated: str) -> None:
    facts = Facts(operators=("SNCF",), camera_types=("fixed",))
    refused, granted = (
        plain_post(MessageInput(decree(kind, facts=facts), DROME, NOW, language)) for kind in (Kind.REFUSAL, Kind.AUTHORISATION)
    )
    assert asked in refused
    assert operated not in refused
    assert operated in granted
    label = {"fr": "Caméras", "en": "Cameras"}[language]
    assert label in granted
    assert label not in refused
