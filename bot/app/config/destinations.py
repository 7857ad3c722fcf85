"""List the destinations that a configuration means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.app.config.errors import Problem
from bot.app.config.model import DestinationSettings, Settings
from bot.domain.posts import followed_chat

_EDITING = frozenset({"telegram", "mastodon"})
"""The platforms whose channels are `bot.delivery.EditingChannel`s."""

_ONLY_FOR = {
    "chat": "telegram",
    "instance": "mastodon",
    "token": "mastodon",
    "token_file": "mastodon",
    "visibility": "mastodon",
    "content_warning": "mastodon",
    "answer_mentions": "mastodon",
    "url": "apprise",
    "url_file": "apprise",
}


def destinations(settings: Settings) -> tuple[DestinationSettings, ...]:
    """Return every destination, with token and server completed from [telegram] and [mastodon].

    First the shorthands, `telegram` for [telegram] channel, `mastodon` for a [mastodon] token, unless an entry posts to the same channel or
    account. Without any destination, the console.
    """
    explicit = tuple(_completed(entry, settings) for entry in settings.destinations)
    implied = tuple(_completed(entry, settings) for entry in _shorthands(settings))
    taken = {_address(entry) for entry in explicit}
    return (*(entry for entry in implied if _address(entry) not in taken), *explicit) or (
        DestinationSettings(name="console", platform="console"),
    )


def edited(settings: Settings) -> tuple[str, ...]:
    """Return the names of the destinations whose posts are edited when more becomes known: those that can, unless that is turned off."""
    return tuple(entry.name for entry in destinations(settings) if entry.platform in _EDITING) if settings.delivery.edit_posts else ()


def answering(settings: Settings) -> tuple[DestinationSettings, ...]:
    """Return the destinations whose accounts answer mentions, each account once: two that post to one in two languages are one there."""
    entries = [entry for entry in destinations(settings) if entry.platform == "mastodon" and entry.answer_mentions]
    return tuple({_address(entry): entry for entry in reversed(entries)}.values())[::-1]


def problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield problems between options of a raw document (missing tokens, addresses; repeated names), without ill-formed values."""
    telegram, mastodon = _table(document, "telegram"), _table(document, "mastodon")
    entries = document.get("destinations")
    tables = [(i, e) for i, e in enumerate(entries) if isinstance(e, dict)] if isinstance(entries, list) else []
    if _given(telegram, "channel") and not _has_token(telegram):
        yield Problem(("telegram", "channel"), "there is no token to post with; set telegram.token, token_file or VIGIE_TELEGRAM__TOKEN")
    yield from _of_operators(telegram, [entry for _, entry in tables if entry.get("platform") == "telegram"])
    if _has_token(mastodon) and not _given(mastodon, "instance"):
        yield Problem(("mastodon", _token_key(mastodon)), "there is no server to post to; set mastodon.instance")
    if (
        _given(mastodon, "instance")
        and not _has_token(mastodon)
        and not any(e.get("platform") == "mastodon" and _has_token(e) for _, e in tables)
    ):
        yield Problem(("mastodon", "instance"), "there is no token to post with; set mastodon.token, token_file or VIGIE_MASTODON__TOKEN")
    for index, entry in tables:
        yield from (Problem(("destinations", index, *problem.path), problem.text) for problem in _of_entry(entry, telegram, mastodon))
    yield from _repeated_names(tables, _implied_names(tables, telegram, mastodon))


def shared(settings: Settings) -> Iterator[Problem]:
    """Return the entries that post to the chat or account of an earlier one in its language: searches for lost posts would take each
    other's. Needs valid settings, with tokens read. A chat by name and number, or an account by two tokens, goes unnoticed.
    """
    seen: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(settings.destinations):
        if entry.platform == "console":
            continue
        place = (*_address(_completed(entry, settings)), entry.language)
        if (first := seen.setdefault(place, index)) != index:
            what, option = ("chat", "chat") if entry.platform == "telegram" else ("account", "platform")
            what, option = ("service", "platform") if entry.platform == "apprise" else (what, option)
            text = f"destinations[{first}] already posts to this {what} in this language; make them one, or give them different languages"
            yield Problem(("destinations", index, option), text)


