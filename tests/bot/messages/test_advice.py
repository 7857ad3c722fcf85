from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from bot.domain.acts import ALLOWING, Decree, Moment, Place
from bot.domain.law import Court, LegalAdvice, Standing
from bot.domain.law import legal_advice as advice_on
from bot.messages.announcement import announce
from bot.messages.legal import advice_lines, rules
from bot.messages.lines import MessageInput, PostPart
from bot.messages.words import Language, topic_words, words_in
from tests.bot.messages.samples import DROME, GUADELOUPE, NOW, advices, advised, decree, decrees, languages, nows

TOULON, NICE = "Tribunal administratif de Toulon", "Tribunal administratif de Nice"
AFTER = datetime(2031, 6, 20, 12, tzinfo=UTC)


def _post(legal_advice: LegalAdvice, now: datetime = NOW, language: Language = "fr", place: Place = DROME) -> tuple[str, str]:
    (line,) = [
        line for line in announce(MessageInput(decree(), place, now, language, legal_advice)).lines if line.part is PostPart.RECOURSE
    ]
    assert line.brief is not None
    return line.text, line.brief


def lines_of(legal_advice: LegalAdvice, place: Place, now: datetime, language: Language = "fr") -> tuple[str, ...]:
    return advice_lines(legal_advice, MessageInput(decree(), place, now).today, words_in(language))


URGENT = "Jusqu’à la fin de la période, le juge peut aussi être saisi en urgence (référé)."


@pytest.mark.parametrize(
    ("standing", "french", "english"),
    [
        (Standing.UPCOMING, URGENT, "an urgent application (référé) can also be made"),
        (Standing.IN_FORCE, URGENT, "an urgent application (référé) can also be made"),
        (
            Standing.OVER,
            "La période est terminée ; l’annulation peut encore être demandée jusqu’au 19 juin 2031 devant le",
            "annulment can still be asked for until 19 June 2031 in the",
        ),
        (
            Standing.ENDED,
            "L’arrêté n’est plus en vigueur : en principe, le juge de l’urgence (référé)",
            "The decree is no longer in force: in principle the judge of urgent applications",
        ),
    ],
)
def test_whether_an_urgent_application_still_makes_sense(standing: Standing, french: str, english: str) -> None:
    assert french in _post(advised(standing))[0]
    assert english in _post(advised(standing), language="en")[0]
    possible = standing in {Standing.UPCOMING, Standing.IN_FORCE}
    assert (
        " · juge de l’urgence (référé) possible jusqu’à la fin (" if possible else " · trop tard pour le juge de l’urgence (référé) ("
    ) in _post(advised(standing))[1]
    assert ("possible until the end (" if possible else "too late for") in _post(advised(standing), language="en")[1]
    until = _post(advised(standing, ends=Moment(date(2031, 12, 23))))[1]
    assert ("juge de l’urgence (référé) possible jusqu’au 23 décembre 2031" in until) is possible


@pytest.mark.parametrize("standing", [Standing.CHANGE, Standing.REFUSED, Standing.SUSPENDED, Standing.UNKNOWN])
def test_nothing_is_said_of_urgency_where_the_period_does_not_tell(standing: Standing) -> None:
    whole, brief = _post(advised(standing))
    assert "référé" not in whole
    assert "jusqu’au 19 juin 2031 devant le tribunal administratif de Grenoble." in whole
    assert brief == "Recours jusqu’au 19 juin 2031 · tribunal administratif de Grenoble (à vérifier)"


def test_a_last_day_that_has_passed_is_told_as_such() -> None:
    whole, brief = _post(advised(Standing.IN_FORCE), AFTER)
    assert whole.startswith("⚖️ Le délai de recours a probablement pris fin le 19 juin 2031. Date et tribunal à vérifier")
    assert brief == "Délai de recours terminé le 19 juin 2031 (à vérifier)"
    lines = lines_of(advised(Standing.IN_FORCE), DROME, AFTER)
    assert "a probablement pris fin le 19 juin 2031" in lines[1]
    # It takes an action for annulment, whose time is over; the other one has no time limit of its own.
    assert not any(line.startswith("Référé-suspension") for line in lines)
    assert any(line.startswith("Référé-liberté") for line in lines)


def test_the_last_day_ends_at_midnight_of_the_place() -> None:
    late = datetime(2031, 6, 20, 1, tzinfo=UTC)  # the 20th in Valence, still the 19th in Guadeloupe
    assert "pris fin" in _post(advised(), late)[0]
    assert "pris fin" not in _post(advised(), late, place=GUADELOUPE)[0]


