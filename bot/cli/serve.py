"""`vigie serve`: the public pages."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.app.config.values import listen as checked
from bot.cli.context import WRONG_USE, Context, fail, run_to_end, stderr
from bot.cli.work import load, opened
from bot.domain.tasks import first_of

_MISSING = None
try:
    from bot.app.website import serve_pages
    from bot.web.listening import address_of_socket, bound
except ModuleNotFoundError as error:  # the pages need an extra that the bot itself does not
    _MISSING = error.name


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie serve --listen 127.0.0.1:8080")
    def serve(
        ctx: typer.Context,
        listen: Annotated[str, typer.Option("--listen", help="Address and port; that of web.listen where not given.")] = "",
    ) -> None:
        """Serve the public pages over a database that is only read, until Ctrl-C or SIGTERM. Several may run."""
        context: Context = ctx.obj
        settings, authorities = load(context, logs=None)
        if _MISSING is not None:
            fail(f"the pages need {_MISSING}: pip install 'vigie-vsa[web]'")
        where = listen or settings.web.listen or "127.0.0.1:8080"
        try:
            listening = bound(checked(where))
        except (OSError, ValueError) as error:
            fail(f"cannot listen at {where}: {error}", WRONG_USE)
        with opened(settings, read_only=True, existing=True):
            pass  # without a database nothing is at that address
        stderr.print(f"vigie: the pages are at {address_of_socket(listening)}", markup=False, soft_wrap=True)
        stop = asyncio.Event()
        run_to_end(first_of(serve_pages(settings, authorities, listening), stop), stop=stop)
