"""A mention of an account on a server with a Mastodon API, and reasons not to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AnswerVisibility = Literal["unlisted", "private", "direct"]
"""Who sees an answer: never everybody on their timelines."""


@dataclass(frozen=True, slots=True)
class StatusMention:
    """A status that mentions the account. Nothing of it is stored or logged."""

    notification: str
    """Its id at the server: opaque, as all ids are."""
    status: str
    account: str
    """The id of who wrote it."""
    handle: str
    """How the server names who wrote it: `name`, or `name@host`."""
    content: str
    """HTML, made by any server."""
    note: str
    """HTML: what the account says of itself."""
    language: str
    """A code such as `fr` or `fr-FR`; empty where the server says none."""
    visibility: AnswerVisibility
    """The one of the status, but `unlisted` for a public one, and `direct` for one that is not known."""
    is_reply: bool
    is_bot: bool
    made_at: datetime | None
    """When the server was notified; None where it does not say so readably."""


class AccountFailed(Exception):
    """Raised when a request for an account failed or its outcome is unknown; holds no token. `wait`: seconds until the next try, as the
    server asks. `is_final`: it fails each time.
    """

    def __init__(self, message: str, wait: float | None = None, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.is_final = is_final
