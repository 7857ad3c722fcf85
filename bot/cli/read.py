"""`vigie read`: what is in this PDF."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.app.config.model import Settings
from bot.cli.context import WRONG_USE, AsJson, Context, fail, run_to_end, stderr
from bot.domain.acts import Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.reader import read_pdf
from bot.reading.sandbox.probe import ocr_lacks

if TYPE_CHECKING:
    from bot.cli.read_output import Report


Opened = tuple[Settings, AbstractAsyncContextManager[Path]]
"""The settings, and a way to have a file on this machine."""
ReadFile = Callable[[Path, ReadingLimits, Sequence[PageText]], Awaitable[Reading]]
"""Reads a file but for the pages that are known. Raises Unreadable."""


def register(
    app: typer.Typer,
    *,
    showing: Callable[[str], AbstractContextManager[ReadFile]] | None = None,
    from_web: Callable[[Context, str], Opened] | None = None,
    on_record: Callable[[Context, Task, Sequence[str], bool], None] | None = None,
) -> None:
    """Register the command with lazily imported parts: `showing` draws progress, `from_web` fetches a file, `on_record` runs a task on
    stored recueils.
    """

    @app.command(epilog="Example:  vigie read recueil.pdf --explain   (or, the text of two pages:  vigie read recueil.pdf --page 12-13)")
    def read(
        ctx: typer.Context,
        files: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="FILE|URL", help="A PDF on this machine, or its https address on a prefecture's site.", show_default=False
            ),
        ] = None,
        text: Annotated[bool, typer.Option("--text", help="The whole text as read, each page under a line that says how.")] = False,
        page: Annotated[
            str | None, typer.Option("--page", "-p", metavar="N[-M]", help="The text of these pages of the file; no other is recognised.")
        ] = None,
        explain: Annotated[
            bool, typer.Option("--explain", "-e", help="How each page was read, and which phrases led to each verdict.")
        ] = False,
        as_json: AsJson = False,
        failed: Annotated[
            bool,
            typer.Option("--failed", help="List what is on record and could not be read: all, or of these codes and URLs."),
        ] = False,
        retry: Annotated[
            bool,
            typer.Option("--retry", help="Read that again, now: all, or of these codes and URLs. Records, and posts."),
        ] = False,
    ) -> None:
        """Read one PDF: its acts, and the decrees among them. Nothing is recorded, but with --retry.

        With --retry the exit code is 3 when something could still not be read wholly.
        """
        context: Context = ctx.obj
        words = files or []
        try:
            choice = choose(text=text, explain=explain, page=page, as_json=as_json)
            task = task_of(words, failed=failed, retry=retry, shown=page is not None or choice.view is not ReadView.SUMMARY)
        except WrongChoice as wrong:
            fail(str(wrong), WRONG_USE)
        if task is not Task.READ and on_record is not None:
            on_record(context, task, words, as_json)
        else:
            open_file = from_web if from_web is not None and "://" in words[0] else _on_disk
            _read_one(words[0], *open_file(context, words[0]), choice, showing)


def _read_one(
    file: str,
    settings: Settings,
    opened: AbstractAsyncContextManager[Path],
    choice: ReadChoice,
    showing: Callable[[str], AbstractContextManager[ReadFile]] | None,
) -> None:
    try:
        # OCR of a long scan takes minutes.
        with nullcontext(_read_silently) if showing is None or not stderr.is_terminal else showing(f"reading {file}") as read:
            report = run_to_end(_read_report(file, opened, settings, choice, read))
    except Unreadable as error:
        fail(f"{file}: {error}")
    if choice.pages is not None and choice.pages[-1] > report.reading.page_count:
        fail(f"{file}: no page {choice.pages[-1]}: this PDF has {report.reading.page_count}")
    report.show()


def _on_disk(context: Context, file: str) -> Opened:
    """Return the settings and the file; end the program where there is none."""
    path = Path(file)
    if not path.is_file():
        fail(f"{file}: {'not a file' if path.exists() else 'no such file'}", WRONG_USE)
    return context.load_settings(), nullcontext(path)


async def _read_silently(path: Path, limits: ReadingLimits, known: Sequence[PageText]) -> Reading:
    return await read_pdf(path, limits, known=known)


async def _read_report(
    file: str, opened: AbstractAsyncContextManager[Path], settings: Settings, choice: ReadChoice, read: ReadFile
) -> Report:
    limits = settings.reading.limits()
    async with opened as path:
        begun, known = time.monotonic(), choice.left_out(limits.max_pages)
        # What judges and shows is imported while another process reads: the time it takes is nobody's.
        reading, shown = await asyncio.gather(
            read(path, limits, known),
            asyncio.to_thread(import_module, "bot.cli.read_output"),
        )
        seconds = time.monotonic() - begun
    lacks = await ocr_lacks() if limits.ocr and reading.unreadable_pages else None
    # In a thread: long acts take a second to judge, in which Ctrl-C would not be heard.
    report: Report = await asyncio.to_thread(shown.report, file, reading, choice, settings, seconds, lacks)
    return report


# What `vigie read` is to show: its options, and which of them make no sense together. Pure.

_PAGES = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


class ReadView(Enum):
    """What is shown of a document, by option."""

    SUMMARY = ""
    TEXT = "--text"
    EXPLAIN = "--explain"


class Task(Enum):
    """Names what is done; the value is the option that requests it."""

    READ = ""
    FAILED = "--failed"
    RETRY = "--retry"


class WrongChoice(Exception):
    """Raised for options that exclude each other; the message gives alternatives."""


@dataclass(frozen=True, slots=True)
class ReadChoice:
    """The options; `pages`: wanted ones (from 1), None for all."""

    view: ReadView
    pages: range | None
    as_json: bool

    def left_out(self, most_pages: int) -> tuple[PageText, ...]:
        """Return empty pages for those not wanted, up to `most_pages`, as if read, so that they are skipped."""
        wanted = self.pages
        if wanted is None:
            return ()
        return tuple(PageText(number, "", TextOrigin.BLANK) for number in range(1, most_pages + 1) if number not in wanted)


def choose(*, text: bool, explain: bool, page: str | None, as_json: bool) -> ReadChoice:
    """Put the options together. Raises WrongChoice."""
    if text and explain:
        raise WrongChoice("--text and --explain show the same file in different ways: choose one of them")
    if page is not None and explain:
        raise WrongChoice("--page shows the text of pages, and --explain needs the whole document: leave out one of them")
    view = ReadView.TEXT if text else ReadView.EXPLAIN if explain else ReadView.SUMMARY
    return ReadChoice(view, None if page is None else page_range(page), as_json)


def task_of(words: Sequence[str], *, failed: bool, retry: bool, shown: bool) -> Task:
    """Return the task of these arguments; `shown`: an option selects a view. Raises WrongChoice."""
    tasks = [task for task, asked in ((Task.FAILED, failed), (Task.RETRY, retry)) if asked]
    if len(tasks) > 1:
        raise WrongChoice("--failed lists what could not be read, --retry reads it: one after the other")
    if not tasks:
        if len(words) != 1:
            raise WrongChoice("which file? vigie read FILE" if not words else "one file at a time; a name with spaces goes in quotes")
        return Task.READ
    if shown:
        raise WrongChoice(f"{tasks[0].value} is about recueils on record: of the other options it takes only --json")
    return tasks[0]


def page_range(text: str) -> range:
    """Return the pages meant by `12` or `12-15`. Raises WrongChoice."""
    found = _PAGES.fullmatch(text.strip())
    if found is None:
        raise WrongChoice(f"--page {text!r}: expected a page of the file, as in --page 12, or some in a row, as in --page 12-15")
    first = int(found[1])
    last = int(found[2] or first)
    if first < 1 or last < first:
        raise WrongChoice(f"--page {text!r}: pages are counted from 1, and the first comes first")
    return range(first, last + 1)
