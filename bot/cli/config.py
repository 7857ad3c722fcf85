"""`vigie config`: the configuration, explained."""

from __future__ import annotations

from importlib.resources import files

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    config = typer.Typer(help="Print the commented example of a configuration.", no_args_is_help=True)
    app.add_typer(config, name="config")

    @config.callback()
    def group() -> None:
        """Print the commented example of a configuration."""

    @config.command(epilog="Example:  vigie config example > config.toml")
    def example() -> None:
        """Print a configuration with every option, its default, and what it does."""
        typer.echo(files("bot.app.config").joinpath("config.example.toml").read_bytes(), nl=False)
