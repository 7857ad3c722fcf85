"""`vigie sources list`: every authority of the catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.context import Context
from bot.cli.source_shapes import authority_json
from bot.cli.text_output import print_json
from sources.catalogue.authority import Authority, Source

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(sources: typer.Typer) -> None:
    """Add the command to `vigie sources`."""

    @sources.command("list", epilog="Example:  vigie sources list --json")
    def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
        """List every authority with its routes, and those that are not covered with the reason."""
        context: Context = ctx.obj
        _, authorities = context.load(logs="warning")
        if as_json:
            print_json([authority_json(authority) for authority in authorities.values()])
            return
        for authority in authorities.values():
            typer.echo(line_of(authority))


def line_of(authority: Authority) -> str:
    """One authority. Plain text: a table drawn for the width of a terminal would break in a pipe or a narrow window."""
    told = f"not covered: {authority.not_covered}" if authority.not_covered else f"[{', '.join(map(_route, authority.sources))}]"
    return f"{authority.code:<7}{authority.name}  {told}"


def _route(source: Source) -> str:
    marks = [word for word, holds in (("unverified", source.unverified), ("browser", source.browser is not None)) if holds]
    return f"{source.route} ({', '.join(marks)})" if marks else source.route
