"""The documents that are read, built anew and always the same: `python -m benchmarks.reading.corpus FOLDER` builds them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.reading.drawing import MOST_LINES, fonts
from benchmarks.reading.prose import DECREE, phrases
from benchmarks.reading.recueil import Body, Drawn, Look, Part, draw_recueil, draw_scans
from benchmarks.reading.sample import NAMES, Sample, save

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
