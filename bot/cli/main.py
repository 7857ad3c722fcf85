"""The program: global options, and the commands, each in a file of its own."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import ask, catalogue, demo, read, rounds, serve
from bot.cli.context import EXIT_CODES, Context

app = typer.Typer(
    name="vigie",
    help="Watch the recueils des actes administratifs of French prefectures for decrees on algorithmic video surveillance.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

for commands in (serve, rounds, read, ask, catalogue, demo):
    commands.register(app)


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
    app()
