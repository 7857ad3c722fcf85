"""Periods on the many ways decrees word them, read from a title and from an article."""

from __future__ import annotations

from datetime import date, time
from time import process_time

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Facts, Slot
from tests.bot.detection.samples import act

OBJECT = "portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"


def shown(facts: Facts) -> tuple[str | None, str | None]:
    starts, ends = (moment.isoformat() if moment is not None else None for moment in (facts.starts, facts.ends))
    return starts, ends


def read(text: str) -> set[tuple[str | None, str | None]]:
    article = f"ARRÊTE\nArticle 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique {text}."
    by_article = judge(act(f"Vu le code de la sécurité intérieure ;\n{article}", f"Arrêté n° 2026-1 {OBJECT}"))
    by_title = judge(act(title=f"Arrêté n° 2026-1 {OBJECT} {text}"))
    return {shown(by_article.facts), shown(by_title.facts)}


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("le 2 mai 2026, de 8 h à 0 h", "2026-05-02T08:00", "2026-05-02T23:59"),
        ("du 1*r mai au 3 aovt 2026", "2026-05-01", "2026-08-03"),
        ("du I er mai au 3 mai 2026", "2026-05-01", "2026-05-03"),
        ("pour cinq mois, débutant le 2 mai 2026 et expirant le 1er octobre 2026 à 12 h", "2026-05-02", "2026-10-01T12:00"),
        ("dès le 2 mai 2026, 8 heures, et ce jusqu'au 5 mai 2026, minuit", "2026-05-02T08:00", "2026-05-05T23:59"),
        # Two figures of the year, and no telephone number.
        ("du 02.05.26 à 18 h 00 au 06/05/26 à 06 h 00", "2026-05-02T18:00", "2026-05-06T06:00"),
        ("dont le centre (tél. 02.05.26.06.05) est ouvert le 3 mai 2026", "2026-05-03", "2026-05-03"),
        # Days and years in letters.
        ("du premier au vingt et un mai deux mille vingt-six", "2026-05-01", "2026-05-21"),
        ("du dix-neuf juin 2026 à 8 heures au vingt juin 2026 à minuit", "2026-06-19T08:00", "2026-06-20T23:59"),
        ("jusqu'au TRENTE ET UN AOÛT DEUX MILLE VINGT-SEPT", None, "2027-08-31"),
        ("du 2 au 5 mai 2026. Il fonctionne chaque jour de 10 h à 22 h", "2026-05-02T10:00", "2026-05-05T22:00"),
        ("pendant les mois de juin, juillet et août 2026", "2026-06-01", "2026-08-31"),
        ("du mois de juin au mois de septembre 2026", "2026-06-01", "2026-09-30"),
        ("au cours du mois de février 2028", "2028-02-01", "2028-02-29"),
        ("pour l'ensemble du mois d'août 2026, chaque jour de 8 h à 20 h", "2026-08-01T08:00", "2026-08-31T20:00"),
        ("à compter du 1er juin 2026 pour une durée de 15 jours", "2026-06-01", "2026-06-15"),
        ("du 10 juin 2026 au 3 juin 2026", None, None),
        ("; il est mis en route le 26 mars 2026 à 10 h 30, et arrêté le 27 mars 2026 à 2 h", "2026-03-26T10:30", "2026-03-27T02:00"),
        # Durations, of which one goes past all calendars.
        ("à compter du 2 mai 2026 à 18h pour une durée de 48 heures", "2026-05-02T18:00", "2026-05-04T18:00"),
        ("à compter du 2 mai 2026 pour une durée de neuf mille ans", "2026-05-02", None),
        # Several days, from the first beginning to the last end.
        ("les 30 et 31 décembre 2026 et 1er janvier 2027", "2026-12-30", "2027-01-01"),
        # Hours in letters, and nights.
        ("les vendredi 4 et samedi 5 décembre 2026, de neuf heures à vingt-deux heures trente", "2026-12-04T09:00", "2026-12-05T22:30"),
        ("du 4 décembre 2026 à dix-huit heures au 5 décembre 2026 à une heure et demie", "2026-12-04T18:00", "2026-12-05T01:30"),
        ("le 4 décembre 2026 de vingt heures à minuit", "2026-12-04T20:00", "2026-12-04T23:59"),
        ("le 4 décembre 2026 de vingt-et-une heures à trois heures", "2026-12-04T21:00", "2026-12-05T03:00"),
    ],
)
def test_from_to(text: str, starts: str | None, ends: str | None) -> None:
    assert read(text) == {(starts, ends)}


