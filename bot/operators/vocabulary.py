"""Load the words of what operators are sent in one language, from the data file that bears its name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

from bot.domain.health import Cause
from bot.ingest.review import USEFUL
from bot.messages import Language
from bot.messages.words import data_file
from bot.operators.post_alerts import PostTrouble

CauseT = TypeVar("CauseT", bound=StrEnum)


class _Words(BaseModel):
    """Makes a missing or unknown key in a language file an error when the file is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Advice(_Words):
    """Says what is wrong, and what an operator can do."""

    what: str
    todo: str


def _complete(words: Mapping[CauseT, Advice], causes: type[CauseT]) -> Mapping[CauseT, Advice]:
    if missing := set(causes) - set(words):
        raise ValueError(f"no words for {', '.join(sorted(missing))}")
    return words


class PostWords(_Words):
    """Holds the words about the delivery of decrees."""

    begun: str
    ended: str
    post: str
    post_only: str
    destination: str
    destination_only: str
    followers: str
    followers_only: str
    and_more: str
    no_detail: str
    shortened: str
    troubles: Mapping[PostTrouble, Advice]

    @field_validator("troubles")
    @classmethod
    def _has_words_for_each(cls, troubles: Mapping[PostTrouble, Advice]) -> Mapping[PostTrouble, Advice]:
        return _complete(troubles, PostTrouble)


class ReviewQuestionWords(_Words):
    """Holds the words about an act that a person must check, or a fact of a decree."""

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
    fact_head: str
    fact: str
    which: str
    is_it: str
    fact_type: str
    neither: str
    right: str
    wrong: str
    facts: Mapping[str, str]

    @field_validator("facts")
    @classmethod
    def _has_words_for_each(cls, facts: Mapping[str, str]) -> Mapping[str, str]:
        if set(facts) != set(USEFUL):
            raise ValueError(f"words for {', '.join(sorted(facts))}")
        return facts


class AlertWords(_Words):
    """Holds the words about the sources, and all the rest."""

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
    causes: Mapping[Cause, Advice]
    posts: PostWords
    reviews: ReviewQuestionWords

    @field_validator("causes")
    @classmethod
    def _has_words_for_each(cls, causes: Mapping[Cause, Advice]) -> Mapping[Cause, Advice]:
        return _complete(causes, Cause)


@cache
def alert_words(language: Language) -> AlertWords:
    """Return the words of a language, read once from its packaged file."""
    return AlertWords.model_validate(data_file("bot.operators", "words", f"{language}.toml"))
