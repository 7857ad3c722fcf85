"""Load the words of what operators are sent in one language, from the data file that bears its name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from bot.domain.health import Cause
from bot.ingest.review import USEFUL
from bot.messages import Language
from bot.messages.words import Table, data_file, for_each
from bot.operators.alerts import PostTrouble


class Advice(Table):
    """Says what is wrong, and what an operator can do."""

    what: str
    todo: str


class PostWords(Table):
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
    troubles: Annotated[Mapping[PostTrouble, Advice], for_each(PostTrouble)]


class ReviewQuestionWords(Table):
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
    facts: Annotated[Mapping[str, str], for_each(USEFUL)]


class AlertWords(Table):
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
    causes: Annotated[Mapping[Cause, Advice], for_each(Cause)]
    posts: PostWords
    reviews: ReviewQuestionWords


@cache
def alert_words(language: Language) -> AlertWords:
    """Return the words of a language, read once from its packaged file."""
    return AlertWords.model_validate(data_file("bot.operators", "words", f"{language}.toml"))