def of(*articles: str) -> tuple[str | None, str | None]:
    numbered = "\n".join(f"Article {rank} : {article}" for rank, article in enumerate(articles, 1))
    return shown(judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{numbered}", f"Arrêté n° 2026-1 {OBJECT}")).facts)


USE = "La commune d'Albi est autorisée à mettre en œuvre un traitement algorithmique sur les images de vidéoprotection"


def _slot(first: str, last: str, opens: str, closes: str, *weekdays: int) -> Slot:
    return Slot(date.fromisoformat(first), date.fromisoformat(last), time.fromisoformat(opens), time.fromisoformat(closes), weekdays)


def _on(day: str, opens: str, closes: str) -> Slot:
    return _slot(day, day, opens, closes)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("du mardi 5 au vendredi 8 mai 2026 de 12h00 à 20h00", [_slot("2026-05-05", "2026-05-08", "12:00", "20:00")]),
        ("du 5 au 8 mai 2026. Il fonctionne chaque jour de 22 h à 2 h", [_slot("2026-05-05", "2026-05-08", "22:00", "02:00")]),
        (
            "les vendredis et samedis soir du 1er au 31 mai 2026 de 22h00 à 02h00",
            [_slot("2026-05-01", "2026-05-31", "22:00", "02:00", 4, 5)],
        ),
        (
            "du 1er au 31 mai 2026, les vendredis et samedis seulement, de 10 h à 20 h",
            [_slot("2026-05-01", "2026-05-31", "10:00", "20:00", 4, 5)],
        ),
        ("du 1er au 31 mai 2026, les samedis de 10 h à 18 h et les dimanches de 9 h à 12 h", []),
        (
            "du vendredi 1er mai 2026 au dimanche 31 mai 2026, du vendredi au lundi, de 22 h à 2 h",
            [_slot("2026-05-01", "2026-05-31", "22:00", "02:00", 0, 4, 5, 6)],
        ),
        (
            "du 5 au 8 mai 2026 ; il ne peut être utilisé que de dix-huit heures à une heure",
            [_slot("2026-05-05", "2026-05-08", "18:00", "01:00")],
        ),
        (
            ".\nArticle 2 – Temps\nMardi 5 mai 2026 de 13 heures à 19 heures ; mercredi 6 mai 2026 de 7 heures à 18 heures",
            [_on("2026-05-05", "13:00", "19:00"), _on("2026-05-06", "07:00", "18:00")],
        ),
        (
            "la nuit du 5 au 6 mai et celle du 8 au 9 mai 2026, de 22 h à 4 h",
            [_on("2026-05-05", "22:00", "04:00"), _on("2026-05-08", "22:00", "04:00")],
        ),
        ("de 22 h à 4 h, de la nuit du 5 au 6 mai 2026 à celle du 8 au 9 mai 2026", [_slot("2026-05-05", "2026-05-08", "22:00", "04:00")]),
        (
            ":\n- mardi 5 mai 2026 : de 14 h à 1 h ;\n- du jeudi 7 au samedi 9 mai 2026 : de 11 h à 3 h",
            [_on("2026-05-05", "14:00", "01:00"), _slot("2026-05-07", "2026-05-09", "11:00", "03:00")],
        ),
        (
            "les 5 et 6 mai 2026 de 15 h à 22 h",
            [_slot("2026-05-05", "2026-05-05", "15:00", "22:00"), _slot("2026-05-06", "2026-05-06", "15:00", "22:00")],
        ),
        (
            "les 5, 6 et 7 mai 2026 de 10 h à 22 h et le 8 mai 2026 de 10 h à 18 h",
            [*(_slot(f"2026-05-0{day}", f"2026-05-0{day}", "10:00", "22:00") for day in (5, 6, 7)), _on("2026-05-08", "10:00", "18:00")],
        ),
        ("de 20 h à 4 h, du 5 mai 2026 à 20 h au 9 mai 2026 à 4 h", [_slot("2026-05-05", "2026-05-08", "20:00", "04:00")]),
        ("du 5 mai 2026 à 20 h au 9 mai 2026 à 4 h, chaque nuit de 20 h à 4 h", [_slot("2026-05-05", "2026-05-08", "20:00", "04:00")]),
        ("de 10 h à 20 h, entre le 5 mai 2026 et le 9 mai 2026", [_slot("2026-05-05", "2026-05-09", "10:00", "20:00")]),
        (
            "du 5 mai 2026 à 20 h au 6 mai 2026 à 2 h et du 8 mai 2026 à 20 h au 9 mai 2026 à 3 h",
            [_on("2026-05-05", "20:00", "02:00"), _on("2026-05-08", "20:00", "03:00")],
        ),
        (
            "le 5 mai 2026 de 8 h à 12 h ; la nuit du 5 au 6 mai 2026, de 22 h à 2 h",
            [_on("2026-05-05", "08:00", "12:00"), _on("2026-05-05", "22:00", "02:00")],
        ),
        (
            ":\n5 mai 2026   8 mai 2026   10 h - 20 h\n9 mai 2026      10 h - 18 h\n",
            [_slot("2026-05-05", "2026-05-08", "10:00", "20:00"), _on("2026-05-09", "10:00", "18:00")],
        ),
        (
            # Rows of two places: their hours of one day are joined.
            ":\nplace Foch   5 mai 2026   14 h - 20 h\nquai Sud   5 mai 2026   16 h - 22 h\nquai Sud   7 mai 2026   16 h - 22 h\n",
            [_on("2026-05-05", "14:00", "22:00"), _on("2026-05-07", "16:00", "22:00")],
        ),
        ("entre 10 h et 20 h, les 5 et 12 mai 2026", [_on("2026-05-05", "10:00", "20:00"), _on("2026-05-12", "10:00", "20:00")]),
        ("entre 10 h et 20 h le 5 mai et le 12 mai 2026", [_on("2026-05-05", "10:00", "20:00"), _on("2026-05-12", "10:00", "20:00")]),
        (
            ":\n5 mai et 9 mai 2026      10 h - 20 h\n12 mai 2026      10 h - 18 h\n",
            [_on("2026-05-05", "10:00", "20:00"), _on("2026-05-09", "10:00", "20:00"), _on("2026-05-12", "10:00", "18:00")],
        ),
        (":\n5 mai 2026      10 h - 20 h\n6 mai 2026      10 h - 18 h\n7 mai 2026      10 h - 18 h, sauf le soir\n", []),
        # Hours that do not begin and end with the period.
        ("de 20 h à 4 h, du 5 mai 2026 à 22 h au 9 mai 2026 à 6 h", []),
        # Several days without a break beside an evening are no slots.
        ("du 5 mai 2026 à 12 h au 8 mai 2026 à 20 h et le 9 mai 2026 de 14 h à 20 h", []),
        ("du 5 au 8 mai 2026 de 10 h à 20 h, sauf le 7 mai", []),
        ("du 5 mai 2026 à 12 h au 8 mai 2026 à 20 h", []),
        ("le 5 mai 2026 de 12 h à 20 h", []),
        ("la nuit du 31 mai au 1er juin 2026 de 22 h à 6 h", []),
        ("du 31 mai au 1er juin 2026 de 22 h à 6 h", []),
        ("du 5 au 8 mai 2026", []),
    ],
)
def test_hours_of_each_day(text: str, slots: list[Slot]) -> None:
    article = f"ARRÊTE\nArticle 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique {text}."
    assert list(judge(act(f"Vu le code de la sécurité intérieure ;\n{article}", f"Arrêté n° 2026-1 {OBJECT}")).facts.slots) == slots


