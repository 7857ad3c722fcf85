"""`vigie demo`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from bot.app.config.model import Settings
from bot.app.config.values import listen as checked
from bot.cli.context import DONE, FAILED, WRONG_USE, Context, fail, run_to_end
from bot.cli.work import load
from bot.domain.tasks import first_of

_MISSING = None
try:
    from bot.app.demo.play import play
except ModuleNotFoundError as error:  # drawing PDFs needs an extra that the bot itself does not
    _MISSING = error.name
_NO_PAGES = None
try:
    from bot.app.website import serve_pages
    from bot.web.listening import address_of_socket, bound
except ModuleNotFoundError as error:  # so do the pages
    _NO_PAGES = error.name


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie demo   (or, to read the same on pages:  vigie demo --web)")
    def demo(
        ctx: typer.Context,
        web: Annotated[bool, typer.Option("--web", help="Then serve the pages on this machine until Ctrl-C.")] = False,
        listen: Annotated[str, typer.Option("--listen", help="Where, with --web; port 0 is any that is free.")] = "127.0.0.1:8080",
    ) -> None:
        """Replay a small prefecture on this machine and show the posts. Needs no account and no network, writes nothing."""
        context: Context = ctx.obj
        _, authorities = load(context, logs="error")
        if _MISSING is not None:
            fail(f"the demo draws its own PDFs and needs {_MISSING}: pip install 'vigie-vsa[demo]'")
        if not web:
            raise typer.Exit(DONE if run_to_end(play(authorities, sys.stdout)) else FAILED)
        if _NO_PAGES is not None:
            fail(f"the pages need {_NO_PAGES}: pip install 'vigie-vsa[web]'")
        try:
            listening = bound(checked(listen))
        except (OSError, ValueError) as error:
            fail(f"cannot listen at {listen}: {error}; choose another port with --listen", WRONG_USE)
        stop = asyncio.Event()

        async def pages(settings: Settings) -> None:
            sys.stdout.write(f"\nThe pages are at {address_of_socket(listening)} until Ctrl-C.\n")
            sys.stdout.flush()
            await first_of(serve_pages(settings, authorities, listening), stop)

        raise typer.Exit(DONE if run_to_end(play(authorities, sys.stdout, pages), stop=stop) else FAILED)
