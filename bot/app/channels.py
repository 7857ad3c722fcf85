"""The destinations of the configuration as channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from bot.app.config import DestinationSettings, Settings
from bot.delivery import AppriseChannel, Channel, ConsoleChannel, Destination, MastodonChannel, TelegramChannel
from bot.delivery.picture.album import Album
from bot.domain import Decree, Place
from bot.ingest.archive import Keep
from bot.ingest.ingestor import Clock
from bot.storage.store import Store
from sources.catalogue.authority import Authority


def destination_of(entry: DestinationSettings, authorities: Mapping[str, Authority]) -> Destination:
    """One entry of the configuration, as routing and delivery want it.

    Whoever follows a department gets the decrees of all who act there.
    """
    wanted = frozenset(code.upper() for code in entry.departments)
    acting = {code for code, authority in authorities.items() if not wanted.isdisjoint(authority.territory)}
    return Destination(
        name=entry.name,
        platform=entry.platform,
        filter=replace(entry.wanted, departments=wanted | acting),
        language=entry.language,
        chat=chat_of(entry.chat),
        instance=entry.instance or None,
        token=None if entry.token is None else entry.token.get_secret_value(),
        visibility=entry.visibility or "public",
        content_warning=entry.content_warning or "",
        thread=bool(entry.thread),
        url=None if entry.url is None else entry.url.get_secret_value(),
    )


def chat_of(text: str) -> int | str | None:
    """A chat as Telegram takes it: its number, or `@name`; None where the option is empty."""
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else text


def channel_of(
    entry: Destination,
    settings: Settings,
    places: Mapping[str, Place],
    store: Store,
    console: TextIO,
    clock: Clock,
    album: Album,
) -> Channel:
    """The channel of a destination. Raises ValueError for one that is not complete, or whose address is not safe."""
    public_url = settings.web.public_url or None
    if entry.platform == "telegram" and entry.token is not None and entry.chat is not None:
        return TelegramChannel(
            name=entry.name,
            chat=entry.chat,
            token=entry.token,
            places=places,
            clock=clock,
            messages=store.chat_messages,
            language=entry.language,
            api_url=settings.telegram.api_url,
            moves=store.moved_chats,
            reconcile=settings.telegram.reconcile,
            picture=album.for_posts(entry.language),
            public_url=public_url,
        )
    if entry.platform == "mastodon" and entry.token is not None and entry.instance is not None:
        return MastodonChannel(
            name=entry.name,
            instance=entry.instance,
            token=entry.token,
            places=places,
            clock=clock,
            language=entry.language,
            visibility=entry.visibility,
            picture=album.for_posts(entry.language),
            public_url=public_url,
            content_warning=entry.content_warning,
            thread=entry.thread,
        )
    if entry.platform == "apprise" and entry.url is not None:
        return AppriseChannel(name=entry.name, url=entry.url, places=places, clock=clock, language=entry.language, public_url=public_url)
    if entry.platform == "console":
        return ConsoleChannel(name=entry.name, stream=console, places=places, clock=clock, language=entry.language, public_url=public_url)
    raise ValueError(f"destination {entry.name}: its address or token is missing")


def album_of(keep: Keep, places: Mapping[str, Place], store: Store) -> Album:
    """The pictures of decrees, drawn from the PDFs that are kept."""

    def locate(decree: Decree) -> Path | None:
        known = store.recueils.file_of(decree.publisher, decree.url)
        return None if known is None else keep.find(known[0])

    return Album(locate=locate, places=places)
