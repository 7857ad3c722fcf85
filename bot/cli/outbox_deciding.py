"""What a person decides of posts: by the same transitions as everything else that happens to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.app import utc_now
from bot.delivery.transitions import Counts, Event, transition
from bot.domain import Post, PostCause, PostState
from bot.storage.errors import NoSuchRow
from bot.storage.store import Store


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether it could be done, in words for the person, and the post as it is now (None: there is none)."""

    done: bool
    told: str
    post: Post | None


_DONE = {
    Event.PERSON_RETRY: "will be sent again within a minute, while the bot runs",
    Event.PERSON_DROP: "given up; `vigie outbox retry` takes that back",
    Event.PERSON_SENT: "recorded as sent",
    Event.PERSON_NOT_SENT: "will be sent again within a minute, while the bot runs",
}

_EDITS = {
    Event.PERSON_RETRY: "its message will be edited within a minute, while the bot runs with delivery.edit_posts",
    Event.PERSON_DROP: "its message is left as it is; `vigie outbox retry` takes that back",
}

_CANNOT = {
    PostState.SENT: "was sent",
    PostState.SENDING: "is being sent at this moment; try again in a few minutes",
    PostState.REFUSED: "was given up, and is not in doubt: see vigie outbox retry",
    PostState.PENDING: "waits to be sent, and is not in doubt",
    PostState.UNKNOWN: "may be there already: look, then say so with vigie outbox resolve",
    PostState.HELD: "may be there already: look, then say so with vigie outbox resolve",
}


def retry(store: Store, number: int) -> Decided:
    """Send it again now: the whole message, where it is a digest."""
    return _decide(store, number, Event.PERSON_RETRY)


def drop(store: Store, number: int) -> Decided:
    """Give it up: this post alone, where it is part of a digest."""
    return _decide(store, number, Event.PERSON_DROP)


def sent(reference: str | None) -> Callable[[Store, int], Decided]:
    """It is there, under this id."""

    def decide(store: Store, number: int) -> Decided:
        return _decide(store, number, Event.PERSON_SENT, reference)

    return decide


def not_sent(store: Store, number: int) -> Decided:
    """It is not there."""
    return _decide(store, number, Event.PERSON_NOT_SENT)


def _decide_edit(store: Store, number: int, event: Event, post: Post, now: datetime) -> Decided:
    """Of a post that was sent, its edit is what can be tried again or given up."""
    decide = store.edits_told.retry if event is Event.PERSON_RETRY else store.edits_told.drop
    if not decide(number, now):
        return Decided(False, f"post {number} {_CANNOT[post.state]}, and its message waits for no edit", post)
    return Decided(True, f"post {number}: {_EDITS[event]}", post)


def _decide(store: Store, number: int, event: Event, reference: str | None = None) -> Decided:
    try:
        post = store.posts.get(number) if event is Event.PERSON_DROP else store.posts.message(number)
    except NoSuchRow as error:
        return Decided(False, str(error), None)
    now = utc_now()
    step = transition(post.state, event, Counts(post.attempts, post.looks), now)
    if step is None and post.state is PostState.SENT and event in _EDITS:
        return _decide_edit(store, number, event, post, now)
    if step is None:
        return Decided(False, f"post {number} {_CANNOT[post.state]}", post)
    done = store.posts.decide(
        post, step.state, now, cause=step.cause or PostCause.BY_PERSON, not_before=step.not_before, reference=reference
    )
    after = store.posts.get(number)
    if not done:
        return Decided(False, f"post {number} changed meanwhile: it is {after.state.value} now; look again", after)
    others = f" (and {len(post.also)} more in the same message)" if post.also else ""
    return Decided(True, f"post {number}{others}: {_DONE[event]}", after)
