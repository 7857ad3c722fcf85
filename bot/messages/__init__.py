"""A decree in words: values in, texts out, in French (default) and English. Nothing here knows a clock, a network or a store."""

from bot.messages.announcement import announce, announce_in_full, decree_line, plain_decree, plain_post, publisher_of, shows_number
from bot.messages.lines import MessageContext, MessageInput, PostPart, place_for
from bot.messages.platforms import (
    Button,
    StatusLimits,
    TelegramText,
    decree_line_html,
    mastodon_length,
    mastodon_status,
    mastodon_thread,
    telegram_button,
    telegram_decree,
    telegram_length,
    telegram_text,
)
from bot.messages.words import LANGUAGES, Language, Words, words_in
from bot.messages.words import clean as printable

__all__ = [
    "LANGUAGES",
    "Button",
    "Language",
    "MessageContext",
    "MessageInput",
    "PostPart",
    "StatusLimits",
    "TelegramText",
    "Words",
    "announce",
    "announce_in_full",
    "decree_line",
    "decree_line_html",
    "mastodon_length",
    "mastodon_status",
    "mastodon_thread",
    "place_for",
    "plain_decree",
    "plain_post",
    "printable",
    "publisher_of",
    "shows_number",
    "telegram_button",
    "telegram_decree",
    "telegram_length",
    "telegram_text",
    "words_in",
]
