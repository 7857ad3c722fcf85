"""An answer in Telegram's form. Pure: markup is built from escaped parts only, buttons are values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from bot.domain import Place
from bot.domain.law.advice import counsel
from bot.messages import LANGUAGES, Button, Language, decree_line, decree_line_html, html, place_for, telegram_decree
from bot.messages.cleaning import unlinked
from bot.queries.answers import Answer, DecreeList, OneDecree, Question
from bot.queries.phrases import title, withdrawal
from bot.queries.plain_text import plain_answer
from bot.queries.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class PageButton:
    """A button that asks the same question for another page."""

    text: str
    question: Question


@dataclass(frozen=True, slots=True)
class Reply:
    """`markup` for `parse_mode=HTML`, the same in plain text for when it cannot be parsed, and a row of buttons."""

    markup: str
    plain: str
    buttons: tuple[PageButton | Button, ...] = ()


def telegram_reply(answer: Answer, places: Mapping[str, Place], language: Language) -> Reply:
    """The reply to a question. At most 4096 UTF-16 units as long as a page has no more decrees than `TELEGRAM_PAGE`."""
    match answer:
        case DecreeList():
            return _list(answer, places, language)
        case OneDecree(decree=decree, at=at):
            place = place_for(places, decree.authority)
            gone = withdrawal(decree, place, language)
            if gone is not None:
                # The line of a list, not the message of an announcement: it is none.
                line = (decree, place, at, language, counsel(decree, place, at))
                markup = "\n\n".join((html.text(gone).source, decree_line_html(*line)))
                return Reply(markup, unlinked(f"{gone}\n\n{decree_line(*line)}"))
            text = telegram_decree(decree, place, at, language, counsel(decree, place, at), places)
            return Reply(text.html, text.plain, () if text.button is None else (text.button,))
        case _:
            return said(plain_answer(answer, places, language))


def said(words: str) -> Reply:
    """Words of the bot itself, without markup: the commands in them are its own."""
    return Reply(html.text(words, _own_commands()).source, unlinked(words, _own_commands()))


@cache
def _own_commands() -> frozenset[str]:
    return frozenset(name for language in LANGUAGES for name in re.findall(r"/(\w+)", vocabulary(language).help))


def _list(answer: DecreeList, places: Mapping[str, Place], language: Language) -> Reply:
    words = vocabulary(language)
    heading = html.tagged("b", html.text(title(answer, language))).source
    told = ((decree, place_for(places, decree.authority)) for decree in answer.decrees)
    lines = (decree_line_html(decree, place, answer.at, language, counsel(decree, place, answer.at)) for decree, place in told)
    markup = "\n\n".join((heading, *lines, html.text(words.more_hint, _own_commands()).source))
    plain = f"{unlinked(plain_answer(answer, places, language))}\n\n{words.more_hint}"
    page = answer.question.page
    turns = ((words.previous, page - 1, page > 1), (words.next, page + 1, page < answer.pages))
    buttons = tuple(PageButton(text, replace(answer.question, page=to)) for text, to, there in turns if there)
    return Reply(markup, plain, buttons)
