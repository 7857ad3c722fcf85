"""What operators are told and asked, in a chat of their own where there is one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial

from bot.app.channels import chat_of
from bot.app.config import Settings
from bot.delivery import Destination, TelegramOperators
from bot.domain.crowd import CrowdLog
from bot.ingest.health import Overview
from bot.ingest.ingestor import Clock
from bot.ingest.review import Reviewer
from bot.operators import AlertTeller, PostTeller, ReviewAsker, source_name
from bot.operators.review_buttons import ReviewButtons
from bot.storage.store import Store
from sources.catalogue.authority import Authority


class Operators:
    """The operators' chat, and what uses it. Nothing here opens a connection before the first text is sent."""

    def __init__(
        self,
        settings: Settings,
        authorities: Mapping[str, Authority],
        wired: Collection[Destination],
        store: Store,
        reviewer: Reviewer,
        clock: Clock,
    ) -> None:
        """`wired` are the destinations of posts: none of them may be the operators' chat."""
        telegram = settings.telegram
        self._authorities = authorities
        self._destinations = tuple(entry.name for entry in wired)
        self._late_after = timedelta(hours=settings.delivery.tell_after_hours)
        self._store = store
        self._reviewer = reviewer
        self._clock = clock
        self._language = telegram.operators_language
        self.chat: TelegramOperators | None = None
        """Where they are told and asked; None where only the log tells."""
        self.buttons: ReviewButtons | None = None
        """Takes the answers; None where nobody is asked, or the bot does not listen."""
        chat = chat_of(telegram.operators_chat)
        if chat is not None and telegram.token is not None:
            public = [entry.chat for entry in wired if entry.chat is not None]
            now_at = store.moved_chats.now_at
            self.chat = TelegramOperators(
                chat, telegram.token.get_secret_value(), public, telegram.api_url, now_at=now_at, moved=self._moved
            )
            if telegram.commands:
                self.buttons = ReviewButtons(chat=chat, reviewer=reviewer, language=self._language, now_at=now_at)

    def teller(self, overview: Callable[[], Overview], crowds: CrowdLog) -> AlertTeller:
        """Tells what does not work, and that it works again; in the log alone where there is no chat."""
        return AlertTeller(
            survey=overview,
            alerts=self._store.alerts,
            chat=self.chat,
            names=partial(source_name, self._authorities),
            clock=self._clock,
            language=self._language,
            crowds=crowds,
        )

    def post_teller(self) -> PostTeller:
        """Tells of posts that need a person and of destinations that take nothing; in the log alone where there is no chat."""
        return PostTeller(
            posts=self._store.posts,
            edits=self._store.edits_told,
            checks=self._store.destination_checks,
            alerts=self._store.post_alerts,
            destinations=self._destinations,
            late_after=self._late_after,
            chat=self.chat,
            clock=self._clock,
            language=self._language,
        )

    def asker(self) -> ReviewAsker | None:
        """Asks about acts that nobody but a person can judge; None without a chat: `vigie review` shows them all the same."""
        if self.chat is None:
            return None
        return ReviewAsker(
            reviews=self._store.reviews,
            chat=self.chat,
            found=self._reviewer.found,
            names=self._name,
            clock=self._clock,
            language=self._language,
            buttons=self.buttons is not None,
        )

    async def close(self) -> None:
        """Release connections."""
        if self.chat is not None:
            await self.chat.close()

    def _moved(self, chat: int | str, new: int) -> None:
        self._store.moved_chats.moved(chat, new, self._clock())

    def _name(self, code: str) -> str:
        authority = self._authorities.get(code)
        return code if authority is None else f"{authority.department} ({code})"
