"""What `vigie read` is asked to show: its options, and which of them make no sense together. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.domain import PageText, TextOrigin

_PAGES = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


class View(Enum):
    """What is shown of a document; the value is the option that asks for it."""

    SUMMARY = ""
    TEXT = "--text"
    ACTS = "--acts"
    EXPLAIN = "--explain"


class Task(Enum):
    """What is done; the value is the option that asks for it."""

    READ = ""
    QUARANTINE = "--quarantine"
    RETRY = "--retry"


class WrongChoice(Exception):
    """The options cannot be had together. The message says why, and what can be had."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`pages` are the only ones wanted (numbers from 1), None for all."""

    view: View
    pages: range | None
    as_json: bool

    def left_out(self, most_pages: int) -> tuple[PageText, ...]:
        """Empty pages in the place of those not wanted, up to `most_pages`: as if they had been read, so that no time goes into them."""
        wanted = self.pages
        if wanted is None:
            return ()
        return tuple(PageText(number, "", TextOrigin.BLANK) for number in range(1, most_pages + 1) if number not in wanted)


def choose(*, text: bool, acts: bool, explain: bool, page: str | None, as_json: bool) -> Choice:
    """The options put together. Raises WrongChoice."""
    views = [view for view, asked in ((View.TEXT, text), (View.ACTS, acts), (View.EXPLAIN, explain)) if asked]
    if len(views) > 1:
        raise WrongChoice(f"{' and '.join(view.value for view in views)} show the same file in different ways: choose one of them")
    view = views[0] if views else View.SUMMARY
    if page is not None and view in {View.ACTS, View.EXPLAIN}:
        raise WrongChoice(f"--page shows the text of pages, and {view.value} needs the whole document: leave out one of them")
    if as_json and view is View.ACTS:
        raise WrongChoice('--acts is for people: the object that --json prints always holds the acts, under "acts"')
    return Choice(view, None if page is None else page_range(page), as_json)


def task_of(words: Sequence[str], *, quarantine: bool, retry: bool, shown: bool) -> Task:
    """What is asked for. `words` are the arguments; `shown`: some option says how one document is to be shown. Raises WrongChoice."""
    tasks = [task for task, asked in ((Task.QUARANTINE, quarantine), (Task.RETRY, retry)) if asked]
    if len(tasks) > 1:
        raise WrongChoice("--quarantine lists what could not be read, --retry reads it: one after the other")
    if not tasks:
        if len(words) != 1:
            raise WrongChoice("which file? vigie read FILE" if not words else "one file at a time; a name with spaces goes in quotes")
        return Task.READ
    if shown:
        raise WrongChoice(f"{tasks[0].value} is about recueils on record: of the other options it takes only --json")
    return tasks[0]


def page_range(text: str) -> range:
    """The pages meant by `12` or `12-15`. Raises WrongChoice."""
    found = _PAGES.fullmatch(text.strip())
    if found is None:
        raise WrongChoice(f"--page {text!r}: expected a page of the file, as in --page 12, or some in a row, as in --page 12-15")
    first = int(found[1])
    last = int(found[2] or first)
    if first < 1 or last < first:
        raise WrongChoice(f"--page {text!r}: pages are counted from 1, and the first comes first")
    return range(first, last + 1)
