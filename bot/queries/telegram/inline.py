"""Decrees offered while somebody types `@bot drôme` in any chat, to share there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode

from bot.domain.acts import Decree, Place
from bot.messages import Language, decree_line, telegram_text, words_in
from bot.messages.cleaning import cut, inert
from bot.messages.lines import MessageInput
from bot.queries.answers import Answer, DecreeList, OneDecree, Question, TownAnswer
from bot.queries.departments import place_label
from bot.queries.phrases import message_of
from bot.queries.vocabulary import vocabulary

MOST = 10
"""Decrees offered at once."""
LONGEST = 100
"""Characters of what is typed that are looked at; Telegram sends up to 256."""
CACHE_SECONDS = 60
_LONGEST_TITLE = 80
_LONGEST_BUTTON = 60


@dataclass(frozen=True, slots=True)
class InlineOffer:
    """What is offered, and the button above it, which opens a chat with the bot."""

    articles: tuple[InlineQueryResultArticle, ...]
    button: InlineQueryResultsButton


def inline_offer(answer: Answer, ask: Callable[[Question], Answer], places: Mapping[str, Place], language: Language) -> InlineOffer:
    """Return the decrees of an answer, from as many of its pages (`ask`) as are needed, and a button to follow the place."""
    decrees: list[Decree] = []
    page: Answer | None = answer
    while isinstance(page, DecreeList | TownAnswer):
        decrees.extend(page.decrees)
        is_last = page.question.page >= page.pages or len(decrees) >= MOST
        page = None if is_last else ask(replace(page.question, page=page.question.page + 1))
    if isinstance(answer, OneDecree) and answer.decree.withdrawn_at is None:
        decrees = [answer.decree]
    at = answer.at if isinstance(answer, DecreeList | TownAnswer | OneDecree) else None
    articles = () if at is None else tuple(_article(message_of(decree, places, at, language), places) for decree in decrees[:MOST])
    return InlineOffer(articles, _button(answer, language))


def _article(message: MessageInput, places: Mapping[str, Place]) -> InlineQueryResultArticle:
    decree, words = message.decree, words_in(message.language)
    post = telegram_text(message)
    row = [] if post.button is None else [[InlineKeyboardButton(post.button.text, url=post.button.url)]]
    return InlineQueryResultArticle(
        id=f"{decree.id}{message.language}",
        title=cut(inert(f"{place_label(message.place)} · {getattr(words.short_kinds, decree.kind.value)}"), _LONGEST_TITLE),
        description=decree_line(message),
        input_message_content=InputTextMessageContent(post.html, ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)),
        reply_markup=InlineKeyboardMarkup(row) if row else None,
    )


def _button(answer: Answer, language: Language) -> InlineQueryResultsButton:
    """Return a button to follow the place that was asked for, by a link that asks before it acts; else one that opens the bot."""
    chat = vocabulary(language).chat
    if isinstance(answer, TownAnswer):
        name, link = f"{answer.commune.name} ({answer.commune.department})", f"c{answer.commune.code}"
    elif isinstance(answer, DecreeList) and len(answer.places) == 1 and not answer.places[0].territory:
        name, link = f"{answer.places[0].department} ({answer.places[0].code})", f"d{answer.places[0].code}"
    else:
        return InlineQueryResultsButton(chat.inline_open, start_parameter="aide")
    return InlineQueryResultsButton(cut(chat.inline_follow.format(name=name), _LONGEST_BUTTON), start_parameter=link)
