"""Read `config.toml` and the environment into Settings."""

from bot.app.config.destinations import answering, destinations
from bot.app.config.errors import ConfigError
from bot.app.config.loading import load_settings
from bot.app.config.model import (
    DatabaseSettings,
    DeliverySettings,
    DestinationSettings,
    HttpSettings,
    LogSettings,
    MastodonSettings,
    ReadingSettings,
    RetentionSettings,
    Settings,
    StorageSettings,
    TelegramSettings,
    WatchSettings,
    WebSettings,
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
    "RetentionSettings",
    "Settings",
    "StorageSettings",
    "TelegramSettings",
    "WatchSettings",
    "WebSettings",
    "answering",
    "destinations",
    "load_settings",
]
