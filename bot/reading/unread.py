"""The pages of which hardly anything is known: not read yet, or not to be read."""

from __future__ import annotations

from bot.domain import TextOrigin

UNREAD = frozenset({TextOrigin.UNREADABLE, TextOrigin.PENDING})
