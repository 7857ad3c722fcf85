"""Is a status there? The account's own statuses are read, newest first, back to when the decree was found.

Nothing is posted here: an answer lost on the way only means to ask again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.delivery.channel import NotSent, Refused, Unknown
from bot.delivery.mastodon.client import ApiRequest, is_sought, is_sought_digest, json_of, moment_of
from bot.domain import Place, Post
from bot.messages import Language, MessageInput, announce
from bot.messages.cleaning import inert
from bot.messages.digests import digest_links

_PAGE = 40
_PAGES = 10
_CLOCK_SKEW = timedelta(minutes=10)

Recogniser = Callable[[Mapping[str, Any]], bool]
"""Whether a status is the one that is sought."""


def recogniser(post: Post, place: Place, now: datetime, language: Language) -> Recogniser:
    """Return what tells the message among others. Raises Unknown for one that has no link."""
    if post.digest is not None:
        links = digest_links(post.decrees)
        if len(links) < len(post.decrees):
            raise Unknown("Mastodon: a digest with a decree without a link cannot be looked for; look at the account")
        return partial(is_sought_digest, links=links, language=language)
    link = announce(MessageInput(post.decree, place, now, language)).link
    if link is None:
        raise Unknown("Mastodon: a decree without a link cannot be looked for; look at the account")
    return partial(is_sought, link=link, number=inert(post.decree.facts.number or "") or None, language=language)


async def look_for(request: ApiRequest, is_it: Recogniser, *, since: datetime | None) -> Mapping[str, Any] | None:
    """Return the status, None where it certainly is not among those posted `since` then, less ten minutes for clocks that differ.

    Raises Unknown when that takes too many pages or the account cannot be read, NotSent when the server cannot be asked.
    """
    oldest = None if since is None else since - _CLOCK_SKEW
    account = (await _ask(request, "/api/v1/accounts/verify_credentials"))[0]
    params = {"limit": str(_PAGE), "exclude_reblogs": "true"}
    for _ in range(_PAGES):
        statuses = await _ask(request, f"/api/v1/accounts/{quote(str(account['id']), safe='')}/statuses", params)
        for status in statuses:
            if is_it(status):
                return status
        # Ids are opaque: only their order in the answer tells what is older.
        if not statuses or _older(statuses[-1], oldest):
            return None
        if params.get("max_id") == str(statuses[-1]["id"]):
            raise Unknown("Mastodon: the server gives the same page again and again; look at the account")
        params["max_id"] = str(statuses[-1]["id"])
    raise Unknown("Mastodon: too many statuses since the decree was found; look at the account")


async def _ask(request: ApiRequest, path: str, params: dict[str, str] | None = None) -> list[Mapping[str, Any]]:
    """Things with an id, one or many."""
    try:
        document = json_of(await request("GET", path, params=params))
    except Unknown as error:
        raise NotSent(str(error)) from None
    except Refused as error:
        raise Unknown(f"{error}; look at the account") from None
    things = document if isinstance(document, list) else [document]
    if not all(isinstance(thing, Mapping) and thing.get("id") for thing in things):
        raise NotSent(f"Mastodon: an unreadable answer from {path}")
    return things


def _older(status: Mapping[str, Any], moment: datetime | None) -> bool:
    created = moment_of(status)
    return moment is not None and created is not None and created < moment
