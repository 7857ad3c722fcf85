"""Says what the looks of one poll prove: runs to store, and between which two looks each new recueil went online. Pure. A lower bound is
never false: where anything else may explain that an entry was not seen before, there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib.resources import files

from bot.domain.publication import MARK, Look, LookRun, Online, OpenRun
from sources.crawl.lists import PageLook
from sources.model import AnswerHead, ListingEntry, Origin

REMEMBERED = timedelta(days=70)
"""How long a page that is requested no more keeps its marks."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Holds what a poll leaves: the newest run of each page by its address, runs that ended, and when new entries went online, by
    address."""

    runs: Mapping[str, OpenRun]
    ended: tuple[LookRun, ...]
    online: Mapping[str, Online]


@cache
def reading_rules() -> str:
    """Return the version of the rules that read pages: other rules may see an entry that was there before."""
    package = files("sources")
    modules = sorted((each for part in ("pages", "crawl") for each in (package / part).iterdir()), key=lambda each: each.name)
    texts = [each.read_bytes() for each in (*modules, package / "text.py") if each.name.endswith(".py")]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:MARK]


def look_of(head: AnswerHead) -> Look:
    """Return an answer as it is stored."""
    return Look(**{name: getattr(head, name) for name in Look.__dataclass_fields__})


def observe(
    former: Mapping[str, OpenRun],
    looks: Sequence[PageLook],
    fresh: Sequence[ListingEntry],
    source: str,
    rules: str,
    *,
    is_news: bool = True,
) -> Observed:
    """Return what the looks of a poll prove. `former`: runs before it; `fresh`: entries never seen; `rules` as of the pages' reading.
    Without `is_news` (a clock was set back meanwhile) no look before is named."""
    return _Poll(former, looks, source, rules).observed(fresh, is_news=is_news)


@dataclass(slots=True)
class _Poll:
    former: Mapping[str, OpenRun]
    looks: Sequence[PageLook]
    source: str
    rules: str
    _linked: frozenset[str] = frozenset()
    """Marks of all that a page of the source linked before, worked out where an entry is new."""

    def observed(self, fresh: Sequence[ListingEntry], *, is_news: bool) -> Observed:
        runs, ended = dict(self.former), list[LookRun]()
        for look in self.looks:
            page, known = look.head.url, runs.get(look.head.url)
            run = self._continued(known, look)
            if run is None:
                continue
            if known is not None and run.run.first != known.run.first:
                ended.append(known.run)
            runs[page] = run
        newest = max((look.head.asked_at for look in self.looks), default=None)
        for page in [page for page, known in runs.items() if newest is not None and newest - known.run.last.asked_at > REMEMBERED]:
            ended.append(runs.pop(page).run)
        online = {}
        if fresh:
            self._linked = frozenset(mark for known in self.former.values() for mark in (*_cut(known.entries), *_cut(known.links)))
            found = ((entry, [look for look in self.looks if entry.url in (look.entries or ())]) for entry in fresh)
            online = {entry.url: self._online(entry, showing, is_news=is_news) for entry, showing in found if showing}
        return Observed(runs, tuple(ended), online)

    def _continued(self, known: OpenRun | None, look: PageLook) -> OpenRun | None:
        """Return the run of a page after a look at it; None where the look proves nothing."""
        head, version = look_of(look.head), (look.version.etag, look.version.last_modified)
        if look.entries is None:
            # "Not modified" since which version? Only of the one whose marks are here is anything known.
            if known is None or version != known.version or version == (None, None):
                return None
            return _gone_on(known, head, self.source)
        if known is not None and known.entries and not look.entries:
            return None  # emptied: what is wrong with it may hide anything
        content = _digest((*look.entries, "", *look.links, "", *look.pager))
        if known is not None and known.content == content:
            return _gone_on(replace(known, version=version, rules=self.rules), head, self.source)
        fresh = OpenRun(
            LookRun(self.source, head.url, head, head, 1, _digest(look.entries)),
            content, self.rules, version, "".join(map(_mark, look.entries)), "".join(map(_mark, (*look.links, *look.pager))),
        )  # fmt: skip
        if known is not None and known.run.digest == fresh.run.digest and not known.is_over:
            return replace(fresh, run=replace(known.run, last=head, count=known.run.count + 1))
        return fresh

    def _online(self, entry: ListingEntry, showing: Sequence[PageLook], *, is_news: bool) -> Online:
        """Return when an entry went online that these looks show: not before all pages that list it were seen without it."""
        first = min((look_of(look.head) for look in showing), key=lambda look: look.latest)
        if not is_news or entry.origin is not Origin.CURRENT or _mark(entry.url) in self._linked:
            return Online(first)
        return Online(first, _earliest([self._before(look, _mark(entry.url)) for look in showing]))

    def _before(self, look: PageLook, mark: str) -> Look | None:
        known = self.former.get(look.head.url)
        if known is None:
            return self._before_linked(look.head.url, ())
        return known.run.last if self._is_sound(known) and has_entered(mark, known, look) else None

    def _before_linked(self, page: str, seen: Collection[str]) -> Look | None:
        """Return the last look before a page was linked; None unless each page that links it now was seen without the link, or is as new
        itself."""
        mine = [look for look in self.looks if look.head.url == page]
        asked = {page, *(look.asked for look in mine)}
        parents = [look for look in self.looks if look.head.url != page and asked & {*look.links, *look.pager}]
        # What is known already, under this address or on this page, has only got another place.
        known = (*asked, *(entry for look in mine for entry in look.entries or ()))
        if page in seen or any(_mark(url) in self._linked for url in known):
            return None
        return _earliest([self._before_link(look, asked, (*seen, page)) for look in parents])

    def _before_link(self, parent: PageLook, asked: set[str], seen: Collection[str]) -> Look | None:
        known, is_page_of_list = self.former.get(parent.head.url), bool(asked & set(parent.pager))
        if not (parent.is_first and parent.is_last) and not is_page_of_list:
            return None  # the link may have been on a page of the list that was not read
        if known is None:
            return self._before_linked(parent.head.url, seen)
        shown = {_mark(url) for url in (*(parent.entries or ()), *parent.links, *parent.pager)}
        # Where other links went, this one may be the new address of one of them.
        is_same = not known.entries or shown & {*_cut(known.entries)} if is_page_of_list else shown >= {*_cut(known.links)}
        return known.run.last if is_same and self._is_sound(known) else None

    def _is_sound(self, known: OpenRun) -> bool:
        return known.rules == self.rules and not known.is_over


def has_entered(mark: str, known: OpenRun, look: PageLook) -> bool:
    """Return whether an entry that a page shows now, and did not before, entered the list since: not if it may have been shifted there from
    a page that was not read, or all was listed anew."""
    before, now = _cut(known.entries), [*map(_mark, look.entries or ())]
    left, at = [each for each in before if each in now], now.index(mark)
    # Those that were left in another order, or one alone, or after those that were pushed out: a list sorted anew may bring up anything.
    if left != [each for each in now if each in before] or len(left) < min(2, len(before)):
        return False
    is_whole = look.is_first and look.is_last
    if not is_whole and left != before[: len(left)]:
        return False
    follows = any(each in left for each in now[:at]) or look.is_first
    # Where something was taken away, what was beyond the end moves up, also on a page that does not say that it goes on.
    precedes = any(each in left for each in now[at + 1 :]) or (look.is_last and len(left) == len(before))
    return follows and precedes


def _gone_on(known: OpenRun, head: Look, source: str) -> OpenRun:
    """Return a run with one more look of the same entries; a new one after a clock was set back."""
    run = known.run
    if known.is_over:
        return replace(known, run=LookRun(source, run.page, head, head, 1, run.digest), is_over=False)
    return replace(known, run=replace(run, last=head, count=run.count + 1))


def _earliest(looks: Sequence[Look | None]) -> Look | None:
    found = [look for look in looks if look is not None]
    return min(found, key=lambda look: look.earliest) if found and len(found) == len(looks) else None


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:MARK]


def _cut(marks: str) -> list[str]:
    return [marks[start : start + MARK] for start in range(0, len(marks), MARK)]
