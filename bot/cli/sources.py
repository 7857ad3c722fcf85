"""`vigie sources`: the catalogue of authorities, and the tools to mend a source. One file per command."""

from __future__ import annotations

import typer

from bot.cli import audit, sources_check, sources_list, sources_record, sources_show


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    sources = typer.Typer(help="The catalogue of authorities and their sources.", no_args_is_help=True)
    app.add_typer(sources, name="sources")
    for command in (sources_list, sources_show, sources_check, sources_record, audit):
        command.register(sources)
