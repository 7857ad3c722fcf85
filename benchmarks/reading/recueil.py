"""One recueil in the national template: cover, table of contents, a separator page before each act, running titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from random import Random

from benchmarks.reading.drawing import GUTTER, MOST_LINES, WIDTH, Font, Paper, fonts, scan
from benchmarks.reading.prose import carriers, paragraphs

NUMBER = "99-2026-187"
_PLAIN = Font("Helvetica", 10)


class Look(StrEnum):
    """How a page comes: one column of text, two columns of text, or an image."""

    TEXT = "text"
    COLUMNS = "columns"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Body:
    """A page of an act: its look, what it must say in this order, and the phrases put somewhere in it. `hard` scans are bad ones."""

    look: Look
    phrases: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One act. `bodies` are its pages without the separator page."""

    service: str
    id: str
    title: str
    bodies: tuple[Body, ...]


@dataclass(slots=True)
class Drawn:
    """A document, and where in it (pages from 1) the phrases stand and the scans are."""

    paper: Paper = field(default_factory=Paper)
    phrases: list[tuple[int, str]] = field(default_factory=list)
    scans: list[int] = field(default_factory=list)
    firsts: dict[str, int] = field(default_factory=dict)
    """The page on which each act starts (its separator page), by id."""


def draw_recueil(parts: Sequence[Part], seed: int, *, rows: int = MOST_LINES) -> Drawn:
    """Draw a recueil; `rows` are the lines of a full page."""
    random = Random(seed)
    drawn = Drawn()
    paper = drawn.paper
    contents = _contents(paper, parts)
    images = iter(_scans(tuple(body for part in parts for body in part.bodies), seed, rows))
    paper.page(["VAL-FLEURI", "RECUEIL DES ACTES", "ADMINISTRATIFS", f"N°{NUMBER}", "PUBLIÉ LE 25 NOVEMBRE 2026"], _PLAIN, top=60)
    for lines in contents:
        paper.page(lines, _PLAIN)
    faces = fonts()
    for index, part in enumerate(parts):
        service = part.service.split(" / ", 1)[0]
        paper.page([*paper.wrap(service, _PLAIN), part.id, *paper.wrap(part.title, _PLAIN)], _PLAIN)
        drawn.firsts[part.id] = paper.page_count
        paper.stamp(f"{service} - {part.id} - {part.title} {paper.page_count}")
        for body in part.bodies:
            if body.look is Look.SCAN:
                paper.image(next(images))
            else:
                _written(paper, body, faces[index % len(faces)], random, rows)
            _note(drawn, body)
            paper.stamp(f"{service} - {part.id} - {part.title} {paper.page_count}")
    return drawn


def draw_scans(bodies: Sequence[Body], seed: int, *, rows: int = MOST_LINES) -> Drawn:
    """Draw a document of scans only: no text layer at all."""
    drawn = Drawn()
    for body, image in zip(bodies, _scans(tuple(bodies), seed, rows), strict=True):
        drawn.paper.image(image)
        _note(drawn, body)
    return drawn


def _note(drawn: Drawn, body: Body) -> None:
    page = drawn.paper.page_count
    drawn.phrases += [(page, phrase) for phrase in body.phrases]
    if body.look is Look.SCAN:
        drawn.scans.append(page)


@lru_cache(maxsize=1)
def _scans(bodies: tuple[Body, ...], seed: int, rows: int) -> tuple[bytes, ...]:
    """The images of those pages that are scans, in order. Kept: two recueils may differ by a title only."""
    scanned = [body for body in bodies if body.look is Look.SCAN]
    if not scanned:
        return ()
    random = Random(f"scans {seed}")
    source = Paper()
    # Ligatures are a matter of text layers; on paper they only change the drawing of two letters.
    faces = [Font(font.name, max(font.size, 10), font.file) for font in fonts()]
    for index, body in enumerate(scanned):
        _written(source, body, faces[index % len(faces)], random, rows)
    return tuple(scan(source.bytes(), random, hard=frozenset(index for index, body in enumerate(scanned) if body.hard)))


def _written(paper: Paper, body: Body, font: Font, random: Random, rows: int) -> None:
    fillers = paragraphs(random)
    wanted = carriers(random, body.phrases)
    if body.look is Look.COLUMNS:
        width, half = (WIDTH - GUTTER) / 2, len(wanted) // 2
        sides = [_flat(_mixed(paper.fill(some, fillers, font, rows=rows, width=width), random)) for some in (wanted[:half], wanted[half:])]
        paper.columns(sides[0], sides[1], font)
        return
    opening = _flat([paper.wrap(text, font) for text in body.opening])
    # An opening is followed by what it opens, not shuffled with it.
    rest = _flat(_mixed(paper.fill(wanted, fillers, font, rows=max(0, rows - len(opening))), random))
    paper.page([*opening, *rest], font)


def _mixed(kept: list[list[str]], random: Random) -> list[list[str]]:
    return random.sample(kept, len(kept))


def _flat(kept: list[list[str]]) -> list[str]:
    """The lines of these paragraphs, an empty one after each: some 2,000 characters a page, as real recueils have."""
    return [line for lines in kept for line in (*lines, "")]


def _contents(paper: Paper, parts: Sequence[Part]) -> list[list[str]]:
    """The lines of the table of contents, page by page; its own length moves the page numbers in it."""
    length = 1
    while True:
        lines = ["Sommaire", *_entries(paper, parts, first_page=2 + length)]
        pages = [lines[start : start + MOST_LINES] for start in range(0, len(lines), MOST_LINES)]
        if len(pages) <= length:
            return pages
        length = len(pages)


def _entries(paper: Paper, parts: Sequence[Part], first_page: int) -> Iterator[str]:
    service = ""
    for part in parts:
        if part.service != service:
            service = part.service
            yield from paper.wrap(service, _PLAIN)
        count = 1 + len(part.bodies)
        yield from paper.wrap(f"{part.id} - {part.title} ({count} pages) Page {first_page}", _PLAIN)
        first_page += count
