"""The commands by name, each imported when it is asked for: to read one file needs neither the database nor Telegram."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

MODULES = {
    "run": "serve",
    "poll": "rounds",
    "check": "rounds",
    "backfill": "backfill",
    "read": "read",
    "recent": "ask",
    "search": "ask",
    "show": "ask",
    "review": "review",
    "redetect": "redetect",
    "status": "status",
    "outbox": "outbox",
    "sources": "catalogue",
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
