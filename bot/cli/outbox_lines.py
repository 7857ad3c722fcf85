"""What `vigie outbox` prints for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from bot.cli.columns import count
from bot.domain import Post, PostState
from bot.messages import printable
from bot.messages.cleaning import link_to

if TYPE_CHECKING:
    from bot.storage.edits import EditTold

_STATES = {
    PostState.PENDING: "waits to be sent",
    PostState.SENDING: "is being sent",
    PostState.SENT: "sent",
    PostState.REFUSED: "given up",
    PostState.UNKNOWN: "perhaps sent: it is looked for",
    PostState.HELD: "perhaps sent: waits for you to look (vigie outbox resolve)",
}


_EDITS = {
    "pending": "its message is to be edited",
    "done": "its message was edited",
    "given_up": "its message could not be edited, and is left as it is",
}


def post_line(post: Post, edit: EditTold | None) -> str:
    """One post on one line, with what keeps its message from being edited."""
    number = post.decree.facts.number or post.decree.act_id or "-"
    why = f"  {post.cause.value}" if post.cause is not None else ""
    error = f": {post.error}" if post.error else ""
    edited = "" if edit is None else f"  edit {edit.state}{_why(edit)}"
    joined = "  in a digest" if post.digest is not None else ""
    head = f"{post.id:>5}  {post.state.value:<8} {post.destination:<14} {post.decree.authority:<3} {number}"
    return printable(f"{head}{joined}{why}{error}{edited}")


def post_lines(post: Post, message: Post, edit: EditTold | None, now: datetime) -> Iterator[str]:
    """All of one post. `message` is the whole message that it is part of."""
    decree = post.decree
    yield printable(f"post {post.id} to {post.destination}: {_STATES[post.state]}")
    if post.cause is not None or post.error:
        cause = post.cause.value if post.cause is not None else "unknown cause"
        yield printable(f"  last: {cause}" + (f": {post.error}" if post.error else ""))
    yield f"  {count(post.attempts, 'attempt')}" + (f", looked for {count(post.looks, 'time')} without an answer" if post.looks else "")
    for word, moment in (("found", post.created_at), ("next try", _coming(post, now)), ("closed", post.closed_at)):
        if moment is not None:
            yield f"  {word}: {moment.isoformat(timespec='seconds')}"
    if post.reference:
        yield printable(f"  the platform's id: {post.reference}")
    if edit is not None:
        coming = edit.not_before if edit.not_before is not None and edit.not_before > now else None
        then = "" if coming is None else f"; next try: {coming.isoformat(timespec='seconds')}"
        yield printable(f"  {_EDITS[edit.state]} ({count(edit.attempts, 'attempt')}){_why(edit)}{then}")
    if post.digest is not None:
        told = ", ".join(str(one.id) for one in message.decrees if one.id is not None)
        yield f"  part of one message that tells of decrees {told}"
    known = "" if decree.id is None else f"[{decree.id}] "
    yield printable(f"  {known}{decree.authority} {decree.kind.value} {decree.facts.number or decree.act_id or ''} {decree.title}")
    link = link_to(decree.url, decree.page)
    if link is not None:
        yield f"  {link}"


def _why(edit: EditTold) -> str:
    return ("" if edit.cause is None else f"  {edit.cause.value}") + (f": {edit.error}" if edit.error else "")


def _coming(post: Post, now: datetime) -> datetime | None:
    waits = post.state in {PostState.PENDING, PostState.UNKNOWN}
    return post.not_before if waits and post.not_before is not None and post.not_before > now else None
