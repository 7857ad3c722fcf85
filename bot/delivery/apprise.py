"""Posts through Apprise (https://github.com/caronc/apprise) to one address of any service. Delivery is at least once, as services show no
messages: what may not have arrived is sent again, after growing waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from bot.delivery.channel import DeliveryUnknown, MessageComposer, NotSent, SendAgain, Sent, composing
from bot.delivery.transitions import retry_wait
from bot.domain.acts import Decree
from bot.domain.posts import Post
from bot.messages.announcement import mastodon_status
from bot.messages.digests import digest_subject, mastodon_digest, mastodon_room
from bot.messages.words import StatusLimits

try:
    import apprise
except ImportError:  # the extra `apprise` is not installed
    apprise = None  # type: ignore[assignment]  # checked before each use

_READ_TIMEOUT = 30.0
"""Seconds. Apprise gives up after 4, and what a slow service takes after that would be there twice."""

_TALKATIVE = ("apprise", "urllib3.connectionpool")
"""Loggers that write addresses, in which tokens are."""

_LONGEST_SUBJECT = 150
_AROUND_SUBJECT = 20
"""Characters that a service may put around a subject which it shows within the text."""


class NotAnAddress(ValueError):
    """Raised when Apprise cannot use an address; the message, a predicate, omits it, as it holds tokens."""


class _Silent(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Nothing passes."""
        return False


def service_at(url: str) -> Any:
    """Return the service of Apprise at an address. Raises NotAnAddress, also where Apprise is not installed."""
    if apprise is None:
        raise NotAnAddress("needs Apprise, which is not installed: pip install 'vigie-vsa[apprise]'")
    logger, silent = logging.getLogger("apprise"), _Silent()
    logger.addFilter(silent)  # it logs the address that it cannot use
    try:
        service = apprise.Apprise.instantiate(url)
    finally:
        logger.removeFilter(silent)
    if service is None:
        raise NotAnAddress("is not an address that Apprise can use: see github.com/caronc/apprise for how each service is written")
    return service


class AppriseChannel:
    """Sends each decree as one plain text within what the service takes (Apprise's `body_maxlen`), with a subject where it shows one, as
    mail does."""

    def __init__(self, name: str, url: str, composer: MessageComposer) -> None:
        """Raises NotAnAddress for an address that Apprise cannot use, and where Apprise is not installed."""
        try:
            service = service_at(url)
        except NotAnAddress as error:
            raise NotAnAddress(f"destination {name}: its url {error}") from None
        self._silent = _Silent()
        for logger in _TALKATIVE:
            logging.getLogger(logger).addFilter(self._silent)
        if service.socket_read_timeout == type(service).socket_read_timeout:
            service.socket_read_timeout = _READ_TIMEOUT
        self._service = apprise.Apprise()
        self._service.add(service)
        self._text_format = apprise.NotifyFormat.TEXT
        self.name = name
        self._composer = composer
        self._longest_subject: int = min(service.title_maxlen, _LONGEST_SUBJECT)
        within = self._longest_subject + _AROUND_SUBJECT if service.overflow_amalgamate_title else 0
        self._limits = StatusLimits(service.body_maxlen - within, per_url=None)
        self._taken: set[str] = set()

    async def send(self, post: Post) -> Sent:
        """Send the message by Apprise. Raises Refused without room for it, Unknown if it was not accepted."""
        text, subject = self._text(post), self._subject(post)
        # In a thread: Apprise blocks for as long as the service does. Its own failures are answers, not exceptions.
        if not await asyncio.to_thread(self._service.notify, text, subject, body_format=self._text_format):
            raise DeliveryUnknown("Apprise: the service did not take the message, or did not say that it had")
        self._taken.add(post.key)
        return Sent(post.key)

    def _subject(self, post: Post) -> str:
        with composing("Apprise"):
            return digest_subject(post.decrees, self._composer.places, self._composer.language, self._longest_subject)

    def _text(self, post: Post) -> str:
        with composing("Apprise"):
            if post.digest is not None:
                return mastodon_digest(post.decrees, self._composer.places, self._composer.language, self._limits, is_mail=self._is_mail)
            return mastodon_status(self._composer.input_of(post), limits=self._limits)

    @property
    def _is_mail(self) -> bool:
        return self._longest_subject > 0

    async def find(self, post: Post) -> Sent | None:
        """Return what this process sent. Else raises SendAgain, or before the third send NotSent, to wait."""
        if post.key in self._taken:  # the answer came, but could not be recorded
            return Sent(post.key)
        if post.attempts > 1 and post.reconcile_attempts == 0:
            wait = retry_wait(post.attempts).total_seconds()
            raise NotSent("Apprise: not taken; it waits before it is sent again", wait)
        raise SendAgain("Apprise: perhaps sent; sent again, for the service cannot be searched")

    async def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many of these decrees one message holds."""
        return mastodon_room(decrees, self._composer.places, self._composer.language, self._limits, is_mail=self._is_mail)

    async def close(self) -> None:
        """Nothing is kept open. May be called more than once."""
        for logger in _TALKATIVE:
            logging.getLogger(logger).removeFilter(self._silent)
