"""Writes messages for operators in plain text, from a data file of words per language; outside text is made harmless. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache

from bot.detection.text.phrases import without_names
from bot.domain.health import Cause, remembered
from bot.domain.records import Alert, Waiting
from bot.ingest.review import FactQuestion, fact_value_text
from bot.messages.lines import date_text
from bot.messages.words import Language, Words, cut, inert, link_to, of_topics, topic_words, unlinked, words_file, words_in
from bot.operators.alerts import FOLLOWERS, DueAlerts, PostTrouble
from sources.catalogue.authority import Authority

# The words.


@cache
def alert_words(language: Language) -> Words:
    """Return the words of a language, read once from its packaged file."""
    return words_file("bot.operators", "words", f"{language}.toml")


# The messages.

LONGEST = 3500
"""Characters of a message. Telegram takes 4096 UTF-16 units, of which some characters take two."""


def _fitted(blocks: Sequence[str], shortened: str) -> str:
    """Return the blocks that fit in a message, in order, then `shortened`. It is `unlinked` when sent."""
    kept: list[str] = []
    for block in blocks:
        if sum(len(unlinked(one)) + 2 for one in (*kept, block)) - 2 > LONGEST:
            kept.append(shortened)
            break
        kept.append(block)
    return "\n\n".join(kept)


# Of the delivery.

_SHOWN = 10
_LONGEST_POST_DETAIL = 200


def post_text(message: DueAlerts, language: Language) -> str:
    """Return what has begun, with what to do, and what has ended."""
    words = alert_words(language).posts
    blocks: list[str] = []
    for head, alerts, with_advice in ((words.begun, message.begun, True), (words.ended, message.ended, False)):
        if alerts:
            blocks += [head, *_blocks(alerts, words, with_advice=with_advice)]
    return _fitted(blocks, words.shortened)


def _blocks(alerts: Sequence[Alert], words: Words, *, with_advice: bool) -> list[str]:
    blocks = []
    for trouble in PostTrouble:
        concerned = [alert for alert in alerts if alert.cause == trouble.value]
        if concerned:
            said = words.troubles[trouble]
            rows = [said.what, *(_row(alert, words, with_detail=with_advice) for alert in concerned[:_SHOWN])]
            rows += [words.and_more.format(n=len(concerned) - _SHOWN)] if len(concerned) > _SHOWN else []
            blocks.append("\n".join([*rows, *([f"→ {said.todo}"] if with_advice else [])]))
    return blocks


def _row(alert: Alert, words: Words, *, with_detail: bool) -> str:
    kind, _, number = alert.subject.partition(":")
    if kind == "post":
        form = words.post if with_detail else words.post_only
    elif kind == FOLLOWERS:
        form = words.followers if with_detail else words.followers_only
    else:
        form = words.destination if with_detail else words.destination_only
    detail = cut(inert(alert.detail), _LONGEST_POST_DETAIL) or words.no_detail
    return form.format(post=inert(number), destination=inert(alert.destination), detail=detail)


# Of the sources.

_NAMES = 12
_DETAILS = 3
"""Sources of one cause up to which each is shown with its details."""
_LONGEST_DETAIL = 300

Names = Callable[[str], str]
"""From the key of a source to what people call it."""


def source_name(authorities: Mapping[str, Authority], key: str) -> str:
    """Return `Drôme (26)`; with several routes `Paris (75, police)`; the key where the catalogue lacks it."""
    code, _, route = key.partition(":")
    authority = authorities.get(code)
    if authority is None:
        return key
    return f"{authority.department} ({code})" if len(authority.sources) == 1 else f"{authority.department} ({code}, {route})"


def authority_name(authorities: Mapping[str, Authority], code: str) -> str:
    """Return `Drôme (26)`; the code where the catalogue has it no more."""
    authority = authorities.get(code)
    return code if authority is None else f"{authority.department} ({code})"


def alert_text(message: DueAlerts, names: Names, language: Language) -> str:
    """Return what began and ended, by cause, those of most sources first."""
    words = alert_words(language)
    blocks: list[str] = []
    if message.begun:
        blocks += [_counted(words.begun_one, words.begun_many, len(message.begun))]
        blocks += [_block(cause, alerts, names, words, language) for cause, alerts in _by_cause(message.begun)]
    if message.ended:
        blocks += [_counted(words.ended_one, words.ended_many, len(message.ended))]
        blocks += [_group(cause, alerts, names, words) for cause, alerts in _by_cause(message.ended)]
    return _fitted(blocks, words.shortened)


def short_list(names: Sequence[str], and_more: str) -> str:
    """Return `Ain (01), Aisne (02) and 80 more`: all of them, or as many as are worth reading."""
    if len(names) <= _NAMES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES])} {and_more.format(n=len(names) - _NAMES)}"


def _counted(one: str, many: str, number: int) -> str:
    return one if number == 1 else many.format(n=number)


def _by_cause(alerts: Sequence[Alert]) -> list[tuple[Cause, list[Alert]]]:
    groups: defaultdict[Cause, list[Alert]] = defaultdict(list)
    for alert in alerts:
        groups[remembered(alert.cause)].append(alert)
    order = list(Cause)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), order.index(group[0])))


def _block(cause: Cause, alerts: Sequence[Alert], names: Names, words: Words, language: Language) -> str:
    lines = [_group(cause, alerts, names, words)]
    if len(alerts) <= _DETAILS:
        details = ((names(alert.subject), _detail(cause, alert, words, language)) for alert in _sorted(alerts))
        lines += [words.one.format(name=inert(name), detail=detail) for name, detail in details if detail]
    return "\n".join((*lines, f"→ {words.causes[cause].todo}"))


def _group(cause: Cause, alerts: Sequence[Alert], names: Names, words: Words) -> str:
    listed = short_list([inert(names(alert.subject)) for alert in _sorted(alerts)], words.and_more)
    return words.group.format(what=words.causes[cause].what, names=listed)


def _sorted(alerts: Sequence[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: alert.subject)


def _detail(cause: Cause, alert: Alert, words: Words, language: Language) -> str:
    if cause is not Cause.LATE:
        return cut(inert(alert.detail), _LONGEST_DETAIL)
    try:
        return words.last.format(date=date_text(date.fromisoformat(alert.detail), words_in(language).dates))
    except ValueError:
        return words.never


# Of an act that a person must look at.

_LONGEST_TITLE = 400
_LONGEST_QUOTE = 240
_QUOTES = 3


def review_text(act: Waiting, name: str, language: Language, *, buttons: bool, why: str | None = None) -> str:
    """Return the question about an act: place, why it is doubtful (`why`), how to answer. Names no person; fits in a message."""
    words = alert_words(language).reviews
    quotes = dict.fromkeys(
        words.quote.format(page=item.page, text=cut(inert(without_names(item.text)), _LONGEST_QUOTE)) for item in act.evidence if item.text
    )
    lines = [
        words.head.format(number=act.id),
        words.where.format(name=inert(name), page=act.page),
        cut(inert(without_names(act.title)), _LONGEST_TITLE),
        "" if act.decree is None else (words.reread if act.reread else words.known).format(decree=act.decree),
        "" if why is None else words.why.format(reason=why),
        *list(quotes)[:_QUOTES],
        link_to(act.url, act.page) or "",
        (words.ask if buttons else words.type).format(number=act.id, on=of_topics([act.topic], language)),
    ]
    return "\n".join(line for line in lines if line)


def fact_text(asked: FactQuestion, name: str, language: Language, *, buttons: bool) -> str:
    """Return the question about a fact to verify: readings, place, how to answer. Names no person."""
    decree, words = asked.decree, alert_words(language).reviews
    usual = words.facts.get(asked.fact, words_in(language).facts.get(asked.fact, asked.fact))
    label = topic_words(decree.topic, language).facts.get(asked.fact, usual)
    several = len(asked.readings) > 1
    quotes = dict.fromkeys((quote.page, quote.text) for quote in decree.evidence if quote.about == asked.fact and quote.text)
    page = next((page for page, _ in quotes), decree.page)
    lines = [
        words.fact_head.format(decree=decree.id),
        words.where.format(name=inert(name), page=page),
        cut(inert(without_names(decree.title)), _LONGEST_TITLE),
        words.fact.format(fact=label),
        *((f"{number}. " if several else "") + inert(fact_value_text(reading)) for number, reading in enumerate(asked.readings, start=1)),
        *(words.quote.format(page=page, text=cut(inert(without_names(text)), _LONGEST_QUOTE)) for page, text in list(quotes)[:_QUOTES]),
        link_to(decree.url, page) or "",
        (words.which if several else words.is_it) if buttons else words.fact_type.format(decree=decree.id, fact=asked.fact),
    ]
    return "\n".join(line for line in lines if line)
