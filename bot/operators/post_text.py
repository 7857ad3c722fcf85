"""A message to the operators about the delivery, in plain text. Pure: what comes from outside is made harmless."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, field_validator

from bot.messages import Language
from bot.messages.cleaning import cut, inert
from bot.operators.fitting import Advised, complete, fitted
from bot.operators.post_decisions import PostMessage, Trouble
from bot.storage.alerts import PostAlert

_SHOWN = 10
_LONGEST_DETAIL = 200


class PostWords(BaseModel):
    """A missing or unknown key in the file is an error when it is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begun: str
    ended: str
    post: str
    post_only: str
    destination: str
    destination_only: str
    and_more: str
    no_detail: str
    shortened: str
    troubles: Advised[Trouble]

    @field_validator("troubles")
    @classmethod
    def _has_words_for_each(cls, troubles: Advised[Trouble]) -> Advised[Trouble]:
        return complete(troubles, Trouble)


@cache
def post_words(language: Language) -> PostWords:
    """The words of a language, read once from their packaged file."""
    text = files("bot.operators").joinpath("post_words.toml").read_text(encoding="utf-8")
    return PostWords.model_validate(tomllib.loads(text)[language])


def post_text(message: PostMessage, language: Language) -> str:
    """What has begun, with what to do, and what has ended."""
    words = post_words(language)
    blocks: list[str] = []
    for head, alerts, with_advice in ((words.begun, message.begun, True), (words.ended, message.ended, False)):
        if alerts:
            blocks += [head, *_blocks(alerts, words, with_advice=with_advice)]
    return fitted(blocks, words.shortened)


def _blocks(alerts: Sequence[PostAlert], words: PostWords, *, with_advice: bool) -> list[str]:
    blocks = []
    for trouble in Trouble:
        concerned = [alert for alert in alerts if alert.trouble == trouble.value]
        if concerned:
            said = words.troubles[trouble]
            rows = [said.what, *(_row(alert, words, with_detail=with_advice) for alert in concerned[:_SHOWN])]
            rows += [words.and_more.format(n=len(concerned) - _SHOWN)] if len(concerned) > _SHOWN else []
            blocks.append("\n".join([*rows, *([f"→ {said.todo}"] if with_advice else [])]))
    return blocks


def _row(alert: PostAlert, words: PostWords, *, with_detail: bool) -> str:
    kind, _, number = alert.subject.partition(":")
    if kind == "post":
        form = words.post if with_detail else words.post_only
    else:
        form = words.destination if with_detail else words.destination_only
    detail = cut(inert(alert.detail), _LONGEST_DETAIL) or words.no_detail
    return form.format(post=inert(number), destination=inert(alert.destination), detail=detail)
