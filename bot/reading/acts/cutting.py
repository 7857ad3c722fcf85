"""Pages of text -> the acts of a document. Pure.

Three kinds of document: the national template (running titles, separator pages, table of contents), other recueils (cut at the headings of
their decrees), and a decree alone. Whatever the kind, every page after the table of contents belongs to an act.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain import Act, PageText, Where
from bot.reading.acts.bulletins import cut_at_headings, one_act
from bot.reading.acts.contents import Entry, is_contents, read_contents
from bot.reading.acts.cover import is_cover
from bot.reading.acts.headings import first_line, first_visa, listed_on, opens_decree
from bot.reading.acts.inner import cut_inner
from bot.reading.acts.national import national_acts, read_signs
from bot.reading.acts.running_titles import Separator, marked_ids, read_separator
from bot.reading.acts.tables import begins_table, continues_table, read_table
from bot.reading.unread import UNREAD

_BEFORE_TABLE = 2
"""Pages that may come before a table of contents: the cover and its back."""
_LONGEST_COVER = 1500


@dataclass(frozen=True, slots=True)
class _Front:
    """What comes before the acts: how many pages (cover, table of contents, empty or unread pages among them), and the table as read."""

    pages: int
    contents: tuple[PageText, ...]
    entries: tuple[Entry, ...]


def cut_acts(pages: Sequence[PageText]) -> tuple[Act, ...]:
    """The acts of a document, in page order; `pages` are all its pages in order, numbered from 1.

    Works as well while some of them are `PENDING`: what the table of contents and the running titles say of them counts already.
    A file that holds a cover or a table of contents and nothing else is one act without an identifier: its own pages.
    """
    if not pages:
        return ()
    separators = {page.number: found for page in pages if (found := read_separator(page.text))}
    front = _front_matter(pages, separators)
    body = pages[front.pages :]
    if not any(page.text.strip() or page.origin in UNREAD for page in body) and front.pages:
        first = front.contents[0] if front.contents else pages[0]
        where = Where.CONTENTS if front.contents else None
        return (replace(one_act(pages), title=first_line(first.text), title_from=where, title_page=first.number),)
    signs = read_signs(front.entries, body, separators)
    if signs.known:
        return tuple(part for act in national_acts(body, signs) for part in cut_inner(_placed(act, front)))
    table = read_table([page.text for page in front.contents])
    return tuple(_placed(act, front) for act in cut_at_headings(body, table, is_recueil=front.pages > 0))


def _placed(act: Act, front: _Front) -> Act:
    """The act with the page on which its line of the table of contents stands, where its title comes from there."""
    if act.title_from is not Where.CONTENTS:
        return act
    return replace(act, title_page=listed_on(act.id, act.title, front.contents))


def _front_matter(pages: Sequence[PageText], separators: dict[int, Separator]) -> _Front:
    contents: list[PageText] = []
    front = 0
    for index, page in enumerate(pages):
        if page.number in separators or marked_ids(page.text) or opens_decree(page.text):
            break
        if is_contents(page.text, continued=bool(contents)) or (contents and continues_table(page.text)):
            if index and not front and not _announces(page.text):
                break
            contents.append(page)
            front = index + 1
        elif index == 0 and is_cover(page.text) and first_visa(page.text) is None:
            # In some templates the table begins on the cover.
            contents += [page] if begins_table(page.text) else []
            front = 1
        elif not page.text.strip() and front:
            continue
        elif not front and index < _BEFORE_TABLE and len(page.text) <= _LONGEST_COVER and first_visa(page.text) is None:
            # A cover that was not read, or says its name in no way we know: the table of contents after it, if there is one, is still one.
            continue
        else:
            break
    return _Front(front, tuple(contents), read_contents([page.text for page in contents]))


def _announces(text: str) -> bool:
    """True for a table of contents that holds acts: a report has one too, of its chapters."""
    return bool(read_contents([text])) or continues_table(text)
