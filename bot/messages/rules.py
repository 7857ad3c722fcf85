"""Which articles messages cite, and when they were read: data of `rules.toml`."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Articles(_Table):
    """Articles of the code, by what they settle."""

    limit: str
    court: str
    suspension: str
    liberty: str
    distance: str


class Rules(_Table):
    """`version` is the day of the consolidated copy in which the articles were read, `courts_checked` that of the table of courts."""

    code: str
    version: date
    courts_checked: date
    articles: Articles


@cache
def rules() -> Rules:
    """The rules, read once from their packaged file."""
    return Rules.model_validate(tomllib.loads(files("bot.messages").joinpath("rules.toml").read_text(encoding="utf-8")))
