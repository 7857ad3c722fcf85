"""A message of the bot's own, edited. Telegram keeps texts and captions apart, and which one a post is was never noted: it is asked for."""

from __future__ import annotations

from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.delivery.telegram.answers import cannot_parse, has_no_text, is_unmodified
from bot.delivery.telegram.client import keyboard
from bot.messages import TelegramText


async def edit_message(bot: Bot, chat: int | str, message_id: int, text: TelegramText, caption: TelegramText | None) -> None:
    """Give a message this text, or where it is a photo this caption, and its button again, which an edit without it would take away.

    A message that has it already is left as it is. Raises TelegramError.
    """
    try:
        await _edit(bot, chat, message_id, text, is_caption=False)
    except BadRequest as error:
        if caption is None or not has_no_text(error):
            raise
        await _edit(bot, chat, message_id, caption, is_caption=True)


async def _edit(bot: Bot, chat: int | str, message_id: int, text: TelegramText, *, is_caption: bool) -> None:
    try:
        await _ask(bot, chat, message_id, text, is_caption=is_caption, html=True)
    except BadRequest as error:
        if is_unmodified(error):
            return
        if not cannot_parse(error):
            raise
        await _plainly(bot, chat, message_id, text, is_caption=is_caption)


async def _plainly(bot: Bot, chat: int | str, message_id: int, text: TelegramText, *, is_caption: bool) -> None:
    try:
        await _ask(bot, chat, message_id, text, is_caption=is_caption, html=False)
    except BadRequest as error:
        if not is_unmodified(error):
            raise


async def _ask(bot: Bot, chat: int | str, message_id: int, text: TelegramText, *, is_caption: bool, html: bool) -> None:
    said, mode = (text.html, ParseMode.HTML) if html else (text.plain, None)
    markup = None if text.button is None else keyboard(text.button.text, text.button.url)
    if is_caption:
        await bot.edit_message_caption(chat, message_id, caption=said, parse_mode=mode, reply_markup=markup)
    else:
        no_preview = LinkPreviewOptions(is_disabled=True)
        await bot.edit_message_text(said, chat, message_id, parse_mode=mode, reply_markup=markup, link_preview_options=no_preview)
