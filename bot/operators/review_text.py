"""The question about one act in plain text. Pure: what comes from outside is made harmless, and names nobody."""

from __future__ import annotations

from collections.abc import Sequence

from bot.detection import without_names
from bot.domain import Decree
from bot.domain.records import Waiting
from bot.messages.cleaning import cut, inert, link_to
from bot.operators.vocabulary import ReviewWords

_LONGEST_TITLE = 400
_LONGEST_QUOTE = 240
_QUOTES = 3
_NUMBERS = 20


def review_text(act: Waiting, name: str, words: ReviewWords, *, buttons: bool, found: Sequence[Decree] = (), why: str | None = None) -> str:
    """The act, where it stands, what made it doubtful, and how to answer. Far below what Telegram takes.

    `found` are the decrees that a yes records, told where there are several; `why` is the reason for the doubt, where one is known.
    """
    quotes = dict.fromkeys(
        words.quote.format(page=item.page, text=cut(inert(without_names(item.text)), _LONGEST_QUOTE)) for item in act.evidence if item.text
    )
    lines = [
        words.head.format(number=act.id),
        words.where.format(name=inert(name), page=act.page),
        cut(inert(without_names(act.title)), _LONGEST_TITLE),
        "" if act.decree is None else (words.reread if act.reread else words.known).format(decree=act.decree),
        "" if why is None else words.why.format(reason=why),
        *list(quotes)[:_QUOTES],
        "" if len(found) < 2 else words.several.format(n=len(found), numbers=_numbers(found)),
        link_to(act.url, act.page) or "",
        words.ask if buttons else words.type.format(number=act.id),
    ]
    return "\n".join(line for line in lines if line)


def _numbers(found: Sequence[Decree]) -> str:
    numbers = [inert(decree.facts.number or "?") for decree in found]
    return ", ".join(numbers[:_NUMBERS]) + (", …" if len(numbers) > _NUMBERS else "")
