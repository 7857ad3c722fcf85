"""The words of the alerts in one language, from the data file that bears its name."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, field_validator

from bot.ingest.health import Cause
from bot.messages import Language
from bot.operators.fitting import Advised, complete


class ReviewQuestionWords(BaseModel):
    """What operators are asked about an act that a person must look at, and what became of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: str
    where: str
    known: str
    reread: str
    several: str
    why: str
    quote: str
    ask: str
    type: str
    yes: str
    no: str


class AlertWords(BaseModel):
    """A missing or unknown key in a language file is an error when the file is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begun_one: str
    begun_many: str
    ended_one: str
    ended_many: str
    group: str
    one: str
    and_more: str
    last: str
    never: str
    shortened: str
    causes: Advised[Cause]
    reviews: ReviewQuestionWords

    @field_validator("causes")
    @classmethod
    def _has_words_for_each(cls, causes: Advised[Cause]) -> Advised[Cause]:
        return complete(causes, Cause)


@cache
def alert_words(language: Language) -> AlertWords:
    """The words of a language, read once from its packaged file."""
    text = files("bot.operators").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return AlertWords.model_validate(tomllib.loads(text))
