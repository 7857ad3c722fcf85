"""Which facts are to be verified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.detection.facts import second_reader
from bot.detection.facts.second_reader import doubtful, second_values, spans, tagged
from bot.detection.judging import judge
from bot.detection.text.document import TextMatch, document
from bot.domain.acts import Facts
from bot.domain.text import PageText, TextOrigin
from tests.bot.detection.samples import act

TITLE = (
    "Arrêté n° 2026-00931 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
)
TEXT = """Le préfet de police,
Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;
ARRÊTE
Article 1er - La SNCF est autorisée à mettre en œuvre un traitement algorithmique des images issues d'un système de vidéoprotection
dans la gare du Nord et la gare de l'Est, du 3 au 6 mai 2026, à l'occasion du festival des Moulins.
Article 2 - Le logiciel utilisé est Cityvision, de la société Wintics.
Fait à Paris, le 2 mai 2026
Le préfet de police
"""


def test_a_model_that_nobody_else_holds_stays_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads which ask for it first at the same time get one each, of which one is kept: the other was freed, and the program died."""
    freed = []

    class Model(bytes):
        def __del__(self) -> None:
            freed.append(len(self))

    class Tagger:
        def open_inmemory(self, model: bytes) -> None:
            assert isinstance(model, Model)

        def tag(self, words: list[list[str]]) -> list[str]:
            assert not freed
            return [second_reader.OUTSIDE] * len(words)

    monkeypatch.setattr(second_reader, "_packaged", lambda: Model(b"a model"))
    monkeypatch.setattr("pycrfsuite.Tagger", Tagger)
    text = document(act(TEXT, TITLE), "vsa")
    assert tagged(text, text.segment) == {}
    assert freed


def doubts_of(facts: Facts, **read: str | tuple[str, ...]) -> tuple[str, ...]:
    text = document(act(TEXT, TITLE), "vsa")
    return doubtful(text, text.segment, facts, (), read)


@pytest.mark.parametrize(
    ("facts", "read", "expected"),
    [
        (Facts(event="festival des Moulins et dans les conditions qui suivent"), {"event": "festival des Moulins"}, ("event",)),
        (Facts(event="festival des Moulins"), {"event": "festival des Moulins les samedi 3 et dimanche 4 mai"}, ()),
        (Facts(event="festival des Moulins"), {"event": "festival des Moulins : la commune"}, ()),
        (Facts(communes=("Lens", "Uzès"), doubtful=("communes",)), {"communes": ("Uzès", "Die")}, ()),
        (Facts(communes=("Lens",), doubtful=("communes",)), {"communes": ("Die",)}, ("communes",)),
        (Facts(communes=("Lens",), doubtful=("communes",)), {}, ("communes",)),
        (Facts(communes=("Lens",)), {"communes": ("Die",)}, ()),
    ],
)
def test_a_fact_is_sure_where_both_readers_agree(facts: Facts, read: dict[str, str | tuple[str, ...]], expected: tuple[str, ...]) -> None:
    assert doubts_of(facts, **read) == expected


AND_MORE = (
    "dans la gare du Nord, la rue du Stade Neuf, le massif du Maïdo et Bercy, hors la butte du Chat. Affiches : marché du cours Neuf."
)


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ("cours Neuf", True),  # of a kind
        ("Stade Neuf", False),  # a part of one of them
    ],
)
def test_what_only_the_second_reader_takes_for_a_place(more: str, doubt: bool) -> None:
    text = document(act(TEXT.replace("dans la gare du Nord et la gare de l'Est", AND_MORE), TITLE), "vsa")
    mine = ("gare du Nord", "rue du Stade Neuf")
    others = [place for place in ("massif du Maïdo", "Bercy") if place != more]
    facts = Facts(places=(*mine, *others))
    for seen in (mine, ("Nord", "rue du Stade Neuf")):  # "les gares du Nord et …"
        assert doubtful(text, text.segment, facts, (), {"places": (*seen, *others, more)}) == (("places",) if doubt else ())


@pytest.mark.parametrize(
    ("told", "unseen", "doubt"),
    [
        ("dans la gare du Nord ; des drones survolent la rue du Stade Neuf", "rue du Stade Neuf", False),
        ("dans la gare du Nord ; des drones survolent le parking couvert", "parking couvert", True),
    ],
)
def test_a_place_that_the_second_reader_misses_is_sure_by_its_name_in_an_article_where_it_has_another(
    told: str, unseen: str, doubt: bool
) -> None:
    text = document(act(TEXT.replace("dans la gare du Nord et la gare de l'Est", told), TITLE), "vsa")
    facts = Facts(places=("gare du Nord", unseen))
    assert doubtful(text, text.segment, facts, (), {"places": ("gare du Nord",)}) == (("places",) if doubt else ())


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ("Article 4 - Exécution : le maire de Sète, le préfet.", False),
        ("La commune de Sète emploie le même logiciel, et en est informée.", True),
    ],
)
def test_whoever_is_only_told_or_owns_the_cameras_makes_no_doubt(more: str, doubt: bool) -> None:
    text = document(act(TEXT.replace("Fait à Paris", f"{more}\nFait à Paris"), TITLE), "vsa")
    read = {"operators": ("SNCF", "Commune de Sète")}
    assert doubtful(text, text.segment, Facts(operators=("SNCF",)), (), read) == (("operators",) if doubt else ())


