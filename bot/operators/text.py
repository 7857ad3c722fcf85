"""A message to the operators in plain text, the same for the same alerts. Pure: what comes from outside is made harmless."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, field_validator

from bot.domain.records import Alert
from bot.ingest.health import Cause
from bot.messages import Language, words_in
from bot.messages.cleaning import cut, inert
from bot.messages.moments import date_text
from bot.operators.decisions import Message
from bot.operators.fitting import Advised, complete, fitted
from bot.operators.post_decisions import PostMessage, PostTrouble
from bot.operators.vocabulary import AlertWords, alert_words
from bot.storage.alerts import PostAlert
from sources.catalogue.authority import Authority

# A message to the operators about the delivery, in plain text. Pure: what comes from outside is made harmless.

_SHOWN = 10
_LONGEST_POST_DETAIL = 200


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
    troubles: Advised[PostTrouble]

    @field_validator("troubles")
    @classmethod
    def _has_words_for_each(cls, troubles: Advised[PostTrouble]) -> Advised[PostTrouble]:
        return complete(troubles, PostTrouble)


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
    for trouble in PostTrouble:
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
    detail = cut(inert(alert.detail), _LONGEST_POST_DETAIL) or words.no_detail
    return form.format(post=inert(number), destination=inert(alert.destination), detail=detail)


_NAMES = 12
_DETAILS = 3
"""Sources of one cause up to which each is told with its details."""
_LONGEST_DETAIL = 300

Names = Callable[[str], str]
"""From the key of a source to what people call it."""


def source_name(authorities: Mapping[str, Authority], key: str) -> str:
    """`Drôme (26)`; with the route where there are several: `Paris (75, police)`; the key itself when the catalogue has it no more."""
    code, _, route = key.partition(":")
    authority = authorities.get(code)
    if authority is None:
        return key
    return f"{authority.department} ({code})" if len(authority.sources) == 1 else f"{authority.department} ({code}, {route})"


def alert_text(message: Message, names: Names, language: Language) -> str:
    """What has begun and what has ended, by cause: the causes with the most sources first."""
    words = alert_words(language)
    blocks: list[str] = []
    if message.begun:
        blocks += [_counted(words.begun_one, words.begun_many, len(message.begun))]
        blocks += [_block(cause, alerts, names, words, language) for cause, alerts in _by_cause(message.begun)]
    if message.ended:
        blocks += [_counted(words.ended_one, words.ended_many, len(message.ended))]
        blocks += [_group(cause, alerts, names, words) for cause, alerts in _by_cause(message.ended)]
    return fitted(blocks, words.shortened)


def short_list(names: Sequence[str], and_more: str) -> str:
    """`Ain (01), Aisne (02) and 80 more`: all of them, or as many as are worth reading."""
    if len(names) <= _NAMES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES])} {and_more.format(n=len(names) - _NAMES)}"


def _counted(one: str, many: str, number: int) -> str:
    return one if number == 1 else many.format(n=number)


def _by_cause(alerts: Sequence[Alert]) -> list[tuple[Cause, list[Alert]]]:
    groups: defaultdict[Cause, list[Alert]] = defaultdict(list)
    for alert in alerts:
        groups[_cause(alert)].append(alert)
    order = list(Cause)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), order.index(group[0])))


def _cause(alert: Alert) -> Cause:
    known: Mapping[str, Cause] = {cause.value: cause for cause in Cause}
    return known.get(alert.cause, Cause.UNEXPECTED)


def _block(cause: Cause, alerts: Sequence[Alert], names: Names, words: AlertWords, language: Language) -> str:
    lines = [_group(cause, alerts, names, words)]
    if len(alerts) <= _DETAILS:
        told = ((names(alert.subject), _detail(cause, alert, words, language)) for alert in _sorted(alerts))
        lines += [words.one.format(name=inert(name), detail=detail) for name, detail in told if detail]
    return "\n".join((*lines, f"→ {words.causes[cause].todo}"))


def _group(cause: Cause, alerts: Sequence[Alert], names: Names, words: AlertWords) -> str:
    listed = short_list([inert(names(alert.subject)) for alert in _sorted(alerts)], words.and_more)
    return words.group.format(what=words.causes[cause].what, names=listed)


def _sorted(alerts: Sequence[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: alert.subject)


def _detail(cause: Cause, alert: Alert, words: AlertWords, language: Language) -> str:
    if cause is not Cause.LATE:
        return cut(inert(alert.detail), _LONGEST_DETAIL)
    try:
        return words.last.format(date=date_text(date.fromisoformat(alert.detail), words_in(language).dates))
    except ValueError:
        return words.never