def test_without_a_day_of_publication_it_is_told_until_when_at_least() -> None:
    undated = advised(last_day=None, at_least=date(2031, 6, 19))
    whole, brief = _post(undated)
    assert "Recours possible jusqu’au 19 juin 2031 au moins devant le tribunal administratif de Grenoble. Le délai court" in whole
    assert brief.startswith("Recours jusqu’au 19 juin 2031 au moins · tribunal administratif de Grenoble · juge de l’urgence")
    assert "at least until 19 June 2031" in lines_of(undated, DROME, NOW, "en")[1]
    # Once that day has passed nothing is known.
    whole, brief = _post(undated, AFTER)
    assert "Le dernier jour n’est pas connu, car la date de publication" in whole
    assert brief == "Recours : tribunal administratif de Grenoble · juge de l’urgence (référé) possible jusqu’à la fin (à vérifier)"
    assert "n’a pas pu être calculé" in lines_of(undated, DROME, AFTER)[1]


def test_both_courts_are_shown_where_they_differ() -> None:
    two = advised(court=Court(TOULON, TOULON, NICE))
    whole, brief = _post(two)
    assert "devant le tribunal administratif de Toulon. L’arrêté nomme ce tribunal, mais " in whole
    assert "d’après le siège de l’autorité ce serait plutôt le tribunal administratif de Nice." in whole
    both = "tribunal administratif de Toulon ou tribunal administratif de Nice"
    assert brief == f"Recours jusqu’au 19 juin 2031 · {both} · juge de l’urgence (référé) possible jusqu’à la fin (à vérifier)"
    assert (
        "l’arrêté nomme le tribunal administratif de Toulon, mais le siège de l’autorité relève du tribunal administratif de Nice"
        in (lines_of(two, DROME, NOW)[2])
    )


@pytest.mark.parametrize(
    ("court", "long", "brief"),
    [
        (Court(None, None, None), "Vigie ne sait pas lequel", "tribunal administratif"),
        (Court(NICE, None, NICE), "aucun tribunal n’a été trouvé dans l’arrêté", "tribunal administratif de Nice"),
        (Court(NICE, NICE, None), "La règle est celle du siège de l’autorité", "tribunal administratif de Nice"),
        (Court(NICE, NICE, NICE), "que nomme l’arrêté et dont relève le siège", "tribunal administratif de Nice"),
        (Court("Tribunal administratif d'Amiens", None, "Tribunal administratif d'Amiens"), "d’Amiens", "tribunal administratif d’Amiens"),
    ],
)
def test_the_court_and_how_it_is_known(court: Court, long: str, brief: str) -> None:
    said = advised(court=court)
    assert long in lines_of(said, DROME, NOW)[2]
    assert _post(said)[1] == f"Recours jusqu’au 19 juin 2031 · {brief} · juge de l’urgence (référé) possible jusqu’à la fin (à vérifier)"


def test_every_rule_is_cited_with_the_day_of_its_text() -> None:
    said = "\n".join(lines_of(advised(), DROME, NOW))
    assert all(f"CJA, art. {article}" in said for article in rules().articles.values())
    assert "version au 3 avril 2026" in said
    assert "pas un conseil juridique" in said


@given(advices, nows, languages)
def test_any_legal_advice_is_said_in_whole_lines(legal_advice: LegalAdvice, now: datetime, language: Language) -> None:
    lines = lines_of(legal_advice, DROME, now, language)
    assert 4 <= len(lines) <= 9
    assert all(line.isprintable() and line == line.strip() for line in lines)
    assert "{" not in "".join(lines) or "{" in repr(legal_advice.court)
    assert not {"@", "#"} & set("".join(lines))


@given(decrees, nows, languages)
def test_any_decree_is_advised_on(decree: Decree, now: datetime, language: Language) -> None:
    said = announce(MessageInput(decree, DROME, now, language, advice_on(decree, DROME, now)))
    (line,) = [line for line in said.lines if line.part is PostPart.RECOURSE]
    words = words_in(language).recourse
    assert (words.source[:20] in line.text) if decree.kind in ALLOWING else (line.text == topic_words(decree.topic, language).nothing)


def test_the_day_is_that_of_the_law() -> None:
    paris = decree(authority="PP", published=date(2024, 6, 4))
    assert "jusqu’au 5 août 2024" in _post(advice_on(paris, DROME, datetime(2024, 6, 4, tzinfo=UTC)), datetime(2024, 6, 4, tzinfo=UTC))[0]
