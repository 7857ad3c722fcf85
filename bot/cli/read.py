"""`vigie read`: what is in this PDF."""

from __future__ import annotations

import asyncio
import io
import math
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot.app import Parts, assemble, places_of, utc_now
from bot.app.config import Settings
from bot.app.instance import Order, Told, first_of, work_alone
from bot.app.wiring import read_limits
from bot.cli.context import DONE, WRONG_USE, Context, fail, fail_of_storage, run_to_end, stderr
from bot.cli.json_output import Json, decrees_json, pages_json, posts_json, reading_json, uncertain_json
from bot.cli.poll import became_of, delivering, waiting
from bot.cli.read_output import METHODS, Circumstances, act_lines, early_line, explain_lines, summary_lines, text_lines, trouble_lines
from bot.cli.text_output import code_column, count, decree_line, doubt_line, finish, print_json, print_lines, result_of, undelivered
from bot.delivery import Delivered
from bot.domain import Act, Outcome, PageText, Place, PostState, Reading, TextOrigin
from bot.domain.records import Quarantined
from bot.ingest.judging import Group, concerned, judge_reading
from bot.ingest.poller import Retried, Wanted, retry, wanted_of
from bot.messages import place_for, printable
from bot.reading.follow import Follower
from bot.reading.follow import Progress as Step
from bot.reading.limits import Limits, Unreadable
from bot.reading.pages.ocr import ocr_available
from bot.reading.reader import read_pdf
from bot.storage.errors import StorageError
from bot.storage.store import open_store
from sources.catalogue.authority import Authority
from sources.text.urls import canonical


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

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
        acts: Annotated[bool, typer.Option("--acts", help="The acts only, one a line.")] = False,
        page: Annotated[
            str | None, typer.Option("--page", "-p", metavar="N[-M]", help="The text of these pages of the file; no other is recognised.")
        ] = None,
        explain: Annotated[
            bool, typer.Option("--explain", "-e", help="How each page was read, and which phrases led to each verdict.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")] = False,
        quarantine: Annotated[
            bool,
            typer.Option("--quarantine", help="List what is on record and could not be read: all, or of these codes and URLs."),
        ] = False,
        retry: Annotated[
            bool,
            typer.Option("--retry", help="Read that again, now: all, or of these codes and URLs. Records, and posts."),
        ] = False,
    ) -> None:
        """Read one PDF: its acts, and the decrees among them. Nothing is recorded, but with --retry.

        On a terminal, a decree that is found before all pages are read is told at once. With --retry the exit code is 3 when something
        could still not be read wholly.
        """
        context: Context = ctx.obj
        words = files or []
        try:
            choice = choose(text=text, acts=acts, explain=explain, page=page, as_json=as_json)
            task = task_of(words, quarantine=quarantine, retry=retry, shown=page is not None or choice.view is not View.SUMMARY)
        except WrongChoice as wrong:
            fail(str(wrong), WRONG_USE)
        match task:
            case Task.READ:
                _read_one(context, words[0], choice)
            case _:
                # Imported here: reading a file needs neither the database nor the rest of the program.
                from bot.cli.read import read_again, show_quarantine  # noqa: PLC0415 - see above

                (read_again if task is Task.RETRY else show_quarantine)(context, words, as_json=as_json)


def _read_one(context: Context, file: str, choice: Choice) -> None:
    settings, opened = _open(context, file)
    limits = read_limits(settings)
    try:
        with _following(file) as follower:
            report = run_to_end(_read(file, opened, limits, choice, follower))
    except Unreadable as error:
        fail(f"{file}: {error}")
    if choice.pages is not None and choice.pages[-1] > report.reading.page_count:
        fail(f"{file}: no page {choice.pages[-1]}: this PDF has {report.reading.page_count}")
    report.show()


def _open(context: Context, file: str) -> tuple[Settings, AbstractAsyncContextManager[Path]]:
    """The settings, and a way to have the file on this machine; ends the program where there is none."""
    if "://" in file:
        return _from_web(context, file)
    path = Path(file)
    if not path.is_file():
        fail(f"{file}: {'not a file' if path.exists() else 'no such file'}", WRONG_USE)
    return context.load_settings(logs="warning"), _there(path)


@asynccontextmanager
async def _there(path: Path) -> AsyncIterator[Path]:
    yield path


