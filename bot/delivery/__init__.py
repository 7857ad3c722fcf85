"""From the outbox to the destinations: routing, channels, and the exactly-once delivery."""

from bot.delivery.apprise import AppriseChannel
from bot.delivery.channel import (
    Channel,
    DeliveryError,
    DestinationRefused,
    EditingChannel,
    HoldForPerson,
    Migrated,
    NotSent,
    Refused,
    SendAgain,
    Sent,
    Unknown,
)
from bot.delivery.checking import Checker
from bot.delivery.console import ConsoleChannel
from bot.delivery.deliverer import Deliverer
from bot.delivery.editing import Editor
from bot.delivery.limiter import Limiter, most_per_day
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.records import Delivered, Outbox
from bot.delivery.routing import Destination, Platform, Visibility, destinations_for, wants
from bot.delivery.safety import UnsafeAddress
from bot.delivery.telegram.channel import TelegramChannel
from bot.delivery.telegram.operators_chat import ChatButton, TelegramOperators

__all__ = [
    "AppriseChannel",
    "Channel",
    "ChatButton",
    "Checker",
    "ConsoleChannel",
    "Delivered",
    "Deliverer",
    "DeliveryError",
    "Destination",
    "DestinationRefused",
    "EditingChannel",
    "Editor",
    "HoldForPerson",
    "Limiter",
    "MastodonChannel",
    "Migrated",
    "NotSent",
    "Outbox",
    "Platform",
    "Refused",
    "SendAgain",
    "Sent",
    "TelegramChannel",
    "TelegramOperators",
    "Unknown",
    "UnsafeAddress",
    "Visibility",
    "destinations_for",
    "most_per_day",
    "wants",
]
