"""`vigie backup`, `restore`, `move`, `compact`: all that the bot remembers, copied, put back, carried to PostgreSQL, and made smaller."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bot.app.config.values import sqlite_file
from bot.app.inventory import utc_now
from bot.app.wiring import open_archive, open_retention
from bot.cli.context import DONE, PARTLY_DONE, Context, fail, run_to_end, stderr
from bot.cli.text_output import count, minute
from bot.ingest.archive import copy_by_content
from bot.storage.backup import back_up, newest_of, require_file, shrink
from bot.storage.locks import alone
from bot.storage.move import move as carry_over
from bot.storage.restore import restore as put_back
from bot.storage.store import open_store

PDFS = "pdfs"
"""The folder of the kept PDFs, in that of the backups."""


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    _register_copies(app)
    _register_changes(app)


def _register_copies(app: typer.Typer) -> None:
    @app.command(epilog="Example:  vigie backup /media/backup/vigie   (once a day, from cron or a timer)")
    def backup(ctx: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backups.")]) -> None:
        """Back up the database, and the kept PDFs that are not in the folder yet. The bot may run meanwhile.

        What was written is checked before it counts. The last backup of each of 7 days, 4 weeks and 12 months is kept. Exit code 3 when
        PDFs could not be copied, or are damaged: all else is there.
        """
        context: Context = ctx.obj
        settings = context.load_settings()
        archive = open_archive(settings)

        async def work() -> int:
            with stderr.status("copying the database and checking the copy"):
                made = await asyncio.to_thread(back_up, settings.database.url, folder, utc_now())
            typer.echo(f"{made.path}: {made.size / 1e6:.1f} MB, checked; {count(len(made.removed), 'older backup')} removed")
            return await _copy_pdfs(archive.kept, folder / PDFS)

        try:
            code = run_to_end(work())
        except OSError as error:
            fail(f"the backup cannot be written: {error.strerror or error}: {error.filename or folder}")
        raise typer.Exit(code)

    @app.command(epilog="Example:  vigie restore /media/backup/vigie   (or:  vigie restore vigie-20261128T041200Z.db --replace)")
    def restore(
        ctx: typer.Context,
        backup: Annotated[
            Path, typer.Argument(metavar="DIR|FILE", help="A folder of backups, of which the last is taken, or one of them.")
        ],
        replace: Annotated[
            bool, typer.Option("--replace", help="Put aside a SQLite database that is there, and this in its place.")
        ] = False,
    ) -> None:
        """Make the database of the configuration from a backup, and bring back the kept PDFs beside it. No bot may work on it meanwhile.

        What may have been posted since the backup was made is looked for before anything is sent, or waits for you (vigie outbox list).
        Exit code 3 when PDFs could not be copied, or are damaged: all else is there.
        """
        context: Context = ctx.obj
        settings = context.load_settings()
        archive = open_archive(settings)

        async def work() -> int:
            source = await asyncio.to_thread(newest_of, backup)
            with stderr.status(f"restoring {source}"):
                done = await asyncio.to_thread(put_back, source, settings.database.url, utc_now(), replace=replace)
            # Before the PDFs: whatever becomes of them, the database is another one now.
            typer.echo(f"restored from {source}, which knows what happened until {minute(done.made_at)}")
            typer.echo(f"{count(done.sought, 'post')} perhaps sent since: looked for before anything is sent")
            if done.held:
                typer.echo(f"{count(done.held, 'post')} to chats perhaps sent since: they wait for you (vigie outbox list --chats)")
            if done.aside is not None:
                typer.echo(f"the database that was there is {done.aside} now")
            try:
                return await _copy_pdfs(source.parent / PDFS, archive.kept)
            finally:
                _give_away(settings.database.url, archive.kept)

        try:
            code = run_to_end(work())
        except OSError as error:
            fail(f"the backup cannot be restored: {error.strerror or error}: {error.filename or backup}")
        raise typer.Exit(code)


async def _copy_pdfs(source: Path, target: Path) -> int:
    """Copy those that are not there, name those that are damaged, and return the exit code."""
    try:
        copied, there, failed = await asyncio.to_thread(copy_by_content, source, target)
    except OSError as error:
        fail(f"the database is done, but the PDFs cannot be copied: {error.strerror or error}: {error.filename or target}", PARTLY_DONE)
    typer.echo(f"{count(copied, 'PDF')} copied, {there} there already")
    for path in failed:
        stderr.print(f"vigie: not copied, it is damaged: {path}", markup=False, soft_wrap=True)
    return PARTLY_DONE if failed else DONE


def _give_away(url: str, pdfs: Path) -> None:
    """Give what root has restored to whoever its folder belongs to: the user that a service has must be able to write it."""
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
    def move(ctx: typer.Context, to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty PostgreSQL database.")]) -> None:
        """Carry the SQLite database over to PostgreSQL: every table, counted and compared. No bot may work on either meanwhile.

        Run again after it was killed, it goes on. The SQLite file stays as it is. Then name the new database in database.url.
        """
        context: Context = ctx.obj
        settings = context.load_settings()

        def on_table(name: str, rows: int) -> None:
            stderr.print(f"{name}: {rows}", highlight=False)

        rows = run_to_end(asyncio.to_thread(carry_over, settings.database.url, to, on_table))
        typer.echo(
            f"{count(rows, 'row')} carried over and compared; now name the new database in database.url, and do not use the file any more"
        )

    @app.command(epilog="Example:  vigie compact")
    def compact(ctx: typer.Context) -> None:
        """Drop what need not be kept (section retention), and give the room back to the disk. No bot may run meanwhile.

        Nothing that a decree needs is dropped. PostgreSQL gives room back by itself.
        """
        context: Context = ctx.obj
        settings = context.load_settings()

        def work() -> None:
            require_file(settings.database.url)
            with open_store(settings.database.url) as store, alone(store.locks, store.database.name, "vigie compact"):
                gone = open_retention(settings, store, open_archive(settings)).apply()
                typer.echo(f"dropped: the pages of {count(gone.pages, 'file')}, {count(gone.texts, 'text')}, {count(gone.pdfs, 'PDF')}")
                address = store.database.engine.url
                if address.get_backend_name() == "sqlite":
                    before, after = shrink(address)
                    typer.echo(f"{before / 1e6:.1f} MB became {after / 1e6:.1f} MB")

        with stderr.status("compacting the database"):
            run_to_end(asyncio.to_thread(work))
