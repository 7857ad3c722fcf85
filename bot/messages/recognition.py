"""Is this text the post of that decree? For whoever looks for a post whose answer was lost."""

from __future__ import annotations

from bot.messages.cleaning import JOINER
from bot.messages.layout import SEPARATOR
from bot.messages.words import LANGUAGES, words_in


def shows_number(text: str, number: str) -> bool:
    """Whether a post, in any language, gives `number` (inert) as its decree's own: in the row that says by what the decree is called.

    Elsewhere it may be that of another decree: the one that this decree ends, or one that its title quotes.
    """
    own = tuple(words_in(language).labels.number.format(number=number) for language in LANGUAGES)
    rows = (row.strip() for row in text.replace(JOINER, "").splitlines())
    return any(row == called or row.startswith(called + SEPARATOR) for row in rows for called in own)
