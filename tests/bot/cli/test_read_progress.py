from __future__ import annotations

import io
from datetime import date

from rich.console import Console

from bot.app.demo.scenario import demo_text
from bot.cli.read_progress import showing, step_words
from bot.domain.acts import Act, Cover, Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ActComplete, PageRead

PAGE = PageText(87, "Vu", TextOrigin.OCR, confidence=91)


def test_what_is_told_of_a_step() -> None:
    assert step_words(PageRead(PAGE, 60, 1, 0, 0)) == "1/60 pages, p. 87: ocr 91 %"
    assert step_words(PageRead(PAGE, 60, 12, 48, 3, 39.2)) == "12/60 pages, 3/48 recognised, p. 87: ocr 91 %, 40 s left"
    assert (
        step_words(PageRead(PageText(2, "", TextOrigin.BLANK), 60, 12, 48, 3, 700))
        == "12/60 pages, 3/48 recognised, p. 2: blank, 12 min left"
    )


async def test_a_decree_found_early_is_told_once_above_the_bar() -> None:
    text = demo_text("authorisation", date(2026, 8, 14), number="2026-2")
    acts = (
        Act(None, "Arrêté [bold]n° 2026-2", None, 1, 1, (PageText(1, text),)),
        Act(None, "Autre", None, 2, 2, (PageText(2, "", TextOrigin.PENDING),)),
    )
    reading = Reading(2, Cover(), acts, pending_pages=(2,))
    console = Console(file=io.StringIO(), force_terminal=True, width=120, highlight=False, color_system=None)
    with showing(console, "reading [a].pdf") as screen:
        await screen.show(PageRead(PageText(1, text), 2, 1, 1, 0, 3.0))
        await screen.show(ActComplete(reading))
        await screen.show(ActComplete(reading))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert shown.count("found early: authorisation, n° 2026-2, Arrêté [bold]n° 2026-2, p. 1") == 1
    assert "1/2 pages, 0/1 recognised, p. 1: text layer, 3 s left" in shown