def test_what_an_article_grants_comes_before_the_day_of_the_event() -> None:
    event = (
        "La police nationale est autorisée à mettre en œuvre un traitement algorithmique à l'occasion des festivités du 14 juillet 2026."
    )
    granted = "La présente autorisation est délivrée pour la durée de l'opération, soit le 12 juillet 2026 de 7h00 à 22h00."
    assert of(event, "Le nombre de caméras est fixé à 4.", granted) == ("2026-07-12T07:00", "2026-07-12T22:00")


def test_of_a_decree_on_several_things_the_articles_on_the_algorithm_come_first() -> None:
    parking = "Le stationnement est interdit du 30 avril 2026 à 8 h au 4 mai 2026 à 8 h."
    assert of(parking, f"{USE}.", "Son emploi est permis le 2 mai 2026, de 14 h à 23 h.") == ("2026-05-02T14:00", "2026-05-02T23:00")
    # Where they tell no period, that of the others counts.
    assert of(parking, f"{USE}.") == ("2026-04-30T08:00", "2026-05-04T08:00")


def test_the_day_on_which_the_system_was_authorised_is_no_period() -> None:
    assert of(f"{USE} autorisé le 12 mars 2024 par le préfet.") == (None, None)
    assert of(f"{USE}, installé le 12 mars 2024.", "L'emploi est autorisé le 2 mai 2026.") == ("2026-05-02", "2026-05-02")


