"""Defines the program: global options, and commands, each registered by a module."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import re
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_group

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 3 done but some source or destination failed, 130 interrupted."

COMMANDS = {
    "init": (
        "init",
        "Write a commented configuration: ask what is needed, try each account, then write.",
    ),
    "run": ("run", "Run the bot: poll, post and answer until Ctrl-C or SIGTERM, which end it within 5 seconds with exit code 0."),
    "worker": (
        "run",
        'Read the PDFs that `vigie run` queues (reading.engine = "procrastinate"), on any machine that reaches its database.',
    ),
    "poll": ("rounds", "Make one real round: poll, record, post, notify the operators, end."),
    "check": ("rounds", "Make the same round as a rehearsal: nothing is recorded, nothing is posted. Exit code 3 when some source failed."),
    "backfill": ("rounds", "List, read and record what was published since a day. Posts nothing without --announce."),
    "read": ("read", "Read one PDF: its acts, and the decrees among them. Nothing is recorded, but with --retry."),
    "town": ("decrees", "Show the decrees that name a town, those that may concern it, and what could not be read there."),
    "recent": ("decrees", "Show the decrees published last, the newest first; with --in-force, those in force or to come."),
    "search": ("decrees", "Answer a question in plain words, as chats do: places, days, a number, or words that a decree has."),
    "show": (
        "decrees",
        "Show one decree in full: facts, standing, what one can do, links to other decrees, where it was seen; or a draft of a letter.",
    ),
    "proof": (
        "decrees",
        "Write a dossier on one decree for a court: its pages, the hash of its recueil, when it went online, and how each is checked.",
    ),
    "review": ("review", "List the acts that a person must judge, show one, say what it is."),
    "redetect": (
        "review",
        "Judge the stored acts again by the rules of this version: show what would change, and change it with --apply.",
    ),
    "status": ("status", "Show which sources and destinations work, and what to do where they do not."),
    "outbox": ("outbox", "Show and settle posts that wait, were refused, could not be edited, or may or may not have arrived."),
    "sources": ("sources", "Show and check the catalogue of authorities and their sources."),
    "backup": ("database", "Back up the database, and the kept PDFs that are not in the folder yet. The bot may run meanwhile."),
    "restore": (
        "database",
        "Make the database of the configuration from a backup, and bring back the kept PDFs beside it. No bot may work on it meanwhile.",
    ),
    "move": (
        "database",
        "Carry the SQLite database over to PostgreSQL: every table, counted and compared. No bot may work on either meanwhile.",
    ),
    "compact": (
        "database",
        "Drop what need not be kept (section retention), and give the room back to the disk. No bot may run meanwhile.",
    ),
    "serve": ("pages", "Serve the public pages over a database that is only read, until Ctrl-C or SIGTERM. Several may run."),
    "site": ("pages", "Write the public pages as files, for hosting that serves files only: all but the search and the API."),
    "doctor": (
        "doctor",
        "Check that this machine and the accounts have what the configuration needs, and say what to type where they have not.",
    ),
    "config": ("config", "Show each setting and where it comes from, check them all, print the commented example."),
    "service": ("init", "Print or install the unit by which systemd runs the bot."),
    "demo": ("demo", "Replay a small prefecture on this machine and show the posts. Needs no account and no network, writes nothing."),
}
"""Commands in the order of the help: the module that registers each, and the first line of its help. Modules are imported when run."""


def module_of(command: str, *arguments: str) -> str:
    """Return the module that registers a command, the lightest for these arguments, as `vigie read` and `--alive` must be fast."""
    module, _ = COMMANDS[command]
    if module == "status" and "--alive" not in arguments:
        return "status_report"
    if module != "read":
        return module
    if any(argument in {"--failed", "--retry"} or "://" in argument for argument in arguments):
        return "rounds"
    return "progress" if sys.stderr.isatty() else module


class Commands(TyperGroup):
    """Groups all commands. Its help comes from the table; whichever command runs is imported."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=summary) for name, (_, summary) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the module of the command that the arguments name, and return that command."""
        if args[0] in COMMANDS:
            part = typer.Typer(rich_markup_mode="rich")
            import_module(f"bot.cli.{module_of(*args)}").register(part)
            self.commands.update(_tidy(get_group(part), ctx).commands)
        return super().resolve_command(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, with plain words for what they take."""
        return _with_plain_types(super().get_params(ctx))


def _tidy(command: Any, ctx: Any) -> Any:
    """Return a command (with subcommands) with plain value types and rewrapped paragraphs in its help."""
    _with_plain_types(command.get_params(ctx))
    command.help = _LINE_END.sub(" ", command.help or "")
    for inner in getattr(command, "commands", {}).values():
        _tidy(inner, ctx)
    return command


def _with_plain_types(parameters: list[Any]) -> list[Any]:
    """Simplify the value types in the help: none for a flag, N for `<int range> [x>=1]`."""
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.metavar is None and not parameter.type_descriptor.is_choice:
            parameter.metavar = "" if parameter.is_flag else _PLAIN_TYPES.get(parameter.type_descriptor.annotation)
    return parameters


_PLAIN_TYPES = {int: "N", str: "TEXT", Path: "PATH"}
_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")


_OF_OUTPUT = frozenset({errno.EBADF, errno.EIO, errno.ENOSPC, errno.EPIPE})

app = typer.Typer(
    name="vigie",
    cls=Commands,
    help="Watch the recueils des actes administratifs of French prefectures for decrees on surveillance.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
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
    from bot.cli.context import Context  # noqa: PLC0415 - the help needs neither the configuration nor the log

    ctx.obj = Context(config, verbose)


def main() -> None:
    """Run the command `vigie`."""
    make_streams_sound()
    # Garbage collection at exit took a second with the places of France in memory, ten on a busy machine; frozen objects are skipped.
    atexit.register(gc.freeze)
    try:
        app()
    except OSError as error:
        # What commands foresee they tell themselves. The rest is the machine: an output that takes nothing, no room for temporary files.
        what = "the output cannot be written: " if error.errno in _OF_OUTPUT and error.filename is None else ""
        where = "" if error.filename is None else f": {error.filename}"
        sys.stderr.write(f"vigie: {what}{error.strerror or error}{where}\n")
        # Without the interpreter's own flush to a broken output, which would print another error.
        sys.stderr.flush()
        os._exit(1)


# Standard streams that can be relied upon, however the program was started.


class Closed(io.TextIOBase):
    """Replaces a closed standard output: writes fail, so that no post counts as shown."""

    def writable(self) -> bool:
        """Return True, to fail at the write with a reason."""
        return True

    def write(self, _text: str, /) -> int:
        """Raise OSError."""
        raise OSError(errno.EBADF, "standard output is closed")


def make_streams_sound() -> None:
    """Replace streams closed by the caller (`>&-`), and escape letters that the terminal lacks."""
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
