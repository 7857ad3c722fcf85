"""Which page is recognised next, case by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bot.domain.acts import Act
from bot.domain.text import PageText, TextOrigin
from bot.reading.reader import ActPriority, may_move_cuts, next_page, rank, span, view

L, P, O, B, U = TextOrigin.LAYER, TextOrigin.PENDING, TextOrigin.OCR, TextOrigin.BLANK, TextOrigin.UNREADABLE  # noqa: E741
ORIGINS = {"L": L, "P": P, "O": O, "B": B, "U": U}


def pages(origins: str, texts: Mapping[int, str] | None = None) -> list[PageText]:
    """One page per letter: text layer, pending, recognised (OCR), blank, unreadable."""
    said = texts or {}
    return [
        PageText(number, said.get(number, "du texte" if letter in "LO" else ""), ORIGINS[letter])
        for number, letter in enumerate(origins, start=1)
    ]


def act(first: int, last: int, title: str = "Arrêté n° 1", id: str | None = "83-2025-07-07-00001", service: str | None = None) -> Act:  # noqa: A002 - the word of the model
    return Act(id, title, service, first, last, ())


CAMERAS = "Arrêté autorisant la captation d'images par des caméras"
HUNT = "Arrêté relatif à la chasse du sanglier"
MUTE = "Arrêté préfectoral n° 2025-99"


def order(read: Sequence[PageText], acts: Sequence[Act], concerned: Sequence[Act] = (), workers: int = 1) -> list[int]:
    """The whole order in which pages are given out, when each is answered with text before the next but those still out."""
    read = list(read)
    out: list[int] = []
    given: list[int] = []
    while (number := next_page(read, acts, {span(one) for one in concerned}, set(out))) is not None or out:
        if number is not None:
            out.append(number)
            given.append(number)
        if number is None or len(out) == workers:
            done = out.pop(0)
            read[done - 1] = PageText(done, "du texte", O)
    return given


@pytest.mark.parametrize(
    ("origins", "acts", "concerned", "expected"),
    [
        pytest.param("LLL", [act(1, 3)], [], [], id="nothing pending"),
        pytest.param("PPP", [act(1, 3, id=None)], [], [1, 2, 3], id="one decree alone"),
        pytest.param("PPPPP", [act(1, 5, id=None)], [], [1, 2, 3, 4, 5], id="all scans, nothing known: in order"),
        pytest.param("LLLPPLPP", [act(3, 5, HUNT), act(6, 8, CAMERAS)], [], [7, 4, 5, 8], id="openings first, telling ones before others"),
        pytest.param("LLLPPLPP", [act(3, 5, HUNT), act(6, 8, MUTE)], [], [7, 4, 5, 8], id="a mute title before one on something else"),
        pytest.param("LLLPPLPP", [act(3, 5), act(6, 8)], [1], [7, 8, 4, 5], id="the rest of an act that is concerned before all"),
        pytest.param("PPLPPLPP", [act(3, 5), act(6, 8)], [], [1, 2, 4, 7, 5, 8], id="cover and contents before the acts"),
        pytest.param("PPLPPLPP", [act(3, 5), act(6, 8)], [1], [7, 8, 1, 2, 4, 5], id="an act known to be concerned even before them"),
        pytest.param("LPPPLPP", [act(2, 4), act(5, 7)], [], [3, 6, 2, 4, 7], id="a separator that is a scan waits"),
        pytest.param("LLP", [act(3, 3)], [], [3], id="an act of one page"),
        pytest.param("LLLLPPLPP", [act(3, 6, CAMERAS), act(7, 9, HUNT)], [], [8, 5, 6, 9], id="annexes of an act that is open wait"),
        pytest.param("LLLUBPPLPP", [act(3, 7, HUNT), act(8, 10, HUNT)], [], [6, 9, 7, 10], id="pages with nothing on them open no act"),
        pytest.param("LPPPP", [act(1, 3, id=None), act(4, 5, id=None)], [], [2, 3, 4, 5], id="without a table: fronts, openings, the rest"),
        pytest.param("LLLPPPPP", [act(3, 5), act(5, 8)], [1], [5, 6, 7, 8, 4], id="two acts that share a page"),
        pytest.param("LLLPP", [], [], [4, 5], id="before the acts are cut"),
    ],
)
def test_the_order(origins: str, acts: list[Act], concerned: list[int], expected: list[int]) -> None:
    assert order(pages(origins), acts, [acts[index] for index in concerned]) == expected


def test_two_workers_open_two_acts() -> None:
    acts = [act(3, 5), act(6, 8), act(9, 11)]
    assert order(pages("LLLPPLPPLPP"), acts, workers=2) == [4, 7, 10, 5, 8, 11]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_page_is_given_out_once(workers: int) -> None:
    acts = [act(3, 5, CAMERAS), act(6, 8, HUNT), act(8, 12)]
    assert sorted(order(pages("PLPPPLPPPUPPPP"), acts, [acts[1]], workers)) == [1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14]


@pytest.mark.parametrize(
    ("title", "service", "expected"),
    [
        ("Arrêté autorisant la captation, l'enregistrement et la transmission d'images", None, ActPriority.FIRST),
        ("Arrêté portant autorisation d’un système de vidéoprotection", "Bureau de la chasse", ActPriority.FIRST),
        ("Arrêté n° 12", "Direction de la sécurité / Bureau des polices administratives", ActPriority.THEN),
        ("Arrêté portant mesures de police applicables lors d'un match", None, ActPriority.THEN),
        ("Arrêté portant emploi d'un TRAITEMENT ALGORITHMIQUE", None, ActPriority.FIRST),
        ("Arrêté 2025-99", None, ActPriority.MUTE),
        ("", None, ActPriority.MUTE),
        (HUNT, "Préfecture / Cabinet", ActPriority.LAST),
        ("Arrêté portant délégation de signature", "Préfecture de police", ActPriority.LAST),
        ("Autorisation de traitement des eaux usées", None, ActPriority.LAST),
        ("Récépissé de déclaration d'un organisme de services à la personne", None, ActPriority.LAST),
        ("Arrêté relatif à la sécurité routière", None, ActPriority.LAST),
        ("Décision relative au bureau", None, ActPriority.MUTE),
    ],
)
def test_what_titles_tell(title: str, service: str | None, expected: ActPriority) -> None:
    assert rank(title, service) is expected


def test_a_short_act_is_seen_as_read_so_far_and_a_long_one_in_part() -> None:
    read = pages("L" * 100)
    assert [page.number for page in view(act(3, 14), read, 9).pages] == list(range(3, 15))
    assert [page.number for page in view(act(3, 90), read, 50).pages] == [3, 4, 49, 50, 51]


DECREE = "Arrêté n° 12 portant interdiction\nVu le code de la route ;\nARRÊTE"


@pytest.mark.parametrize(
    ("number", "text", "acts", "moves"),
    [
        pytest.param(2, "n'importe quoi", [act(1, 9, id=None)], True, id="the first pages may hold the table"),
        pytest.param(6, "la suite du texte", [act(3, 9)], False, id="plain text"),
        pytest.param(6, DECREE, [act(3, 9, id=None)], True, id="a decree opens inside an act"),
        pytest.param(6, DECREE, [act(6, 9, id=None)], False, id="where it was known to open"),
        pytest.param(7, DECREE, [act(6, 9)], False, id="after its separator page"),
        pytest.param(7, DECREE, [replace(act(6, 9), part=1)], True, id="after the first page of one of many in an act"),
        pytest.param(7, "Service - 83-2025-07-07-00001 - Titre 7", [act(6, 9)], False, id="stamped with its own act"),
        pytest.param(7, "Service - 83-2025-07-07-00009 - Titre 7", [act(6, 9)], True, id="stamped with another"),
        pytest.param(
            8, f"{DECREE}\nService - 83-2025-07-07-00001 - Titre 8", [act(6, 9)], True, id="one of many in an act, under its stamp"
        ),
        pytest.param(7, f"{DECREE}\nService - 83-2025-07-07-00001 - Titre 7", [act(6, 9)], False, id="the only one, under its stamp"),
        pytest.param(7, "Service\n83-2025-07-07-00009\nTitre", [act(6, 9)], True, id="a separator page nobody knew of"),
        pytest.param(6, "Service\n83-2025-07-07-00001\nTitre", [act(6, 9)], False, id="the separator page of its act"),
    ],
)
def test_when_acts_may_start_elsewhere_than_was_thought(number: int, text: str, acts: list[Act], moves: bool) -> None:
    assert may_move_cuts(PageText(number, text, O), acts) is moves
