"""Outcomes that say more than those of the channel: what they concern, and what is wanted then."""

from __future__ import annotations

import asyncio

from bot.delivery.channel import NotSent, Refused, Unknown


class DestinationRefused(Refused):
    """The destination takes nothing from us now (token invalid, bot removed, chat gone): the next post would fare no better."""


class Missing(DestinationRefused):
    """What was asked for is not there (404, 410): one message where one was named, the account or server itself otherwise."""


class EditExposed(Refused):
    """The server shows to more people what was edited there: nothing is edited there any more."""


class Migrated(NotSent):
    """The chat has another id, which the channel has noted: the post can go there at once."""


class StoppedBefore(asyncio.CancelledError):
    """Stopped before anything was sent, while what goes with the post was being made ready: it is not in doubt."""


class HoldForPerson(Unknown):
    """It may have been delivered, and the configuration leaves it to a person to look."""


class SendAgain(Unknown):
    """It may have been delivered, and the configuration wants it sent again without looking."""
