"""`vigie backup`, `restore`, `move`, `compact`: all that the bot remembers, copied, put back, carried to PostgreSQL, and made smaller."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.app.config.values import sqlite_file
from bot.app.inventory import utc_now
from bot.app.wiring import open_archive, open_retention
from bot.cli.context import AsJson, Context, fail, print_lines, run_to_end, show
from bot.cli.output import count, finish, minute, result_of
from bot.cli.work import progress
from bot.domain.shape import Json, pick, plain
from bot.ingest.archive import copy_by_content
from bot.storage.backup import back_up, newest_of, require_file, shrink
from bot.storage.locks import holding_all_locks
from bot.storage.store import open_store
from bot.storage.transfer import move as carry_over
from bot.storage.transfer import restore as put_back

PDFS = "pdfs"
"""The folder of the kept PDFs, in that of the backups."""


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    _register_copies(app)
    _register_changes(app)


def _register_copies(app: typer.Typer) -> None:
    @app.command(epilog="Example:  vigie backup /media/backup/vigie   (once a day, from cron or a timer)")
    def backup(
        ctx: typer.Context,
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backups.")],
        as_json: AsJson = False,
    ) -> None:
        """Back up the database, and the kept PDFs that are not in the folder yet. The bot may run meanwhile.

        What was written is checked before it counts. The last backup of each of 7 days, 4 weeks and 12 months is kept. Exit code 3 when
        PDFs could not be copied, or are damaged: all else is there.
        """
        context: Context = ctx.obj
        settings = context.load_settings()
        archive = open_archive(settings)

        async def work() -> Json:
            with progress("copying the database and checking the copy", quiet=as_json):
                made = await asyncio.to_thread(back_up, settings.database.url, folder, utc_now())
            line = f"{made.path}: {made.size / 1e6:.1f} MB, checked; {count(len(made.removed), 'older backup')} removed"
            document = {"file": str(made.path), "bytes": made.size, "removed": [str(path) for path in made.removed]}
            return await _with_pdfs(document, [line], archive.kept, folder / PDFS, quiet=as_json)

        try:
            done = run_to_end(work())
        except OSError as error:
            fail(f"the backup cannot be written: {error.strerror or error}: {error.filename or folder}")
        finish(done, as_json=as_json)

    @app.command(epilog="Example:  vigie restore /media/backup/vigie   (or:  vigie restore vigie-20261128T041200Z.db --replace)")
    def restore(
        ctx: typer.Context,
        backup: Annotated[
            Path, typer.Argument(metavar="DIR|FILE", help="A folder of backups, of which the last is taken, or one of them.")
        ],
        replace: Annotated[
            bool, typer.Option("--replace", help="Put aside a SQLite database that is there, and this in its place.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make the database of the configuration from a backup, and bring back the kept PDFs beside it. No bot may work on it meanwhile.

        What may have been posted since the backup is looked for before anything is sent, or waits for you (vigie outbox list). Exit code 3
        when PDFs could not be copied, or are damaged.
        """
        context: Context = ctx.obj
        settings = context.load_settings()
        archive = open_archive(settings)

        async def work() -> Json:
            source = await asyncio.to_thread(newest_of, backup)
            with progress(f"restoring {source}", quiet=as_json):
                done = await asyncio.to_thread(put_back, source, settings.database.url, utc_now(), replace=replace)
            until = None if done.made_at is None else minute(done.made_at)
            lines = [
                f"restored from {source}, "
                + ("in which nothing had happened yet" if until is None else f"which holds what happened until {until}"),
                f"{count(done.sought, 'post')} perhaps sent since: looked for before anything is sent",
            ]
            if done.held:
                lines.append(f"{count(done.held, 'post')} to chats perhaps sent since: they wait for you (vigie outbox list --chats)")
            if done.aside is not None:
                lines.append(f"the database that was there is {done.aside} now")
            aside = None if done.aside is None else str(done.aside)
            document = {
                "file": str(source),
                "known_until": done.made_at and plain(done.made_at),
                **pick(done, "sought", "held"),
                "aside": aside,
            }
            try:
                return await _with_pdfs(document, lines, source.parent / PDFS, archive.kept, quiet=as_json)
            finally:
                _give_away(settings.database.url, archive.kept)

        try:
            done = run_to_end(work())
        except OSError as error:
            fail(f"the backup cannot be restored: {error.strerror or error}: {error.filename or backup}")
        finish(done, as_json=as_json)


