"""`config.toml` and the environment -> Settings."""

from bot.config.destinations import destinations
from bot.config.errors import ConfigError
from bot.config.loading import load_settings
from bot.config.model import (
    DatabaseSettings,
    DeliverySettings,
    DestinationSettings,
    HttpSettings,
    LogSettings,
    MastodonSettings,
    ReadingSettings,
    Settings,
    StorageSettings,
    TelegramSettings,
    WatchSettings,
)

__all__ = [
    "ConfigError",
    "DatabaseSettings",
    "DeliverySettings",
    "DestinationSettings",
    "HttpSettings",
    "LogSettings",
    "MastodonSettings",
    "ReadingSettings",
    "Settings",
    "StorageSettings",
    "TelegramSettings",
    "WatchSettings",
    "destinations",
    "load_settings",
]