@pytest.mark.parametrize(
    "title",
    [
        f"AP du 10/11/2026 {OBJECT}",
        f"AP n° 2026-12 du 10/11/2026 {OBJECT}",
        f"Décision n° 2026-44 du 12 novembre 2026 {OBJECT}",
        f"Arrêté n° 2026-45 {OBJECT} en date du 12 novembre 2026",
    ],
)
def test_the_day_of_an_act_is_not_its_period(title: str) -> None:
    text = "Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : La SNCF est autorisée du 1er au 3 décembre 2026."
    assert shown(judge(act(text, title)).facts) == ("2026-12-01", "2026-12-03")
    assert shown(judge(act("", title)).facts) == (None, None)


def test_a_range_of_the_articles_wins_over_the_day_of_signature_in_the_title() -> None:
    title = f"Arrêté n° 2026-1 {OBJECT} le 20 novembre 2026"
    text = "Vu le code ;\nARRÊTE\nArticle 1er : La SNCF est autorisée {}.\nFait à Paris, le 20 novembre 2026"
    assert shown(judge(act(text.format("du 1er au 3 décembre 2026"), title)).facts) == ("2026-12-01", "2026-12-03")
    assert shown(judge(act(text.format("ce jour"), title)).facts) == ("2026-11-20", "2026-11-20")


@pytest.mark.parametrize(("word", "starts"), [("respectifs", "2026-05-02"), ("Nice", None)])
def test_a_line_that_ends_with_a_town_dates_a_signature_and_a_word_does_not(word: str, starts: str | None) -> None:
    assert of(f"Sont autorisés les traitements algorithmiques des images de leurs systèmes\n{word}, le 2 mai 2026.") == (starts, starts)


_BETWEEN = "Article 2 : Trente caméras sont concernées.\nArticle 3 : "


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (
            "L'emploi est permis à compter du 11 septembre 2026.",
            "Il cesse au plus tard le 13 septembre 2026.",
            ("2026-09-11", "2026-09-13"),
        ),
        ("La commune est autorisée.", "Elle prend fin le 22 août 2026.", (None, "2026-08-22")),
        # An end before the beginning, or years after it, is of something else.
        ("L'autorisation prend effet le 19 août 2026.", "La convention expire le 18 août 2026.", ("2026-08-19", None)),
    ],
)
def test_a_beginning_and_an_end_of_two_articles_are_one_period(begins: str, ends: str, expected: tuple[str | None, str | None]) -> None:
    first = f"Article 1er : Un traitement algorithmique est autorisé. {begins}"
    text = f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{first}\n{_BETWEEN}{ends}"
    assert shown(judge(act(text, f"Arrêté n° 2026-1 {OBJECT}")).facts) == expected


def test_a_table_with_columns_for_beginning_and_end_is_one_period() -> None:
    table = "Gare\t      Caméras\t  Début\t             Fin\n-----\nBastille\t  14\t       21/06/2026 à 14h\t  22/06/2026 à 2h"
    text = (
        f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArt. 1 - Un traitement algorithmique est autorisé :\n\n{table}\n\nArt. 2 - Fin."
    )
    assert shown(judge(act(text, f"Arrêté n° 2026-1 {OBJECT} le 21 juin 2026")).facts) == ("2026-06-21T14:00", "2026-06-22T02:00")


def test_a_table_of_days_and_hours_needs_no_words_at_its_head() -> None:
    table = "Jour\t        Mise en service\t  Arrêt\n2 mai 2026\t  9 h 30\t           18 h\n3 mai 2026\t  9 h\t              17 h 45"
    assert of(f"{USE}.", f"Calendrier\n{table}\n", "Exécution.") == ("2026-05-02T09:30", "2026-05-03T17:45")