def _of_operators(telegram: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield what keeps texts for operators from reaching them, or would let them reach the public."""
    if not _given(telegram, "operators_chat"):
        return
    place = ("telegram", "operators_chat")
    if not _has_token(telegram):
        yield Problem(place, "there is no token to write with; set telegram.token, token_file or VIGIE_TELEGRAM__TOKEN")
    public = {_chat_name(table.get(option)) for table, option in ((telegram, "channel"), *((entry, "chat") for entry in entries))}
    if _chat_name(telegram["operators_chat"]) in public:
        yield Problem(place, "decrees are posted to this chat; the operators need one of their own: nothing internal may reach the public")


def _chat_name(value: object) -> str:
    return str(value).strip().lower()


def _of_entry(entry: Mapping[str, Any], telegram: Mapping[str, Any], mastodon: Mapping[str, Any]) -> Iterator[Problem]:
    platform = entry.get("platform")
    for option, owner in _ONLY_FOR.items():
        if platform in {"console", "telegram", "mastodon", "apprise"} and platform != owner and _given(entry, option):
            hint = "; Telegram's token goes in [telegram]" if platform == "telegram" and option in {"token", "token_file"} else ""
            yield Problem((option,), f"is only for a {owner} destination{hint}")
    if platform == "telegram":
        if not _given(entry, "chat"):
            yield Problem(("platform",), 'a telegram destination needs chat = "@name" or a numeric id')
        if not _has_token(telegram):
            yield Problem(("platform",), "there is no token to post with; set telegram.token, token_file or VIGIE_TELEGRAM__TOKEN")
    if platform == "mastodon":
        if not _given(entry, "instance") and not _given(mastodon, "instance"):
            yield Problem(("platform",), 'a mastodon destination needs instance = "…", here or in [mastodon]')
        if not _has_token(entry) and not _has_token(mastodon):
            yield Problem(("platform",), "there is no token to post with; set token or token_file, here or in [mastodon]")
    if platform == "apprise" and not _given(entry, "url") and not _given(entry, "url_file"):
        yield Problem(("platform",), 'an apprise destination needs url = "service://…" or url_file')


def _repeated_names(tables: Iterable[tuple[int, Mapping[str, Any]]], implied: Mapping[str, str]) -> Iterator[Problem]:
    seen = dict(implied)
    for index, entry in tables:
        name = entry.get("name")
        if not isinstance(name, str):
            continue
        owner = seen.get(name.strip())
        if followed_chat(name.strip()) is not None:
            yield Problem(("destinations", index, "name"), "a name of this form belongs to a chat that follows something; choose another")
        elif owner:
            yield Problem(("destinations", index, "name"), f"this name is already used by {owner}; every destination has its own")
        else:
            seen[name.strip()] = f"destinations[{index}]"


def _implied_names(
    tables: Iterable[tuple[int, Mapping[str, Any]]], telegram: Mapping[str, Any], mastodon: Mapping[str, Any]
) -> dict[str, str]:
    """Names the shorthands take, with the option that takes them."""
    names = {}
    chats = {_chat_name(entry.get("chat")) for _, entry in tables if entry.get("platform") == "telegram"}
    if _given(telegram, "channel") and _chat_name(telegram["channel"]) not in chats:
        names["telegram"] = "telegram.channel"
    own = [entry for _, entry in tables if entry.get("platform") == "mastodon" and not _has_token(entry) and not _given(entry, "instance")]
    if _has_token(mastodon) and not own:
        names["mastodon"] = "mastodon.token"
    return names


def _shorthands(settings: Settings) -> Iterator[DestinationSettings]:
    if settings.telegram.channel:
        yield DestinationSettings(name="telegram", platform="telegram", chat=settings.telegram.channel)
    if settings.mastodon.token:
        yield DestinationSettings(name="mastodon", platform="mastodon")


def _completed(entry: DestinationSettings, settings: Settings) -> DestinationSettings:
    if entry.platform == "telegram":
        return entry.model_copy(update={"token": settings.telegram.token})
    if entry.platform == "mastodon":
        shared = settings.mastodon
        return entry.model_copy(
            update={
                "instance": entry.instance or shared.instance,
                "token": entry.token or shared.token,
                "visibility": entry.visibility or shared.visibility,
                "content_warning": shared.content_warning if entry.content_warning is None else entry.content_warning,
                "answer_mentions": shared.answer_mentions if entry.answer_mentions is None else entry.answer_mentions,
            }
        )
    return entry


def _address(entry: DestinationSettings) -> tuple[str, str, str]:
    secret = entry.url if entry.platform == "apprise" else entry.token
    token = secret.get_secret_value() if secret else ""
    return entry.platform, (entry.chat or entry.instance).lower(), token


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def _given(table: Mapping[str, Any], option: str) -> bool:
    value = table.get(option)
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _has_token(table: Mapping[str, Any]) -> bool:
    return _given(table, "token") or _given(table, "token_file")


def _token_key(table: Mapping[str, Any]) -> str:
    return "token" if _given(table, "token") else "token_file"
