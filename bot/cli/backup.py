"""`vigie backup`: a copy of all that the bot remembers, beside a bot that runs."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from bot.app.inventory import utc_now
from bot.app.wiring import open_archive
from bot.cli.context import DONE, PARTLY_DONE, Context, fail, run_to_end, stderr
from bot.cli.text_output import count
from bot.ingest.archive import copy_by_content
from bot.storage.backup import back_up

PDFS = "pdfs"
"""The folder of the kept PDFs, in that of the backups."""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie backup /media/backup/vigie   (once a day, from cron or a timer)")
    def backup(ctx: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backups.")]) -> None:
        """Back up the database, and the kept PDFs that are not in the folder yet. The bot may run meanwhile.

        What was written is checked before it counts. The last backup of each of 7 days, 4 weeks and 12 months is kept. Exit code 3 when a
        kept PDF is damaged: all else is there.
        """
        context: Context = ctx.obj
        settings = context.load_settings()
        archive = open_archive(settings)

        async def work() -> int:
            with stderr.status("copying the database and checking the copy") if stderr.is_terminal else nullcontext():
                made = await asyncio.to_thread(back_up, settings.database.url, folder, utc_now())
            copied, there, failed = await asyncio.to_thread(copy_by_content, archive.kept, folder / PDFS)
            typer.echo(f"{made.path}: {made.size / 1e6:.1f} MB, checked")
            typer.echo(f"{count(copied, 'PDF')} copied, {there} there already; {count(len(made.removed), 'older backup')} removed")
            for path in failed:
                stderr.print(f"vigie: not copied, it is damaged: {path}", markup=False, soft_wrap=True)
            return PARTLY_DONE if failed else DONE

        try:
            code = run_to_end(work())
        except OSError as error:
            fail(f"the backup cannot be written: {error.strerror or error}: {error.filename or folder}")
        raise typer.Exit(code)
