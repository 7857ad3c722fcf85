"""`vigie sources`: the catalogue of authorities."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.context import Context, chosen
from bot.cli.output import print_json
from bot.cli.shapes import authority_json

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    sources = typer.Typer(help="The catalogue of authorities and their sites.", no_args_is_help=True)
    app.add_typer(sources, name="sources")

    @sources.command("list", epilog="Example:  vigie sources list --json")
    def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
        """List every authority that can be watched."""
        context: Context = ctx.obj
        _, authorities = context.load(logs="warning")
        if as_json:
            print_json([authority_json(authority) for authority in authorities.values()])
            return
        # Plain lines: a table drawn for the width of a terminal would break in a pipe or a narrow window.
        for authority in authorities.values():
            typer.echo(f"{authority.code:<4}{authority.name}  [{', '.join(source.route for source in authority.sources)}]")

    @sources.command(epilog="Example:  vigie sources show 26")
    def show(ctx: typer.Context, code: Annotated[str, typer.Argument(help="Department code.")], as_json: AsJson = False) -> None:
        """Show what the catalogue knows of one authority."""
        context: Context = ctx.obj
        _, authorities = context.load(logs="warning")
        [authority] = chosen([code], authorities)
        details = [
            {"route": source.route, "reader": source.reader, "root": source.root, "order": source.order} for source in authority.sources
        ]
        if as_json:
            print_json({**authority_json(authority), "time_zone": authority.time_zone, "sources": details})
            return
        typer.echo(f"{authority.code}  {authority.name}  ({authority.time_zone})")
        for detail in details:
            typer.echo(f"  {detail['route']}: {detail['root']}  [{detail['reader']}, {detail['order']}]")
