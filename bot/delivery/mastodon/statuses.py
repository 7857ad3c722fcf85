"""Search the account's own statuses: is one there, and are those that follow it in a thread?

They are read newest first, back to when the decree was found; nothing is posted meanwhile, so that after an answer that was lost on the way
the request is simply repeated. Each further status of a thread is a reply to the one before. Every status has an Idempotency-Key of its
own, made from the post's; and as some servers ignore those, what is there already is read before anything is added: a thread that was
broken off goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import structlog

from bot.delivery.channel import DeliveryUnknown, DestinationRefused, HoldForPerson, Missing, NotSent, Refused
from bot.delivery.mastodon.client import ApiRequest, created, is_sought, is_sought_digest, json_of, moment_of
from bot.domain.acts import Place
from bot.domain.posts import Post
from bot.messages import Language, MessageInput, announce
from bot.messages.cleaning import inert
from bot.messages.digests import digest_links

log = structlog.get_logger()

_PAGE = 40
_PAGES = 10
_CLOCK_SKEW = timedelta(minutes=10)

Recogniser = Callable[[Mapping[str, Any]], bool]
"""Whether a status is the one that is sought."""


def recogniser(post: Post, place: Place, now: datetime, language: Language) -> Recogniser:
    """Return what recognises the message among others. Raises Unknown for one that has no link."""
    if post.digest is not None:
        links = digest_links(post.decrees)
        if len(links) < len(post.decrees):
            raise DeliveryUnknown("Mastodon: a digest with a decree without a link cannot be looked for; look at the account")
        return partial(is_sought_digest, links=links, language=language)
    link = announce(MessageInput(post.decree, place, now, language)).link
    if link is None:
        raise DeliveryUnknown("Mastodon: a decree without a link cannot be looked for; look at the account")
    number = inert(post.decree.facts.number or "") or None
    if post.sought_since is None:
        return partial(is_sought, link=link, number=number, language=language)

    def is_it(status: Mapping[str, Any]) -> bool:
        # Many that waited were perhaps sent as one: of that digest this database knows nothing.
        if is_sought_digest(status, [link], language):
            raise HoldForPerson(f"Mastodon: it is in the digest {status['id']}: vigie outbox resolve {post.id} --sent")
        return is_sought(status, link, number, language)

    return is_it


async def look_for(request: ApiRequest, is_it: Recogniser, *, since: datetime | None) -> Mapping[str, Any] | None:
    """Return the status, None where it certainly is not among those posted `since` then, less ten minutes for clocks that differ.

    Raises Unknown when that takes too many pages or the account cannot be read, NotSent when the server cannot be reached.
    """
    oldest = None if since is None else since - _CLOCK_SKEW
    account = (await _ask(request, "/api/v1/accounts/verify_credentials"))[0]
    params = {"limit": str(_PAGE), "exclude_reblogs": "true"}
    for _ in range(_PAGES):
        statuses = await _ask(request, f"/api/v1/accounts/{quote(str(account['id']), safe='')}/statuses", params)
        for status in statuses:
            if is_it(status):
                return status
        # Ids are opaque: only their order in the answer says what is older.
        if not statuses or _older(statuses[-1], oldest):
            return None
        if params.get("max_id") == str(statuses[-1]["id"]):
            raise DeliveryUnknown("Mastodon: the server gives the same page again and again; look at the account")
        params["max_id"] = str(statuses[-1]["id"])
    raise DeliveryUnknown("Mastodon: too many statuses since the decree was found; look at the account")


async def _ask(request: ApiRequest, path: str, params: dict[str, str] | None = None) -> list[Mapping[str, Any]]:
    """Things with an id, one or many."""
    try:
        document = json_of(await request("GET", path, params=params))
    except DeliveryUnknown as error:
        raise NotSent(str(error)) from None
    except Refused as error:
        raise DeliveryUnknown(f"{error}; look at the account") from None
    things = document if isinstance(document, list) else [document]
    if not all(isinstance(thing, Mapping) and thing.get("id") for thing in things):
        raise NotSent(f"Mastodon: an unreadable answer from {path}")
    return things


def _older(status: Mapping[str, Any], moment: datetime | None) -> bool:
    created = moment_of(status)
    return moment is not None and created is not None and created < moment


# Threads.


def key_of(post: str, number: int) -> str:
    """Return the key of the n-th status of a thread: that of the post for the first."""
    return post if number == 1 else hashlib.sha256(f"{post}\0{number}".encode()).hexdigest()[:32]


async def thread_of(request: ApiRequest, first: Mapping[str, Any]) -> list[str]:
    """Return the ids of the account's own replies that follow a status, one after the other. Raises DeliveryError."""
    document = json_of(await request("GET", f"/api/v1/statuses/{quote(str(first['id']), safe='')}/context"))
    replies = document.get("descendants") if isinstance(document, Mapping) else None
    if not isinstance(replies, list):
        raise DeliveryUnknown("Mastodon: a thread that cannot be read")
    own = {str(one.get("in_reply_to_id")): str(one.get("id")) for one in reversed(replies) if _is_by(one, first)}
    chain: list[str] = []
    last = str(first["id"])
    while (last := own.pop(last, "")) and len(chain) < len(replies):
        chain.append(last)
    return chain


async def complete_thread(
    request: ApiRequest,
    first: Mapping[str, Any],
    texts: Sequence[str],
    form: Mapping[str, str],
    post: str,
    *,
    destination: str,
    known: bool,
) -> None:
    """Add what is missing of a thread: `texts` are those after the first. `known`: the first was there before, and perhaps some of them.

    What the server does not take ends the thread, which is logged: the post itself is there. Raises NotSent and Unknown, after either of
    which it goes on where it stopped.
    """
    chain = await thread_of(request, first) if known and texts else []
    last = chain[-1] if chain else str(first["id"])
    for number, text in enumerate(texts[len(chain) :], start=len(chain) + 2):
        asked = {**form, "status": text, "in_reply_to_id": last}
        try:
            answer = await request("POST", "/api/v1/statuses", data=asked, headers={"Idempotency-Key": key_of(post, number)})
        except Refused as error:
            # A token that is refused is mended, and the thread then goes on; what it hangs on may be gone for good.
            if isinstance(error, DestinationRefused) and not isinstance(error, Missing):
                raise
            log.warning("thread.refused", destination=destination, part=number, error=str(error))
            return
        last = str(created(answer)["id"])


def _is_by(reply: object, first: Mapping[str, Any]) -> bool:
    if not isinstance(reply, Mapping):
        return False
    theirs, ours = reply.get("account"), first.get("account")
    return isinstance(theirs, Mapping) and isinstance(ours, Mapping) and theirs.get("id") == ours.get("id")