def test_a_place_beside_the_last_word_of_another_is_one_more() -> None:
    text = document(act(TEXT.replace("et la gare de l'Est", "et Bercy"), TITLE), "vsa")
    assert doubtful(text, text.segment, Facts(places=("gare du Nord",)), (), {"places": ("Nord", "Bercy")}) == ("places",)


@pytest.mark.parametrize(
    "place",
    [
        "B gare du Nord", "gare du Nord »", "rue", "gare du Nord et", "stade par son", "place Foch rue Haute", "Service de police", "allée",
    ],
)  # fmt: skip
def test_a_place_that_shows_more_or_less_than_a_name_is_doubtful_whoever_agrees(place: str) -> None:
    assert doubts_of(Facts(places=("gare du Nord", place)), places=("gare du Nord", place)) == ("places",)


def test_a_place_of_which_both_readers_have_the_whole_name_is_sure() -> None:
    place = "parvis de la gare du Nord"
    assert doubts_of(Facts(places=("gare du Nord", place)), places=("gare du Nord", place)) == ()


@pytest.mark.parametrize("for_whom", ["P/ la préfète", "Par délégation de la préfète", "La préfète,\npour elle, le secrétaire"])
def test_a_prefect_for_whom_somebody_signs_is_doubtful(for_whom: str) -> None:
    text = document(act(TEXT.replace("Le préfet de police\n", for_whom), TITLE), "vsa")
    assert doubtful(text, text.segment, Facts(office="La préfète"), (), {}) == ("office",)


def test_somebody_who_signs_another_decree_for_the_prefect_makes_no_doubt() -> None:
    for signs, doubt in (("La préfète", ()), ("Pour la préfète", ("office",))):
        text = document(act(TEXT.replace("Le préfet de police\n", signs), TITLE), "vsa")
        assert doubtful(text, text.segment, Facts(office="La préfète"), (), {}) == doubt


def test_an_office_that_goes_on_where_it_stands_last_is_doubtful() -> None:
    for after, doubt in (
        (", adjointe au directeur de cabinet", True),
        (" et directrice des sécurités", True),
        ("\nAdèle DIRECTRICE", False),
    ):
        text = document(act(TEXT.replace("Le préfet de police\n", f"La sous-préfète{after}"), TITLE), "vsa")
        found = doubtful(text, text.segment, Facts(office="La sous-préfète"), (), {})
        assert (found == ("office",)) is doubt, after


def test_a_maker_whose_name_goes_on_wherever_it_stands_is_doubtful() -> None:
    text = document(act(TEXT.replace("Wintics", "Oriane du Soleil"), TITLE), "vsa")
    assert doubtful(text, text.segment, Facts(vendor="Oriane"), (), {"vendor": "Oriane"}) == ("vendor",)


def test_a_page_that_was_badly_read_makes_its_facts_doubtful() -> None:
    clear = act(TEXT, TITLE)
    poor = replace(clear, pages=(PageText(1, TEXT, TextOrigin.OCR, confidence=71),))
    well = replace(clear, pages=(PageText(1, TEXT, TextOrigin.OCR, confidence=93),))
    assert judge(well).facts.doubtful == judge(clear).facts.doubtful
    assert {"signed", "starts", "ends", "places", "operators", "office"} <= set(judge(poor).facts.doubtful)
    assert judge(poor).facts.sure.starts is None
    assert replace(judge(poor).facts, doubtful=()) == replace(judge(clear).facts, doubtful=())


def test_a_word_that_was_badly_read_makes_its_facts_doubtful() -> None:
    text = TEXT.replace("Fait à Paris, le 2", "Fait à Paris, le : 2")
    page = PageText(1, f"{TITLE}\n{text}", TextOrigin.OCR, confidence=93, unsure=frozenset({"Paris"}))
    assert set(judge(replace(act(page.text, ""), pages=(page,))).facts.doubtful) == {"signed"}


@pytest.mark.parametrize(
    ("told", "sure"),
    [
        ("du 3 au 6 mai 2026, chaque jour de 14 h à 23 h", True),
        ("du 3 au 6 mai 2026 (vendredi : ouverture à 18 h)", False),
    ],
)
def test_a_period_beside_which_its_article_gives_other_days_or_hours_is_doubtful(told: str, sure: bool) -> None:
    found = judge(act(TEXT.replace("du 3 au 6 mai 2026", told), TITLE)).facts
    assert (found.starts is not None and found.starts.day.isoformat(), {"starts", "ends"} & set(found.doubtful)) == (
        "2026-05-03",
        set() if sure else {"starts", "ends"},
    )


