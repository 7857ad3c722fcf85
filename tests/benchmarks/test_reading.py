"""The benchmark of reading in its short form: it runs, every figure is real, and what it says follows from what it measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.reading.__main__ import main, measure
from benchmarks.reading.corpus import Sample, build
from benchmarks.reading.ways import Failed, Found, Measured, Run, Spent, find, read, report
from bot.reading.pages.recognition import ocr_available

SCANS = ["scan", "scanned-recueil"]


@pytest.mark.short_form
@pytest.mark.parametrize("only", [["text"], SCANS], ids=["text", "scans"])
def test_the_short_form_finds_every_phrase_and_its_figures_are_real(only: list[str], tmp_path: Path) -> None:
    if only is SCANS and not ocr_available():
        pytest.skip("no Tesseract with French data (fra.traineddata) on this machine")
    found = measure(build(tmp_path, only, quick=True), 1, tmp_path, None)
    assert [one.sample.name for one in found] == only
    for one in found:
        [bot] = one.vigie
        assert bot.found.known == len(one.sample.phrases) > 0
        assert bot.found.folded == bot.found.known
        assert 0 < bot.seconds < bot.whole.seconds
        assert 0 < bot.cpu < bot.whole.cpu
        assert 20e6 < bot.whole.peak < 1e9
        assert one.reference == ()
        assert (bot.alert is not None) == (one.sample.decree_page is not None)


def test_a_phrase_counts_on_its_own_page_only() -> None:
    pages = ["Le système\nde vidéoprotection", "le systeme de  Vidéo-protection, ailleurs"]
    phrase = "système de vidéoprotection"
    assert find(pages, [(1, phrase), (2, phrase), (3, phrase)]) == Found(known=3, exact=1, folded=2, close=2)
    assert find(pages, [(1, "registre officiel")]) == Found(known=1, exact=0, folded=0, close=0)
    assert find(["le systérne de vidéoprotectlon"], [(1, phrase)]) == Found(known=1, exact=0, folded=0, close=1)


def test_a_program_that_fails_gives_no_figures(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; print('out of paper', file=sys.stderr); sys.exit(3)"]
    with pytest.raises(Failed, match=r"status 3: .*out of paper"):
        read(failing, SAMPLE, tmp_path / "figures.json")


def run_of(seconds: float, alert: float | None = None, found: int = 10) -> Run:
    return Run(Spent(seconds + 1, 2 * seconds + 1, 50_000_000), seconds, 2 * seconds, Found(10, found - 1, found, found), alert)


SAMPLE = Sample("scan", "scan.pdf", 3, (2, 3), tuple((1, f"phrase {n}") for n in range(10)), 2)


def test_medians_are_compared() -> None:
    ours = (run_of(4, alert=2), run_of(12, alert=2, found=9), run_of(4, alert=3))
    one = Measured(SAMPLE, (run_of(20),), ours)
    assert (one.ratio(lambda run: run.seconds), one.alert) == (5, 2)
    lines = [line.split() for line in report([one], "a machine", "a corpus").splitlines()]
    assert next(line for line in lines if line[:1] == ["vigie"])[1:5] == ["4.00", "(4.00-12.00)", "8.00", "(8.00-24.00)"]
    assert next(line for line in lines if line[:1] == ["vigie"])[-5:] == ["8", "/", "9", "/", "9"]
    assert next(line for line in lines if line[:2] == ["reference", "/"])[3:5] == ["5.0x", "5.0x"]
    assert "decree on page 2 known after 2.00 s; the reference has finished after 20.0 s: 10.0 times later" in report([one], "", "")


@pytest.mark.parametrize("options", [["--runs", "0"], ["--only", "novels"]])
def test_what_cannot_be_measured_is_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(options)
    assert options[0] in capsys.readouterr().err
