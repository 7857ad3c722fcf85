"""Real texts, where they are at hand: they name private persons and stay out of the project."""

from __future__ import annotations

import re
from itertools import pairwise, starmap
from pathlib import Path

import pypdfium2
import pytest

from bot.detection.facts.identity import identities
from bot.detection.judging import as_decree, judge
from bot.domain.acts import Act, Outcome, Verdict
from bot.domain.identity import HeldDecree, KnownDecree, recognise
from bot.domain.text import PageText
from bot.reading.acts.cutting import assemble, cut_inner
from tests.bot.detection.samples import SEEDED, SHARED, STEADY, act

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real texts are not beside this checkout")

TEXTS = SHARED / "texts"
NUMBERS = {
    "pos_pp_2024-00493_visas": ["2024-00493"],
    "pos_pp_2024-00860_solidays_ocr": ["2024-00860"],
    "pos_pp_DUPA-2024-699_scrambled_ocr": ["DUPA 2024-699"],
    "pos_quotes_operative_2024-04-17_ratp": [None],
    "pos_raa75_2024-324_sommaire": ["2024-00673", "2024-00674"],
    "pos_raa75_2024-799_sommaire": ["DUPA 2024-1691"],
}
PERIODS = {
    "pos_pp_2024-00493_visas": ("2024-04-19", "2024-04-22"),
    "pos_pp_2024-00860_solidays_ocr": ("2024-06-28", "2024-07-01"),
    "pos_pp_DUPA-2024-699_scrambled_ocr": ("2024-05-31", "2024-06-03"),
    "pos_quotes_operative_2024-04-17_ratp": ("2024-04-20T14:00", "2024-04-21T06:00"),
    "pos_raa75_2024-324_sommaire": ("2024-05-27", "2024-06-10"),
    "pos_raa75_2024-799_sommaire": ("2024-12-31", "2025-01-01"),
}
OPERATORS = {
    "pos_pp_2024-00493_visas": ("SNCF",),
    "pos_pp_2024-00860_solidays_ocr": ("SNCF",),
    "pos_pp_DUPA-2024-699_scrambled_ocr": ("RATP",),
    "pos_quotes_operative_2024-04-17_ratp": ("RATP",),
}
LABELS = {
    "autorisation": "authorisation", "renouvellement": "renewal", "modification": "modification", "abrogation": "abrogation",
    "suspension": "suspension", "refus": "refusal",
}  # fmt: skip


def excerpts(prefix: str) -> list[Path]:
    return sorted((TEXTS / "excerpts").glob(f"{prefix}*.txt"))


def body(path: Path) -> str:
    return "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("# "))


def var() -> list[Path]:
    return sorted((TEXTS / "var-2025").glob("*.txt"))


def of_file(text: str) -> list[Verdict]:
    """The verdicts on the acts of a file that are decrees, or for a person."""
    verdicts = [judge(one) for one in assemble((PageText(1, text),)).acts]
    return [verdict for verdict in verdicts if verdict.outcome is not Outcome.NOT_CONCERNED]


@pytest.mark.parametrize("path", excerpts("pos_"), ids=lambda path: path.stem)
def test_real_decrees(path: Path) -> None:
    verdicts = of_file(body(path))
    assert [verdict.facts.number for verdict in verdicts] == NUMBERS[path.stem]
    assert {verdict.kind for verdict in verdicts} == {"authorisation"}
    facts = verdicts[0].facts
    assert facts.starts is not None
    assert facts.ends is not None
    assert (facts.starts.isoformat(), facts.ends.isoformat()) == PERIODS[path.stem]
    if path.stem in OPERATORS:
        assert facts.operators == OPERATORS[path.stem]


@pytest.mark.parametrize("damage", sorted(STEADY))
@pytest.mark.parametrize("path", excerpts("pos_"), ids=lambda path: path.stem)
def test_real_decrees_damaged(path: Path, damage: str) -> None:
    assert {verdict.outcome for verdict in of_file(STEADY[damage](body(path)))} == {Outcome.DECREE}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("damage", sorted(SEEDED))
@pytest.mark.parametrize("path", excerpts("pos_"), ids=lambda path: path.stem)
def test_real_decrees_damaged_at_random(path: Path, damage: str, seed: int) -> None:
    assert of_file(SEEDED[damage](seed)(body(path)))


