"""What people are told of a document. The texts are invented."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from bot.app.demo.scenario import demo_text
from bot.cli.read_output import (
    fact_lines,
    method_lines,
    summary_lines,
    text_lines,
    trouble_lines,
)
from bot.domain.acts import (
    Act,
    Cover,
    Evidence,
    Facts,
    Judged,
    Kind,
    Moment,
    Outcome,
    Reading,
    Reference,
    Slot,
    Verdict,
)
from bot.domain.text import PageText, TextOrigin
from bot.ingest.judging import judge_reading
from bot.reading.model import ReadingLimits
from bot.reading.pages.additions import ATTACHED
from bot.reading.sandbox.probe import OcrLack

DAY = date(2026, 8, 14)
ROAD = demo_text("road", DAY, number="2026-1")
VSA = demo_text("authorisation", DAY, number="2026-2")


def act(first: int, *texts: str, title: str = "Arrêté de circulation", id: str | None = None, origin: TextOrigin = TextOrigin.LAYER) -> Act:  # noqa: A002
    pages = tuple(PageText(number, text, origin) for number, text in enumerate(texts, start=first))
    return Act(id, title, "Cabinet", first, first + len(texts) - 1, pages)


def reading(*acts: Act, unreadable: tuple[int, ...] = ()) -> Reading:
    pages = tuple(page for one in acts for page in one.pages)
    return Reading(len(pages), Cover("26", "26-2026-300", DAY), acts, unreadable_pages=unreadable, pages=pages)


def judged(act: Act, outcome: Outcome, *evidence: Evidence, kind: Kind | None = None) -> Judged:
    return Judged(act, Verdict(outcome, kind, evidence=evidence))


def test_the_summary_names_acts_decrees_and_doubts() -> None:
    road, vsa, doubt = act(1, ROAD), act(2, VSA, title="Arrêté n° 2026-2", id="26-2026-08-14-00002"), act(3, "?", title="Arrêté")
    whole = reading(road, vsa, doubt)
    groups = (*judge_reading(reading(road, vsa)), judged(doubt, Outcome.UNCERTAIN))
    lines = list(summary_lines("a b.pdf", whole, groups, ("INCOMPLETE, could not read: pages 3",)))
    assert lines[0] == "a b.pdf: 3 pages, 26-2026-300, published 2026-08-14"
    assert "  INCOMPLETE, could not read: pages 3" in lines
    assert "            p. 1-1  -  Arrêté de circulation" in lines
    assert "  DECREE    p. 2-2  26-2026-08-14-00002  Arrêté n° 2026-2" in lines
    assert "  UNCERTAIN p. 3-3  -  Arrêté" in lines
    assert "    number: 2026-2" in lines
    assert "    cameras: 24" in lines
    assert lines[-1] == "  3 acts, 1 decree on algorithmic video surveillance, 1 to be checked by a person (--explain says why)"


FACTS = Facts(
    number="2026-2",
    signed=date(2026, 8, 13),
    starts=Moment(DAY, time(14)),
    ends=Moment(date(2026, 8, 16)),
    event="Foire du Dauphiné",
    operators=("SNCF", "police nationale"),
    places=("gare de Valence-Ville", "gare routière"),
    purposes=("fire", "person_down"),
    software="Regardix",
    vendor="Société Exemple",
    cameras=0,
    legal_basis=("loi n° 2023-380 du 19 mai 2023, article 10",),
    court="Tribunal administratif de Grenoble",
    camera_types=("fixed", "drone"),
    office="Le préfet de la Drôme",
    references=(Reference(Kind.ABROGATION, "2026-1", DAY, retroactive=True), Reference(Kind.MODIFICATION)),
    authority="PP",
)


def test_every_fact_has_its_line_in_the_language_of_the_command_line() -> None:
    assert list(fact_lines(FACTS, Kind.AUTHORISATION, "vsa")) == [
        "number: 2026-2",
        "signed: 2026-08-13",
        "starts: 2026-08-14T14:00",
        "ends: 2026-08-16",
        "event: Foire du Dauphiné",
        "operators: SNCF; police nationale",
        "places: gare de Valence-Ville; gare routière",
        "purposes: fires starting; person on the ground after a fall",
        "software: Regardix",
        "vendor: Société Exemple",
        "cameras: 0",
        "camera types: fixed; on drones",
        "legal basis: loi n° 2023-380 du 19 mai 2023, article 10",
        "court: Tribunal administratif de Grenoble",
        "signed by: Le préfet de la Drôme",
        "references: end of authorisation of n° 2026-1 of 2026-08-14 (withdrawn, as if it had never been); modification of another decree",
        "decided by: PP",
    ]
    assert list(fact_lines(Facts(), None, "vsa")) == []


def test_the_hours_of_each_day_are_told() -> None:
    slots = (Slot(DAY, DAY + timedelta(days=7), time(22), time(2), (4, 5)), Slot(DAY, DAY, time(9), time(12)))
    expected = "slots: 2026-08-14 to 2026-08-21, 22:00-02:00 (Fri, Sat); 2026-08-14, 09:00-12:00"
    assert list(fact_lines(Facts(slots=slots), None, "vsa")) == [expected]


def test_the_text_comes_page_by_page_as_it_is_but_for_what_moves_a_cursor() -> None:
    pages = [
        PageText(7, "  Le préfet,\n\x1b[31marrête\x07 :\tArticle 1\r\n", TextOrigin.OCR, confidence=91, seconds=0.42, other="autre"),
        PageText(8, "", TextOrigin.BLANK),
        PageText(9, "", TextOrigin.UNREADABLE, seconds=90),
        PageText(10, "Vu", TextOrigin.LAYER, seconds=0.001),
    ]
    assert list(text_lines(pages)) == [
        "--- page 7 (ocr, 91 %, 0.42 s, in doubt) ---",
        "  Le préfet,",
        "[31marrête :\tArticle 1",
        "--- page 8 (blank) ---",
        "--- page 9 (NOT READ, 90.00 s) ---",
        "--- page 10 (text layer) ---",
        "Vu",
    ]


def test_pages_read_alike_share_a_line_and_recognised_ones_have_their_own() -> None:
    pages = [
        PageText(1, "abc", seconds=0.5),
        PageText(2, "de", seconds=0.25),
        PageText(3, "fghi", TextOrigin.OCR, confidence=62, seconds=1.5, other="f g\nh"),
        PageText(4, "j", TextOrigin.OCR, confidence=95, seconds=1),
        PageText(5, "", TextOrigin.UNREADABLE),
        PageText(6, "", TextOrigin.UNREADABLE),
        PageText(7, "k", other="other"),
    ]
    assert list(method_lines(pages)) == [
        "p. 1-2: text layer, 0.75 s, 5 characters",
        "p. 3: ocr, 62 %, 1.50 s, in doubt, 4 characters",
        "    neither of its two texts can be trusted alone; kept beside it, the text layer: « f g h »",
        "p. 4: ocr, 95 %, 1.00 s, 1 character",
        "p. 5-6: NOT READ, 0.00 s, 0 characters",
        "p. 7: text layer, in doubt, 1 character",
        "    neither of its two texts can be trusted alone; kept beside it, what OCR made of it: « other »",
    ]


LACK = OcrLack("a process may not", "report it")


@pytest.mark.parametrize(
    ("ocr", "lack", "seconds", "lacks", "words"),
    [
        (False, None, 1, "", "set ocr = true under [reading]"),
        (True, LACK, 1, "", "  why: a process may not; to have scanned pages read:\n    report it"),
        (True, None, 600.2, "", "the 600 s allowed for one file were over"),
        (True, None, 9, "", "damaged, or too much"),
        (True, None, 9, ATTACHED, f"why: {ATTACHED}"),
    ],
)
def test_what_could_not_be_read_is_told_with_the_reason_and_the_remedy(
    ocr: bool, lack: OcrLack | None, seconds: float, lacks: str, words: str
) -> None:
    page = PageText(4, "", TextOrigin.UNREADABLE, lacks=lacks)
    read = Reading(9, Cover(None, None, None), (), unreadable_pages=(4, 5, 9), pages=(page,))
    lines = list(trouble_lines([4, 5, 9], read, ReadingLimits(seconds=600, ocr=ocr), seconds, lack))
    assert lines[0] == "INCOMPLETE, could not read: pages 4-5, 9"
    assert words in "\n".join(lines[1:])
