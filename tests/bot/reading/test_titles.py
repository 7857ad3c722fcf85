"""Where the title of an act was read. The texts are invented."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.domain.acts import Act, Where
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble, cut_inner
from bot.reading.acts.titles import Title, best_title, listed_on, title_of
from tests.bot.reading.test_acts import act_id, recueil, stamp, title, unread, without_marks
from tests.bot.reading.test_bulletins import BULLETS, COVER_OF_06, COVER_OF_92, DRONES, NOISE, decree, row
from tests.bot.reading.test_bulletins import pages as bulletin
from tests.bot.reading.test_inner import TITLE, TOWNS, bulk, table_of
from tests.bot.reading.test_inner import decree as inner_decree

Read = tuple[Where | None, int | None]


def read_from(acts: Sequence[Act]) -> list[Read]:
    return [(act.title_from, act.title_page) for act in acts]


def replaced(pages: list[PageText], number: int, old: str, new: str) -> list[PageText]:
    assert old in pages[number - 1].text
    return [PageText(page.number, page.text.replace(old, new)) if page.number == number else page for page in pages]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param(recueil([2, 3]), [("title", 3), ("title", 5)], id="separator pages say the same as the table"),
        pytest.param(unread(recueil([2, 3]), 2), [("title", 3), ("title", 5)], id="no table"),
        pytest.param(unread(recueil([2, 3]), 3), [("running_title", 4), ("title", 5)], id="a separator page was not read"),
        pytest.param(unread(recueil([2, 3]), 2, 3), [("running_title", 4), ("title", 5)], id="nor the table"),
        pytest.param(unread(recueil([2, 3]), 3, 4), [("contents", 2), ("title", 5)], id="nothing of an act was read"),
        pytest.param(without_marks(recueil([2, 3])), [("contents", 2), ("contents", 2)], id="only the table tells"),
        pytest.param(
            replaced(recueil([2, 3]), 2, title(2), "Arrêté cité autrement"), [("title", 3), ("contents", 2)], id="the table says otherwise"
        ),
    ],
)
def test_the_national_template(pages: list[PageText], expected: list[Read]) -> None:
    assert read_from(assemble(pages).acts) == expected


def test_the_second_page_of_a_table_of_contents() -> None:
    pages = recueil([2, 3])
    cut = pages[1].text.index(act_id(2))
    texts = [pages[0].text, pages[1].text[:cut], f"{pages[1].text[cut:]}", *(["" for _ in pages[2:]])]
    split = [PageText(n, text, TextOrigin.LAYER if text else TextOrigin.UNREADABLE) for n, text in enumerate(texts, start=1)]
    assert read_from(assemble(split).acts) == [(Where.CONTENTS, 2), (Where.CONTENTS, 3)]


def test_decrees_under_one_identifier_have_titles_of_their_own() -> None:
    whole = bulk(*map(inner_decree, TOWNS), table=table_of(*TOWNS))
    parts = cut_inner(Act(whole.id, TITLE, whole.service, 3, whole.last_page, whole.pages, title_from=Where.CONTENTS, title_page=2))
    assert read_from(parts) == [(Where.CONTENTS, 2), *((Where.TITLE, part.first_page) for part in parts[1:])]


def test_outside_the_national_template() -> None:
    table = "Arrêtés | Dates | PREFECTURE DE POLICE | Pages\n" + row("n°2025-01006", "11.08.2025", DRONES, 3)
    table += row("n°2025-01007", "12.08.2025", NOISE, 6)
    body = (decree("2025-01006", DRONES), "suite", "Annexe\nplan", None, None)
    acts = assemble(bulletin(COVER_OF_92 + table, "", *body)).acts
    assert [(act.title, *read) for act, read in zip(acts[1:], read_from(acts[1:]), strict=True)] == [(f"Arrêté {NOISE}", "contents", 1)]
    assert read_from(acts[:1]) == [(Where.TITLE, 3)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param([decree("2025-1950", DRONES)], (Where.TITLE, 1), id="a decree alone"),
        pytest.param(["12", decree("2025-1950", DRONES)], (Where.TITLE, 2), id="below a page without words"),
        pytest.param(["Le préfet informe\nle public"], (None, 1), id="a first line is no title"),
        pytest.param(["12\n--"], (None, None), id="no words"),
        pytest.param([COVER_OF_06, BULLETS], (Where.CONTENTS, 2), id="a table of contents alone"),
        pytest.param([COVER_OF_06], (None, 1), id="a cover alone"),
    ],
)
def test_a_file_that_is_one_act(texts: list[str], expected: Read) -> None:
    assert read_from(assemble(bulletin(*texts)).acts) == [expected]


OPENED, STAMPED = Title("Arrêté A du 3 mai", Where.TITLE, 4), Title("Arrêté A du 3", Where.RUNNING_TITLE, 5)
NONE = Title("")


@pytest.mark.parametrize(
    ("listed", "opened", "stamped", "expected"),
    [
        ("ARRÊTÉ  A du 3 mai", OPENED, STAMPED, Title("ARRÊTÉ  A du 3 mai", Where.TITLE, 4)),
        ("Arrêté A du 3", NONE, STAMPED, Title("Arrêté A du 3", Where.RUNNING_TITLE, 5)),
        ("Arrêté B", OPENED, STAMPED, Title("Arrêté B", Where.CONTENTS)),
        ("…", OPENED, STAMPED, Title("…", Where.CONTENTS)),
        ("", OPENED, STAMPED, OPENED),
        ("", NONE, STAMPED, STAMPED),
        ("", NONE, NONE, None),
    ],
)
def test_where_several_places_tell_it(listed: str, opened: Title, stamped: Title, expected: Title | None) -> None:
    assert best_title(listed, opened, stamped) == expected


def test_the_line_of_an_act_is_found_by_its_identifier_or_its_first_words() -> None:
    contents = [PageText(2, f"Sommaire\n{act_id(1)} - a"), PageText(3, f"{act_id(2)} - b\nArrêté fixant la\nliste")]
    assert listed_on(act_id(2), "a", contents) == 3
    assert listed_on(act_id(3), "a", contents) is None
    assert listed_on(None, "ARRÊTÉ fixant la liste", contents) == 3
    assert listed_on(None, "", contents) is None
    assert listed_on(None, "Arrêté", []) is None


def test_a_heading_wins_over_a_first_line() -> None:
    pages = [PageText(7, "Préfecture de Lande"), PageText(8, decree("2025-1950", DRONES)), PageText(9, stamp(1, 9))]
    assert title_of(pages).page == 8
    assert title_of(pages[:1]) == Title("Préfecture de Lande", None, 7)
    assert title_of([]) == NONE