@pytest.mark.parametrize(
    ("verb", "kind"), [("abrogation", "abrogation"), ("refus", "refusal"), ("renouvellement", "renewal"), ("suspension", "suspension")]
)
@pytest.mark.parametrize("path", excerpts("pos_pp_2024"), ids=lambda path: path.stem)
def test_another_verb_is_another_kind(path: Path, verb: str, kind: str) -> None:
    text = re.sub(r"portant autorisation de\s+l.emploi", f"portant {verb} de l'autorisation de l'emploi", body(path), count=1)
    assert judge(act(text)).kind == kind


@pytest.mark.parametrize("path", excerpts("neg_"), ids=lambda path: path.stem)
def test_real_acts_that_are_not_concerned(path: Path) -> None:
    assert judge(act(body(path))).outcome is Outcome.NOT_CONCERNED
    for make in SEEDED.values():
        assert judge(act(make(1)(body(path)))).outcome is Outcome.NOT_CONCERNED


def test_labelled_titles() -> None:
    lines = [
        line.split("\t") for line in (TEXTS / "synthetic_titles.tsv").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert len(lines) > 10
    for label, title in lines:
        verdict = judge(act(title=title))
        if label.startswith("negatif"):
            assert verdict.outcome is Outcome.NOT_CONCERNED, title
        else:
            assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, LABELS[label]), title


@pytest.mark.parametrize("path", var(), ids=lambda path: path.stem)
def test_recueils_without_any_decree_whole_and_cut(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    cuts = [match.start() for match in re.finditer(r"^\W{0,3}\d{2}-\d{4}-\d\d-\d\d-\d{5}", text, re.MULTILINE)]
    acts = [act(text)] + [
        act(text[start:end], text[start + 20 : start + 200], id=text[start : start + 19]) for start, end in pairwise([*cuts, len(text)])
    ]
    assert {judge(one).outcome for one in acts} == {Outcome.NOT_CONCERNED}


@pytest.mark.parametrize("path", sorted((SHARED / "raa").glob("*.pdf")), ids=lambda path: path.stem)
def test_recueils_in_pdf(path: Path) -> None:
    with pypdfium2.PdfDocument(path) as pdf:
        pages = tuple(PageText(number, page.get_textpage().get_text_bounded()) for number, page in enumerate(pdf, start=1))
    assert sum(len(page.text) for page in pages) > 50_000
    assert judge(Act(None, "", None, 1, len(pages), pages)).outcome is Outcome.NOT_CONCERNED


def test_one_decree_hidden_in_the_largest_bulk_act_is_found_or_asked_about() -> None:
    bulk = max(var(), key=lambda path: path.stat().st_size).read_text(encoding="utf-8", errors="replace")
    decree = body(TEXTS / "excerpts" / "pos_pp_2024-00493_visas.txt") + "\nARRÊTE\nArticle 1er : La SNCF est autorisée.\n"
    middle = bulk.index("\nARR", len(bulk) // 2)
    text = bulk[:middle] + "\n" + decree + bulk[middle:]
    size = 2700
    pages = tuple(PageText(number, text[start : start + size]) for number, start in enumerate(range(0, len(text), size), start=1))
    title = "164 arrêtés préfectoraux issus de la commission départementale des systèmes de vidéoprotection du 7 octobre 2024"
    for whole in (Act("83-2024-12-20-00006", title, "Préfecture du Var", 1, len(pages), pages), act(text, title)):
        [verdict] = [said for part in cut_inner(whole) if (said := judge(part)).outcome is not Outcome.NOT_CONCERNED]
        assert abs(verdict.evidence[0].page - (middle // size + 1 if whole.id else 1)) <= 1


def test_two_real_decrees_under_one_number_and_day_are_two() -> None:
    held: list[HeldDecree] = []
    for name in ("83-2025-03-19-00001", "83-2025-03-20-00001"):
        pages = (SHARED / "real_var" / "acts" / f"{name}.txt").read_text(encoding="utf-8").split("\n\f\n")
        facts = as_decree(act(title="Arrêté", id=name, last_page=len(pages), pages=tuple(starmap(PageText, enumerate(pages, 1))))).facts
        held.append(HeldDecree(identities("83", name, facts, "\n".join(pages)), 1, len(pages), facts))
    assert {key for key in held[0].keys if key in held[1].keys} == {"number:83:2025-bsp-op-24:signed:2025-03-19"}
    first = KnownDecree(1, frozenset(held[0].keys), held[0].facts)
    assert [(one.decree_id, one.is_unclear) for one in recognise(held, [first], [])] == [(1, False), (None, False)]