def _from_web(context: Context, url: str) -> tuple[Settings, AbstractAsyncContextManager[Path]]:
    # Imported here: reading a file of this machine needs neither the catalogue, nor the network, nor the whole program.
    from bot.app import open_client  # noqa: PLC0415 - see above
    from sources.catalogue.authority import hosts  # noqa: PLC0415 - see above
    from sources.http.scratch import ScratchFolder  # noqa: PLC0415 - see above
    from sources.model import FetchError  # noqa: PLC0415 - see above

    settings, authorities = context.load(logs="warning")
    site = urlsplit(url).netloc.lower()
    if not url.lower().startswith("https://"):
        fail(f"{url}: not an https address, and others are not read", WRONG_USE)
    if site not in hosts(authorities):
        fail(f"{url}: {site} is not a site of the catalogue", WRONG_USE)

    @asynccontextmanager
    async def downloaded() -> AsyncIterator[Path]:
        with ScratchFolder() as folder:
            try:
                async with open_client(settings, authorities) as client:
                    download = await client.download(url, folder / "recueil.pdf")
            except FetchError as error:
                fail(str(error))
            yield download.path

    return settings, downloaded()


@contextmanager
def _following(file: str) -> Iterator[Follower]:
    """OCR of a long scan takes minutes: a terminal shows how far it is."""
    if not stderr.is_terminal:
        yield Follower()
        return
    from bot.cli.read import showing  # noqa: PLC0415 - drawing a bar takes longer to import than a page to read

    with showing(stderr, f"reading {file}") as follower:
        yield follower


async def _read(file: str, opened: AbstractAsyncContextManager[Path], limits: Limits, choice: Choice, follower: Follower) -> Report:
    async with opened as path:
        begun = time.monotonic()
        # What judges and shows is imported while another process reads: the time it takes is nobody's.
        reading, shown = await asyncio.gather(
            read_pdf(path, limits, known=choice.left_out(limits.max_pages), follower=follower),
            asyncio.to_thread(import_module, "bot.cli.read"),
        )
        seconds = time.monotonic() - begun
    # In a thread: long acts take a second to judge, in which Ctrl-C would not be heard.
    report: Report = await asyncio.to_thread(shown.report, file, reading, choice, limits, seconds)
    return report


# What `vigie read` is asked to show: its options, and which of them make no sense together. Pure.

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


# `vigie read --quarantine` and `--retry`: what could not be read, and reading it now.


def show_quarantine(context: Context, words: Sequence[str], *, as_json: bool) -> None:
    """List what could not be read and is not tried again by itself: of these authorities and at these addresses, or all of it."""
    settings, authorities = context.load(logs="warning")
    wanted = _wanted(words, authorities)
    try:
        with open_store(settings.database.url, read_only=True) as store:
            found = [item for item in store.quarantine.all() if _is_wanted(item, wanted)]
    except StorageError as error:
        fail_of_storage(error)
    if as_json:
        print_json([_quarantined_json(item) for item in found])
    else:
        print_lines(quarantine_lines(found))
    raise typer.Exit(DONE)


def read_again(context: Context, words: Sequence[str], *, as_json: bool) -> None:
    """Read again, now, what could not be read or not wholly; record it, and post the decrees found in it."""
    settings, authorities = context.load(logs="warning")
    wanted = _wanted(words, authorities)
    finish(run_to_end(_retry(settings, authorities, wanted, quiet=as_json)), as_json=as_json)


def quarantine_lines(found: Sequence[Quarantined]) -> Iterator[str]:
    """Three lines a recueil: since when, where, why."""
    for item in found:
        missing = f", {item.unreadable} of {count(item.pages, 'page')} unread" if item.pages and item.unreadable else ""
        tried = f", last tried {item.tried_at:%Y-%m-%d %H:%M} UTC" if item.tried_at is not None else ""
        yield f"{code_column(item.authority)}{item.state.value} since {item.since:%Y-%m-%d}{tried}{missing}"
        yield f"    {printable(item.url)}"
        yield f"    why: {printable(item.reason) or 'some of its pages could not be read'}"
    hint = ": vigie read --retry CODE|URL reads them again" if found else ""
    yield f"{count(len(found), 'recueil')} given up{hint}"


def retried_lines(retried: Retried) -> Iterator[str]:
    """What became of each, then what was found in them."""
    harvest = retried.harvest
    errors = {item.url: item.error for item in harvest.unread}
    for recueil in retried.recueils:
        state = "NOT READ" if recueil.url in errors else "IN PART " if recueil.url in harvest.incomplete else "read    "
        yield f"{code_column(recueil.authority)}{state} {printable(recueil.url)}"
    yield from (f"    not read: {printable(error)}" for error in errors.values())
    yield from (doubt_line(act) for act in harvest.uncertain)
    yield from (decree_line(decree) for decree in harvest.decrees)
    yield f"read again: {count(len(retried.recueils), 'recueil')}, {count(len(harvest.decrees), 'new decree')}"


