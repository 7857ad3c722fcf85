"""The question about one act in plain text. Pure: what comes from outside is made harmless, and names nobody."""

from __future__ import annotations

from bot.alerts.vocabulary import ReviewWords
from bot.detection import without_names
from bot.messages.cleaning import cut, inert, link_to
from bot.storage.rows import Waiting

_LONGEST_TITLE = 400
_LONGEST_QUOTE = 240
_QUOTES = 3


def review_text(act: Waiting, name: str, words: ReviewWords, *, buttons: bool) -> str:
    """The act, where it stands, what made it doubtful, and how to answer. Far below what Telegram takes."""
    quotes = dict.fromkeys(
        words.quote.format(page=item.page, text=cut(inert(without_names(item.text)), _LONGEST_QUOTE)) for item in act.evidence if item.text
    )
    lines = [
        words.head.format(number=act.id),
        words.where.format(name=inert(name), page=act.page),
        cut(inert(without_names(act.title)), _LONGEST_TITLE),
        "" if act.decree is None else (words.reread if act.reread else words.known).format(decree=act.decree),
        *list(quotes)[:_QUOTES],
        link_to(act.url, act.page) or "",
        words.ask if buttons else words.type.format(number=act.id),
    ]
    return "\n".join(line for line in lines if line)
