"""A decree in words: values in, texts out, in French (default) and English. Nothing here knows a clock, a network or a store."""

from bot.messages.announcement import Announcement, Line, Part, announce, place_for
from bot.messages.cleaning import clean as printable
from bot.messages.lists import decree_line, decree_line_html
from bot.messages.mastodon import StatusLimits, mastodon_length, mastodon_status
from bot.messages.plain import plain_post
from bot.messages.telegram import Button, TelegramText, telegram_button, telegram_length, telegram_text
from bot.messages.words import LANGUAGES, Language, Words, words_in

__all__ = [
    "LANGUAGES",
    "Announcement",
    "Button",
    "Language",
    "Line",
    "Part",
    "StatusLimits",
    "TelegramText",
    "Words",
    "announce",
    "decree_line",
    "decree_line_html",
    "mastodon_length",
    "mastodon_status",
    "place_for",
    "plain_post",
    "printable",
    "telegram_button",
    "telegram_length",
    "telegram_text",
    "words_in",
]
