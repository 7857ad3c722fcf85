"""The JSON of `vigie outbox`. Keys are a contract: add, never rename."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.cli.shapes import Json
from bot.domain import Post
from bot.messages.cleaning import link_to

if TYPE_CHECKING:
    from bot.storage.edits import EditTold


def post_json(post: Post, edit: EditTold | None) -> Json:
    """One post. Instants are ISO 8601 in UTC; `digest` is the same for all posts of one message, null for a message of its own; `edit` is
    how far its message was brought up to date, null where nothing was ever to be edited.
    """
    decree = post.decree
    return {
        "post": post.id,
        "destination": post.destination,
        "state": post.state.value,
        "cause": None if post.cause is None else post.cause.value,
        "error": post.error,
        "attempts": post.attempts,
        "looks": post.looks,
        "created_at": _instant(post.created_at),
        "not_before": _instant(post.not_before),
        "closed_at": _instant(post.closed_at),
        "reference": post.reference,
        "digest": post.digest,
        "decree": decree.id,
        "authority": decree.authority,
        "number": decree.facts.number,
        "link": link_to(decree.url, decree.page),
        "edit": None if edit is None else _edit_json(edit),
    }


def _edit_json(edit: EditTold) -> Json:
    return {
        "state": edit.state,
        "cause": None if edit.cause is None else edit.cause.value,
        "error": edit.error,
        "attempts": edit.attempts,
        "not_before": _instant(edit.not_before),
    }


def decided_json(number: int, done: bool, told: str, post: Post | None) -> Json:
    """What became of one number that a person named; `state` is that of the post now, null where there is none."""
    return {"post": number, "done": done, "told": told, "state": None if post is None else post.state.value}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
