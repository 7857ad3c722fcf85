"""The words of the answers in one language, from the data file that bears its name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from bot.messages import Language


class StateWords(BaseModel):
    """How the watch itself is, in words for people. `causes` go by `bot.health.Cause`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: str
    asleep: str
    failing: str
    partly: str
    late: str
    never_polled: str
    not_covered: str
    since: str
    and_more: str
    warning: str
    hint: str
    last: str
    one_fine: str
    one_failing: str
    one_failing_always: str
    one_late: str
    one_partly: str
    one_never_polled: str
    one_not_covered: str
    one_not_watched: str
    causes: Mapping[str, str]


class Vocabulary(BaseModel):
    """A missing or unknown key in a language file is an error when the file is read, not an odd answer later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recent: str
    department: str
    search: str
    header: str
    count_one: str
    count_many: str
    page: str
    more_hint: str
    previous: str
    next: str
    nothing_recorded: str
    nothing_recent: str
    nothing_department: str
    nothing_search: str
    nothing_warning: str
    since: str
    unknown_department: str
    did_you_mean: str
    unknown_decree: str
    no_department: str
    no_words: str
    too_long: str
    no_number: str
    not_a_number: str
    failed: str
    slow_down: str
    expired: str
    not_understood: str
    help: str
    commands: Mapping[str, str]
    state: StateWords


@cache
def vocabulary(language: Language) -> Vocabulary:
    """The words of a language, read once from its packaged file."""
    text = files("bot.queries").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(tomllib.loads(text))
