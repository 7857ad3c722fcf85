"""`vigie demo`."""

from __future__ import annotations

import sys

import typer

from bot.cli.context import DONE, FAILED, Context, fail, run_to_end
from bot.cli.work import load

_MISSING = None
try:
    from bot.app.demo.play import play
except ModuleNotFoundError as error:  # drawing PDFs needs an extra that the bot itself does not
    _MISSING = error.name


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie demo")
    def demo(ctx: typer.Context) -> None:
        """Replay a small prefecture on this machine and show the posts. Needs no account and no network, writes nothing."""
        context: Context = ctx.obj
        _, authorities = load(context, logs="error")
        if _MISSING is not None:
            fail(f"the demo draws its own PDFs and needs {_MISSING}: pip install 'vigie-vsa[demo]'")
        raise typer.Exit(DONE if run_to_end(play(authorities, sys.stdout)) else FAILED)
