"""Where the title of an act was read. The texts are invented."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.domain.acts import Act, Where
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble, cut_inner
from bot.reading.acts.titles import (
    ACT_ID_ALONE,
    Entry,
    Title,
    best_title,
    is_contents,
    openings,
    opens_decree,
    read_contents,
    title_number,
)
from tests.bot.reading.papers import BODY
from tests.bot.reading.test_acts import act_id, recueil, title, unread, without_marks
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BODY, True),
        ("PRÉFECTURE DE POLICE\nArreté n°2025-00171\nautorisant la captation\nVu le code", True),
        ("DÉCISION portant délégation de signature\nVU le code", True),
        ("Vu le code\nARRÊTE\nArticle 1er portant sur", False),  # the operative word, on a page of visas
        ("suite de l'arrêté\nArticle 5 : le préfet", False),
        ("Arrêté n° 12 portant mesure\nArticle 1er", False),  # cited: no visas below
        ("Vu le code\nArrêté n° 12 portant mesure\nVu la loi", False),  # cited among the visas
        ("Arrêté\nVu le code", False),  # no number, no subject
    ],
)
def test_where_a_decree_opens(text: str, expected: bool) -> None:
    assert opens_decree(text) is expected


HEAD = "ARRÊTÉ n° 2025-{n} portant mesure\nVu le code ;\n"
BODY = "ARRÊTE\nArticle 1er : mesure\n"
END = "Fait à Valence, le 3 mai 2025\n"


@pytest.mark.parametrize(
    ("texts", "loose", "closed"),
    [
        ([HEAD.format(n=1) + BODY + END, HEAD.format(n=2) + BODY], (0, 1), (0, 1)),
        (["un avis", HEAD.format(n=1) + BODY + END], (1,), (1,)),
        ([HEAD.format(n=1) + BODY, HEAD.format(n=2) + BODY], (0, 1), (0,)),  # quoted, or its end was lost
        ([HEAD.format(n=1), HEAD.format(n=2) + BODY], (0, 1), (0,)),
        ([HEAD.format(n=1), None, HEAD.format(n=2)], (0, 2), (0, 2)),  # what is missing may be on the page not read
        ([HEAD.format(n=1), HEAD.format(n=1) + BODY + END, HEAD.format(n=1)], (0,), (0,)),  # a heading on every page
        ([HEAD.format(n=1) + BODY + END, "Annexe\n" + HEAD.format(n=2)], (0,), (0,)),
        ([HEAD.format(n=1) + BODY + END, HEAD.format(n=2).replace("Vu le code", "Vu pour être annexé")], (0,), (0,)),
        ([HEAD.format(n=1) + "A R R Ê T E\n" + END, HEAD.format(n=2)], (0, 1), (0, 1)),
        (["un avis", "un autre"], (), ()),
    ],
)
def test_where_decrees_begin(texts: list[str | None], loose: tuple[int, ...], closed: tuple[int, ...]) -> None:
    assert openings(bulletin(*texts), closed=False) == loose
    assert openings(bulletin(*texts), closed=True) == closed


def test_without_numbers_the_end_of_the_one_before_tells() -> None:
    head = "ARRÊTÉ PRÉFECTORAL\nportant autorisation\nVu le code ;\n"
    assert openings(bulletin(head + BODY + END, head + BODY + END), closed=True) == (0, 1)
    assert openings(bulletin(head, head + BODY), closed=False) == (0,)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Arrêté n° 2025-01006 autorisant", "202501006"),
        ("Arrêté n°DDTM/SAF/BFDFCI/2025-25 portant", "ddtmsafbfdfci202525"),
        ("Arrêté n° DDTM/SEBIO/2024 - 149 du 3 mai", "ddtmsebio2024149"),
        ("Arrêté n 2024-01849 du 24 décembre", "202401849"),
        ("Arrêté n° 2025/12/ MCI notamment", "202512"),
        ("Arrêté portant notamment sur", None),
    ],
)
def test_the_number_in_a_title(title: str, expected: str | None) -> None:
    assert title_number(title) == expected


FIRST = """Sommaire
Centre hospitalier / Direction - CH-DIRECTION
83-2025-07-07-00017 - déc 2025 (2 pages) Page 3
Direction départementale des territoires et de la mer du Var / Service
planifications et prospective
83-2025-07-08-00008 - arrêté portant classement de la zone de Saint-
Tropez (4
2"""
SECOND = """pages) Page 6
83-2019-01-08-001 - arrêté ancien - avec tirets (10 pages)
Page 11
Préfecture du VAR /
83-2025-07-09-00001 - dernier acte (1 page) Page 22
3"""


def test_entries_cut_by_lines_and_pages() -> None:
    assert read_contents([FIRST, SECOND]) == (
        Entry("83-2025-07-07-00017", "déc 2025", "Centre hospitalier / Direction - CH-DIRECTION", 3),
        Entry(
            "83-2025-07-08-00008",
            "arrêté portant classement de la zone de Saint-Tropez",
            "Direction départementale des territoires et de la mer du Var / Service planifications et prospective",
            6,
        ),
        Entry(
            "83-2019-01-08-001",
            "arrêté ancien - avec tirets",
            "Direction départementale des territoires et de la mer du Var / Service planifications et prospective",
            11,
        ),
        Entry("83-2025-07-09-00001", "dernier acte", "Préfecture du VAR", 22),
    )


def test_an_entry_whose_end_is_lost_is_kept_and_does_not_swallow_the_next() -> None:
    entries = read_contents(["Sommaire\n83-2025-07-07-00017 - premier\n83-2025-07-07-00018 - second (1 page) Page 9"])
    assert [(entry.id, entry.title, entry.page) for entry in entries] == [
        ("83-2025-07-07-00017", "premier", None),
        ("83-2025-07-07-00018", "second", 9),
    ]


def test_the_number_of_the_page_glued_to_that_of_the_last_act() -> None:
    first = "Sommaire\nPréfecture\n83-2025-07-07-00017 - premier (5 pages) Page 3\n83-2025-07-07-00018 - second (1 page) Page 92"
    assert [entry.page for entry in read_contents([first])] == [3, 9]
    assert [entry.page for entry in read_contents([first.replace("Page 92", "Page 93")])] == [3, 93]
    assert [entry.page for entry in read_contents(["Sommaire\n83-2025-07-07-00017 - seul (5 pages) Page 32"])] == [3]
    assert [entry.page for entry in read_contents(["Sommaire\n83-2025-07-07-00017 - ailleurs (5 pages) Page 42"])] == [42]


def test_which_pages_belong_to_the_table() -> None:
    assert is_contents(FIRST, continued=False)
    assert is_contents("pages) Page 6\n3", continued=True)
    assert not is_contents("pages) Page 6\n3", continued=False)
    assert not is_contents("Vu le code de la sécurité intérieure", continued=True)


def test_every_entry_of_real_tables_of_contents(real_texts: Path) -> None:
    checked = 0
    for path in sorted(real_texts.glob("*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        separators = ACT_ID_ALONE.findall(text)
        if not separators:
            continue  # a bare scan, and a text of glyph numbers
        first = ACT_ID_ALONE.search(text)
        assert first is not None
        entries = read_contents([text[: first.start()]])
        assert [entry.id for entry in entries] == separators, path.name
        assert len(set(separators)) == len(separators), path.name
        assert all(entry.title and entry.service and entry.page for entry in entries), path.name
        numbers = [entry.page for entry in entries if entry.page]
        assert numbers == sorted(set(numbers)), path.name
        checked += len(entries)
    assert checked > 100
