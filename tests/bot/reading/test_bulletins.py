"""Recueils outside the national template, with tables of contents of their own kinds; decrees alone; parts of a recueil."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path

import pytest

from bot.domain.acts import Act
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from bot.reading.acts.titles import TableRow, begins_table, continues_table, read_table

COVER_OF_06 = "RECUEIL DES ACTES ADMINISTRATIFS\nRecueil spécial 318-2025 édition du 14/12/2025"
COVER_OF_92 = "PREFET DES HAUTS-DE-SEINE\nRECUEIL DES ACTES ADMINISTRATIFS\nN° Spécial Préfecture de Police du 12 août 2025\nSOMMAIRE\n"
END = "Fait à Nice, le 12 décembre 2025\n"


def decree(number: str, subject: str, *, end: str = END) -> str:
    return (
        f"PRÉFET\nArrêté n° {number}\n{subject}\nLe préfet,\nVu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : mesure.\n{end}"
    )


def pages(*texts: str | None) -> list[PageText]:
    """None stands for a page that is still to be recognised."""
    return [PageText(n, text or "", TextOrigin.PENDING if text is None else TextOrigin.LAYER) for n, text in enumerate(texts, 1)]


def ranges(acts: Sequence[Act]) -> list[tuple[int, int]]:
    return [(act.first_page, act.last_page) for act in acts]


DRONES = "autorisant la captation d'images au moyen de caméras installées sur des aéronefs à Nice"
NOISE = "portant interdiction des rassemblements sur la voie publique à Cannes"
ADVICE = "AVIS de la commission départementale d'aménagement commercial du 2 décembre"
BULLETS = (
    "SOMMAIRE\nPréfecture\nCabinet du préfet - Direction des sécurités\n"
    "- AP 20251856 du 12/12/2025 autorisant la captation d'images au moyen decaméras installées sur desaéronefs à Nice\n"
    f"- {ADVICE}\n"
    "- AP 20251858 du 12/12/2025 portant interdiction des rassemblements sur lavoie publique à Cannes"
)


def test_bullets_are_matched_to_the_headings_they_announce() -> None:
    """Their numbers are those of the order book, their words are glued, and one act has no heading of a decree."""
    texts = (COVER_OF_06, BULLETS, decree("2025-1950", DRONES), "plan", f"Nice\n{ADVICE}\nLa commission", decree("2025-1951", NOISE))
    acts = assemble(pages(*texts)).acts
    assert ranges(acts) == [(3, 4), (5, 5), (6, 6)]
    assert [act.title.split()[-1] for act in acts] == ["Nice", "décembre", "Cannes"]
    assert acts[0].title == f"Arrêté n° 2025-1950 {DRONES}"
    assert {act.id for act in acts} == {None}


def test_an_announced_act_that_is_not_read_yet_is_told() -> None:
    texts = (COVER_OF_06, BULLETS, decree("2025-1950", DRONES), "plan", None, None, decree("2025-1951", NOISE))
    acts = assemble(pages(*texts)).acts
    assert ranges(acts) == [(3, 4), (5, 6), (7, 7)]
    assert acts[1].title == ADVICE


def test_a_table_over_two_pages_and_one_that_begins_on_the_cover() -> None:
    first, second = BULLETS.split("- AVIS")
    more = f"- AVIS{second}\n- Arrêté 20251859 du 12/12/2025 fixant un tarif"
    body = (decree("2025-1950", DRONES), decree("2025-1951", NOISE))
    assert ranges(assemble(pages(COVER_OF_06, first, more, *body)).acts) == [(4, 4), (5, 5)]
    assert ranges(assemble(pages(f"{COVER_OF_06}\n{first}", more, *body)).acts) == [(3, 3), (4, 4)]


def test_bullets_inside_a_decree_are_no_table() -> None:
    text = decree("2025-1950", DRONES) + "- Arrêté du 3 mai\n- Arrêté du 4 mai"
    assert not continues_table(text)
    assert ranges(assemble(pages(COVER_OF_06, BULLETS, text)).acts) == [(3, 3)]


def row(number: str, day: str, subject: str, page: int) -> str:
    return f"{number}\n{day}\nArrêté {subject}\n{page}\n"


def test_four_columns() -> None:
    table = "Arrêtés | Dates | PREFECTURE DE POLICE | Pages\n" + row("n°2025-01006", "11.08.2025", DRONES, 3)
    table += "Annexe de l'arrêté n°2025-01006 du 11 août 2025\n5\n" + row("n°2025-01007", "12.08.2025", NOISE, 6)
    assert read_table([COVER_OF_92 + table]) == (TableRow("202501006", f"Arrêté {DRONES}", 3), TableRow("202501007", f"Arrêté {NOISE}", 6))
    body = (decree("2025-01006", DRONES), "suite", "Annexe\nplan", decree("2025-01007", NOISE))
    acts = assemble(pages(COVER_OF_92 + table, "", *body)).acts
    assert ranges(acts) == [(3, 5), (6, 6)]
    # While the scan that the last decree is has not been read, the table says where it begins.
    waiting = assemble(pages(COVER_OF_92 + table, "", *body[:3], None, None)).acts
    assert ranges(waiting) == [(3, 5), (6, 7)]
    assert waiting[1].title == f"Arrêté {NOISE}"


def test_interleaved_columns_never_cut_a_decree_in_two() -> None:
    table = (
        "Arrété Date PREFECTURE DE POLICE PagesArrêté autorisant la captation,PP d'images11.08.2025 | au moyen de caméras 3n°2025-01006 ;"
        "à Nice les 11 et 12 août 2025Arrêté portant4n°2025-01007 interdiction des rassemblements 6\n"
    )
    assert begins_table(COVER_OF_92 + table)
    texts = (COVER_OF_92 + table, "", decree("2025-01006", DRONES, end=""), f"Article 2\n{END}", "plan", decree("2025-01007", NOISE))
    assert ranges(assemble(pages(*texts)).acts) == [(3, 5), (6, 6)]


def test_a_table_of_contents_in_a_file_of_its_own() -> None:
    """Its acts are in another file, each of which an entry announces; nothing is said to be unreadable."""
    entries = "26-2025-07-15-00001 - Arrêté n° 1 portant mesure (2 pages) Page 3\n26-2025-07-15-00002 - Arrêté n° 2 (2 pages) Page 6\n2"
    for table in (f"Sommaire\nPréfecture / Cabinet\n{entries}", BULLETS):
        for texts in ((COVER_OF_06, table), (table,), (COVER_OF_06, table, "")):
            reading, number = assemble(pages(*texts)), texts.index(table) + 1
            listed = [(f"26-2025-07-15-0000{n}", title, number) for n, title in ((1, "Arrêté n° 1 portant mesure"), (2, "Arrêté n° 2"))]
            expected = [(None, "SOMMAIRE", 1)] if table is BULLETS else listed
            assert [(act.id, act.title, act.first_page) for act in reading.acts] == expected
            assert reading.complete
            assert all(page.origin is not TextOrigin.UNREADABLE for act in reading.acts for page in act.pages)


def test_a_second_part_without_cover_or_table() -> None:
    stamp = "Préfecture - 26-2025-07-15-0000{n} - Arrêté n° {n}"
    middle = [
        f"suite\n{stamp.format(n=1)}",
        f"Préfecture\n26-2025-07-15-00002\nArrêté n° 2\n{stamp.format(n=2)}",
        f"texte\n{stamp.format(n=2)}",
    ]
    acts = assemble(pages(*middle)).acts
    assert [(act.id, *span) for act, span in zip(acts, ranges(acts), strict=True)] == [
        ("26-2025-07-15-00001", 1, 1),
        ("26-2025-07-15-00002", 2, 3),
    ]
    # Outside the national template, headings and ends tell.
    assert ranges(assemble(pages("suite", END, decree("2025-1950", DRONES), "plan", decree("2025-1951", NOISE))).acts) == [(1, 4), (5, 5)]


def test_a_second_part_with_its_own_cover() -> None:
    cover = "RECUEIL DES ACTES\nADMINISTRATIFS\nN°26-2025-120\n2/2"
    stamp = "Préfecture - 26-2025-07-15-00002 - Arrêté n° 2"
    acts = assemble(pages(cover, f"Préfecture\n26-2025-07-15-00002\nArrêté n° 2\n{stamp} 80", f"texte\n{stamp} 81")).acts
    assert [(act.id, act.title) for act in acts] == [("26-2025-07-15-00002", "Arrêté n° 2")]
    assert ranges(acts) == [(2, 3)]


@pytest.mark.parametrize(
    "texts",
    [
        (decree("2025-1", DRONES, end=""), f"Article 2\n{END}", "Annexe\n" + decree("2024-7", NOISE)),  # what it modifies, annexed
        (decree("2025-1", DRONES, end="") + "est remplacé par :", decree("2024-7", NOISE)),  # quoted before its end
        (decree("2025-1", "portant délégation de signature") + "\n- l'arrêté n° 2\nArrêté n° 3\n", "Arrêté n° 4 portant\nsuite"),
        (decree("2025-1", DRONES), None, None),
        (None, None),
    ],
)
def test_a_decree_alone_stays_one_act(texts: tuple[str | None, ...]) -> None:
    assert ranges(assemble(pages(*texts)).acts) == [(1, len(texts))]


def excerpt(name: str) -> str:
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "texts" / "excerpts" / name
    if not path.is_file():
        pytest.skip("the recorded excerpts (../shared/data/texts) are not on this machine")
    return "\n".join(dropwhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines()))


def test_a_real_table_of_the_alpes_maritimes() -> None:
    text = excerpt("neg_raa06_sommaire_bullets.txt")
    (found,) = read_table([text])
    assert (found.number, found.page) == ("20251856", None)
    subject = found.title.split("2025 ", 1)[1]
    acts = assemble(pages(text, decree("2025-1950", subject.replace("latransmission", "la transmission")), "plan", None)).acts
    assert ranges(acts) == [(2, 4)]


def test_a_real_table_of_the_prefecture_de_police() -> None:
    text = excerpt("neg_raa92_pp_special_glued.txt")
    cover = text[: text.index("Ex CABINET")]
    (found,) = read_table([cover])
    assert found.page == 3
    assert "captation" in found.title
    acts = assemble(pages(cover, "", text[len(cover) :], "Vu le code", "Annexe")).acts
    assert ranges(acts) == [(3, 5)]
    assert acts[0].title.startswith("Arrêté n°2025-001006")
    scanned = assemble(pages(cover, "", None, None, None)).acts
    assert [(ranges([act]), "captation" in act.title) for act in scanned] == [([(3, 5)], True)]


@pytest.mark.parametrize(
    "name", ["pos_pp_2024-00493_visas.txt", "pos_pp_2024-00860_solidays_ocr.txt", "pos_pp_DUPA-2024-699_scrambled_ocr.txt"]
)
def test_real_decrees_alone(name: str) -> None:
    text = excerpt(name)
    (act,) = assemble([PageText(1, text, TextOrigin.OCR), PageText(2, "Article 2", TextOrigin.OCR)]).acts
    assert (act.id, ranges([act])) == (None, [(1, 2)])
    assert act.title.startswith("Arrêté n°")
