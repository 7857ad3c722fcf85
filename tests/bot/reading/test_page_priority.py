"""What is thought of the acts while their pages come in."""

from __future__ import annotations

from bot.domain.acts import Act
from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.cutting import cut_acts
from bot.reading.reader import PagePriority

PENDING, OCR = TextOrigin.PENDING, TextOrigin.OCR


class Asked:
    """Says yes to acts that hold a word, and remembers how often it was asked."""

    def __init__(self) -> None:
        self.pages: list[int] = []

    def __call__(self, act: Act) -> bool:
        self.pages.append(len(act.pages))
        return any("algorithmique" in page.text for page in act.pages)


def act(first: int, last: int, pages: list[PageText]) -> Act:
    return Act(f"83-2025-07-07-{first:05d}", "Arrêté", None, first, last, tuple(pages[first - 1 : last]))


def scans(count: int) -> list[PageText]:
    return [PageText(number, "", PENDING) for number in range(1, count + 1)]


def looking_at(pages: list[PageText], *ranges: tuple[int, int]) -> tuple[PagePriority, Asked]:
    asked = Asked()
    priority = PagePriority(asked)
    acts = [act(first, last, pages) for first, last in ranges]
    priority.take(acts, priority.judge(acts))
    return priority, asked


def read(priority: PagePriority, pages: list[PageText], number: int, text: str) -> None:
    pages[number - 1] = PageText(number, text, OCR)
    priority.arrived(pages[number - 1], pages)


def test_an_act_is_newly_whole_once() -> None:
    pages = scans(10)
    priority, _ = looking_at(pages, (4, 6), (7, 10))
    assert priority.next_page(pages, set()) == 1
    read(priority, pages, 5, "traitement algorithmique")
    assert priority.next_page(pages, set()) == 4
    assert priority.next_page(pages, {4}) == 6
    assert not priority.newly_whole(pages)
    read(priority, pages, 4, "séparateur")
    read(priority, pages, 6, "fin")
    assert priority.newly_whole(pages)
    assert not priority.newly_whole(pages)


def test_an_act_that_is_concerned_is_not_asked_about_again() -> None:
    pages = scans(10)
    priority, asked = looking_at(pages, (4, 6), (7, 10))
    before = len(asked.pages)
    read(priority, pages, 5, "traitement algorithmique")
    read(priority, pages, 6, "suite")
    assert len(asked.pages) == before + 1
    read(priority, pages, 8, "autre chose")
    read(priority, pages, 9, "autre chose")
    assert len(asked.pages) == before + 3


def test_the_work_on_a_long_act_does_not_grow_with_it() -> None:
    pages = scans(500)
    priority, asked = looking_at(pages, (4, 500))
    asked.pages.clear()
    for number in range(4, 501):
        read(priority, pages, number, "du texte")
    assert max(asked.pages) <= 5


def test_an_act_cut_anew_is_judged_by_its_own_pages() -> None:
    texts = [
        "PRÉFET\nRECUEIL DES ACTES ADMINISTRATIFS",
        "Arrêté n° 1 portant interdiction de la baignade\nVu le code ;\nARRÊTE",
        "suite",
        "Arrêté n° 2 portant composition du jury\nVu le code ;\nARRÊTE",
        "suite",
        "Arrêté n° 3 portant emploi d'un traitement algorithmique\nVu le code ;\nARRÊTE",
    ]
    pages = [PageText(number, text, OCR) for number, text in enumerate(texts, start=1)]
    pages += [PageText(7, "", PENDING), PageText(8, "", PENDING)]
    asked = Asked()
    priority = PagePriority(asked)
    early = [act(2, 8, pages)]
    priority.take(early, priority.judge(early))
    assert priority.next_page(pages, set()) == 7
    acts = cut_acts(pages)
    assert [(one.first_page, one.last_page) for one in acts] == [(2, 3), (4, 5), (6, 8)]
    priority.stale = True
    priority.take(acts, priority.judge(acts))
    assert not priority.stale
    read(priority, pages, 7, "suite")
    assert not priority.newly_whole(pages)
    read(priority, pages, 8, "fin")
    assert priority.newly_whole(pages)
