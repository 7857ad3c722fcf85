"""`vigie read`: what is in this PDF."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from bot.app.config import Settings
from bot.app.limits import read_limits
from bot.cli.context import WRONG_USE, Context, fail, run_to_end, stderr
from bot.cli.read_choice import Choice, Task, View, WrongChoice, choose, task_of
from bot.reading.follow import Follower
from bot.reading.limits import Limits, Unreadable
from bot.reading.reader import read_pdf

if TYPE_CHECKING:
    from bot.cli.read_report import Report


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
                from bot.cli.read_again import read_again, show_quarantine  # noqa: PLC0415 - see above

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
    from bot.cli.read_progress import showing  # noqa: PLC0415 - drawing a bar takes longer to import than a page to read

    with showing(stderr, f"reading {file}") as follower:
        yield follower


async def _read(file: str, opened: AbstractAsyncContextManager[Path], limits: Limits, choice: Choice, follower: Follower) -> Report:
    async with opened as path:
        begun = time.monotonic()
        # What judges and shows is imported while another process reads: the time it takes is nobody's.
        reading, shown = await asyncio.gather(
            read_pdf(path, limits, known=choice.left_out(limits.max_pages), follower=follower),
            asyncio.to_thread(import_module, "bot.cli.read_report"),
        )
        seconds = time.monotonic() - begun
    # In a thread: long acts take a second to judge, in which Ctrl-C would not be heard.
    report: Report = await asyncio.to_thread(shown.report, file, reading, choice, limits, seconds)
    return report
