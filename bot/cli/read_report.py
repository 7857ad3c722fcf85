"""A document that was read, judged and shown as asked, and the decrees found in it while other pages are still to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from bot.cli.json_output import Json, pages_json, reading_json
from bot.cli.read import ReadChoice, ReadView
from bot.cli.read_output import Circumstances, act_lines, early_line, explain_lines, summary_lines, text_lines, trouble_lines
from bot.cli.text_output import print_json, print_lines
from bot.domain import Outcome, PageText, Place, Reading, TextOrigin
from bot.ingest.judging import Group, judge_reading
from bot.messages import place_for
from bot.reading.model import ReadingLimits
from bot.reading.pages.ocr import ocr_available


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be shown. `pages` are those that were asked for; where that is not all there are no `groups`. `troubles` are lines."""

    file: str
    choice: ReadChoice
    reading: Reading
    pages: tuple[PageText, ...]
    groups: tuple[Group, ...]
    troubles: tuple[str, ...]

    def show(self) -> None:
        """Print it: what was asked for on standard output, and beside it, on standard error, what is missing of it."""
        summary = not self.choice.as_json and self.choice.pages is None and self.choice.view in {ReadView.SUMMARY, ReadView.EXPLAIN}
        if self.choice.as_json:
            print_json(self._json())
        elif summary:
            print_lines(summary_lines(self.file, self.reading, self.groups, self.troubles))
            if self.choice.view is ReadView.EXPLAIN:
                print_lines(("", *explain_lines(self.reading, self.groups)))
        elif self.choice.view is ReadView.ACTS:
            print_lines(act_lines(self.groups))
        else:
            print_lines(text_lines(self.pages))
        if not summary:
            for line in self.troubles:
                typer.echo(line, err=True)

    def _json(self) -> Json:
        if self.choice.pages is not None:
            return pages_json(self.file, self.reading.page_count, self.pages)
        view, explain = self.choice.view, self.choice.view is ReadView.EXPLAIN
        place = _place(self.reading.cover.authority or "")
        return reading_json(self.file, self.reading, self.groups, place, datetime.now(UTC), text=view is ReadView.TEXT, explain=explain)


def _place(authority: str) -> Place:
    """For the hours of decrees. The catalogue takes longer to load than most files to read: only overseas has other hours than Paris."""
    if not authority.startswith("97"):
        return place_for({}, authority)
    from bot.app.wiring import places_of  # noqa: PLC0415 - see above
    from sources.catalogue.authority import load_authorities  # noqa: PLC0415 - see above

    return place_for(places_of(load_authorities()), authority)


def report(file: str, reading: Reading, choice: ReadChoice, limits: ReadingLimits, seconds: float) -> Report:
    """Judge what was read within these limits in so many seconds."""
    pages = tuple(page for page in reading.pages if choice.pages is None or page.number in choice.pages)
    unread = [page.number for page in pages if page.number in reading.unreadable_pages]
    had = Circumstances(limits.ocr, ocr_available(), seconds, limits.seconds, damaged=reading.damaged)
    troubles = trouble_lines(unread, had) if unread or reading.salvaged else ()
    return Report(file, choice, reading, pages, judge_reading(reading) if choice.pages is None else (), tuple(troubles))


def early_lines(reading: Reading) -> tuple[str, ...]:
    """A line for each decree among the acts of which no page is still to be read."""
    whole = [group for group in judge_reading(reading) if all(page.origin is not TextOrigin.PENDING for page in group[0].act.pages)]
    return tuple(early_line(item) for group in whole for item in group if item.verdict.outcome is Outcome.DECREE)