def _wanted(words: Sequence[str], authorities: dict[str, Authority]) -> Wanted:
    addresses = {word: canonical(word, word) or word for word in words if "://" in word}
    try:
        return wanted_of([addresses.get(word, word) for word in words], authorities)
    except ValueError as error:
        fail(str(error), WRONG_USE)


def _is_wanted(item: Quarantined, wanted: Wanted) -> bool:
    return wanted == Wanted() or item.authority in wanted.authorities or item.url in wanted.urls


async def _retry(settings: Settings, authorities: dict[str, Authority], wanted: Wanted, *, quiet: bool) -> Json:
    # With --json the console destination must not mix its posts with the JSON: they count as sent, and are in it.
    console = io.StringIO() if quiet else sys.stdout
    order = Order("read", {"authorities": sorted(wanted.authorities), "urls": sorted(wanted.urls)})
    async with assemble(settings, authorities, watched=tuple(authorities), console=console) as parts:
        with waiting() as told:
            return await work_alone(parts.store, parts.clock, order, partial(_alone, parts, authorities, wanted), told)


async def _alone(parts: Parts, authorities: dict[str, Authority], wanted: Wanted, give_way: asyncio.Event) -> Json | None:
    with stderr.status("reading again what could not be read") if stderr.is_terminal else nullcontext():
        try:
            async with delivering(parts, give_way) as delivery:
                retried = await first_of(retry(parts.watcher, parts.store, wanted, parts.clock()), give_way)
        finally:
            await parts.watcher.stop()
    return None if retried is None else _result(authorities, retried, delivery.done)


async def handed_retry(parts: Parts, authorities: dict[str, Authority], order: Json, _told: Told) -> Json:
    """The same for another process, beside what this one does."""
    wanted = Wanted(frozenset(order["authorities"]), frozenset(order["urls"]))
    retried = await retry(parts.watcher, parts.store, wanted, parts.clock())
    return _result(authorities, retried, await became_of(parts, retried.harvest.posts))


def _result(authorities: dict[str, Authority], retried: Retried, delivered: Sequence[Delivered]) -> Json:
    harvest = retried.harvest
    return result_of(
        _retried_json(retried, delivered, places_of(authorities)),
        retried_lines(retried),
        undelivered(delivered),
        is_whole=not harvest.unread and not harvest.incomplete and all(item.state is PostState.SENT for item in delivered),
    )


def _quarantined_json(item: Quarantined) -> Json:
    """`state` is failed (nothing of it could be read) or incomplete. Instants are ISO 8601 in UTC."""
    return {
        "id": item.id,
        "authority": item.authority,
        "url": item.url,
        "title": item.title,
        "state": item.state.value,
        "reason": item.reason,
        "since": item.since.isoformat(),
        "tried_at": item.tried_at and item.tried_at.isoformat(),
        "pages": item.pages,
        "unreadable_pages": item.unreadable,
    }


def _retried_json(retried: Retried, delivered: Sequence[Delivered], places: Mapping[str, Place]) -> Json:
    """`recueils` were taken up again; those in `unread` could not be read, those in `incomplete` in part."""
    harvest = retried.harvest
    return {
        "recueils": [{"authority": recueil.authority, "url": recueil.url} for recueil in retried.recueils],
        "unread": [{"url": item.url, "error": item.error, "gone": item.gone} for item in harvest.unread],
        "incomplete": list(harvest.incomplete),
        "decrees": decrees_json(harvest.decrees, places, utc_now()),
        "uncertain": [uncertain_json(act) for act in harvest.uncertain],
        "posts": posts_json(delivered),
    }


# How far the reading of one file is: a bar on a terminal, and above it the decrees that are found before the end.


