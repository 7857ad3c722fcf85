"""Cutting a document takes time in proportion to its length, whatever stands in it.

Times are those of the processor, under a generous bound: a machine that is busy does not break it, a cost that grows with the square of
the length does.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from tests.examples import by_day

SERVICE = "Préfecture de la Drôme"
PROSE = "Considérant que la manifestation est exposée à des risques d'atteintes graves à la sécurité des personnes ;\n"
HEAD = (
    "ARRÊTÉ n° 2025-{n}\nportant autorisation d'un système\nLe préfet,\nVu le code ;\n{prose}ARRÊTE\nArticle 1er : oui.\nFait à Die, le 3\n"
)
LONG = 40_000
"""Characters of a nasty page: on it, a cost that grows with the square takes many seconds."""
SECONDS = 6.0
NASTY_SECONDS = 2.0
"""Of three documents of two such pages."""


def seconds(pages: list[PageText]) -> float:
    start = time.process_time()
    reading = assemble(pages)
    took = time.process_time() - start
    assert sum(len(act.pages) for act in reading.acts) > 0
    return took


def identifier(number: int) -> str:
    return f"{number % 90 + 10}-{2000 + number % 25}-{number % 12 + 1:02d}-{number % 28 + 1:02d}-{number % 100000:05d}"


def recueil(acts: int, length: int, prose: str) -> list[PageText]:
    entries = [f"{identifier(n)} - Arrêté n° {n} portant mesure ({length - 1} pages) Page {3 + n * length}" for n in range(acts)]
    texts = ["RECUEIL DES ACTES\nADMINISTRATIFS\nN°26-2025-120", "\n".join(["Sommaire", SERVICE, *entries])]
    for n in range(acts):
        title = f"Arrêté n° {n} portant mesure"
        texts.append(f"{SERVICE}\n{identifier(n)}\n{title}\n{SERVICE} - {identifier(n)} - {title} {len(texts) + 1}")
        texts += [f"{prose}\n{SERVICE} - {identifier(n)} - {title} {len(texts) + 1 + page}" for page in range(length - 1)]
    return numbered(texts)


def numbered(texts: list[str], origin: TextOrigin = TextOrigin.LAYER) -> list[PageText]:
    return [PageText(number, text, origin) for number, text in enumerate(texts, 1)]


def columns(rows: int) -> str:
    cover = "RECUEIL DES ACTES ADMINISTRATIFS\nSOMMAIRE\nArrêté Date Intitulé Page\n"
    return cover + "".join(f"2024-{n:05d}\n02.05.2024\nArrêté portant mesure numéro {n} sans pareille\n{n % 900}\n" for n in range(rows))


DOCUMENTS: dict[str, Callable[[], list[PageText]]] = {
    "540 pages, a million and a half characters": lambda: recueil(30, 18, PROSE * 26),
    "5000 pages": lambda: recueil(250, 20, PROSE * 10),
    "2500 acts": lambda: recueil(2500, 2, PROSE * 5),
    "a decree on each of 5000 pages": lambda: numbered([HEAD.format(n=n, prose=PROSE * 5) for n in range(5000)]),
    "a decree on each of 2000 pages that no entry announces": lambda: numbered(
        [columns(2000), *(HEAD.format(n=n, prose=PROSE) for n in range(2000))]
    ),
    "ten thousand identifiers on one page": lambda: numbered(["".join(f"\nS {n} - {identifier(n)} - t {n}" for n in range(10_000))]),
    "other identifiers on every page": lambda: numbered(
        ["".join(f"\nS {n} - {identifier(n + page * 500)} - t {n}" for n in range(500)) for page in range(200)], TextOrigin.OCR
    ),
    "ten thousand entries": lambda: numbered(
        [
            "RECUEIL DES ACTES ADMINISTRATIFS",
            "Sommaire\n" + "\n".join(f"{identifier(n)} - t (1 page) Page {n % 9999}" for n in range(10_000)),
            "x",
        ]
    ),
    "5000 pages of nothing": lambda: numbered([""] * 5000, TextOrigin.PENDING),
}

NASTY = (
    "\n", " ", ".\n", " - ", "\t\n", "1\n", "1 ", "a-\n", "( ", "(1 page", "Vu\n", "Page 1\n", "Sommaire\n", "sommaire ",
    "arrêté ", "arrêté | date ", "arrêté date\n\n\n", "arrêté n° 1 portant\n", "n° 1-", "n ", "A R R E ", "Article ",
    "art 1", "fait  ", "- AP 1 du 2\n", "- Arrêté n° 2 portant 3\n", "01.01.2024 2024-00001 5\n", "26-2025-07-15-00001\n",
    " - 26-2025-07-15-00001 - ", "26-2025-07-15-00001 ", "RECUEIL DES ", "annexe\n", "-\n",
)  # fmt: skip


@pytest.mark.parametrize("name", by_day(DOCUMENTS, 5))
def test_long_documents(name: str) -> None:
    assert seconds(DOCUMENTS[name]()) < SECONDS


@pytest.mark.parametrize("unit", by_day(NASTY, 11), ids=repr)
def test_pages_made_to_take_time(unit: str) -> None:
    text = unit * (LONG // len(unit))
    heads = ("", "RECUEIL DES ACTES ADMINISTRATIFS\nSOMMAIRE\n", f"{SERVICE} - {identifier(1)} - Arrêtés\n")
    assert sum(seconds(numbered([head + text, text])) for head in heads) < NASTY_SECONDS


def test_twice_the_length_takes_about_twice_the_time() -> None:
    """The best of three against the best of three; a square would be four times."""
    best = [min(seconds(recueil(acts, 20, PROSE * 10)) for _ in range(3)) for acts in (40, 160)]
    assert best[1] < 8 * best[0]
