"""The words of one language, from the data file that bears its name."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class _Table(BaseModel):
    """A missing or unknown key in a language file is an error when the file is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KindWords(_Table):
    """One text per kind of decree."""

    authorisation: str
    renewal: str
    modification: str
    abrogation: str
    suspension: str
    refusal: str


class PurposeWords(_Table):
    """The short official name of each purpose (décret n° 2023-828, article 3)."""

    abandoned_object: str
    weapon: str
    wrong_way: str
    forbidden_zone: str
    person_down: str
    crowd_movement: str
    crowd_density: str
    fire: str


class Labels(_Table):
    """What stands before each fact."""

    event: str
    period: str
    places: str
    operators: str
    purposes: str
    software: str
    cameras: str
    link: str
    button: str
    number: str
    signed: str
    published: str


class TimingWords(_Table):
    """Where a decree stands in time, relative to the reader."""

    upcoming: str
    started: str
    ended: str
    minutes: str
    hours: str
    days: str


class DateWords(_Table):
    """How days and hours are written. `first` is the first day of a month."""

    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    first: str
    day_month: str
    date: str
    time: str
    time_minutes: str
    moment: str


class PeriodWords(_Table):
    """How a period is written."""

    one_day: str
    one_day_from: str
    one_day_until: str
    one_day_hours: str
    range: str
    from_on: str
    until: str


class Words(_Table):
    """Everything a message says that does not come from a decree."""

    more: str
    label: str
    no_place: str
    kinds: KindWords
    short_kinds: KindWords
    purposes: PurposeWords
    labels: Labels
    timing: TimingWords
    dates: DateWords
    periods: PeriodWords


@cache
def words_in(language: Language) -> Words:
    """The words of a language, read once from its packaged file."""
    return Words.model_validate(tomllib.loads(files("bot.messages").joinpath(f"{language}.toml").read_text(encoding="utf-8")))