@pytest.mark.parametrize(
    ("article", "is_sure"),
    [
        ("Le traitement est arrêté entre minuit et 6 h.", False),
        ("L'emploi cesse le 8 mai 2026.", False),
        ("Le public est informé par affichage au moins vingt-quatre heures avant.", True),
        ("Les signalements sont effacés dans les 48 heures.", True),
    ],
)
def test_a_title_beside_which_articles_give_other_days_or_hours_is_doubtful(article: str, *, is_sure: bool) -> None:
    text = TEXT.replace(", du 3 au 6 mai 2026", "").replace("Fait à", f"Article 3 - {article}\nFait à")
    found = judge(act(text, f"{TITLE} du 3 au 6 mai 2026")).facts
    assert (found.starts is not None and found.starts.day.isoformat(), {"starts", "ends"} & set(found.doubtful)) == (
        "2026-05-03",
        set() if is_sure else {"starts", "ends"},
    )


@pytest.mark.parametrize(
    ("title", "heading", "is_sure"),
    [
        ("Arrêté n° 2026-00931 portant", "Arrêté n° 2026-00931", True),
        ("Arrêté n° 2026-00931 portant", "Arrêté préfectoral n° 2026 - 931", True),
        ("Arrêté n° 2026-00931 portant", "Arrêté n° 2026-00913", False),
        ("Arrêté n°64-2026-07-instaurant l'", "", False),
        ("Arrêté n°64-2026-07-09-00012portant", "", True),
    ],
)
def test_a_number_that_is_cut_or_printed_in_two_ways_is_doubtful(title: str, heading: str, *, is_sure: bool) -> None:
    given = act(f"{heading}\n{TEXT}", TITLE.replace("Arrêté n° 2026-00931 portant", title))
    assert ("number" in judge(given).facts.doubtful) is not is_sure


def test_the_second_reader_reads_a_plain_decree() -> None:
    text = document(given := act(TEXT, TITLE), "vsa")
    read = second_values(text, tagged(text, text.segment))
    assert read["operators"] == ("SNCF",)
    assert read["software"] == "Cityvision"
    assert judge(given).facts.doubtful == ()


def test_what_is_tagged_over_the_columns_of_a_table_is_cut_into_its_rows() -> None:
    rows = "Station\t         Ligne\t  Caméras\nPorte Maillot\t   12\t           6\nBalard\t          8\t            5"
    text = document(act(f"{TEXT}\n{rows}", TITLE), "vsa")
    start, end = text.flat.index("station "), text.flat.index("balard") + len("balard")
    assert second_values(text, {"places": [TextMatch(text.original(start, end), start, end)]}) == {"places": ("Porte Maillot", "Balard")}


def test_what_is_tagged_over_short_lines_is_cut_into_these() -> None:
    text = document(act(f"{TEXT}\nLieux\nMarina du Bas\nPlace de la Victoire", TITLE), "vsa")
    start, end = text.flat.index("marina"), text.flat.index("victoire") + len("victoire")
    read = second_values(text, {"places": [TextMatch(text.original(start, end), start, end)]})
    assert read == {"places": ("Marina du Bas", "Place de la Victoire")}


def test_a_place_that_the_second_reader_misses_is_sure_in_the_row_next_to_one_that_it_has() -> None:
    rows = "Lieu\t         Caméras\nquai Vauban\t  5\nparc Micaud ...... 3\nrue Battant\t  1"
    text = document(act(f"{TEXT}\n{rows}", TITLE), "vsa")
    facts = Facts(places=("parc Micaud", "quai Vauban", "rue Battant"))
    read = {"places": ("parc Micaud",)}
    assert doubtful(text, text.segment, facts, (), read) == ()
    assert doubtful(text, text.segment, replace(facts, places=(*facts.places, "gare du Nord")), (), read) == ("places",)


@pytest.mark.parametrize(
    ("words", "read", "expected"),
    [
        ("Logiciel : Sentivue (Oriane Vision SAS).", {"vendor": "Oriane Vision"}, ()),
        ("Logiciel : Sentivue. Maintenance : Oriane Vision.", {"vendor": "Oriane Vision"}, ("software",)),
    ],
)
def test_a_product_is_sure_beside_a_maker_that_both_readers_see(words: str, read: dict[str, str], expected: tuple[str, ...]) -> None:
    text = document(act(TEXT.replace("Le logiciel utilisé est Cityvision, de la société Wintics.", words), TITLE), "vsa")
    facts = Facts(software="Sentivue", vendor="Oriane Vision")
    assert doubtful(text, text.segment, facts, (), read) == expected


def test_labels_become_facts() -> None:
    labels = ["O", "B-places", "I-places", "B-places", "O", "I-event", "I-event", "I-places"]
    assert list(spans(labels)) == [("places", 1, 2), ("places", 3, 3), ("event", 5, 6), ("places", 7, 7)]
