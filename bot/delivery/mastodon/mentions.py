"""The mentions of one account, and the answers to them, as requests to its server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot.delivery.channel import DeliveryError, DestinationRefused, Missing, NotSent, Refused
from bot.delivery.mastodon.client import MastodonApi, created, json_of, moment_of
from bot.domain.mentions import AccountFailed, AnswerVisibility, StatusMention
from bot.messages.words import StatusLimits, clean

_PAGE = 40
_HANDLE = re.compile(r"\w[\w.-]{0,99}(?:@[\w.-]{1,253})?")
_VISIBILITIES: Mapping[str, AnswerVisibility] = {"public": "unlisted", "unlisted": "unlisted", "private": "private"}


class MentionedAccount:
    """Reads who mentions an account, and answers. Every method that requests raises AccountFailed."""

    def __init__(self, name: str, api: MastodonApi, *, content_warning: str = "") -> None:
        """`name` is the destination's. Answers are folded under a `content_warning`, as posts are."""
        self.name = name
        self._api = api
        self._warning = clean(content_warning)
        self._own: tuple[str, str] | None = None

    @property
    def rest(self) -> float | None:
        """Return the seconds for which the last answer wants the server to be left alone."""
        return self._api.rest

    async def username(self) -> str:
        """Return the account's name, without the server."""
        return (await self._account())[1]

    async def newest(self) -> str:
        """Return the id of the newest notification of any sort, empty where there is none."""
        found = await self._notifications({"limit": "1"})
        return str(found[0]["id"]) if found else ""

    async def since(self, newest: str) -> list[tuple[str, StatusMention | None]]:
        """Return at most forty notifications after that id, oldest first, each with its mention or None, also if the id is ignored."""
        params = {"types[]": "mention", "limit": str(_PAGE)} | ({"min_id": newest} if newest else {})
        found = await self._notifications(params)
        ids = [str(one["id"]) for one in found]
        fresh = found[: ids.index(newest)] if newest in ids else found
        return [(str(one["id"]), mention_of(one)) for one in reversed(fresh)]

    async def is_blocked(self, account: str) -> bool:
        """Return whether either of the two has blocked the other, or this one is muted; false where the token may not read that."""
        with _failing():
            try:
                found = json_of(await self._api.request("GET", "/api/v1/accounts/relationships", params={"id[]": account}))
            except Refused:
                return False
        relations = found if isinstance(found, list) else []
        flags = ("blocking", "blocked_by", "muting")
        return any(isinstance(one, Mapping) and any(one.get(flag) is True for flag in flags) for one in relations)

    async def has_answered(self, mention: StatusMention) -> bool:
        """Return whether the status has a reply of the account already; false where the token may not read that."""
        own, _ = await self._account()
        with _failing():
            try:
                replies = await self._api.replies_to(mention.status)
            except Missing:
                raise
            except Refused:
                return False
        return any(_is_reply_of(one, own, mention.status) for one in replies or ())

    async def is_own(self, mention: StatusMention) -> bool:
        """Return whether the account mentions itself."""
        return (await self._account())[0] == mention.account

    async def answer(self, mention: StatusMention, language: str, write: Callable[[StatusLimits], str]) -> None:
        """Reply with what `write` makes of the limits: once, if often repeated, where the server has idempotency keys."""
        with _failing():
            await self._api.within_limits(lambda limits: self._reply(mention, language, write(limits.below(self._warning))))

    async def _reply(self, mention: StatusMention, language: str, text: str) -> None:
        form = {"status": text, "in_reply_to_id": mention.status, "visibility": mention.visibility, "language": language}
        if self._warning:
            form["spoiler_text"] = self._warning
        # The same after a restart.
        key = hashlib.sha256(f"mention\0{mention.notification}".encode()).hexdigest()[:32]
        created(await self._api.request("POST", "/api/v1/statuses", data=form, headers={"Idempotency-Key": key}))

    async def close(self) -> None:
        """Release connections."""
        await self._api.close()

    async def _account(self) -> tuple[str, str]:
        """Return the account's id and name. Kept once known."""
        if self._own is None:
            with _failing():
                found = json_of(await self._api.request("GET", "/api/v1/accounts/verify_credentials"))
            if not isinstance(found, Mapping) or not found.get("id") or not found.get("username"):
                raise AccountFailed("Mastodon: the account cannot be read")
            self._own = str(found["id"]), str(found["username"])
        return self._own

    async def _notifications(self, params: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        with _failing():
            found = json_of(await self._api.request("GET", "/api/v1/notifications", params=params))
        if not isinstance(found, list) or not all(isinstance(one, Mapping) and one.get("id") for one in found):
            raise AccountFailed("Mastodon: the notifications cannot be read")
        return found


@contextmanager
def _failing() -> Any:
    """Say of a request that failed whether it may succeed later."""
    try:
        yield
    except NotSent as error:
        raise AccountFailed(str(error), error.retry_after) from None
    except DeliveryError as error:
        # A token that is refused may be mended; a status that is gone stays so.
        is_final = isinstance(error, Missing) or (isinstance(error, Refused) and not isinstance(error, DestinationRefused))
        raise AccountFailed(str(error), is_final=is_final) from None


def mention_of(notification: Mapping[str, Any]) -> StatusMention | None:
    """Return the mention that a notification brings; None for another sort, or where it has no status, account or usable handle."""
    status, account = notification.get("status"), notification.get("account")
    if notification.get("type") != "mention" or not isinstance(status, Mapping) or not isinstance(account, Mapping):
        return None
    handle = str(account.get("acct") or "")
    if not status.get("id") or not account.get("id") or not _HANDLE.fullmatch(handle):
        return None
    return StatusMention(
        notification=str(notification["id"]),
        status=str(status["id"]),
        account=str(account["id"]),
        handle=handle,
        content=str(status.get("content") or ""),
        note=str(account.get("note") or ""),
        language=str(status.get("language") or ""),
        visibility=_VISIBILITIES.get(str(status.get("visibility")), "direct"),
        is_reply=bool(status.get("in_reply_to_id")),
        is_bot=account.get("bot") is True,
        made_at=moment_of(notification),
    )


def _is_reply_of(status: Mapping[str, Any], account: str, to: str) -> bool:
    author = status.get("account")
    return isinstance(author, Mapping) and str(author.get("id")) == account and str(status.get("in_reply_to_id")) == to
