"""`vigie read`: what is in this PDF."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.app import open_client, read_limits
from bot.cli.context import FAILED, WRONG_USE, Context, fail, run_to_end, stderr
from bot.cli.output import print_json, print_reading
from bot.cli.shapes import reading_json
from bot.config import Settings
from bot.model import Reading
from bot.reading import Unreadable, read_pdf
from bot.verdicts import judge_reading
from sources import Authority, FetchError
from sources.scratch import ScratchFolder


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie read recueil.pdf --json")
    def read(
        ctx: typer.Context,
        file: Annotated[
            str, typer.Argument(metavar="FILE|URL", help="A PDF on this machine, or its https address on a prefecture's site.")
        ],
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        """Read one PDF: its acts, and the decrees among them. Nothing is recorded."""
        context: Context = ctx.obj
        if "://" not in file and not Path(file).is_file():
            fail(f"{file}: no such file", WRONG_USE)
        settings, authorities = context.load(logs="warning")
        try:
            with _waiting(file):
                reading = run_to_end(_read(file, settings, authorities))
        except (Unreadable, FetchError) as error:
            fail(f"{file}: {error}" if isinstance(error, Unreadable) else str(error), FAILED)
        groups = judge_reading(reading)
        if as_json:
            print_json(reading_json(file, reading, groups))
        else:
            print_reading(file, reading, groups)


def _waiting(file: str) -> AbstractContextManager[object]:
    """OCR of a long scan takes minutes: a terminal shows that something is going on."""
    return stderr.status(f"reading {escape(file)}") if stderr.is_terminal else nullcontext()


async def _read(file: str, settings: Settings, authorities: dict[str, Authority]) -> Reading:
    if "://" not in file:
        return await read_pdf(Path(file), read_limits(settings))
    with ScratchFolder() as folder:
        async with open_client(settings, authorities) as client:
            download = await client.download(file, folder / "recueil.pdf")
        return await read_pdf(download.path, read_limits(settings))