@contextmanager
def showing(console: Console, doing: str) -> Iterator[Follower]:
    """What follows a reading on this console, a terminal. `doing` is shown until the first page is read."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        screen = _Screen(console, progress, doing)
        yield Follower(concerned=_concerned, early=screen.early, told=screen.told)


class _Screen:
    def __init__(self, console: Console, progress: Progress, doing: str) -> None:
        self._console = console
        self._progress = progress
        self._bar = progress.add_task(doing, total=None)
        self._shown: set[str] = set()

    def told(self, step: Step) -> None:
        self._progress.update(self._bar, completed=step.read, total=step.pages, description=step_words(step))

    async def early(self, reading: Reading) -> None:
        for line in await asyncio.to_thread(_early_lines, reading):
            if line not in self._shown:
                self._shown.add(line)
                self._console.print(Text(line), soft_wrap=True)


def step_words(step: Step) -> str:
    """`12/60 pages, 3/48 recognised, p. 87: ocr 91 %, 40 s left`."""
    parts = [f"{step.read}/{step.pages} pages"]
    if step.to_recognise:
        parts.append(f"{step.recognised}/{step.to_recognise} recognised")
    if step.page is not None:
        parts.append(_page_words(step.page))
    if step.seconds_left is not None:
        parts.append(f"{_span(step.seconds_left)} left")
    return ", ".join(parts)


def _page_words(page: PageText) -> str:
    sure = "" if page.confidence is None else f" {page.confidence} %"
    return f"p. {page.number}: {METHODS[page.origin]}{sure}"


def _span(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 90 else f"{math.ceil(whole / 60)} min"


def _concerned(act: Act) -> bool:
    # Judging is imported when a page has to wait for OCR: a document that is read at once has no need of it here.
    from bot.cli.read import concerned  # noqa: PLC0415 - see above

    return concerned(act)


def _early_lines(reading: Reading) -> tuple[str, ...]:
    from bot.cli.read import early_lines  # noqa: PLC0415 - as above

    return early_lines(reading)


# A document that was read, judged and shown as asked.


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be shown. `pages` are those that were asked for; where that is not all there are no `groups`. `troubles` are lines."""

    file: str
    choice: Choice
    reading: Reading
    pages: tuple[PageText, ...]
    groups: tuple[Group, ...]
    troubles: tuple[str, ...]

    def show(self) -> None:
        """Print it: what was asked for on standard output, and beside it, on standard error, what is missing of it."""
        summary = not self.choice.as_json and self.choice.pages is None and self.choice.view in {View.SUMMARY, View.EXPLAIN}
        if self.choice.as_json:
            print_json(self._json())
        elif summary:
            print_lines(summary_lines(self.file, self.reading, self.groups, self.troubles))
            if self.choice.view is View.EXPLAIN:
                print_lines(("", *explain_lines(self.reading, self.groups)))
        elif self.choice.view is View.ACTS:
            print_lines(act_lines(self.groups))
        else:
            print_lines(text_lines(self.pages))
        if not summary:
            for line in self.troubles:
                typer.echo(line, err=True)

    def _json(self) -> Json:
        if self.choice.pages is not None:
            return pages_json(self.file, self.reading.page_count, self.pages)
        view, explain = self.choice.view, self.choice.view is View.EXPLAIN
        place = _place(self.reading.cover.authority or "")
        return reading_json(self.file, self.reading, self.groups, place, datetime.now(UTC), text=view is View.TEXT, explain=explain)


def _place(authority: str) -> Place:
    """For the hours of decrees. The catalogue takes longer to load than most files to read: only overseas has other hours than Paris."""
    if not authority.startswith("97"):
        return place_for({}, authority)
    from bot.app import places_of  # noqa: PLC0415 - see above
    from sources.catalogue.authority import load_authorities  # noqa: PLC0415 - see above

    return place_for(places_of(load_authorities()), authority)


def report(file: str, reading: Reading, choice: Choice, limits: Limits, seconds: float) -> Report:
    """Judge what was read within these limits in so many seconds."""
    pages = tuple(page for page in reading.pages if choice.pages is None or page.number in choice.pages)
    unread = [page.number for page in pages if page.number in reading.unreadable_pages]
    had = Circumstances(limits.ocr, ocr_available(), seconds, limits.seconds, damaged=reading.damaged)
    troubles = trouble_lines(unread, had) if unread or reading.salvaged else ()
    return Report(file, choice, reading, pages, judge_reading(reading) if choice.pages is None else (), tuple(troubles))


# Decrees found in a document while other pages of it are still to be read. Pure.

__all__ = ["concerned", "early_lines"]


def early_lines(reading: Reading) -> tuple[str, ...]:
    """A line for each decree among the acts of which no page is still to be read."""
    whole = [group for group in judge_reading(reading) if all(page.origin is not TextOrigin.PENDING for page in group[0].act.pages)]
    return tuple(early_line(item) for group in whole for item in group if item.verdict.outcome is Outcome.DECREE)
