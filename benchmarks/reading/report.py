"""From runs to figures, as a person reads them: medians, and how many times less Vigie takes than the reference. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.reading.corpus import Sample
from benchmarks.reading.ways import Run

EXPLANATION = (
    "reference: pypdf flatten, ocrmypdf --redo-ocr on every page, pypdf + ftfy, keywords: how Attrap reads a recueil",
    "vigie:     as the running bot reads: read_pdf, its reading processes included, judged as pages come",
    "inside:    without the start-up (imports) of the program; whole: the program from its start to its end",
    "peak:      memory of the largest process; phrases: known phrases found on their page, exact / folded / close, in the worst run",
)
_COLUMNS: tuple[tuple[str, Callable[[Run], float]], ...] = (
    ("wall s", lambda run: run.seconds),
    ("CPU s", lambda run: run.cpu),
    ("whole, wall s", lambda run: run.whole.seconds),
    ("whole, CPU s", lambda run: run.whole.cpu),
    ("peak MB", lambda run: run.whole.peak / 1e6),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One document, read so many times in each way."""

    sample: Sample
    reference: tuple[Run, ...]
    vigie: tuple[Run, ...]

    @property
    def alert(self) -> float | None:
        """Seconds until Vigie knows of the decree, in the median."""
        known = [run.alert for run in self.vigie if run.alert is not None]
        return median(known) if known else None

    def ratio(self, what: Callable[[Run], float]) -> float:
        """How many times more the reference takes, medians compared."""
        return median(map(what, self.reference)) / median(map(what, self.vigie))


def report(results: Sequence[Measured], machine: str, corpus: str) -> str:
    """All documents."""
    return "\n".join([machine, corpus, *EXPLANATION, *(line for one in results for line in ("", *_document(one)))])


def _document(one: Measured) -> Iterator[str]:
    sample = one.sample
    yield f"{sample.name}: {sample.pages} pages, {len(sample.scans)} of them scans, {len(sample.phrases)} phrases, {len(one.vigie)} run(s)"
    yield f"  {'inside':20}" + "".join(f"{name:>22}" for name, _ in _COLUMNS) + f"{'phrases':>20}"
    for name, runs in (("reference", one.reference), ("vigie", one.vigie)):
        if runs:
            worst = min((run.found for run in runs), key=lambda found: (found.close, found.folded, found.exact))
            cells = "".join(f"{_value(what(run) for run in runs):>22}" for _, what in _COLUMNS)
            yield f"  {name:20}{cells}{f'{worst.exact} / {worst.folded} / {worst.close}':>20}"
    if one.reference:
        yield f"  {'reference / vigie':20}" + "".join(f"{one.ratio(what):>21.1f}x" for _, what in _COLUMNS)
    if one.alert is not None:
        end = median(run.seconds for run in one.reference) if one.reference else None
        compared = "" if end is None else f"; the reference has finished after {end:.1f} s: {end / one.alert:.1f} times later"
        yield f"  decree on page {sample.decree_page} known after {one.alert:.2f} s{compared}"


def _value(values: Iterable[float]) -> str:
    """The median, and the extremes where there are several."""
    known = list(values)
    middle = median(known)
    digits = 1 if middle >= 20 else 2 if middle >= 1 else 3
    extremes = f" ({min(known):.{digits}f}-{max(known):.{digits}f})" if max(known) > min(known) else ""
    return f"{middle:.{digits}f}{extremes}"
