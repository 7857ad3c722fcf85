"""`vigie read`, as a person or a script runs it. What it prints by default is in `test_commands`."""

from __future__ import annotations

import re
import signal
from datetime import date
from pathlib import Path

import pytest

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.scenario import demo_text
from bot.detection.facts.second_reader import TAGGED
from tests.bot.cli.conftest import Vigie
from tests.bot.reading import papers
from tests.processes import Forked, Zygote

DAY = date(2026, 8, 14)


@pytest.fixture
def recueil(tmp_path: Path) -> str:
    acts = (
        ActSpec("DDT", "26-2026-08-13-00001", "Arrêté de circulation", (demo_text("road", DAY, number="2026-1"),)),
        ActSpec("Cabinet", "26-2026-08-14-00002", "Arrêté n° 2026-2", (demo_text("authorisation", DAY, number="2026-2"),)),
    )
    return build(tmp_path, acts)


def build(folder: Path, acts: tuple[ActSpec, ...]) -> str:
    path = folder / "un recueil [2].pdf"
    path.write_bytes(build_recueil(RecueilSpec("DRÔME", "26-2026-300", DAY, acts)))
    return path.name


def test_the_whole_text_or_some_pages_of_it(vigie: Vigie, recueil: str) -> None:
    whole = vigie("read", recueil, "--text")
    assert (whole.code, whole.err) == (0, "")
    heads = re.findall(r"^--- page (\d+) \(text layer(?:, \d+\.\d\d s)?\) ---$", whole.out, re.MULTILINE)
    assert heads == [str(number) for number in range(1, len(heads) + 1)]
    assert len(heads) >= 6
    # As on the page: running titles included.
    assert "DDT - 26-2026-08-13-00001 - Arrêté de circulation 3" in whole.out

    some = vigie("read", recueil, "--page", "3-4", "--json").json
    assert set(some) == {"file", "pages", "page_details"}
    assert (some["file"], some["pages"]) == (recueil, len(heads))
    assert [page["number"] for page in some["page_details"]] == [3, 4]
    for page in some["page_details"]:
        assert set(page) == {"number", "method", "confidence", "seconds", "characters", "doubt", "damaged", "text", "other"}
        assert (page["method"], page["confidence"], page["doubt"], page["other"]) == ("layer", None, False, None)
        assert page["characters"] == len(page["text"]) > 0
        assert page["text"].splitlines()[0] in whole.out


def test_what_explains_is_added_to_the_contract_and_renames_nothing(vigie: Vigie, recueil: str) -> None:
    plain, explained = vigie("read", recueil, "--json").json, vigie("read", recueil, "--explain", "--json").json
    assert set(explained) - set(plain) == {"page_details"}
    details = explained.pop("page_details")
    assert [page["number"] for page in details] == list(range(1, plain["pages"] + 1))
    assert {key for page in details for key in page} == {"number", "method", "confidence", "seconds", "characters", "doubt", "damaged"}
    evidence = [act.pop("evidence") for act in explained["acts"]]
    twice = [act.pop("read_twice") for act in explained["acts"]]
    assert explained == plain
    assert evidence[0] == []
    assert {"verdict", "number", "period"} <= {quote["about"] for quote in evidence[1]}
    # Its title says nothing of it: the heading on its second page does.
    known = [(quote["about"], quote["page"], quote["where"], quote["cue"]) for quote in evidence[1][:2]]
    assert known == [("verdict", 6, "heading", "algorithmic processing of images"), ("verb", 6, "heading", "authorisation")]
    assert all(set(quote) == {"page", "text", "about", "where", "cue"} for quote in evidence[1])
    assert twice[0] == []
    [decree] = plain["decrees"]
    # The contract has codes of communes, of stored decrees.
    doubts = {name: name in decree["doubtful"] for name in TAGGED if name != "communes" and decree[name]}
    assert {fact["name"]: fact["doubtful"] for fact in twice[1]} == doubts
    [software] = [fact for fact in twice[1] if fact["name"] == "software"]
    assert (software["told"], software["poor"]) == ("Cityvision", False)

    told = vigie("read", recueil, "--explain").out
    assert "  p. 1-6: text layer" in told
    assert "    decree: authorisation" in told
    assert "software: « Cityvision »" in told
    assert "p. 6  heading    decides: algorithmic processing of images « Arrêté n° 2026-2" in told
    assert "the others (1): not a word of algorithmic video surveillance" in told


def test_options_that_make_no_sense_together_are_refused(vigie: Vigie, recueil: str) -> None:
    refused = vigie("read", recueil, "--text", "--explain")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "vigie: --text and --explain show the same file in different ways: choose one of them\n"
    beyond = vigie("read", recueil, "--page", "3-99", "--json")
    assert (beyond.code, beyond.out) == (1, "")
    assert beyond.err == f"vigie: {recueil}: no page 99: this PDF has 6\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<!doctype html><title>403</title>", "this is not a PDF"),
        (b"%PDF-1.7\nand nothing more", "damaged beyond reading"),
        (papers.locked("secret"), "locked with a password"),
    ],
)
def test_what_is_no_readable_pdf_is_told_in_words(vigie: Vigie, tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "un [fichier].pdf").write_bytes(content)
    done = vigie("read", "un [fichier].pdf")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("vigie: un [fichier].pdf: ")
    assert reason in done.err
    assert len(done.err.splitlines()) == 1


def test_a_folder_or_nothing_is_wrong_use(vigie: Vigie, tmp_path: Path) -> None:
    (tmp_path / "folder.pdf").mkdir()
    for name, why in (("folder.pdf", "not a file"), ("missing.pdf", "no such file")):
        done = vigie("read", name, "--json")
        assert (done.code, done.out, done.err) == (2, "", f"vigie: {name}: {why}\n")


def test_scans_without_ocr_are_told_with_what_to_do(vigie: Vigie, tmp_path: Path) -> None:
    acts = (ActSpec("Cabinet", "26-2026-08-14-00002", "Arrêté n° 2026-2", (demo_text("road", DAY, number="2026-2"),), scanned=True),)
    recueil = build(tmp_path, acts)
    off = {"VIGIE_READING__OCR": "false"}
    told = vigie("read", recueil, environ=off)
    assert told.code == 0
    assert "  INCOMPLETE, could not read: pages 4\n    why: OCR is off in the configuration" in told.out
    assert told.err == ""
    # Apart from what may be piped into another program.
    other = vigie("read", recueil, "--text", environ=off)
    assert other.err.startswith("INCOMPLETE, could not read: pages 4\n  why: OCR is off")
    assert "INCOMPLETE" not in other.out
    assert vigie("read", recueil, "--page", "3", environ=off).err == ""


def test_ctrl_c_ends_a_reading_cleanly(zygote: Zygote, tmp_path: Path) -> None:
    (tmp_path / "slow.pdf").write_bytes(papers.slow(400))
    told: list[int] = []

    def interrupt(process: Forked, shown: str) -> None:
        if not told and re.search(r"\d+/400 pages", shown):
            told.append(process.pid)
            process.send(signal.SIGINT)

    code, shown = zygote.on_a_terminal(tmp_path, ["read", "slow.pdf"], interrupt)
    assert told
    assert code == 130
    assert "vigie: interrupted" in shown
    assert "Traceback" not in shown
