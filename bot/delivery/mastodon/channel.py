"""Posts to one account on a server with a Mastodon API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from bot.delivery.channel import (
    DeliveryUnknown,
    DestinationRefused,
    EditExposed,
    HoldForPerson,
    MessageComposer,
    Missing,
    NotSent,
    PreparedPictures,
    Refused,
    Sent,
    before_sending,
    composing,
)
from bot.delivery.mastodon.client import (
    ApiRequest,
    MastodonApi,
    created,
    is_sought,
    is_sought_digest,
    json_of,
    missing_scopes,
    moment_of,
    says_too_long,
    upload,
)
from bot.domain.acts import Decree, Place
from bot.domain.posts import Post, Visibility
from bot.messages.announcement import announce, mastodon_status
from bot.messages.digests import digest_links, mastodon_digest, mastodon_room
from bot.messages.lines import MessageInput
from bot.messages.words import Language, StatusLimits, clean, inert

log = structlog.get_logger()

# Finds a post among the account's statuses, newest first, back to the decree's discovery.

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
        # Many that waited were perhaps sent as one: this database holds nothing of that digest.
        if is_sought_digest(status, [link], language):
            raise HoldForPerson(f"Mastodon: it is in the digest {status['id']}: vigie outbox resolve {post.id} --sent")
        return is_sought(status, link, number, language)

    return is_it


async def look_for(request: ApiRequest, is_it: Recogniser, *, since: datetime | None) -> Mapping[str, Any] | None:
    """Return the status, None if certainly not posted `since` then (less ten minutes for clocks). Raises Unknown for too many pages or no
    access, NotSent if unreachable.
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


# The account.

_NO_ANSWERS = (
    "without read:notifications mentions cannot be answered: make a token that has it (read includes it), or set answer_mentions = false"
)


