"""The documents that are read, always the same: `python -m benchmarks.reading.corpus FOLDER` builds them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from random import Random

from benchmarks.reading.drawing import GUTTER, MOST_LINES, WIDTH, Font, Paper, fonts, scan
from benchmarks.reading.prose import DECREE, carriers, paragraphs, phrases
from benchmarks.reading.sample import NAMES, Sample, save

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
        sides = [
            _flat(_shuffled(paper.fill(some, fillers, font, rows=rows, width=width), random)) for some in (wanted[:half], wanted[half:])
        ]
        paper.columns(sides[0], sides[1], font)
        return
    opening = _flat([paper.wrap(text, font) for text in body.opening])
    # An opening is followed by what it opens, not shuffled with it.
    rest = _flat(_shuffled(paper.fill(wanted, fillers, font, rows=max(0, rows - len(opening))), random))
    paper.page([*opening, *rest], font)


def _shuffled(kept: list[list[str]], random: Random) -> list[list[str]]:
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


_SERVICES = (
    "Préfecture du Val-Fleuri / Direction de la citoyenneté", "Direction départementale des territoires / Service eau",
    "Agence régionale de santé / Délégation départementale", "Direction départementale de la protection des populations",
    "Préfecture du Val-Fleuri / Cabinet",
)  # fmt: skip
_TITLES = (
    "Arrêté portant réglementation temporaire de la circulation sur la route départementale 104",
    "Arrêté fixant le montant de la dotation globale de l'établissement",
    "Arrêté portant composition de la commission départementale d'aménagement commercial",
    "Arrêté autorisant un prélèvement d'eau dans la nappe alluviale",
    "Arrêté portant autorisation d'un système de vidéoprotection",
    "Décision relative à l'ouverture exceptionnelle d'une enquête publique",
    "Arrêté portant délégation de signature en matière d'ordonnancement",
    "Arrêté relatif aux mesures de police applicables à la navigation de plaisance",
    "Arrêté portant agrément d'un centre de formation",
    "Avis de concours sur titres",
    "Arrêté portant dérogation à l'interdiction de capture d'espèces protégées",
    "Arrêté prescrivant la lutte contre les espèces exotiques envahissantes",
    "Arrêté modifiant les statuts du syndicat intercommunal",
)
_SECURITY = "Préfecture du Val-Fleuri / Direction des sécurités"
_MUTE = "Arrêté n° 2026-BSP-OP-117"
_TELLING = (
    f"{_MUTE} portant autorisation de mise en œuvre d'un traitement algorithmique sur des images issues d'un système de vidéoprotection"
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the corpus is. A short one is for the tests of the benchmark: its figures are real, and compare to nothing."""

    rows: int = MOST_LINES
    text: tuple[int, int] = (23, 258)  # acts, phrases; with their separator pages, a cover and a table of contents: 100 pages
    columns: int = 5
    scan: tuple[int, int] = (22, 60)  # pages, phrases
    mixed: tuple[int, int, int] = (15, 146, 40)  # scans, phrases in text, phrases on scans
    scanned: tuple[int, ...] = (5, 6, 4, 7, 5, 6, 5, 4, 7, 6, 5, 6, 6, 6, 5)  # pages of each act
    decree: int = 13  # which act, from 0, is the decree on VSA


FULL = Size()
SHORT = Size(rows=12, text=(2, 12), columns=1, scan=(1, 2), mixed=(1, 4, 2), scanned=(1, 1), decree=1)


def build(folder: Path, size: Size, only: Sequence[str]) -> list[Sample]:
    """Draw the documents named and write them there."""
    makers: Mapping[str, Callable[[], Drawn]] = {
        "text": lambda: _text(size),
        "scan": lambda: _scan(size),
        "mixed": lambda: _mixed(size),
        "scanned-recueil": lambda: _scanned(size, _TELLING),
        "scanned-recueil-mute": lambda: _scanned(size, _MUTE),
    }
    return [_save(folder, name, makers[name]()) for name in NAMES if name in only]


def _save(folder: Path, name: str, drawn: Drawn) -> Sample:
    path = folder / f"{name}.pdf"
    path.write_bytes(drawn.paper.bytes())
    decree = drawn.firsts.get(_identifier(900))
    return Sample(name, str(path), drawn.paper.page_count, tuple(drawn.scans), tuple(drawn.phrases), decree)


def _text(size: Size) -> Drawn:
    acts, count = size.text
    # 23 acts: three pages each, and a fourth for six of them.
    looks = [[Look.TEXT] * (3 + (index % 4 == 0)) for index in range(acts)]
    for index in range(size.columns):
        looks[index * acts // size.columns][1] = Look.COLUMNS
    words = _deal(phrases(Random(1), count), sum(map(len, looks)))
    return draw_recueil(_parts([[Body(look, next(words)) for look in act] for act in looks]), 11, rows=size.rows)


def _scan(size: Size) -> Drawn:
    pages, count = size.scan
    words = _deal(phrases(Random(2), count), pages)
    return draw_scans([Body(Look.SCAN, next(words), hard=(pages - index) % 2 == 1) for index in range(pages)], 12, rows=size.rows)


def _mixed(size: Size) -> Drawn:
    scans, in_text, on_scans = size.mixed
    wanted = phrases(Random(3), in_text + on_scans)
    # One scan ends each act of three pages: 60 pages of text (cover, table of contents, separator pages and bodies) beside 15 scans.
    written = [3 if index < 13 else 2 for index in range(scans)]
    text, image = _deal(wanted[:in_text], sum(written)), _deal(wanted[in_text:], scans)
    bodies = [
        [*(Body(Look.TEXT, next(text)) for _ in range(pages)), Body(Look.SCAN, next(image), hard=index % 2 == 1)]
        for index, pages in enumerate(written)
    ]
    return draw_recueil(_parts(bodies), 13, rows=size.rows)


def _scanned(size: Size, title: str) -> Drawn:
    # The decree's first page holds the decree; the others hold two phrases each.
    others = sum(size.scanned) - 1
    words = _deal(phrases(Random(4), 2 * others), others)
    acts = [
        [
            Body(Look.SCAN, opening=DECREE) if (act, page) == (size.decree, 0) else Body(Look.SCAN, next(words), hard=page % 2 == 1)
            for page in range(pages)
        ]
        for act, pages in enumerate(size.scanned)
    ]
    parts = _parts(acts)
    parts[size.decree] = Part(_SECURITY, _identifier(900), title, tuple(acts[size.decree]))
    return draw_recueil(parts, 14, rows=size.rows)


def _parts(acts: Sequence[Sequence[Body]]) -> list[Part]:
    return [
        Part(_SERVICES[index * len(_SERVICES) // len(acts)], _identifier(index + 1), _TITLES[index % len(_TITLES)], tuple(bodies))
        for index, bodies in enumerate(acts)
    ]


def _identifier(number: int) -> str:
    return f"99-2026-11-20-{number:05d}"


def _deal(some: tuple[str, ...], pages: int) -> Iterator[tuple[str, ...]]:
    """The phrases dealt out page by page, as evenly as can be."""
    return (some[index::pages] for index in range(pages))


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the corpus, and say what is in it in `corpus.json` beside it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading.corpus", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=NAMES, choices=NAMES)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    samples = build(options.folder, SHORT if options.quick else FULL, options.only)
    save(options.folder, samples, tuple(font.name for font in fonts()))


if __name__ == "__main__":
    main()
