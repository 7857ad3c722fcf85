"""One identifier that holds many decrees."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.domain.acts import Act
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble, cut_inner

ID = "83-2025-07-04-00010"
SERVICE = "Préfecture du VAR"
TITLE = "Arrêtés préfectoraux issus de la commission départementale des systèmes de vidéoprotection"
TOWNS = ("ALBE", "BREL", "CLOS", "DRAP")
END = "Fait à Toulon, le 4 juillet 2025\nPour le préfet et par délégation"


def listed(town: str) -> str:
    return f"ARRÊTÉ PRÉFECTORAL\nportant autorisation d'installation d'un système de\nVidéoprotection\nCommune de {town}\n(Épicerie)"


def decree(town: str) -> list[str]:
    first = f"PRÉFET\nDU VAR\n{listed(town)}\nLe Préfet du Var,\nVu le code de la sécurité intérieure ;\nVu l'arrêté du 3 août 2007 ;\n1/2"
    return [first, f"ARRETE\nArticle 1 - Le système est autorisé.\n{END}\n2/2"]


def bulk(*decrees: Sequence[str], title: str = TITLE, table: str | None = None) -> Act:
    texts = [f"{SERVICE}\n{ID}\n{title}", *([table] if table else []), *(text for pages in decrees for text in pages)]
    pages = tuple(PageText(number, text) for number, text in enumerate(texts, 3))
    return Act(ID, title, SERVICE, 3, pages[-1].number, pages)


def table_of(*towns: str) -> str:
    return "SOMMAIRE\nARRÊTÉS PRÉFECTORAUX EN DATE DU 4 JUILLET\n" + "\n".join(map(listed, towns))


def ranges(acts: Sequence[Act]) -> list[tuple[int | None, int, int]]:
    return [(act.part, act.first_page, act.last_page) for act in acts]


WHOLE = [(0, 3, 4), (1, 5, 6), (2, 7, 8), (3, 9, 10), (4, 11, 12)]


def test_each_decree_is_an_act_under_the_same_identifier() -> None:
    act = bulk(*map(decree, TOWNS), table=table_of(*TOWNS))
    parts = cut_inner(act)
    assert ranges(parts) == WHOLE
    assert {(part.id, part.service) for part in parts} == {(ID, SERVICE)}
    assert [part.title for part in parts] == [
        TITLE,
        *(
            f"ARRÊTÉ PRÉFECTORAL portant autorisation d'installation d'un système de Vidéoprotection Commune de {town} (Épicerie)"
            for town in TOWNS
        ),
    ]
    assert tuple(page for part in parts for page in part.pages) == act.pages


def test_without_a_table_of_its_own() -> None:
    assert ranges(cut_inner(bulk(*map(decree, TOWNS)))) == [(0, 3, 3), (1, 4, 5), (2, 6, 7), (3, 8, 9), (4, 10, 11)]


def test_where_the_title_says_nothing_each_is_an_act_too() -> None:
    assert ranges(cut_inner(bulk(*map(decree, TOWNS), title="CDV juin 2025", table=table_of(*TOWNS)))) == WHOLE
    assert len(cut_inner(bulk(*map(decree, TOWNS), title="CDV juin 2025"))) == 5


def test_annexes_stay_with_their_decree() -> None:
    annex = ["ANNEXE\nARRÊTÉ PRÉFECTORAL n° 3 portant règlement\nVu le code\nplan", "Vu pour être annexé à l'arrêté"]
    decrees = [decree("ALBE"), [*decree("BREL"), *annex], decree("CLOS")]
    assert ranges(cut_inner(bulk(*decrees))) == [(0, 3, 3), (1, 4, 5), (2, 6, 9), (3, 10, 11)]


@pytest.mark.parametrize(
    "title",
    [
        "Arrêté n° 2025/53/MCI portant délégation de signature",
        "Arrêté portant abrogation des arrêtés du 4 juillet",
        "Délégation de signature - arrêtés et décisions",
        "Modification des arrêtés de vidéoprotection",
        "Avis",
    ],
)
def test_an_act_that_holds_one_decree_by_its_title_stays_whole(title: str) -> None:
    act = bulk(*map(decree, TOWNS), title=title)
    assert cut_inner(act) == (act,)


def test_a_decree_quoted_inside_another_is_not_cut_out() -> None:
    """Its heading and visas are all there, but the one that quotes it has not ended yet."""
    quoting = [decree("ALBE")[0], f"ARRETE\nArticle 1 - L'arrêté suivant est rétabli :\n{listed('CLOS')}\nVu le code ;"]
    quoted = [f"{listed('CLOS')}\nLe Préfet du Var,\nVu le code de la sécurité intérieure ;", f"Article 2 - suite\n{END}"]
    assert ranges(cut_inner(bulk([*quoting, *quoted], decree("BREL"), decree("DRAP")))) == [(0, 3, 3), (1, 4, 7), (2, 8, 9), (3, 10, 11)]


def test_a_heading_repeated_on_every_page_cuts_once() -> None:
    def repeated(number: int) -> list[str]:
        head = f"ARRÊTÉ n° 2025-{number} portant autorisation\nVu le code de la sécurité intérieure ;\n"
        return [head, f"{head}ARRETE\nArticle 1\n{END}", f"{head}Annexe"]

    assert ranges(cut_inner(bulk(repeated(1), repeated(2)))) == [(0, 3, 3), (1, 4, 6), (2, 7, 9)]


def test_pages_of_decrees_that_cannot_be_found_stay_with_the_one_before_them() -> None:
    scanned = [["", ""]] * 3
    found = cut_inner(bulk(decree("ALBE"), *scanned, decree("BREL"), title="5 arrêtés de vidéoprotection"))
    assert ranges(found) == [(0, 3, 3), (1, 4, 11), (2, 12, 13)]
    assert len(cut_inner(bulk(*map(decree, TOWNS), title="5 arrêtés de vidéoprotection"))) == 5
    assert len(cut_inner(bulk(decree("ALBE")))) == 1


def test_pages_not_read_yet_stay_with_the_decree_before_them() -> None:
    act = bulk(*map(decree, TOWNS), table=table_of(*TOWNS))
    # The page that holds the end of the second decree is a scan.
    pages = tuple(PageText(page.number, "", TextOrigin.PENDING) if page.number == 8 else page for page in act.pages)
    assert ranges(cut_inner(Act(ID, TITLE, SERVICE, 3, 12, pages))) == WHOLE


def test_decrees_that_were_read_do_not_wait_for_those_that_were_not() -> None:
    """Of a bulk of 164 scans, an alert must not wait until most are read."""
    act = bulk(*map(decree, TOWNS), title="164 arrêtés de vidéoprotection")
    pages = tuple(page if page.number < 8 else PageText(page.number, "", TextOrigin.PENDING) for page in act.pages)
    assert ranges(cut_inner(Act(ID, act.title, SERVICE, 3, 11, pages))) == [(0, 3, 3), (1, 4, 5), (2, 6, 11)]


def short(number: str) -> str:
    heading = f"Arrêté n° {number}\nportant autorisation\nVu le code ;\n"
    return f"{heading}ARRÊTE\nArticle 1er : La SNCF est autorisée.\nFait à Lande, le 3 mai 2026\n"


@pytest.mark.parametrize(
    ("title", "numbers", "expected"),
    [
        ("Actes", ("2026-7", "2026-8"), ["2026-7", "2026-8"]),
        ("Arrêté n° 2026-7 portant autorisation", ("2026-7", "2026-8"), ["2026-7", "2026-8"]),
        ("Arrêté n° 2026-7 portant autorisation", ("2026-7", "2026-7"), ["2026-7"]),
        ("Arrêtés", ("2026-00493", "DUPA 2026-493"), ["2026-00493", "DUPA 2026-493"]),
    ],
)
def test_of_decrees_on_one_page_each_is_an_act(title: str, numbers: Sequence[str], expected: Sequence[str]) -> None:
    text = "".join(map(short, numbers))
    acts = cut_inner(Act(None, title, None, 1, 1, (PageText(1, text),)))
    assert [act.text.partition("n° ")[2].partition("\n")[0] for act in acts] == list(expected)
    assert "".join(act.text for act in acts) == text


def test_decrees_without_signatures_are_cut_where_the_title_counts_them() -> None:
    text = "".join(short(number).partition("Fait")[0] for number in ("1", "2", "3"))
    assert [len(cut_inner(Act(None, title, None, 1, 1, (PageText(1, text),)))) for title in ("3 arrêtés", "Arrêtés")] == [3, 1]


def test_inside_a_recueil() -> None:
    front = [
        "VAR\nRECUEIL DES ACTES\nADMINISTRATIFS\nN°83-2025-240",
        f"Sommaire\n{SERVICE} / Direction\n{ID} - {TITLE} (9 pages) Page 3\n2",
    ]
    act = bulk(*map(decree, TOWNS), table=table_of(*TOWNS))
    body = [f"{page.text}\n{SERVICE} - {ID} - {TITLE} {page.number}" for page in act.pages]
    acts = assemble([PageText(number, text) for number, text in enumerate([*front, *body], 1)]).acts
    assert ranges(acts) == WHOLE
    assert acts[1].service == f"{SERVICE} / Direction"
    assert not any(f"- {ID} -" in page.text for part in acts for page in part.pages)
