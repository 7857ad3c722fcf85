"""The figures as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.reading.figures import Figure, Measured, Target, figure, ratio, recognition_share, sooner, targets, worst
from benchmarks.reading.processes import QUIET
from benchmarks.reading.ways import Run

REFERENCE = "reference"
EXPLANATION = (
    "reference: pypdf flatten, ocrmypdf --redo-ocr on every page, pypdf + ftfy, keywords: how Attrap reads a recueil",
    "bot:       Vigie as the running bot reads: read_pdf, its reading processes included, judged as pages come",
    "command:   `vigie read FILE --json`",
    "inside:    without the start-up (imports) of the program; whole: the program from its start to its end",
    "recognition alone: one bare pass of the engine over the same scans, drawn before; limit: no reader that uses it takes less",
    "peak:      memory of the largest process; phrases: known phrases found on their page, exact / folded / close",
)


def report(results: Sequence[Measured], machine: str, corpus: str) -> str:
    """All documents, then what was aimed at."""
    lines = [machine, corpus, *EXPLANATION]
    for one in results:
        lines += ["", *_document(one)]
    aims = targets(results)
    return "\n".join([*lines, "", "Headline ratios: reference inside / bot inside.", *map(_target, aims), *_disturbed(results)])


def _document(one: Measured) -> Iterator[str]:
    sample = one.sample
    yield f"{sample.name}: {sample.pages} pages, {len(sample.scans)} of them scans, {len(sample.phrases)} phrases, {len(one.bot)} run(s)"
    yield f"  {'':20}{'wall s':>20}{'CPU s':>20}{'peak MB':>12}{'phrases':>20}"
    for name, runs in ((REFERENCE, one.reference), ("bot", one.bot), ("command", one.command)):
        if not runs:
            continue
        found, peak = worst(runs), figure(run.whole.peak / 1e6 for run in runs)
        if runs[0].seconds is not None:
            inside = _cells(figure(run.seconds for run in runs), figure(run.cpu for run in runs))
            yield f"  {name + ', inside':20}{inside}{'':12}{f'{found.exact} / {found.folded} / {found.close}' if found else '':>20}"
        whole = _cells(figure(run.whole.seconds for run in runs), figure(run.whole.cpu for run in runs))
        yield f"  {name + ', whole':20}{whole}{peak.value if peak else 0:>12.0f}"
    least, theirs, spent = figure(one.recognition), figure(run.cpu for run in one.reference), figure(run.cpu for run in one.bot)
    if least is not None:
        yield f"  {'recognition alone':20}{'':20}{_value(least):>20}"
    yield from _ratios(one)
    if least is not None and theirs is not None:
        yield f"  {'limit: reference / recognition alone':36} {'':13}   CPU {_times(theirs.value / least.value):>8}"
    share = recognition_share(one)
    if share is not None:
        took, of = (least.value if least else 0), (spent.value if spent else 0)
        yield f"  of the bot's {of:.2f} s of CPU, recognition alone takes {took:.2f} s ({share:.0%}), all the rest {of - took:.2f} s"
    alert = figure(run.alert for run in one.bot)
    if alert is not None:
        times, end = sooner(one), figure(run.seconds for run in one.reference)
        compared = f"; the reference has finished after {_value(end)} s: {times:.1f} times later" if times and end else ""
        yield f"  decree on page {sample.decree_page} known after {_value(alert)} s{compared}"


def _ratios(one: Measured) -> Iterator[str]:
    if not one.reference:
        return
    for words, ours, wall, cpu in (
        ("inside: reference / bot (headline)", one.bot, _seconds, _cpu),
        ("whole: reference / bot", one.bot, _whole_seconds, _whole_cpu),
        ("whole: reference / command", one.command, _whole_seconds, _whole_cpu),
    ):
        less = [ratio(one.reference, ours, what) for what in (wall, cpu, lambda run: float(run.whole.peak))]
        shown = [_times(value) if value is not None else "-" for value in less]
        yield f"  {words:36} wall {shown[0]:>8}   CPU {shown[1]:>8}   peak {shown[2]:>7}"


def _times(value: float) -> str:
    return f"{value:.{2 if value < 10 else 1}f}x"


def _seconds(run: Run) -> float | None:
    return run.seconds


def _cpu(run: Run) -> float | None:
    return run.cpu


def _whole_seconds(run: Run) -> float | None:
    return run.whole.seconds


def _whole_cpu(run: Run) -> float | None:
    return run.whole.cpu


def _target(target: Target) -> str:
    verdict = "reached" if target.reached else "NOT REACHED"
    return f"  {target.words:55} {target.value:>8.4g}   aim {target.least:>5g}   {verdict}"


def _disturbed(results: Sequence[Measured]) -> list[str]:
    """How much other programs took, since a wall clock on a busy machine tells of the machine."""
    others = figure(run.others for one in results for run in (*one.reference, *one.bot, *one.command))
    if others is None:
        return []
    state = "quiet" if others.high <= QUIET else "not quiet"
    return ["", f"The machine was {state}: other programs took {others.value:.2f} cores (median of the runs; {others.high:.2f} at most)."]


def _cells(*figures: Figure | None) -> str:
    return "".join(f"{_value(one) if one else '-':>20}" for one in figures)


def _value(one: Figure) -> str:
    digits = 1 if one.value >= 20 else 2 if one.value >= 1 else 3
    extremes = f" ({one.low:.{digits}f}-{one.high:.{digits}f})" if one.high > one.low else ""
    return f"{one.value:.{digits}f}{extremes}"
