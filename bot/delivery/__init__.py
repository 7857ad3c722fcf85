"""From the outbox to the destinations: routing, channels, and the exactly-once delivery."""

from bot.delivery.channel import Channel, DeliveryError, NotSent, Refused, Sent, Unknown
from bot.delivery.console import ConsoleChannel
from bot.delivery.errors import DestinationRefused
from bot.delivery.mastodon import MastodonChannel
from bot.delivery.operators import TelegramOperators
from bot.delivery.outbox import Delivered, Deliverer, Outbox
from bot.delivery.routing import Destination, Platform, Visibility, destinations_for, wants
from bot.delivery.safety import UnsafeAddress
from bot.delivery.telegram import History, TelegramChannel

__all__ = [
    "Channel",
    "ConsoleChannel",
    "Delivered",
    "Deliverer",
    "DeliveryError",
    "Destination",
    "DestinationRefused",
    "History",
    "MastodonChannel",
    "NotSent",
    "Outbox",
    "Platform",
    "Refused",
    "Sent",
    "TelegramChannel",
    "TelegramOperators",
    "Unknown",
    "UnsafeAddress",
    "Visibility",
    "destinations_for",
    "wants",
]
