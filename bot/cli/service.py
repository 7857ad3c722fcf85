"""`vigie service`: the unit by which systemd runs the bot."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.app.config.loading import secret_files
from bot.app.config.model import Settings
from bot.app.inventory import watched_codes
from bot.app.systemd import CONFIGURATION, UNIT, drop_in_text, obstacles, unit_text
from bot.cli.context import WRONG_USE, Context, fail
from bot.cli.opening import load
from sources.catalogue.authority import Authority, browser_hosts

_UNIT = Annotated[
    Path, typer.Argument(metavar="[FILE]", help=f"Where the unit is written; {UNIT} when it is not given.", show_default=False)
]
_BROWSER = Annotated[
    bool | None,
    typer.Option(
        "--browser/--no-browser",
        help="Leave room for Chromium, or confine the service further. By itself: whether a watched site needs one.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    service = typer.Typer(help="Print or install the unit by which systemd runs the bot.", no_args_is_help=True, rich_markup_mode="rich")
    app.add_typer(service, name="service")

    @service.command("print", epilog="Example:  vigie --config /etc/vigie/config.toml service print")
    def print_unit(ctx: typer.Context, browser: _BROWSER = None) -> None:
        """Print the unit for this installation and configuration."""
        configuration, settings, authorities = loaded(ctx.obj)
        for line in obstacles(settings, configuration):
            typer.echo(f"vigie: {line}", err=True)
        typer.echo(_unit(configuration, settings), nl=False)
        if not _needs_browser(browser, settings, authorities):
            typer.echo(f"\n# {UNIT}.d/no-browser.conf\n{drop_in_text()}", nl=False)

    @service.command(epilog="Example:  vigie --config /etc/vigie/config.toml service install")
    def install(
        ctx: typer.Context,
        file: _UNIT = UNIT,
        browser: _BROWSER = None,
        replacing: Annotated[bool, typer.Option("--replace", help="Replace a unit that says something else.")] = False,
        now: Annotated[
            bool, typer.Option("--now", help="Have systemctl start the service, now and at every start of the machine.")
        ] = False,
    ) -> None:
        """Write the unit, and say what to type next."""
        steps = write_unit(*loaded(ctx.obj), file, browser=browser, replacing=replacing)
        if not now:
            typer.echo(next_steps(steps, file.stem))
            return
        for step in steps:
            try:
                subprocess.run(step, check=True)  # noqa: S603 - as shown
            except OSError as error:
                fail(f"{' '.join(step)}: {error.strerror}")
            except subprocess.CalledProcessError as error:
                fail(f"{' '.join(step)}: ended with {error.returncode}")


def loaded(context: Context) -> tuple[Path, Settings, dict[str, Authority]]:
    """Load a service's configuration, by default another than a person's; end with a message where it is wrong."""
    configuration = (context.config or CONFIGURATION).absolute()
    return configuration, *load(replace(context, config=configuration))


def write_unit(
    configuration: Path, settings: Settings, authorities: dict[str, Authority], file: Path, *, browser: bool | None, replacing: bool
) -> list[list[str]]:
    """Write and report the unit, and return the commands that start it; end the program if it could not run."""
    if wrong := list(obstacles(settings, configuration)):
        fail("\nvigie: ".join(wrong), WRONG_USE)
    drop_in, text = file.with_name(f"{file.name}.d") / "no-browser.conf", _unit(configuration, settings)
    is_there = file.exists()
    try:
        if is_there and file.read_text(encoding="utf-8") != text and not replacing:
            fail(f"{file} says something else; --replace replaces it. Settings of your own belong to:  systemctl edit {file.stem}")
        file.write_text(text, encoding="utf-8")
        if _needs_browser(browser, settings, authorities):
            drop_in.unlink(missing_ok=True)
        else:
            drop_in.parent.mkdir(exist_ok=True)
            drop_in.write_text(drop_in_text(), encoding="utf-8")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" + ("; this needs root (sudo)" if isinstance(error, PermissionError) else ""))
    typer.echo(f"Written: {file}" + (f", {drop_in}" if drop_in.exists() else ""))
    steps = [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", file.stem]]
    return [*steps, ["systemctl", "restart", file.stem]] if is_there else steps


def next_steps(steps: list[list[str]], name: str) -> str:
    """Return what is to be typed to start the service, and to see it."""
    return "Next:" + "".join(f"\n  {' '.join(step)}" for step in steps) + f"\n  journalctl -fu {name}"


def _unit(configuration: Path, settings: Settings) -> str:
    return unit_text(Path(sys.prefix) / "bin" / "vigie", configuration, secret_files(settings))


def _needs_browser(wanted: bool | None, settings: Settings, authorities: dict[str, Authority]) -> bool:
    if wanted is not None:
        return wanted
    return bool(browser_hosts({code: authorities[code] for code in watched_codes(settings, authorities)}))
