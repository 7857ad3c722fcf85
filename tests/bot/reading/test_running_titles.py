from __future__ import annotations

import pytest

from bot.domain.text import PageText
from bot.reading.acts.cutting import _stamped
from bot.reading.acts.titles import marked_ids, names, printed_titles, read_separator, strip_running_titles

ID = "83-2025-02-05-00002"
TITLE = "Arrêté n° 2025-BSP-OP-11 autorisant la captation d'images au moyen de caméras, installées sur des aéronefs"
PRINTED = "Arrêté n° 2025-BSP-OP-11\nautorisant la captation d'images au moyen de caméras\ninstallées sur des aéronefs"
SERVICE = "Préfecture du VAR / Direction des sécurités"


def strip(text: str, page: int = 4) -> str:
    return strip_running_titles(text, page, {ID}, names([SERVICE], [(ID, TITLE)], [text], {ID}))


@pytest.mark.parametrize("number", ["4", " 4", "\n4", " 4 ", "12", " 12"])
@pytest.mark.parametrize("glue", ["", "\n", " "])
def test_the_title_goes_and_the_text_before_it_stays(number: str, glue: str) -> None:
    assert strip(f"la demande n'apparaît pas \ndisproportionnée ;{glue}Préfecture du VAR - {ID} - {PRINTED}{number}") == (
        "la demande n'apparaît pas \ndisproportionnée ;"
    )


def test_a_service_over_two_lines() -> None:
    service = "Direction départementale de l'emploi, du travail et des solidarités du Var"
    text = f"fin du texte.\n{service.replace(' du Var', chr(10) + 'du Var')} - {ID} - {PRINTED}4"
    said = names([service + " / Direction"], [(ID, TITLE)], [text], {ID})
    assert strip_running_titles(text, 4, {ID}, said) == "fin du texte."


QUOTED = "fin.\nPréfecture du VAR - 83-2019-11-30-00099 - Arrêté ancien 4"
INSIDE = f"L'arrêté {ID} est abrogé.\nArrêté n° 2025-BSP-OP-11"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(
            f"Préfecture du VAR - {ID} - {PRINTED} 4\nConsidérant\n2 caméras", "\nConsidérant\n2 caméras", id="text after it stays"
        ),
        pytest.param(f"Préfecture du VAR - {ID} - {PRINTED}\n2 caméras", "\n2 caméras", id="no number is taken from the text"),
        pytest.param(f"fin.\nPréfecture du VAR - {ID} - Arrêté d'un autre nom\nsur deux lignes 4", "fin.", id="unlike the announced one"),
        pytest.param(f"fin.\nPréfecture du VAR - 83-2025-02-05-00003 - {PRINTED}4", "fin.", id="a misread identifier"),
        pytest.param(QUOTED, QUOTED, id="of another recueil, quoted"),
        pytest.param(INSIDE, INSIDE, id="inside a sentence"),
    ],
)
def test_what_is_left_of_a_text_without_its_running_title(text: str, left: str) -> None:
    assert strip(text) == left


def test_separator() -> None:
    page = f"Direction départementale\ndu Var\n{ID}\n{PRINTED}\nPréfecture du VAR - {ID} - {PRINTED}3"
    separator = read_separator(page)
    assert separator is not None
    assert (separator.id, separator.service) == (ID, "Direction départementale du Var")
    assert separator.title == " ".join(PRINTED.split())
    assert read_separator("un long texte " * 50 + f"\n{ID}\n") is None


def test_what_a_running_title_says() -> None:
    text = f"Préfecture du VAR - 83-2019-11-30-00099 - ancien\nPréfecture du VAR - {ID} - {PRINTED} 4"
    assert marked_ids(text) == ("83-2019-11-30-00099", ID)
    assert printed_titles(text, ID, 4) == (" ".join(PRINTED.split()),)


NUMBERED = "Arrêté n° 2026-1104"


@pytest.mark.parametrize(
    ("printed", "page", "titles"),
    [
        (f"{NUMBERED} 7", 7, (NUMBERED,)),
        (f"{NUMBERED}\n7", 7, (NUMBERED,)),
        (NUMBERED, 7, (NUMBERED,)),
        # Of the page's number alone anything is left out, and what both may be is told.
        (NUMBERED, 1104, (NUMBERED,)),
        (f"{NUMBERED}7", 7, (f"{NUMBERED}7", NUMBERED)),
        (f"{NUMBERED} 12", 7, (f"{NUMBERED} 12", NUMBERED)),
        (f"{NUMBERED} portant emploi d'images7", 7, (f"{NUMBERED} portant emploi d'images",)),
        ("", 7, ("",)),
    ],
)
def test_the_end_of_a_number_is_no_page(printed: str, page: int, titles: tuple[str, ...]) -> None:
    assert printed_titles(f"Préfecture du VAR - {ID} - {printed}", ID, page) == titles


@pytest.mark.parametrize(
    ("pages", "title"),
    [
        ((f"{NUMBERED}7", f"{NUMBERED}8"), NUMBERED),
        ((f"{NUMBERED}7",), ""),
        ((NUMBERED, NUMBERED), NUMBERED),
        (("Arrêté n° 1104", "Arrêté n° 1104"), "Arrêté n° 1104"),
        ((f"{NUMBERED} 12", f"{NUMBERED} 13"), NUMBERED),
        ((f"{NUMBERED} 7", f"{NUMBERED[:-1]}l 8"), NUMBERED),
    ],
)
def test_pages_agree_on_the_title_that_they_print(pages: tuple[str, ...], title: str) -> None:
    marked = [PageText(number, f"Préfecture du VAR - {ID} - {printed}") for number, printed in enumerate(pages, 7)]
    assert _stamped(ID, marked).text == title
