"""The further statuses of a thread, after the one that is the post itself. Each is a reply to the one before.

Every status has an Idempotency-Key of its own, made from the post's; and as some servers ignore those, what is there already is asked for
before anything is added: a thread that was broken off goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog

from bot.delivery.channel import DestinationRefused, Missing, Refused, Unknown
from bot.delivery.mastodon.client import ApiRequest, created, json_of

log = structlog.get_logger()


def key_of(post: str, number: int) -> str:
    """Return the key of the n-th status of a thread: that of the post for the first."""
    return post if number == 1 else hashlib.sha256(f"{post}\0{number}".encode()).hexdigest()[:32]


async def there(request: ApiRequest, first: Mapping[str, Any]) -> list[str]:
    """Return the ids of the account's own replies that follow a status, one after the other. Raises DeliveryError."""
    document = json_of(await request("GET", f"/api/v1/statuses/{quote(str(first['id']), safe='')}/context"))
    replies = document.get("descendants") if isinstance(document, Mapping) else None
    if not isinstance(replies, list):
        raise Unknown("Mastodon: a thread that cannot be read")
    own = {str(one.get("in_reply_to_id")): str(one.get("id")) for one in reversed(replies) if _is_by(one, first)}
    chain: list[str] = []
    last = str(first["id"])
    while (last := own.pop(last, "")) and len(chain) < len(replies):
        chain.append(last)
    return chain


async def go_on(
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
    chain = await there(request, first) if known and texts else []
    last = chain[-1] if chain else str(first["id"])
    for number, text in enumerate(texts[len(chain) :], start=len(chain) + 2):
        asked = {**form, "status": text, "in_reply_to_id": last}
        try:
            answer = await request("POST", "/api/v1/statuses", data=asked, headers={"Idempotency-Key": key_of(post, number)})
        except Refused as error:
            # A token that is refused is mended, and the thread then goes on; what it hangs on may be gone for good.
            if isinstance(error, DestinationRefused) and not isinstance(error, Missing):
                raise
            log.warning("thread ended early: the server refused a part", destination=destination, part=number, error=str(error))
            return
        last = str(created(answer)["id"])


def _is_by(reply: object, first: Mapping[str, Any]) -> bool:
    if not isinstance(reply, Mapping):
        return False
    theirs, ours = reply.get("account"), first.get("account")
    return isinstance(theirs, Mapping) and isinstance(ours, Mapping) and theirs.get("id") == ours.get("id")
