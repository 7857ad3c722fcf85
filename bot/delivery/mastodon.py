"""Posts to one account on a server with a Mastodon API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from bot.delivery.channel import DeliveryError, NotSent, Refused, Sent, Unknown
from bot.delivery.mastodon_answers import classify_answer, classify_failure, is_sought, limits_of, moment_of, says_too_long
from bot.delivery.routing import Visibility
from bot.delivery.safety import ONE_REQUEST_PER_CONNECTION, checked_base, scrub
from bot.loopback import is_loopback
from bot.messages import Language, StatusLimits, announce, mastodon_status, place_for
from bot.messages.cleaning import inert
from bot.messages.layout import TooSmall
from bot.model import Place, Post

_PAGE = 40
_PAGES = 10
_CLOCK_SKEW = timedelta(minutes=10)


class MastodonChannel:
    """Posts each decree as one status, with the post's key as Idempotency-Key (kept by Mastodon for an hour, by others not at all)."""

    def __init__(
        self,
        *,
        name: str,
        instance: str,
        token: str,
        places: Mapping[str, Place],
        clock: Callable[[], datetime],
        language: Language = "fr",
        visibility: Visibility = "public",
        read_timeout: float = 30.0,
    ) -> None:
        """Raises UnsafeAddress when `instance` is neither https nor this machine. `read_timeout` is in seconds."""
        self._name = name
        self._token = token
        self._places = places
        self._clock = clock
        self._language: Language = language
        self._visibility = visibility
        self._limits: StatusLimits | None = None
        base = checked_base(instance)
        self._client = httpx.AsyncClient(
            base_url=base,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=httpx.Timeout(read_timeout, connect=10.0),
            limits=ONE_REQUEST_PER_CONNECTION,
            trust_env=not is_loopback(urlsplit(base).hostname or ""),
        )

    @property
    def name(self) -> str:
        """The destination's name in the configuration and in the outbox."""
        return self._name

    async def send(self, post: Post) -> Sent:
        """Post the status. Raises NotSent, Refused (DestinationRefused when the account itself is refused) or Unknown."""
        limits = await self._status_limits()
        try:
            answer = await self._post(post, limits)
        except Refused as error:
            in_full = replace(limits, per_url=None)
            if limits == in_full or not says_too_long(str(error)):
                raise
            # It counts links in full, whatever its instance document says.
            answer = await self._post(post, in_full)
            self._limits = in_full
        created = _json(answer)
        reference = created.get("id") if isinstance(created, Mapping) else None
        if not reference:
            raise Unknown("Mastodon: an answer without a status id")
        return Sent(str(reference))

    async def _post(self, post: Post, limits: StatusLimits) -> httpx.Response:
        place = place_for(self._places, post.decree.authority)
        try:
            text = mastodon_status(post.decree, place, self._clock(), self._language, limits=limits)
        except TooSmall as error:
            raise Refused(f"Mastodon: {error}") from None
        form = {"status": text, "visibility": self._visibility, "language": self._language}
        return await self._request("POST", "/api/v1/statuses", data=form, headers={"Idempotency-Key": post.key})

    async def _status_limits(self) -> StatusLimits:
        """Kept once known: v2, then v1 (servers without v2); Mastodon's own where neither tells. A server out of reach is NotSent."""
        if self._limits is None:
            self._limits = await self._instance_limits("/api/v2/instance") or await self._instance_limits("/api/v1/instance")
        return self._limits or StatusLimits()

    async def _instance_limits(self, path: str) -> StatusLimits | None:
        try:
            document = _json(await self._request("GET", path))
        except (Refused, Unknown):
            return None
        return limits_of(document) if isinstance(document, Mapping) else None

    async def find(self, post: Post) -> Sent | None:
        """Look for the decree's link among the account's own statuses, back to when the decree was found.

        Raises Unknown when that takes too many pages or the account cannot be read, NotSent when the server cannot be asked.
        """
        place = place_for(self._places, post.decree.authority)
        link = announce(post.decree, place, self._clock(), self._language).link
        if link is None:
            raise Unknown("Mastodon: a decree without a link cannot be looked for; look at the account")
        number = inert(post.decree.facts.number or "") or None
        oldest = None if post.decree.found_at is None else post.decree.found_at - _CLOCK_SKEW
        account = (await self._ask("/api/v1/accounts/verify_credentials"))[0]
        params = {"limit": str(_PAGE), "exclude_reblogs": "true"}
        for _ in range(_PAGES):
            statuses = await self._ask(f"/api/v1/accounts/{quote(str(account['id']), safe='')}/statuses", params)
            for status in statuses:
                if is_sought(status, link, number, self._language):
                    return Sent(str(status["id"]))
            if not statuses or _older(statuses[-1], oldest):
                return None
            params["max_id"] = str(statuses[-1]["id"])
        raise Unknown("Mastodon: too many statuses since the decree was found; look at the account")

    async def _ask(self, path: str, params: dict[str, str] | None = None) -> list[Mapping[str, Any]]:
        """Things with an id, one or many. Nothing is posted here: an answer lost on the way only means to ask again."""
        try:
            document = _json(await self._request("GET", path, params=params))
        except Unknown as error:
            raise NotSent(str(error)) from None
        except Refused as error:
            raise Unknown(f"{error}; look at the account") from None
        things = document if isinstance(document, list) else [document]
        if not all(isinstance(thing, Mapping) and thing.get("id") for thing in things):
            raise NotSent(f"Mastodon: an unreadable answer from {path}")
        return things

    async def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        failure: DeliveryError
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            failure = classify_failure(error)
        else:
            if answer.is_success:
                return answer
            failure = classify_answer(answer.status_code, answer.headers, scrub(answer.text, self._token), self._clock())
        raise failure

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _older(status: Mapping[str, Any], moment: datetime | None) -> bool:
    created = moment_of(status)
    return moment is not None and created is not None and created < moment
