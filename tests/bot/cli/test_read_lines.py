"""What people are told of a document. The texts are invented."""

from __future__ import annotations

from datetime import date

import pytest

from bot.cli.read_early import early_lines
from bot.cli.read_explain import explain_lines
from bot.cli.read_lines import act_lines, summary_lines
from bot.cli.read_pages import method_lines, page_ranges, text_lines
from bot.cli.read_trouble import Circumstances, trouble_lines
from bot.demo.scenario import demo_text
from bot.model import Act, Cover, Evidence, Judged, Kind, Outcome, PageText, Reading, TextOrigin, Verdict
from bot.verdicts import Group, judge_reading

DAY = date(2026, 8, 14)
ROAD = demo_text("road", DAY, number="2026-1")
VSA = demo_text("authorisation", DAY, number="2026-2")


def act(first: int, *texts: str, title: str = "Arrêté de circulation", id: str | None = None, origin: TextOrigin = TextOrigin.LAYER) -> Act:  # noqa: A002
    pages = tuple(PageText(number, text, origin) for number, text in enumerate(texts, start=first))
    return Act(id, title, "Cabinet", first, first + len(texts) - 1, pages)


def reading(*acts: Act, unreadable: tuple[int, ...] = ()) -> Reading:
    pages = tuple(page for one in acts for page in one.pages)
    return Reading(len(pages), Cover("26", "26-2026-300", DAY), acts, unreadable_pages=unreadable, pages=pages)


def judged(act: Act, outcome: Outcome, *evidence: Evidence, kind: Kind | None = None) -> Group:
    return (Judged(act, Verdict(outcome, kind, evidence=evidence)),)


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


def test_a_title_cannot_write_to_the_terminal() -> None:
    [line] = act_lines([judged(act(1, "", title="Arrêté\x1b[2J\n\u202eelbisivni"), Outcome.NOT_CONCERNED)])
    assert line.endswith("Arrêté[2J elbisivni")


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


@pytest.mark.parametrize(("pages", "words"), [((), ""), ((4,), "4"), ((5, 3, 4, 9), "3-5, 9"), ((1, 2, 4, 5), "1-2, 4-5")])
def test_page_ranges(pages: tuple[int, ...], words: str) -> None:
    assert page_ranges(pages) == words


def test_every_verdict_is_explained_by_its_phrases() -> None:
    plain, vsa = act(1, ROAD), act(2, VSA, title="Arrêté n° 2026-2")
    told, silent = act(3, "signe sans suite"), act(4, "Vu le décret n° 2023-828 du 28 août 2023")
    doubt, unread = act(5, "?"), act(6, "", title="AP signé", origin=TextOrigin.UNREADABLE)
    whole = reading(plain, vsa, told, silent, doubt, unread, unreadable=(6,))
    groups = (
        *judge_reading(reading(plain, vsa)),
        judged(told, Outcome.NOT_CONCERNED, Evidence("verdict", 3, "une phrase qui le cite")),
        *judge_reading(reading(act(4, VSA.split("Article", maxsplit=1)[0], title="Arrêté portant délégation de signature"))),
        judged(doubt, Outcome.UNCERTAIN, Evidence("contradiction", 5, "une phrase contraire")),
        judged(unread, Outcome.UNCERTAIN, Evidence("unreadable", 6, "AP signé")),
    )
    lines = list(explain_lines(whole, groups))
    text = "\n".join(lines)
    assert lines[:3] == ["How the pages were read:", f"  p. 1-5: text layer, 0.00 s, {sum(len(p.text) for p in whole.pages)} characters",
                         "  p. 6: NOT READ, 0 characters"]  # fmt: skip
    assert "    decree: authorisation" in lines
    about = {quote.about for item in groups[1] for quote in item.verdict.evidence}
    assert {"number", "period", "software"} <= about
    assert all(f"p. {quote.page}  {quote.about}: «" in text for quote in groups[1][0].verdict.evidence if quote.about != "verdict")
    assert "p. 2  decides: «" in text
    assert "    p. 3  decides: « une phrase qui le cite »" in lines
    assert "    not concerned: it speaks of it and decides nothing on it" in lines
    assert "    p. 5  speaks against it: « une phrase contraire »" in lines
    assert "    uncertain, a person must look: no page of it could be read, and its title does not say what it is about" in lines
    assert lines[-1] == "  the others (1): not a word of algorithmic video surveillance"


def test_a_sign_that_came_to_nothing_is_told_too() -> None:
    one = act(1, "Article 1 : Un traitement algorithmique des demandes est interdit.", title="Arrêté portant fixation du prix")
    [group] = judge_reading(reading(one))
    assert (group[0].verdict.outcome, group[0].verdict.evidence) == (Outcome.NOT_CONCERNED, ())
    lines = list(explain_lines(reading(one), [group]))
    assert lines[-1] == "    not concerned: words in it could be a sign, and turn out to speak of something else"


@pytest.mark.parametrize(
    ("had", "words"),
    [
        (Circumstances(ocr_wanted=False, ocr_there=True, seconds=1, most_seconds=600), "set ocr = true under [reading]"),
        (Circumstances(ocr_wanted=True, ocr_there=False, seconds=1, most_seconds=600), "apt-get install tesseract-ocr-fra"),
        (Circumstances(ocr_wanted=True, ocr_there=True, seconds=600.2, most_seconds=600), "the 600 s allowed for one file were over"),
        (Circumstances(ocr_wanted=True, ocr_there=True, seconds=9, most_seconds=600), "damaged, or too much"),
    ],
)
def test_what_could_not_be_read_is_told_with_the_reason_and_the_remedy(had: Circumstances, words: str) -> None:
    lines = list(trouble_lines([4, 5, 9], had))
    assert lines[0] == "INCOMPLETE, could not read: pages 4-5, 9"
    assert words in "\n".join(lines[1:])
    assert list(trouble_lines([], had)) == []


def test_only_decrees_wholly_read_are_told_early() -> None:
    whole = act(1, VSA, title="Arrêté n° 2026-2")
    part = Act(None, "Arrêté n° 2026-3", "Cabinet", 2, 3, (PageText(2, VSA), PageText(3, "", TextOrigin.PENDING)))
    assert early_lines(reading(whole, part, act(4, ROAD))) == ("found early: authorisation, n° 2026-2, Arrêté n° 2026-2, p. 1",)