class MastodonChannel:
    """Posts each decree as one status; Idempotency-Key (one hour on Mastodon, ignored by some servers): the post's key."""

    def __init__(
        self,
        name: str,
        api: MastodonApi,
        composer: MessageComposer,
        pictured: PreparedPictures,
        *,
        visibility: Visibility = "public",
        content_warning: str = "",
    ) -> None:
        """Fold every status under a `content_warning`."""
        self.name = name
        self._api = api
        self._request = api.request
        self._composer = composer
        self._visibility = visibility
        self._pictured = pictured
        self._warning = clean(content_warning)
        self._exposed: str | None = None

    async def prepare(self, post: Post) -> None:
        """Draw the picture. See `PreparingChannel`."""
        await self._pictured.prepare(post)

    async def send(self, post: Post) -> Sent:
        """Post the status. Raises NotSent, Refused (DestinationRefused) or Unknown."""
        await self._api.limits()  # before the picture is uploaded
        media = await self._media(post)
        posted = await self._api.within_limits(lambda limits: self._post(post, limits, media))
        return Sent(str(created(posted)["id"]), self._api.rest)

    async def _media(self, post: Post) -> str | None:
        """Upload the post's picture and return its id; None without one or if refused, so that the text goes alone."""
        picture = await self._pictured.take(post)
        if picture is None:
            return None
        with before_sending():
            return await upload(self._request, picture, destination=self.name)

    async def _post(self, post: Post, limits: StatusLimits, media: str | None, *, alone: bool = False) -> httpx.Response:
        """`alone`: not as a reply, whatever the post follows."""
        form: dict[str, Any] = {"visibility": self._visibility, "language": self._composer.language, "status": self._text(post, limits)}
        # A text under a warning is folded.
        form |= {"spoiler_text": self._warning} if self._warning else {}
        if media is not None:
            form["media_ids[]"] = [media]
        reply_to = None if alone else post.reply_to
        if reply_to is not None:
            form["in_reply_to_id"] = reply_to.reference
        try:
            return await self._request("POST", "/api/v1/statuses", data=form, headers={"Idempotency-Key": post.key})
        except Refused as error:
            is_mended = not isinstance(error, DestinationRefused) and not says_too_long(str(error))
            if media is not None and is_mended:
                log.warning("picture.refused", destination=self.name, error=str(error))
                return await self._post(post, limits, None, alone=alone)
            # Mastodon answers 404 where the status replied to is gone; an account or server that is gone says so again.
            if reply_to is not None and (is_mended or isinstance(error, Missing)):
                log.warning("post.not_a_reply", destination=self.name, error=str(error))
                return await self._post(post, limits, media, alone=True)
            raise

    def _text(self, post: Post, limits: StatusLimits) -> str:
        """Return the status. Raises Refused where there is no room for a link."""
        room = limits.below(self._warning)
        with composing("Mastodon"):
            if post.digest is not None:
                return mastodon_digest(post.decrees, self._composer.places, self._composer.language, room)
            return mastodon_status(self._composer.input_of(post), limits=room)

    async def edit(self, post: Post) -> Sent:
        """Update the status of a sent post; see `EditingChannel`. Raises EditExposed, from then on always, if others see it."""
        if post.digest is not None or post.reference is None:
            raise Refused("Mastodon: not a status that can be edited")
        if self._exposed is not None:
            raise EditExposed(self._exposed)
        try:
            await self._api.within_limits(partial(self._edit, post, post.reference))
        except EditExposed as error:
            self._exposed = str(error)
            raise
        return Sent(post.reference, self._api.rest)

    async def _edit(self, post: Post, status_id: str, limits: StatusLimits) -> None:
        text = self._text(post, limits)
        await edit_status(self._request, status_id, text, language=self._composer.language, warning=self._warning)

    async def check(self) -> str | None:
        """Check that the token has an account and the scopes needed. See `Checkable`."""
        scopes = await self._scopes()
        missing = await self._missing_unnamed() if scopes is None else missing_scopes(scopes, self._api.scopes)
        if "write:statuses" in missing:
            raise DestinationRefused("Mastodon: the token lacks the scope write:statuses, without which nothing can be posted")
        if "read:accounts" not in missing:
            try:
                await self._request("GET", "/api/v1/accounts/verify_credentials")
            except Refused as error:  # some servers answer 400 where Mastodon answers 401
                raise DestinationRefused(str(error)) from None
        if "read:notifications" in missing:
            return f"Mastodon: the token lacks the scopes {', '.join(missing)}; {_NO_ANSWERS}"
        return f"Mastodon: the token lacks the scopes {', '.join(missing)}" if missing else None

    async def _missing_unnamed(self) -> list[str]:
        """Return scopes missing for mentions, by trying, where the server names none."""
        if "read:notifications" in self._api.scopes:
            try:
                await self._request("GET", "/api/v1/notifications", params={"limit": "1"})
            except DestinationRefused:
                # Where the token itself is refused, the next request finds that out.
                return ["read:notifications"]
        return []

    async def _scopes(self) -> list[str] | None:
        """Return what the token may do; None where the server does not say."""
        try:
            application = json_of(await self._request("GET", "/api/v1/apps/verify_credentials"))
        except Refused:
            return None
        scopes = application.get("scopes") if isinstance(application, Mapping) else None
        named = scopes.split() if isinstance(scopes, str) else scopes
        return [str(scope) for scope in named] if isinstance(named, list) and named else None

    async def describe(self) -> str:
        """Return who sees the posts, and how long they may be. Raises NotSent when the server cannot be reached for its limits."""
        return f"posts are {self._visibility}, of at most {(await self._api.limits()).characters} characters"

    async def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many of these decrees one status holds. Raises NotSent when the server cannot be reached for its limits."""
        room = (await self._api.limits()).below(self._warning)
        return mastodon_room(decrees, self._composer.places, self._composer.language, room)

    async def find(self, post: Post) -> Sent | None:
        """Find the post by its decree's link among the account's statuses since discovery, also if edited. Raises Unknown for too many
        pages or no access, NotSent if unreachable.
        """
        sought = recogniser(post, self._composer.place(post.decree), self._composer.clock(), self._composer.language)
        found = [decree.found_at for decree in post.decrees if decree.found_at is not None]
        since = max(found) if len(found) == len(post.decrees) else None
        if since is not None and post.sought_since is not None:
            since = min(since, post.sought_since)
        status = await look_for(self._request, sought, since=since)
        return None if status is None else Sent(str(status["id"]), self._api.rest)

    async def close(self) -> None:
        """Release connections."""
        await self._api.close()


# A status of the account's own, edited: PUT /api/v1/statuses/:id, since Mastodon 3.5.


async def edit_status(request: ApiRequest, status_id: str, text: str, *, language: str, warning: str) -> None:
    """Replace a status's text, naming its pictures to keep them. Raises DeliveryError, Refused (gone, no edits), EditExposed (audience)."""
    path = f"/api/v1/statuses/{quote(status_id, safe='')}"
    try:
        status = json_of(await request("GET", path))
        if not isinstance(status, Mapping):
            raise Refused("Mastodon: a status that cannot be read cannot be edited")
        pictures, is_sensitive = _pictures(status), status.get("sensitive") is True
        form: dict[str, Any] = {"status": text, "language": language, "spoiler_text": warning}
        # Somebody may have marked its picture as sensitive meanwhile.
        form["sensitive"] = "true" if warning or is_sensitive else "false"
        answer = await request("PUT", path, data=form | ({"media_ids[]": pictures} if pictures else {}))
    except Missing as error:
        raise Refused(f"{error}; the status is gone, or the server supports no edits") from None
    before, after = _visibility(status), _visibility(json_of(answer))
    if before is not None and after is not None and before != after:
        raise EditExposed(f"Mastodon: by the edit the server made a status {after} that was {before}; nothing is edited there any more")


def _visibility(status: object) -> str | None:
    shown = status.get("visibility") if isinstance(status, Mapping) else None
    return shown if isinstance(shown, str) else None


def _pictures(status: Mapping[str, Any]) -> list[str]:
    shown = status.get("media_attachments")
    return [str(one["id"]) for one in shown if isinstance(one, Mapping) and one.get("id")] if isinstance(shown, list) else []
