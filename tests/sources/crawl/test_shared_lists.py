"""Lists that several sources read: one request answers for all that are polled together, and each reads the page for itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.trail import Trail
from sources.model import CrawlFailed, Unreachable
from tests.sources.markup import ROOT
from tests.sources.poller import NOW, TODAY, file_urls, files, source, urls
from tests.sources.site import MemorySite

ALL = source()
ODD = replace(ALL, authority="98", route="special", only=(r"[13]\.pdf$",))
SECOND = timedelta(seconds=1)


class Pair:
    """Two sources with one list, of which the second takes only some recueils, and when the clock is."""

    def __init__(self, site: MemorySite) -> None:
        self.site = site
        self.now = NOW
        self._crawler = Crawler(site)
        self._trails: dict[str, Trail] = {}

    async def poll(self, described: tuple[str, ...] = ("99", "98"), *, later: timedelta = timedelta(minutes=10)) -> list[Crawl]:
        """Poll them at the same time, in this order; what they request is counted anew."""
        self.site.forget()
        self.now += later
        crawls = await asyncio.gather(*(self._poll(code) for code in described))
        assert sum(crawl.requests for crawl in crawls) == len(self.site.asked)
        return list(crawls)

    async def _poll(self, code: str) -> Crawl:
        one = ALL if code == "99" else ODD
        crawl = await self._crawler.poll(one, self._trails.get(code), today=TODAY, now=self.now)
        self._trails[code] = crawl.trail
        return crawl


def pair(*, conditional: bool = True) -> Pair:
    return Pair(MemorySite({ROOT: files(1, 2)}, conditional=conditional))


async def test_one_request_answers_both_and_each_takes_what_is_its_own() -> None:
    both = pair()
    assert [urls(crawl) for crawl in await both.poll()] == [file_urls(1, 2), file_urls(1)]
    assert both.site.asked == [ROOT]
    assert [crawl.unchanged for crawl in await both.poll()] == [True, True]
    assert both.site.asked == [ROOT]
    both.site.pages[ROOT] = files(1, 2, 3)
    assert [urls(crawl) for crawl in await both.poll(("98", "99"))] == [file_urls(1, 3), file_urls(1, 2, 3)]
    assert both.site.asked == [ROOT]


async def test_a_source_that_is_polled_again_at_once_wants_to_know_anew() -> None:
    both = pair()
    await both.poll()
    both.site.pages[ROOT] = files(1, 2, 3)
    for code in ("99", "98"):
        [crawl] = await both.poll((code,), later=SECOND)
        assert (set(file_urls(3)) <= set(urls(crawl)), len(both.site.asked)) == (True, 1 if code == "99" else 0)


async def test_an_answer_is_forgotten_after_a_minute_and_keeps_the_instant_of_its_request() -> None:
    both = pair(conditional=False)
    both.site.now = lambda: both.now
    await both.poll(("99",))
    [shared] = await both.poll(("98",), later=timedelta(seconds=59))
    assert [look.head.asked_at for look in shared.looks] == [both.now - timedelta(seconds=59)]
    assert both.site.asked == []
    await both.poll(("99",))
    both.site.pages[ROOT] = files(1, 2, 3)
    [late] = await both.poll(("98",), later=timedelta(seconds=60))
    assert (urls(late), both.site.asked) == (file_urls(1, 3), [ROOT])


async def test_what_has_not_changed_for_one_may_have_for_the_other() -> None:
    both = pair()
    await both.poll()
    both.site.pages[ROOT] = files(1, 2, 3)
    await both.poll(("99",))
    # Asked in turn, the first is told that nothing has changed since three recueils; the second knows two.
    assert [urls(crawl) for crawl in await both.poll()] == [[], file_urls(1, 3)]
    assert both.site.asked == [ROOT, ROOT]
    await both.poll()
    assert both.site.asked == [ROOT]


async def test_a_request_that_fails_answers_nobody_else() -> None:
    both = pair()
    await both.poll()
    both.site.failures[ROOT] = Unreachable("no answer")
    for code in ("99", "98"):
        with pytest.raises(CrawlFailed, match="no answer"):
            await both.poll((code,), later=SECOND)
        assert both.site.asked == [ROOT]
    both.site.failures.clear()
    both.site.pages[ROOT] = files(1, 2, 3)
    assert [urls(crawl) for crawl in await both.poll(later=SECOND)] == [file_urls(1, 2, 3), file_urls(1, 3)]
    assert both.site.asked == [ROOT]
