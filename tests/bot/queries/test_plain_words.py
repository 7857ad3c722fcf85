"""What plain words ask, which towns are meant, and what is said of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Decree, NamedCommune, Naming, Place
from bot.domain.health import Status
from bot.queries.answers import (
    BadInput,
    DecreeList,
    HelpRequest,
    InputFault,
    ListKind,
    NotCovered,
    PlaceChoices,
    Question,
    TownAnswer,
    UnknownPlace,
)
from bot.queries.following import echoed
from bot.queries.phrases import plain_answer
from bot.queries.plain_words import SearchWithFallback, choices_of, civil, corrected, understood
from bot.queries.questions import Questions
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree, overview

FRANCE = PLACES | {
    "13": Place("13", "Préfecture des Bouches-du-Rhône", "Bouches-du-Rhône"),
    "2B": Place("2B", "Préfecture de la Haute-Corse", "Haute-Corse"),
    "86": Place("86", "Préfecture de la Vienne", "Vienne"),
    "R-ARA": Place("R-ARA", "Préfecture de la région Auvergne-Rhône-Alpes", "Auvergne-Rhône-Alpes", territory=frozenset({"26", "38"})),
}
VALENCE = (NamedCommune("26362", Naming.NAMED, "Valence"),)
PARIS_12 = tuple(NamedCommune(code, Naming.ALIAS, "gare de Lyon") for code in ("75056", "75112"))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("26", Question(ListKind.DEPARTMENT, "26")),
        ("Drôme", Question(ListKind.DEPARTMENT, "26")),
        ("la drome ?", Question(ListKind.DEPARTMENT, "26")),
        ("haute savoie", Question(ListKind.DEPARTMENT, "74")),
        ("26, 38", Question(ListKind.DEPARTMENT, "26,38")),
        ("20", Question(ListKind.DEPARTMENT, "2A,2B")),
        ("20, 26", Question(ListKind.DEPARTMENT, "2A,2B,26")),
        ("R-84", Question(ListKind.DEPARTMENT, "R-ARA")),
        ("r84", Question(ListKind.DEPARTMENT, "R-ARA")),
        ("R-ARA", Question(ListKind.DEPARTMENT, "R-ARA")),
        ("988", NotCovered("Nouvelle-Calédonie (988)")),
        ("nouvelle calédonie", NotCovered("Nouvelle-Calédonie (988)")),
        ("[988]", Question(ListKind.NUMBER, "[988]")),
        ("98800", Question(ListKind.TOWN, "98818")),
        ("auvergne-rhône-alpes", Question(ListKind.DEPARTMENT, "R-ARA")),
        ("Y en a-t-il dans la Drôme aujourd’hui ?", Question(ListKind.DEPARTMENT, "26")),
        ("Est-ce utilisé à Romans-sur-Isère, s’il vous plaît ?", Question(ListKind.TOWN, "26281")),
        ("est-ce utilisé à Saint Germain en Laye", Question(ListKind.TOWN, "78551")),
        ("Bonjour, y a-t-il des caméras dans ma rue à Montélimar ?", Question(ListKind.TOWN, "26198")),
        ("Is it used in Montélimar?", Question(ListKind.TOWN, "26198")),
        ("et à Montélimar ?", Question(ListKind.TOWN, "26198")),
        ("Paris", Question(ListKind.DEPARTMENT, "75")),
        ("350", Question(ListKind.NUMBER, "350")),
        ("[12]", Question(ListKind.NUMBER, "[12]")),
        ("n° 12", Question(ListKind.NUMBER, "n° 12")),
        ("26-2026-11-28-00033", Question(ListKind.NUMBER, "26-2026-11-28-00033")),
        ("2026-1104", Question(ListKind.NUMBER, "2026-1104")),
        ("arrêté 2026-1104", Question(ListKind.NUMBER, "arrêté 2026-1104")),
        ("DUPA 2024-1017", Question(ListKind.NUMBER, "DUPA 2024-1017")),
        ("Montélimar", Question(ListKind.TOWN, "26198")),
        ("montelimar", Question(ListKind.TOWN, "26198")),
        ("26000", Question(ListKind.TOWN, "26362")),
        ("valence 26", Question(ListKind.TOWN, "26362")),
        ("paris 15", Question(ListKind.TOWN, "75115")),
        ("99999", Question(ListKind.NUMBER, "99999")),
        ("aide", HelpRequest()),
        ("Bonjour !", HelpRequest()),
    ],
)
def test_plain_words_are_a_question(words: str, meant: object) -> None:
    assert understood(words, FRANCE, NOW.date()) == meant


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("Valence", ["26362", "82186", "16392"]),
        ("romans", ["26281", "79231", "01328"]),
        ("26200", ["26198", "26008"]),
        ("vienne", ["86", "38544"]),
    ],
)
def test_of_several_places_all_are_offered(words: str, codes: list[str]) -> None:
    meant = understood(words, FRANCE, NOW.date())
    assert isinstance(meant, PlaceChoices)
    assert ([choice.place.code for choice in meant.choices], meant.sure) == (codes, True)


@pytest.mark.parametrize(
    ("words", "near"), [("gare de lyon", "75112"), ("gare", "92035"), ("Montelimard", "26198"), ("festival des lumières", None)]
)
def test_what_names_no_place_for_sure_is_searched_first(words: str, near: str | None) -> None:
    meant = understood(words, FRANCE, NOW.date())
    assert isinstance(meant, SearchWithFallback)
    assert meant.question == Question(ListKind.SEARCH, words)
    choices = choices_of(meant, words, FRANCE)
    assert (None if choices is None else choices.choices[0].place.code) == near


def test_of_a_territory_that_nobody_reads_that_is_said(towns: Questions) -> None:
    assert towns.plain("98800") == NotCovered("Nouméa (988)")
    assert towns.town("Wallis et Futuna") == NotCovered("Wallis et Futuna (986)")


INSULTS = st.sampled_from(["connard", "Salope", "ENCULÉS", "putain", "ta gueule", "fuck", "assholes"])


@given(st.lists(st.one_of(INSULTS, st.text(max_size=12)), min_size=1))
def test_no_answer_repeats_an_insult(parts: list[str]) -> None:
    asked = " ".join(parts)
    questions = Questions(MemoryDecrees([decree(1)]), FRANCE, lambda: NOW, overview=overview)
    for ask in (questions.plain, questions.town, questions.search, questions.department, questions.show):
        text = plain_answer(ask(asked), FRANCE, "fr")
        assert civil(text) == text
    assert civil(echoed(asked)) == echoed(asked)


@given(st.text(min_size=1, max_size=60))
def test_nothing_makes_it_fail(words: str) -> None:
    understood(words, FRANCE, NOW.date())


@pytest.fixture
def towns() -> Questions:
    """Seven decrees of the Drôme name Valence, of which 1 is in force; 8 and 9 name no commune; 10 is of Paris 12e."""
    named = [replace(decree(number), communes=VALENCE) for number in range(1, 8)]
    over = [replace(one, facts=replace(one.facts, starts=None, ends=None, number=f"x{one.id}"), found_at=None) for one in named[1:]]
    gone = [replace(one, facts=replace(one.facts, ends=decree(1).facts.starts)) for one in over]
    others = [decree(8), decree(9), replace(decree(10, "PP"), communes=PARIS_12)]
    return Questions(_Current([named[0], *gone, *others]), FRANCE, lambda: NOW, overview=overview, page_size=3)


class _Current(MemoryDecrees):
    """Says of the first decree only that it may be in force."""

    def current(
        self, on: date, authorities: Collection[str] | None = None, communes: Collection[str] | None = None, /
    ) -> tuple[Decree, ...]:
        return tuple(one for one in super().current(on, authorities, communes) if one.id == 1)


def test_a_town_has_what_is_in_force_first_then_the_newest_and_what_may_concern_it(towns: Questions) -> None:
    pages = [towns.town("Valence 26", page) for page in (1, 2, 3)]
    assert all(isinstance(page, TownAnswer) for page in pages)
    shown = [[one.id for one in page.decrees] for page in pages if isinstance(page, TownAnswer)]
    assert shown == [[1, 7, 6], [5, 4, 3], [2]]
    first = pages[0]
    assert isinstance(first, TownAnswer)
    assert (first.total, first.current, first.pages, first.unplaced_total) == (7, 1, 3, 2)
    assert [one.id for one in first.unplaced] == [9, 8]
    assert [one.code for one in first.health] == ["26"]
    text = plain_answer(first, FRANCE, "fr")
    assert text.startswith("Valence (26) — 7 arrêtés qui la concernent ; en cours ou à venir : 1, page 1 sur 3")
    assert "En outre, 2 arrêtés de qui décide ici ne nomment aucune commune : ils peuvent concerner Valence." in text
    assert "Le dernier recueil est du 19 août 2026." in text
    assert text.endswith("Vigie a pu ne pas voir un arrêté, et elle ne voit pas ce qui se ferait sans arrêté.")


def test_a_town_that_no_decree_names_is_never_said_to_have_none(towns: Questions) -> None:
    answer = towns.town("Grenoble")
    assert isinstance(answer, TownAnswer)
    assert (answer.total, answer.decrees, answer.health[0].status) == (0, (), Status.FAILING)
    text = plain_answer(answer, FRANCE, "en")
    assert text.startswith("No decree found by Vigie names Grenoble (38).")
    assert "Vigie has no longer been able to read this site since 19 August 2026: its site refuses to answer" in text


def test_a_city_is_named_with_its_arrondissements(towns: Questions) -> None:
    for name in ("75056", "Paris 12e"):
        answer = towns.town(name)
        assert isinstance(answer, TownAnswer)
        assert [one.id for one in answer.decrees] == [10]
        assert [one.code for one in answer.health] == ["75", "PP"]


def test_a_button_for_a_town_holds_its_code_which_is_no_postcode(towns: Questions) -> None:
    by_name, again = towns.town("Aix-en-Provence"), towns.ask(Question(ListKind.TOWN, "13001"))
    assert isinstance(by_name, TownAnswer)
    assert by_name == again
    by_postcode = towns.town("13001")
    assert isinstance(by_postcode, TownAnswer)
    assert by_postcode.commune.name == "Marseille 1er"


def test_a_town_must_be_named(towns: Questions) -> None:
    assert towns.town(" ") == BadInput(InputFault.NO_TOWN)
    assert towns.town("zzzzqqqq") == UnknownPlace("zzzzqqqq")
    assert isinstance(towns.town("26"), DecreeList)


@pytest.mark.parametrize(
    ("words", "is_asked"),
    [
        ("c'est utilisé ici ?", True),
        ("Is it used here?", True),
        ("et chez moi ?", True),
        ("est-ce que ma commune est concernée", True),
        ("dans mon village", True),
        ("à Montélimar, est-ce utilisé ici ?", False),
        ("26200, c'est ma ville", False),
        ("gare d'ici et d'ailleurs", False),
    ],
)
def test_whoever_asks_about_here_is_asked_where_that_is(towns: Questions, words: str, is_asked: bool) -> None:
    assert (towns.plain(words) == BadInput(InputFault.NO_TOWN)) is is_asked


@pytest.mark.parametrize("words", ["est-ce que le festival à Valence est filmé", "festival à Valence"])
def test_a_sentence_that_names_more_than_a_place_is_searched(words: str) -> None:
    meant = understood(words, FRANCE, NOW.date())
    assert isinstance(meant, SearchWithFallback)
    assert meant.question == Question(ListKind.SEARCH, words.removesuffix(" ?"))


def test_signs_that_nobody_sees_are_no_part_of_a_question(towns: Questions) -> None:
    assert towns.plain("26\u200b000") == towns.plain("26000")
    assert towns.plain("Monté\u00adlimar\u2060") == towns.plain("Montélimar")
    assert towns.department("\ufeff26") == towns.department("26")


def test_what_is_offered_in_the_place_of_a_search_says_what_the_search_is_worth() -> None:
    asked = "gare Montparnasse"
    decrees = MemoryDecrees([decree(1)])
    decrees.renewing = True
    answer = Questions(decrees, FRANCE, lambda: NOW, overview=overview).plain(asked)
    assert isinstance(answer, PlaceChoices)
    said = plain_answer(answer, FRANCE, "fr").splitlines()[0]
    assert said.startswith(f"Aucun arrêté relevé par Vigie ne contient « {asked.removesuffix(' ?')} ». Vigie relit en ce moment")
    assert said.endswith("Il peut en exister que Vigie n’a pas vus.")


def test_where_there_are_no_buttons_it_is_said_how_one_of_several_towns_is_asked_for(towns: Questions) -> None:
    said = {face: plain_answer(towns.plain("Valence"), FRANCE, "fr", face) for face in ("terminal", "mastodon", "telegram")}
    hint = "\nAjoutez le département, par exemple « Valence 26 »."
    assert said["terminal"] == said["mastodon"] == said["telegram"] + hint


@pytest.mark.parametrize(
    ("words", "meant"), [("festval", "festival"), ("festival", None), ("gare festval", "gare festival"), ("abc", None), ("2026", None)]
)
def test_only_words_that_nothing_has_are_taken_for_others(words: str, meant: str | None) -> None:
    known = {"festival": "festival", "gare": "gare"}
    assert corrected(words, lambda: known, lambda word: word in known) == meant


def test_no_word_is_looked_up_for_a_number() -> None:
    assert corrected("26000", lambda: pytest.fail("the words of all decrees were read"), lambda _: False) is None
