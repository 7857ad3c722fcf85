"""Decrees offered while somebody types `@bot drôme` in any chat, to share there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, zip_longest

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
from bot.queries.answers import Answer, DecreeList, NothingFound, OneDecree, PlaceChoices, Question, TownAnswer
from bot.queries.departments import place_label
from bot.queries.phrases import message_of
from bot.queries.vocabulary import vocabulary

MOST = 10
"""Decrees offered at once."""
LONGEST = 100
"""Characters of what is typed that are looked at; Telegram sends up to 256."""
CACHE_SECONDS = 60
_MOST_PLACES = 4
"""Places of one name whose decrees are offered."""
_LONGEST_TITLE = 80
_LONGEST_BUTTON = 60


@dataclass(frozen=True, slots=True)
class InlineOffer:
    """What is offered, and the button above it, which opens a chat with the bot."""

    articles: tuple[InlineQueryResultArticle, ...]
    button: InlineQueryResultsButton


def inline_offer(
    answers: Sequence[Answer], ask: Callable[[Question], Answer], places: Mapping[str, Place], at: datetime, language: Language
) -> InlineOffer:
    """Return the decrees of all that may be meant, from as many pages of each (`ask`) as are needed, and a button to follow a place.

    Of several places each has its turn: the first decree of each, then the second. `at` is now (aware).
    """
    asked = [one for answer in answers for one in _meant(answer, ask)]
    turns = zip_longest(*(_decrees(answer, ask) for answer in asked))
    decrees = {decree.id: decree for turn in turns for decree in turn if decree is not None}
    articles = (_article(message_of(decree, places, at, language), places) for decree in islice(decrees.values(), MOST))
    return InlineOffer(tuple(articles), _button(asked, language))


def _meant(answer: Answer, ask: Callable[[Question], Answer]) -> Iterator[Answer]:
    """Yield an answer; where it asks which place is meant, the answers on the first of these, guesses too: nobody presses a button here."""
    if isinstance(answer, PlaceChoices):
        yield from (ask(choice.question) for choice in answer.choices[:_MOST_PLACES])
    else:
        yield answer


def _decrees(answer: Answer, ask: Callable[[Question], Answer]) -> list[Decree]:
    """Return the first decrees of an answer, at most `MOST`."""
    if isinstance(answer, OneDecree):
        return [answer.decree] if answer.decree.withdrawn_at is None else []
    found: list[Decree] = []
    page: Answer | None = answer
    while isinstance(page, DecreeList | TownAnswer):
        found.extend(page.decrees)
        is_last = page.question.page >= page.pages or len(found) >= MOST
        page = None if is_last else ask(replace(page.question, page=page.question.page + 1))
    return found[:MOST]


def _article(message: MessageInput, places: Mapping[str, Place]) -> InlineQueryResultArticle:
    decree, words = message.decree, words_in(message.language)
    post = telegram_text(message)
    row = [] if post.button is None else [[InlineKeyboardButton(post.button.text, url=post.button.url)]]
    return InlineQueryResultArticle(
        id=f"{decree.id}{message.language}",
        title=cut(inert(f"{place_label(message.place)} · {words.short_kinds[decree.kind]}"), _LONGEST_TITLE),
        description=decree_line(message),
        input_message_content=InputTextMessageContent(post.html, ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)),
        reply_markup=InlineKeyboardMarkup(row) if row else None,
    )


def _button(answers: Sequence[Answer], language: Language) -> InlineQueryResultsButton:
    """Return a button to follow the first place that may be meant, by a link that asks before it acts; else one that opens the bot."""
    chat = vocabulary(language).chat
    followed = next((followed for answer in answers if (followed := _followed(answer)) is not None), None)
    if followed is None:
        return InlineQueryResultsButton(chat.inline_open, start_parameter="aide")
    name, link = followed
    return InlineQueryResultsButton(cut(chat.inline_follow.format(name=name), _LONGEST_BUTTON), start_parameter=link)


def _followed(answer: Answer) -> tuple[str, str] | None:
    """Return the place that was asked for: its name, and its code in links."""
    match answer:
        case TownAnswer(commune=commune):
            return f"{commune.name} ({commune.department})", f"c{commune.code}"
        case DecreeList(places=(place,)) | NothingFound(places=(place,)) if not place.territory:
            return f"{place.department} ({place.code})", f"d{place.code}"
        case _:
            return None