def test_a_table_of_a_later_article_is_no_period_of_the_first() -> None:
    works = "Phase\t  Début\t  Fin\nEssais\t  30 novembre 2026\t  2 décembre 2026\nDémontage\t  6 décembre 2026\t  8 décembre 2026"
    first = "Article 1er : Un traitement algorithmique est autorisé du 3 au 5 décembre 2026."
    text = f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{first}\nArticle 2 : Le calendrier des travaux est :\n{works}"
    assert shown(judge(act(text, f"Arrêté n° 2026-1 {OBJECT} du 3 au 5 décembre 2026")).facts) == ("2026-12-03", "2026-12-05")


def test_a_list_of_slots_is_one_period_from_the_first_beginning_to_the_last_end() -> None:
    items = (
        "le mercredi 15 juillet 2026 de 18 h à 24 h ;\nles 16 et 17 juillet 2026 de 0 h à 5 h puis de 12 h à 24 h ;\n"
        "le dimanche 19 juillet 2026 de 0 h à 5 h puis de 12 h à 24 h."
    )
    found = judge(
        act(
            "Vu le code de la sécurité intérieure ;\nARRÊTE\n"
            "Article 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\n"
            f"Article 2 : L'autorisation vaut :\n{items}\nArticle 3 : Exécution.",
            f"Arrêté n° 2026-1 {OBJECT}",
        )
    ).facts
    assert shown(found) == ("2026-07-15T18:00", "2026-07-19T23:59")
    assert not {"starts", "ends"} & set(found.doubtful)


@pytest.mark.parametrize(
    "said",
    [
        "chaque nuit, de 20 h à 4 h, du 4 décembre 2026 au soir au 8 décembre 2026 au matin",
        "du 4 décembre 2026 au soir au 8 décembre 2026 au matin, chaque nuit de 20 h à 4 h",
    ],
)
def test_a_night_ends_on_the_morning_that_is_named(said: str) -> None:
    assert of(f"Elle vaut {said}.", "Exécution.") == ("2026-12-04T20:00", "2026-12-08T04:00")


def test_rows_of_one_day_with_and_without_hours_are_the_whole_day() -> None:
    rows = "Midi\t  4 décembre 2026 10 h\t  5 décembre 2026 2 h\nSoir\t  4 décembre 2026\t  5 décembre 2026"
    table = f"La SNCF emploie un traitement algorithmique :\nSéance\t  Début\t  Fin\n{rows}"
    assert of(table, "Exécution.") == ("2026-12-04", "2026-12-05")


TWO_SLOTS = "- le vendredi 4 décembre 2026, de 17 h à 23 h ;\n- le samedi 5 décembre 2026, de 12 h à 22 h"
BEFORE, EVENINGS = ("2026-12-03", "2026-12-06"), ("2026-12-04T17:00", "2026-12-05T22:00")


@pytest.mark.parametrize(
    ("articles", "period", "doubtful"),
    [
        # Slots of something else are no period where another article gives one, and never a sure one.
        (f"Le commissaire enquêteur reçoit le public :\n{TWO_SLOTS}.\nArticle 3 : Elle vaut du 3 au 6 décembre 2026.", BEFORE, True),
        ("Elle vaut :\n- le 4 décembre 2026 ;\n- le 18 mars 2026.\nArticle 3 : Divers.", ("2026-12-04", "2026-12-04"), True),
    ],
)
def test_slots_of_something_else_or_not_all_read_are_no_sure_period(articles: str, period: tuple[str, str], doubtful: bool) -> None:
    text = f"Vu le code ;\nARRÊTE\nArticle 1er : La SNCF est autorisée à employer un traitement algorithmique.\nArticle 2 : {articles}"
    found = judge(act(text, f"Arrêté n° 2026-1 {OBJECT}")).facts
    assert (shown(found), "starts" in found.doubtful) == (period, doubtful)


def test_the_last_hours_of_a_slot_may_end_the_next_morning() -> None:
    items = "- le mercredi 15 juillet 2026 de 18 h à 24 h ;\n- le jeudi 16 juillet 2026 de 0 h à 5 h puis de 22 h à 2 h."
    assert of(f"{USE}.", f"Elle vaut :\n{items}", "Exécution.") == ("2026-07-15T18:00", "2026-07-17T02:00")


