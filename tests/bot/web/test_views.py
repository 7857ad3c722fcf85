"""What pages say of a decree, in both languages: tables of views."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot.domain.acts import Change, Decree, Evidence, Facts, Kind, Moment, NamedCommune, Naming, Slot
from bot.messages.lines import MessageInput
from bot.messages.words import Language
from bot.queries.phrases import message_of
from bot.web.decree_view import decree_view, duration_text, timeline
from bot.web.place_views import found_words, sources_view
from bot.web.views import card, quote, standing_label, title_of
from tests.bot.queries.conftest import NOW, PLACES
from tests.bot.web import samples


def _message(decree: Decree, language: Language = "fr") -> MessageInput:
    return message_of(decree, PLACES, NOW, language)


def _dates_doubtful(decree: Decree) -> Decree:
    return replace(decree, facts=replace(decree.facts, doubtful=("starts", "ends")))


def _at_night(decree: Decree, days: int) -> Decree:
    """Give a decree the hours of one night, so many days after `NOW`."""
    night = NOW.date() + timedelta(days=days)
    return replace(decree, facts=replace(decree.facts, slots=(Slot(night, night, time(22), time(23)),)))


@pytest.mark.parametrize(
    ("decree", "look", "french", "english"),
    [
        (samples.FULL, "now", "En cours", "In force"),
        (samples.COMING, "soon", "À venir", "To come"),
        (_at_night(samples.COMING, 1), "soon", "À venir", "To come"),
        (
            _at_night(samples.FULL, 1),
            "soon",
            "En cours à certaines heures ; prochaine plage : vendredi 21 août 2026 à 22 h",
            "In force at certain hours; next: Friday 21 August 2026, 22:00",
        ),
        (_at_night(samples.FULL, -1), "past", "Plus aucune plage à venir", "No hours left to come"),
        (samples.OVER, "past", "Terminé", "Over"),
        (samples.ENDED, "stop", "Plus en vigueur", "No longer in force"),
        (samples.SUSPENDED, "stop", "Suspension en cours", "Suspended"),
        (samples.MODIFIED, "now", "En cours", "In force"),
        (samples.DOUBTFUL, "doubt", "Dates à vérifier", "Dates to be verified"),
        (_dates_doubtful(samples.COMING), "doubt", "Dates à vérifier", "Dates to be verified"),
        (_dates_doubtful(samples.FULL), "doubt", "Dates à vérifier", "Dates to be verified"),
        (samples.OPEN_ENDED, "doubt", "Commencé, fin inconnue", "Begun, end not known"),
        (samples.ENDING, "past", "Fin d’autorisation", "End of authorisation"),
        (samples.REFUSED, "past", "Refus", "Refusal"),
    ],
)
def test_a_label_says_where_a_decree_stands(decree: Decree, look: str, french: str, english: str) -> None:
    label = standing_label(_message(decree))
    assert (label.text.translate({0xA0: " ", 0x202F: " "}), label.look) == (french, look)
    assert standing_label(_message(decree, "en")).text == english


TWICE_ENDED = replace(samples.ENDED, changed_by=(replace(samples.ENDED.changed_by[0], revoked_by=(Change(Kind.ABROGATION, 9, "2026-9"),)),))


@pytest.mark.parametrize(
    ("decree", "french", "english"),
    [
        (samples.ENDED, "depuis le dimanche 16 août 2026", "since Sunday 16 August 2026"),
        (replace(samples.ENDED, changed_by=(Change(Kind.ABROGATION, 1002),)), "", ""),
        (samples.SUSPENDED, "depuis le samedi 15 août 2026", "since Saturday 15 August 2026"),
        (
            TWICE_ENDED,
            "(abrogé par l’arrêté n° 2026-1002 [1002], auquel l’arrêté n° 2026-9 [9] a mis fin ensuite)",
            "(revoked by decree no. 2026-1002 [1002], which decree no. 2026-9 [9] ended afterwards)",
        ),
        (samples.OVER, "du 5 au 7 juin 2026", "from 5 to 7 June 2026"),
    ],
)
def test_what_goes_on_after_the_label_does_not_say_it_again(decree: Decree, french: str, english: str) -> None:
    assert decree_view(_message(decree), PLACES).standing.translate({0xA0: " ", 0x202F: " "}) == french
    assert decree_view(_message(decree, "en"), PLACES).standing.replace("\u00a0", " ") == english


@pytest.mark.parametrize(
    ("decree", "title"),
    [
        (samples.FULL, "Valence : festival des Lumières"),
        (samples.TRAINS, "Drôme (26) : gares et trains de la Drôme"),
        (samples.DOUBTFUL, "Drôme (26) : arrêté n° 2026-1007"),
        (
            replace(samples.DOUBTFUL, facts=Facts(number="2026-1007", places=("place du Marché",), doubtful=("places",))),
            "Drôme (26) : place du Marché (à vérifier)",
        ),
        (samples.REFUSED, "Romans-sur-Isère : carnaval (refus)"),
        (samples.ENDING, "Drôme (26) : arrêté n° 2026-1002 (fin d’autorisation)"),
        (replace(samples.DOUBTFUL, facts=Facts()), "Drôme (26) : arrêté sans numéro"),
        (
            replace(samples.FULL, communes=tuple(NamedCommune(code, Naming.NAMED, "Lyon") for code in ("69123", "69382"))),
            "Lyon 2e : festival des Lumières de Valence",
        ),
    ],
)
def test_a_title_has_the_place_then_the_event_or_the_object_or_the_number(decree: Decree, title: str) -> None:
    assert title_of(_message(decree)).text == title


def test_a_card_says_when_who_how_many_and_until_when_it_can_be_contested() -> None:
    shown = card(samples.FULL, PLACES, NOW, "fr")
    assert shown.dates == "19\u00a0août,\u00a014\u00a0h →\u00a023\u00a0août,\u00a02\u00a0h", "a line ends only before the arrow"
    assert shown.spoken == "du 19 août 2026 à 14 h au 23 août 2026 à 2 h"
    assert shown.meta == ("Drôme (26)", "Police municipale de Valence", "24 caméras")
    assert [span.text for span in shown.limit if span.marked] == ["19 octobre 2026"]
    assert card(samples.REFUSED, PLACES, NOW, "fr").limit == ()


def test_a_modified_decree_shows_what_is_in_force_now_and_what_it_was() -> None:
    more = Change(Kind.MODIFICATION, 1006, "2026-1006", date(2026, 8, 18), ends=Moment(date(2026, 8, 30)), cameras=30)
    modified = replace(samples.FULL, changed_by=(more,))
    shown, rows = card(modified, PLACES, NOW, "fr"), {row.term: row for row in decree_view(_message(modified), PLACES).facts}
    assert shown.dates == "19\u00a0août,\u00a014\u00a0h →\u00a030\u00a0août"
    assert shown.meta[2:] == ("30 caméras (auparavant 24)", "auparavant : du 19 août 2026 à 14 h au 23 août 2026 à 2 h")
    assert (rows["Caméras"].values[0].text, rows["Quand"].values[0].text) == ("30 caméras", "Du 19 août 2026 à 14 h au 30 août 2026")
    assert "24" in rows["Caméras"].values[0].explained
    assert rows["Durée"].values[0].text == "12 jours"
    later = replace(modified, changed_by=(replace(more, since=date(2026, 8, 21), ends=None),))
    assert card(later, PLACES, NOW, "fr").meta[2:] == ("24 caméras",), "from the next day only"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.MODIFICATION, "sans nouvelle période"),
        (Kind.ABROGATION, "sans nouvelle période"),
        (Kind.AUTHORISATION, "dates inconnues"),
    ],
)
def test_what_changes_another_decree_may_have_no_period_of_its_own(kind: Kind, said: str) -> None:
    shown = card(replace(samples.DOUBTFUL, kind=kind), PLACES, NOW, "fr")
    assert (shown.dates, shown.spoken) == (said, said)


def test_what_ended_before_it_began_is_not_told_by_its_time_limit() -> None:
    undone = replace(samples.COMING, changed_by=(Change(Kind.ABROGATION, 1002, None, date(2026, 8, 16)),))
    assert card(undone, PLACES, NOW, "fr").limit == ()
    assert decree_view(_message(undone), PLACES).todo.headline == "Cet arrêté a pris fin avant de commencer"


def test_what_is_striking_is_said_without_a_sign_and_explained() -> None:
    view = decree_view(_message(samples.LATE), PLACES)
    assert [flag.text for flag in view.flags] == ["Publié 6 jours après le début"]
    assert "le public ne pouvait pas encore lire" in view.flags[0].explained
    assert decree_view(_message(samples.OUTSIDE, "en"), PLACES).flags[0].explained.startswith("On that day, no text")


def test_the_time_line_is_in_the_order_of_its_dates_with_today_in_its_place() -> None:
    points = timeline(_message(samples.FULL))
    assert [(point.name, point.look, point.running) for point in points] == [
        ("Signé", "past", False),
        ("Publié", "past", False),
        ("Mis en ligne", "past", False),
        ("Commence", "past", True),
        ("Aujourd’hui", "today", True),
        ("Finit", "next", False),
        ("Dernier jour pour contester", "next", False),
    ]
    assert points[0].note == "page 8"


@pytest.mark.parametrize(
    ("decree", "names"),
    [
        # Published after it began; without a date of publication; without an end; what changes another has no period of its own.
        (samples.LATE, ["Signé", "Commence", "Publié", "Aujourd’hui", "Finit", "Dernier jour pour contester"]),
        (samples.OUTSIDE, ["Signé", "Publié", "Commence", "Finit", "Dernier jour pour contester", "Aujourd’hui"]),
        (samples.OPEN_ENDED, ["Signé", "Publié", "Commence", "Finit", "Aujourd’hui", "Dernier jour pour contester"]),
        (samples.ENDING, ["Signé", "Publié", "Aujourd’hui"]),
        (samples.SUSPENDED, ["Signé", "Commence", "Suspension", "Publié", "Aujourd’hui", "Finit", "Dernier jour pour contester"]),
    ],
)
def test_a_date_that_is_not_known_keeps_its_point(decree: Decree, names: list[str]) -> None:
    assert [point.name for point in timeline(_message(decree))] == names


def test_what_is_authorised_is_under_way_no_longer_than_until_a_later_decree_ends_it() -> None:
    running = [point.name for point in timeline(_message(samples.ENDED)) if point.running]
    assert running == ["Commence"]


@pytest.mark.parametrize(
    ("starts", "ends", "text"),
    [
        (Moment(date(2026, 8, 1)), Moment(date(2026, 8, 1)), "1 jour"),
        (Moment(date(2026, 8, 1)), Moment(date(2026, 8, 28)), "28 jours"),
        (Moment(date(2026, 8, 1), time(14)), Moment(date(2026, 8, 3), time(6)), "40 heures"),
        (Moment(date(2026, 8, 3)), Moment(date(2026, 8, 1)), ""),
        (None, Moment(date(2026, 8, 1)), ""),
    ],
)
def test_a_duration_is_calculated_where_both_ends_are_known(starts: Moment | None, ends: Moment | None, text: str) -> None:
    assert duration_text(starts, ends, _message(samples.FULL)) == text


def test_each_fact_has_the_phrase_that_proves_it_with_its_words_marked() -> None:
    rows = {row.term: row for row in decree_view(_message(samples.FULL), PLACES).facts}
    places = rows["Lieux"]
    assert [value.text for value in places.values] == list(samples.FULL.facts.places)
    assert [span.text for span in places.proofs[0].spans if span.marked] == list(samples.FULL.facts.places)
    assert places.proofs[0].link == f"{samples.FULL.url}#page=7"
    assert [value.explained for value in rows["Le logiciel signale"].values][1] == "beaucoup de gens bougent ensemble, soudainement"
    assert [span.text for span in rows["Caméras"].proofs[0].spans if span.marked] == ["24 caméras"]
    assert rows["Autorisation donnée à"].values[0].address == "/operateurs/police-municipale-de-valence"
    assert rows["Communes nommées"].values[0].address == "/communes/26362"
    assert rows["Durée"].note == "Calculé par Vigie."


def test_pages_have_the_apostrophe_of_print_and_quote_the_act_as_it_is() -> None:
    decree = replace(
        samples.FULL,
        title="Arrêté portant autorisation d'un traitement",
        facts=replace(samples.FULL.facts, event="fête de l'été", operators=("Ville de l'Isle",), office="Le préfet de l'Ain"),
        evidence=(Evidence("event", 7, "à l'occasion de la fête de l'été"),),
    )
    view = decree_view(_message(decree), PLACES)
    rows = {row.term: row for row in view.facts}
    (proof,) = rows["Événement"].proofs
    assert [value.text for row in rows.values() for value in row.values if "'" in value.text] == []
    assert rows["Événement"].values[0].text == "fête de l’été"
    assert [(span.text, span.marked) for span in proof.spans] == [("à l'occasion de la ", False), ("fête de l'été", True)]
    assert rows["Autorisation donnée à"].values[0].address == "/operateurs/ville-de-l-isle"
    assert view.printed_title == decree.title
    shown = card(decree, PLACES, NOW, "fr")
    assert "fête de l’été" in shown.title.text
    assert "Ville de l’Isle" in shown.meta


def test_what_was_not_found_is_said_so_and_never_as_a_no() -> None:
    rows = {row.term: row for row in decree_view(_message(samples.DOUBTFUL), PLACES).facts}
    assert (rows["Caméras"].values, rows["Caméras"].note) == ((), "Non trouvé dans l’arrêté.")


def test_a_phrase_shows_no_name_of_a_person_and_a_long_one_is_cut_around_its_mark() -> None:
    said = quote(
        "Vu la demande de M. Jean DUPONT, maire de la commune, " + "et cetera " * 40 + "les images de 12 caméras, enfin",
        ["12 caméras"],
        samples.FULL,
        3,
    )
    text = "".join(span.text for span in said.spans)
    assert "DUPONT" not in text
    assert text.startswith("[…] ")
    assert len(text) < 250
    assert [span.text for span in said.spans if span.marked] == ["12 caméras"]


def test_other_decrees_are_linked_where_they_are_stored() -> None:
    ended, ending = (decree_view(_message(one), PLACES) for one in (samples.ENDED, samples.ENDING))
    assert [piece.address for line in ended.changed for piece in line if piece.address] == ["/arretes/1002"]
    assert [piece.address for line in ending.links for piece in line if piece.address] == ["/arretes/1001"]
    unseen = replace(samples.ENDED, changed_by=(Change(Kind.ABROGATION, None, "[77]", date(2026, 8, 16)),))
    assert [piece.address for line in decree_view(_message(unseen), PLACES).changed for piece in line] == [None]


@pytest.mark.parametrize(
    ("decree", "headline", "letters"),
    [
        (samples.FULL, "Contester jusqu’au lundi 19 octobre 2026", ["cada", "gracieux"]),
        (samples.OVER, "Le délai de recours a probablement pris fin le 3 août 2026", ["cada", "gracieux"]),
        (samples.OUTSIDE, "Contester : dernier jour inconnu", ["cada", "gracieux"]),
        (samples.REFUSED, "Cet arrêté n’autorise aucune surveillance.", ["cada"]),
    ],
)
def test_what_one_can_do_begins_with_the_last_day(decree: Decree, headline: str, letters: list[str]) -> None:
    todo = decree_view(_message(decree), PLACES).todo
    assert todo.headline == headline
    assert list(todo.letters) == letters
    assert (todo.advice is None) == (decree.kind is Kind.REFUSAL)


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Article 2 : les caméras de la route de Romans, entre les ronds-points, filment.", "romans", ["Romans"]),
        ("La vidéo-protection des gares de Valence et des gares voisines", "gare", ["gares", "gares"]),
        ("rien de cela", "romans", None),
    ],
)
def test_the_searched_words_are_marked_in_the_phrase(text: str, words: str, marked: list[str] | None) -> None:
    found = found_words(text, words, samples.FULL)
    assert (None if found is None else [span.text for span in found.spans if span.marked]) == marked


def test_sources_that_cannot_be_read_come_first_and_longest_first() -> None:
    view = sources_view(samples.sample_overview(), PLACES, "fr")
    assert [one.code for one in view.broken] == ["38", "74"]
    assert [one.code for one in view.off] == ["2A", "974"]
    assert view.broken[0].label.text == "Illisible depuis le 3 août"
    assert view.watched == len(view.broken) + len(view.read) + len(view.waiting)
