"""The acts of a stored recueil as detection wants them: with their pages, where these are still known. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.domain import Act, PageText
from bot.domain.records import Content
from bot.reading.assembly import assemble
from bot.storage.decrees import StoredAct

Place = tuple[str | None, int, int]


def acts_again(stored: Sequence[StoredAct], content: Content | None) -> Iterator[tuple[StoredAct, Act]]:
    """Each stored act with what it holds.

    `content` is the file it was read from: where all its pages are known and are cut into the same acts as then, the act has them as they
    were read. Where not, it has its whole text on its first page: what is found in it is then told to stand there.
    """
    known = _by_place(content)
    for one in stored:
        waiting = known[_place(one)]
        yield one, waiting.pop(0) if waiting else _from_text(one)


def _by_place(content: Content | None) -> defaultdict[Place, list[Act]]:
    places: defaultdict[Place, list[Act]] = defaultdict(list)
    if content is not None and content.complete:
        for act in assemble(content.pages).acts:
            places[_place(act)].append(act)
    return places


def _place(act: StoredAct | Act) -> Place:
    return act.act_id if isinstance(act, StoredAct) else act.id, act.first_page, act.last_page


def _from_text(one: StoredAct) -> Act:
    return Act(
        id=one.act_id,
        title=one.title,
        service=one.service,
        first_page=one.first_page,
        last_page=one.last_page,
        pages=(PageText(one.first_page, one.text),),
    )
