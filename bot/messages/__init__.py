"""A decree in words: values in, texts out, in French (default) and English. Nothing here knows a clock, a network or a store."""

from bot.messages.announcement import announce, announce_in_full, publisher_of
from bot.messages.cleaning import clean as printable
from bot.messages.layout import plain_decree, plain_post, shows_number
from bot.messages.lines import PostPart
from bot.messages.lists import decree_line, decree_line_html
from bot.messages.mastodon import StatusLimits, mastodon_length, mastodon_status, mastodon_thread
from bot.messages.message_input import MessageContext, MessageInput
from bot.messages.places import place_for
from bot.messages.telegram import Button, TelegramText, telegram_button, telegram_decree, telegram_length, telegram_text
from bot.messages.words import LANGUAGES, Language, Words, words_in

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
