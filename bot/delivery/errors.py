"""A refusal that concerns the destination, not the post."""

from __future__ import annotations

from bot.delivery.channel import Refused


class DestinationRefused(Refused):
    """The destination takes nothing from us now (token invalid, bot removed, chat gone): the next post would fare no better."""
