"""Posts on a text stream: the destination that needs no account."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TextIO

from bot.delivery.channel import MessageComposer, NotSent, Sent, composing
from bot.domain.acts import Decree
from bot.domain.posts import Post
from bot.messages.announcement import plain_post
from bot.messages.digests import plain_digest


class ConsoleChannel:
    """Writes each post to a stream and flushes it. The stream belongs to the caller and is not closed."""

    def __init__(self, name: str, stream: TextIO, composer: MessageComposer) -> None:
        self.name = name
        self._stream = stream
        self._composer = composer
        self._written: set[str] = set()

    async def send(self, post: Post) -> Sent:
        """Write the post. Raises NotSent if cut short (reader gone, disk full; a repetition is harmless), Refused if not composable."""
        with composing("console"):
            text = self._text(post)
        try:
            # In a thread: a reader that pauses (a pager, a full pipe) must hold up nothing else.
            await asyncio.to_thread(self._write, self._encodable(text) + "\n\n")
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise NotSent(f"cannot write to the console: {reason}") from None
        self._written.add(post.key)
        return Sent(post.key)

    def _text(self, post: Post) -> str:
        if post.digest is not None:
            return plain_digest(post.decrees, self._composer.places, self._composer.language)
        return plain_post(self._composer.input_of(post))

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _encodable(self, text: str) -> str:
        """Replace what the stream's encoding lacks."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "replace").decode(encoding)

    async def find(self, post: Post) -> Sent | None:
        """Return what this process wrote; writes lose no answer."""
        return Sent(post.key) if post.key in self._written else None

    async def room(self, decrees: Sequence[Decree]) -> int:
        """Return all of them: a stream has no limits."""
        return max(len(decrees), 1)

    async def close(self) -> None:
        """Nothing to release."""
