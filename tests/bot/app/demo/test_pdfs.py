from __future__ import annotations

from dataclasses import replace
from datetime import date

import pypdfium2 as pdfium
import pytest

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from tests.standalone import build_standalone

ACT = ActSpec(
    "Préfecture du Lot / Cabinet", "46-2025-07-07-00001", "Arrêté – n° 12 portant mise en œuvre d’une mesure", ("Vu le code", "suite")
)
SPEC = RecueilSpec("LOT", "46-2025-012", date(2025, 4, 1), (ACT,))


def texts(content: bytes) -> list[str]:
    with pdfium.PdfDocument(content) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]


def test_the_layout_of_the_national_template() -> None:
    running = f"Préfecture du Lot - {ACT.id} - {ACT.title}"
    assert texts(build_recueil(SPEC)) == [
        "LOT\nRECUEIL DES ACTES\nADMINISTRATIFS\nN°46-2025-012\nPUBLIÉ LE 1ER AVRIL 2025",
        f"Sommaire\nPréfecture du Lot / Cabinet\n{ACT.id} - {ACT.title} (2 pages) Page 3\n2",
        f"Préfecture du Lot\n{ACT.id}\n{ACT.title}\n{running} 3",
        f"Vu le code\n{running} 4",
        f"suite\n{running} 5",
    ]


def test_the_same_specification_gives_the_same_bytes() -> None:
    scanned = replace(SPEC, acts=(replace(ACT, scanned=True),))
    assert build_recueil(scanned) == build_recueil(scanned)
    assert build_recueil(scanned) != build_recueil(SPEC)


def test_scanned_pages_hold_their_running_title_only() -> None:
    pages = texts(build_recueil(replace(SPEC, acts=(replace(ACT, scanned=True),))))
    assert pages[3] == f"Préfecture du Lot - {ACT.id} - {ACT.title} 4"
    assert "Vu le code" not in "".join(texts(build_standalone(["Vu le code"], scanned=True)))


def test_a_long_table_of_contents_moves_the_acts() -> None:
    acts = tuple(replace(ACT, id=f"46-2025-07-07-{number:05d}") for number in range(1, 120))
    pages = texts(build_recueil(replace(SPEC, acts=acts)))
    first = next(number for number, text in enumerate(pages, start=1) if text.startswith("Préfecture du Lot\n"))
    assert first == 5
    assert f"{ACT.id} - {ACT.title} (2 pages) Page 5" in pages[1]
    assert len(pages) == 4 + 3 * 119


def test_a_long_text_runs_over_to_the_next_page() -> None:
    lines = [f"ligne {number}" for number in range(100)]
    pages = texts(build_standalone(["\n".join(lines)]))
    assert len(pages) == 3
    assert "\n".join(pages).split("\n") == lines


def test_special_covers() -> None:
    assert "SPÉCIAL" in texts(build_recueil(replace(SPEC, special=True)))[0]


def test_letters_the_fonts_lack_are_named() -> None:
    with pytest.raises(ValueError, match="Ж"):
        build_standalone(["Жар"])