A, B = "2026-10-03", "2026-10-04"


@pytest.mark.parametrize(
    ("said", "starts", "ends"),
    [
        ("Elle prend effet le 3 octobre 2026 à 18 h et s'éteint le 4 octobre 2026 à 17 h.", f"{A}T18:00", f"{B}T17:00"),
        ("Il est mis en route le 3 octobre 2026 à 18 h. Il est désactivé le 4 octobre 2026 à 17 h.", f"{A}T18:00", f"{B}T17:00"),
        (
            "Elle commence le 3 octobre 2026 à 18 h ; elle expire de plein droit, sans notification, le 4 octobre 2026 à 17 h.",
            f"{A}T18:00",
            f"{B}T17:00",
        ),
        (
            "Elle vaut les 3 et 4 octobre 2026. Il débute le samedi à 6 h et s'arrête le dimanche à minuit.",
            f"{A}T06:00",
            f"{B}T23:59",
        ),
        (
            "Du 3 au 4 octobre 2026. Le premier jour, il commence à 15 h ; le dernier jour, il cesse à 18 h.",
            f"{A}T15:00",
            f"{B}T18:00",
        ),
        ("Il fonctionne les 3 et 4 octobre 2026 (le samedi de 14 h à 23 h, le dimanche de 9 h à 19 h).", f"{A}T14:00", f"{B}T19:00"),
        ("Du 30 septembre au 4 octobre 2026, de 9 h à 22 h, sauf le dimanche, où il cesse à 19 h.", "2026-09-30T09:00", f"{B}T19:00"),
        ("Il sert du 3 au 4 octobre 2026, pour le match joué le samedi à 21 h et la course partie le dimanche à 9 h.", A, B),
        (
            "Premier jour\t  samedi 3 octobre 2026, à partir de 18 h\nDernier jour\t  dimanche 4 octobre 2026, jusqu'à 17 h",
            f"{A}T18:00",
            f"{B}T17:00",
        ),
        ("Mise en service : 3 octobre 2026\nÉchéance : 4 octobre 2026", A, B),
        ("Il débute le 3 octobre 2026 à 9 h et s'achève le même jour à 23 h 30.", f"{A}T09:00", f"{A}T23:30"),
        # The last night ends in the morning that is named.
        ("Du 1er octobre 2026 à 22h au 4 octobre 2026 à 06h00, chaque nuit de 22h à 6h.", "2026-10-01T22:00", f"{B}T06:00"),
        ("Du 3 au 4 octobre 2026, de 21 h à 5 h, soit du 3 octobre 2026 à 21 h au 4 octobre 2026 à 5 h.", f"{A}T21:00", f"{B}T05:00"),
        ("Chaque jour de 17 h à 2 h le lendemain, du 1er octobre 2026 au 4 octobre 2026 (2 h).", "2026-10-01T17:00", f"{B}T02:00"),
        (
            "Chaque nuit de 20h à 4h, de la nuit du 30 septembre au 1er octobre à celle du 3 au 4 octobre 2026.",
            "2026-09-30T20:00",
            f"{B}T04:00",
        ),
        (
            "Tous les jours de 10h à 19h, le premier étant le 1er octobre 2026 et le dernier le 4 octobre 2026.",
            "2026-10-01T10:00",
            f"{B}T19:00",
        ),
        ("Du 1er au 4 octobre 2026, de 9 h à 22 h, à l'exception du 4 octobre où il prend fin à 18 h.", "2026-10-01T09:00", f"{B}T18:00"),
        ("L'échéance fixée par l'arrêté susvisé est reportée au 4 octobre 2026 à 12 h.", None, f"{B}T12:00"),
        # With hours for each place, none of another day.
        ("Le 3 octobre 2026, aux horaires suivants :\n- gare, de 7h à 15h ;\n- halle, de 14h à 22h.", f"{A}T07:00", f"{A}T22:00"),
        (
            "Le 3 octobre 2026, aux horaires suivants :\n- gare, de 7h à 15h ;\n- halle, le 4 octobre 2026, de 14h à 22h.",
            A,
            A,
        ),
        (
            "Samedi 3 octobre 2026\t 16 h\t 23 h\nDimanche 4 octobre 2026\t 9 h\t 12 h\nDu 5 octobre 2026, 12 h, au 6 octobre 2026, 2 h",
            f"{A}T16:00",
            "2026-10-06T02:00",
        ),
        ("Elle prend effet le 3 octobre 2026.\nArticle 3 : Le bilan est remis jusqu'au 16 octobre 2026.", A, None),
        ("Le logiciel est mis à disposition par convention du 2 mai 2026.", None, None),
        ("Il a reçu l'attestation de conformité du 14 mai 2026.", None, None),
        ("Validité : 3 juillet 2026, 12h00 – 5 juillet 2026, 3h00.", "2026-07-03T12:00", "2026-07-05T03:00"),
        ("Début\t  vendredi 3 juillet 2026\t  06:30\nFin\t  dimanche 5 juillet 2026\t  23:45", "2026-07-03T06:30", "2026-07-05T23:45"),
        ("Prise d'effet : 3 juillet 2026, 18 h\nFin : 5 juillet 2026, 6 h", "2026-07-03T18:00", "2026-07-05T06:00"),
        ("Il commence le 16 juillet 2026 à 8 h et finit le 20 juillet 2026 à 12 h.", "2026-07-16T08:00", "2026-07-20T12:00"),
        ("Il débute le 16 juillet 2026 à 8 h et finira le 20 juillet 2026.", "2026-07-16T08:00", "2026-07-20"),
    ],
)
def test_hours_and_ends_told_apart_from_the_days(said: str, starts: str | None, ends: str | None) -> None:
    assert of("La régie est autorisée à mettre en œuvre un traitement algorithmique d'images de vidéoprotection.", said) == (starts, ends)


