"""The program: global options, and the commands, each in a file of its own (see `commands`)."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from bot.cli.context import EXIT_CODES, FAILED, Context

# The commands by name, each imported when it is asked for: to read one file needs neither the database nor Telegram.

MODULES = {
    "run": "run",
    "poll": "poll",
    "check": "poll",
    "backfill": "backfill",
    "read": "read",
    "recent": "decrees",
    "search": "decrees",
    "show": "decrees",
    "review": "review",
    "redetect": "redetect",
    "status": "status",
    "outbox": "outbox",
    "sources": "sources",
    "demo": "demo",
}
"""The module of `bot.cli` that registers each command, in the order of the help."""


class Commands(TyperGroup):
    """The group of all commands. Its help, and the search for what a mistyped name meant, import them all."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """The names, in the order of the help."""
        self._import(*MODULES.values())
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, None where there is none."""
        self._import(*([MODULES[cmd_name]] if cmd_name in MODULES else MODULES.values()))
        return super().get_command(ctx, cmd_name)

    def _import(self, *modules: str) -> None:
        for module in dict.fromkeys(modules):
            part = typer.Typer(rich_markup_mode="rich")
            import_module(f"bot.cli.{module}").register(part)
            self.commands.update(get_group(part).commands)


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


# Standard streams that can be relied upon, however the program was started.


class Closed(io.TextIOBase):
    """Stands for a standard output that was closed: who writes is told so, and no post is taken for shown."""

    def writable(self) -> bool:
        """It says so, to fail at the write with a reason."""
        return True

    def write(self, _text: str, /) -> int:
        """Raises OSError."""
        raise OSError(errno.EBADF, "standard output is closed")


def make_streams_sound() -> None:
    """Replace streams that were closed by the caller (`>&-`), and never fail for a letter that the terminal cannot show."""
    # A database opened in the place of descriptor 1 or 2 could be written to by a library that prints.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdout is None:
        sys.stdout = Closed()
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
