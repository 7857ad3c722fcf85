"""The program: global options, and the commands, each in a file of its own (see `commands`)."""

from __future__ import annotations

import errno
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.cli.commands import Commands
from bot.cli.context import EXIT_CODES, FAILED, Context
from bot.cli.streams import make_streams_sound

_OF_OUTPUT = frozenset({errno.EBADF, errno.EIO, errno.ENOSPC, errno.EPIPE})

app = typer.Typer(
    name="vigie",
    cls=Commands,
    help="Watch the recueils des actes administratifs of French prefectures for decrees on algorithmic video surveillance.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"vigie {version('vigie-vsa')}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Configuration file. Default: ./config.toml if there is one.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every request.")] = False,
    _: Annotated[bool, typer.Option("--version", help="Show the version and leave.", callback=_version, is_eager=True)] = False,
) -> None:
    """Vigie."""
    ctx.obj = Context(config, verbose)


def main() -> None:
    """Entry point of the command `vigie`."""
    make_streams_sound()
    try:
        app()
    except OSError as error:
        # What commands foresee they tell themselves. The rest is the machine: an output that takes nothing, no room for temporary files.
        what = "the output cannot be written: " if error.errno in _OF_OUTPUT and error.filename is None else ""
        where = "" if error.filename is None else f": {error.filename}"
        sys.stderr.write(f"vigie: {what}{error.strerror or error}{where}\n")
        _leave(FAILED)


def _leave(code: int) -> NoReturn:
    """End without the interpreter's own attempt to write what is left to a broken output, which would add a complaint of its own."""
    sys.stderr.flush()
    os._exit(code)