@pytest.mark.parametrize("head", ["Art. 2. – ", "Article 2 - ", "Art. II. "])
def test_an_article_of_a_day_and_hours_alone(head: str) -> None:
    text = (
        "Vu le code de la sécurité intérieure ;\nVu les demandes conjointes des 8 et 9 septembre 2026 ;\nARRÊTE\n"
        f"{head.replace('2', '1').replace('II', 'I')}La régie est autorisée à employer un traitement algorithmique des images de "
        f"vidéoprotection, après l'attentat du 14 juillet 2016.\n{head}Samedi 3 octobre 2026, 17 h 30 – 23 h 30."
    )
    found = judge(act(text, f"Arrêté {OBJECT}")).facts
    assert shown(found) == (f"{A}T17:30", f"{A}T23:30")


def test_two_articles_with_other_hours_are_no_sure_period() -> None:
    text = (
        "Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : La régie est autorisée à employer un traitement algorithmique.\n"
        "Article 2 : Le logiciel sert du 3 octobre 2026 à 15 h au 4 octobre 2026 à 1 h.\n"
        "Article 3 : En gare, on l'emploie du 3 octobre 2026 à 9 h au 4 octobre 2026 à 2 h."
    )
    assert {"starts", "ends"} <= {*judge(act(text, f"Arrêté n° 2026-1 {OBJECT}")).facts.doubtful}


def test_the_articles_before_prose_and_thirty_days_of_a_month() -> None:
    heading = "La ville a un logiciel. Elle s'en sert depuis le 21 août 2026."
    text = (
        f"Préfecture\nARRÊTÉ n° 2026-9\nautorisant un traitement algorithmique des images de "
        f"vidéoprotection\n{heading}\nVu la loi n° 2023-380 "
        "du 19 mai 2023, article 10 ;\nARRÊTE\n"
        "Article 1 : L'autorisation vaut du 3 septembre 2026 au 13 septembre 2026.\nFait à Dax, le 2 mai 2026"
    )
    facts = judge(act(text, "Arrêté n° 2026-9 autorisant un traitement algorithmique des images de vidéoprotection")).facts
    assert (str(facts.starts and facts.starts.day), str(facts.ends and facts.ends.day)) == ("2026-09-03", "2026-09-13")


def test_thousands_of_days_in_one_sentence_take_no_time() -> None:
    before = process_time()
    of("Un traitement algorithmique est autorisé par " + "l'arrêté du 2 mai 2026, " * 5_000)
    assert process_time() - before < 8, "after each the rest of the sentence was looked through: 16 s"
