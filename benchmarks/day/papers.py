"""What recueils hold: so many acts and pages as real ones do, some of them scans, a decree in some. Pure: drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice
from random import Random

from benchmarks.reading.prose import paragraphs
from bot.app.demo.pdfs import MONTHS
from bot.app.demo.scenario import demo_text
from sources.catalogue.authority import Authority
from tests.france.publications import Recueil

# From 232 real recueils of one department, January to July 2025: pages 26 in the median and 41 on average, 540 at most; 6.1 acts on
# average, 34 at most. Two of them, of 111 and 75 pages, have 18 and 13 kB a page. A scanned page is one of 200 dpi, grey.
_MEDIAN_PAGES, _SPREAD, _MOST_PAGES = 26.0, 0.95, 540
_PAGES_AN_ACT, _MOST_ACTS = 6.7, 34
_TEXT_BYTES, _SCAN_BYTES = 16_000, 200_000

SCANNED = 0.15
"""The share of acts that are scans: all of one authority in `_SCANNERS`, the rest by chance."""

_SCANNERS = 10

_TREATMENT = "d'un traitement algorithmique sur des images issues d'un système de vidéoprotection"


@dataclass(frozen=True, slots=True)
class Act:
    """One act: its pages after the separator page, and whether they are scans."""

    pages: int
    is_scanned: bool
    is_decree: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what its text layer says, and what is on it besides, for whoever recognises it; None where it is no scan."""

    layer: str
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One recueil as it was published. `decree` is the number of the decree in it, None where there is none."""

    authority: Authority
    recueil: Recueil
    acts: tuple[Act, ...]
    decree: str | None

    @property
    def name(self) -> str:
        """What tells the file from all others."""
        return f"{self.authority.code}/{self.recueil.host}/{self.recueil.rank}"

    @property
    def page_count(self) -> int:
        """All pages: a cover, the table of contents, and a separator page before each act."""
        return 2 + sum(1 + act.pages for act in self.acts)

    @property
    def scans(self) -> int:
        """The pages to be recognised."""
        return sum(act.pages for act in self.acts if act.is_scanned)

    @property
    def is_decree_scanned(self) -> bool:
        """Whether the decree in it is a scan."""
        return any(act.is_decree and act.is_scanned for act in self.acts)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return _TEXT_BYTES * (self.page_count - self.scans) + _SCAN_BYTES * self.scans


def paper(seed: int, rank: int, authority: Authority, recueil: Recueil, decrees: float) -> Paper:
    """What stands in a recueil of the authority at this place of the catalogue. `decrees` is the share of recueils that hold one."""
    chance = Random(f"{seed} {authority.code} {recueil.host} {recueil.rank}")
    pages = min(_MOST_PAGES, max(4, round(chance.lognormvariate(0, _SPREAD) * _MEDIAN_PAGES)))
    count = min(_MOST_ACTS, max(1, round(pages / _PAGES_AN_ACT * chance.uniform(0.6, 1.4))), (pages - 2) // 2)
    lengths = [(pages - 2 - count) // count] * count
    lengths[chance.randrange(count)] += (pages - 2 - count) % count
    decree = chance.randrange(count) if chance.random() < decrees else None
    scans_all = Random(f"{seed} {authority.code}").random() < 1 / _SCANNERS
    rest = (SCANNED - 1 / _SCANNERS) / (1 - 1 / _SCANNERS)
    acts = tuple(Act(length, scans_all or chance.random() < rest, index == decree) for index, length in enumerate(lengths))
    return Paper(authority, recueil, acts, None if decree is None else number_of(rank, recueil))


def number_of(rank: int, recueil: Recueil) -> str:
    """The number of the decree in a recueil of the authority at this place of the catalogue: no other decree has it."""
    return f"{recueil.year}-{rank + 1}{recueil.number:04}"


def pages_of(paper: Paper) -> list[Page]:
    """The pages of a recueil in the national template."""
    authority, day = paper.authority, paper.recueil.day
    of = authority.name.removeprefix("Préfecture ")
    contents, first, bodies = list[str](), 3, list[Page]()
    for index, act in enumerate(paper.acts, 1):
        identifier = f"{authority.code}-{day}-{paper.recueil.number * (_MOST_ACTS + 1) % 99_000 + index:05}"
        title = "Arrêté portant réglementation temporaire de la circulation"
        if act.is_decree:
            title = f"Arrêté n° {paper.decree} portant autorisation de mise en œuvre {_TREATMENT}"
        contents.append(f"{identifier} - {title} ({1 + act.pages} pages) Page {first}")
        running = f"{authority.name} - {identifier} - {title}"
        bodies.append(Page(f"{authority.name}\n{identifier}\n{title}\n{running} {first}"))
        for number, text in enumerate(_bodies(paper, act, of), first + 1):
            stamp = f"{running} {number}"
            bodies.append(Page(stamp, text) if act.is_scanned else Page(f"{text}\n{stamp}"))
        first += 1 + act.pages
    published = f"PUBLIÉ LE {day.day if day.day > 1 else '1ER'} {MONTHS[day.month - 1].upper()} {day.year}"
    cover = f"N°{authority.code}-{day.year}-{paper.recueil.number:03}"
    return [
        Page(f"{authority.department.upper()}\nRECUEIL DES ACTES\nADMINISTRATIFS\n{cover}\n{published}"),
        Page(f"Sommaire\n{authority.name} / Cabinet\n" + "\n".join(contents) + "\n2"),
        *bodies,
    ]


def _bodies(paper: Paper, act: Act, of: str) -> Iterator[str]:
    kind, number = ("authorisation", paper.decree) if act.is_decree else ("road", "12")
    text = demo_text(kind, paper.recueil.day, number=number or "")
    yield text.replace("de la DRÔME".upper(), of.upper()).replace("de la Drôme", of)
    yield from islice(cycle(_fillings()), act.pages - 1)


@lru_cache(maxsize=1)
def _fillings() -> Sequence[str]:
    """Pages of some 2,000 characters, as real ones have."""
    words = paragraphs(Random(1))
    pages = []
    for _ in range(20):
        page = next(words)
        while len(page) < 2_000:
            page += "\n" + next(words)
        pages.append(page)
    return pages