async def _with_pdfs(document: Json, lines: list[str], source: Path, target: Path, *, quiet: bool) -> Json:
    """Copy missing PDFs after the database, and return the result of both."""
    if not quiet:
        # Before the PDFs: whatever becomes of them, the database is done.
        print_lines(lines)
    copied, there, failed, problems, shown = 0, 0, list[Path](), list[str](), list[str]()
    try:
        with progress("copying the PDFs", quiet=quiet) as update:
            copied, there, failed = await asyncio.to_thread(copy_by_content, source, target, partial(update, "PDFs"))
    except OSError as error:
        problems.append(f"the database is done, but the PDFs cannot be copied: {error.strerror or error}: {error.filename or target}")
    else:
        shown.append(f"{count(copied, 'PDF')} copied, {there} there already")
    problems += [f"not copied, it is damaged: {path}" for path in failed]
    document |= {"pdfs": {"copied": copied, "there": there, "damaged": list(map(str, failed))}, "problems": problems}
    return result_of(document, shown, [f"vigie: {problem}" for problem in problems], is_whole=not problems)


def _give_away(url: str, pdfs: Path) -> None:
    """Give what root restored to the folder's owner, so that the service's user can write it."""
    if os.geteuid() != 0:
        return
    file = sqlite_file(url)
    made = [pdfs] if file is None else [*Path(file).parent.glob(f"{Path(file).name}*"), pdfs]
    for path in (*made, *pdfs.glob("*.pdf")):
        # Not what a link leads to: that user may have put one there.
        if os.path.lexists(path) and path.lstat().st_uid == 0:
            owner = path.parent.stat()
            os.lchown(path, owner.st_uid, owner.st_gid)


def _register_changes(app: typer.Typer) -> None:
    @app.command(epilog="Example:  vigie move --to postgresql://vigie@db.example/vigie   (password: PGPASSWORD or ~/.pgpass)")
    def move(
        ctx: typer.Context,
        to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty PostgreSQL database.")],
        as_json: AsJson = False,
    ) -> None:
        """Carry the SQLite database over to PostgreSQL: every table, counted and compared. No bot may work on either meanwhile.

        Run again after it was killed, it goes on. The SQLite file is kept, and opened by no program any more. Then name the new database in
        database.url.
        """
        context: Context = ctx.obj
        settings = context.load_settings()
        with progress("looking what is there", quiet=as_json) as update:
            tables = run_to_end(asyncio.to_thread(carry_over, settings.database.url, to, update))
        rows = sum(tables.values())
        last = f"{count(rows, 'row')} carried over and compared; now name the new database in database.url"
        show({"rows": rows, "tables": tables}, [*(f"{name}: {rows}" for name, rows in tables.items()), last], as_json=as_json)

    @app.command(epilog="Example:  vigie compact")
    def compact(ctx: typer.Context, as_json: AsJson = False) -> None:
        """Drop what need not be kept (section retention), and give the room back to the disk. No bot may run meanwhile.

        Nothing that a decree needs is dropped. PostgreSQL gives room back by itself.
        """
        context: Context = ctx.obj
        settings = context.load_settings()

        async def work() -> None:
            require_file(settings.database.url)
            with open_store(settings.database.url) as store, holding_all_locks(store.locks, store.database.name, "vigie compact"):
                with progress("dropping what need not be kept", quiet=as_json):
                    gone = await asyncio.to_thread(open_retention(settings, store, open_archive(settings)).apply)
                document: Json = {"dropped": pick(gone, "pages", "texts", "pdfs"), "bytes": None}
                line = f"dropped: the pages of {count(gone.pages, 'file')}, {count(gone.texts, 'text')}, {count(gone.pdfs, 'PDF')}"
                if not as_json:
                    # Before the rest, for which the disk may have no room.
                    typer.echo(line)
                lines = list[str]()
                address = store.database.engine.url
                if address.get_backend_name() == "sqlite":
                    with progress("giving the room back to the disk", quiet=as_json):
                        before, after = await asyncio.to_thread(shrink, address)
                    document["bytes"] = {"before": before, "after": after}
                    lines.append(f"{before / 1e6:.1f} MB became {after / 1e6:.1f} MB")
                show(document, lines, as_json=as_json)

        run_to_end(work())
