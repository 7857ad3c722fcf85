"""The way from the root to the current listings: what is found, and how many requests it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from sources.crawl.crawler import Crawl
from sources.model import CrawlFailed, FetchRefused, Gone, LayoutChanged, Paused, Unreachable
from tests.sources.markup import (
    HOST,
    ROOT,
    download,
    grey_card,
    page,
)
from tests.sources.poller import AUGUST, JULY, NOW, TODAY, YEAR, Poller, cards, file_urls, files, months, polled, source, urls
from tests.sources.site import MemorySite


async def test_the_way_is_walked_once_then_one_request_is_enough() -> None:
    site = MemorySite(months())
    poll = Poller(site, source())
    first = await poll()
    assert (urls(first), first.requests, first.unchanged) == (file_urls(2), 3, False)
    assert site.asked == [ROOT, YEAR, AUGUST]
    second = await poll()
    assert (urls(second), second.requests, second.unchanged) == ([], 1, True)
    site.pages[AUGUST] = files(3, 2)
    third = await poll()
    assert (urls(third), third.requests, third.unchanged) == (file_urls(3, 2), 1, False)
    assert (await poll()).unchanged


async def test_once_a_day_the_way_is_walked_again() -> None:
    poll = Poller(MemorySite(months()), source())
    await poll()
    assert (await poll(now=NOW + timedelta(hours=23))).requests == 1
    assert (await poll(now=NOW + timedelta(hours=24))).requests == 3


@pytest.mark.parametrize("kept", [None, "", "{}", "corrupt"])
async def test_without_a_usable_trail_the_way_is_walked(kept: str | None) -> None:
    poll = Poller(MemorySite(months()), source())
    poll.trail = kept
    assert (await poll()).requests == 3


async def test_a_new_description_of_the_source_is_followed_at_once() -> None:
    poll = Poller(MemorySite(months()), source())
    await poll()
    poll.source = source(ignore=("nothing",))
    assert (await poll()).requests == 3


async def test_redirected_pages_are_asked_under_the_address_the_site_links() -> None:
    site = MemorySite(months())
    site.redirects[AUGUST] = f"{AUGUST}/Speciaux-du-mois-d-aout-2026"
    site.pages[site.redirects[AUGUST]] = site.pages.pop(AUGUST)
    poll = Poller(site, source())
    assert urls(await poll()) == file_urls(2)
    assert (await poll()).unchanged
    assert site.asked == [AUGUST]
    # The month gets a page of its own.
    del site.redirects[AUGUST]
    site.pages[AUGUST] = files(2, 3)
    third = await poll()
    assert (urls(third), third.requests) == (file_urls(2, 3), 1)


SPECIALS = f"{AUGUST}/Speciaux-du-mois-d-aout-2026"


async def _redirected(*others: str) -> tuple[MemorySite, Callable[[int], Awaitable[Crawl]]]:
    """Polls after so many minutes, where the month leads to its special recueils, beside `others`; the first one is a walk."""
    site = MemorySite(months(**{YEAR: cards(JULY, AUGUST, *others)}) | dict.fromkeys(others, files(5)))
    site.redirects[AUGUST] = SPECIALS
    del site.pages[AUGUST]
    site.pages[SPECIALS] = files(2, 6)
    poll = Poller(site, source(), may_be_short=True)

    async def at(minutes: int) -> Crawl:
        return await poll(TODAY, NOW + timedelta(minutes=minutes))

    assert set(urls(await at(0))) == {*file_urls(2, 6), *(file_urls(5) if others else ())}
    return site, at


async def test_where_a_page_redirects_to_is_requested_at_once_by_every_second_poll() -> None:
    site, at = await _redirected()
    asked = []
    for minutes in (15, 30, 45):
        assert (await at(minutes)).unchanged
        asked += site.asked
    assert asked == [SPECIALS, AUGUST, SPECIALS]
    before = await at(60)
    site.pages[SPECIALS] = files(2, 6, 3)
    after = await at(75)
    assert (urls(after), site.asked) == (file_urls(2, 6, 3), [SPECIALS])
    assert after.trail.pages[0].validators == before.trail.pages[0].validators, "what its own address may answer to"
    # The month gets a page of its own, and its special recueils keep theirs.
    del site.redirects[AUGUST]
    site.pages[AUGUST] = files(2, 6, 3, 4)
    assert (urls(await at(90)), site.asked) == (file_urls(2, 6, 3, 4), [AUGUST])
    assert ((await at(105)).unchanged, site.asked) == (True, [AUGUST])


@pytest.mark.parametrize("now_there", ["nothing", "an error", "another page", "a list without recueils", "a list of others"])
async def test_a_page_that_is_no_longer_where_its_address_led_is_found_by_the_same_poll(now_there: str) -> None:
    site, at = await _redirected()
    del site.pages[SPECIALS]
    site.redirects[AUGUST] = elsewhere = f"{AUGUST}/Recueils-du-mois-d-aout-2026"
    site.pages[elsewhere] = files(2, 6, 3)
    match now_there:
        case "an error":
            site.failures[SPECIALS] = FetchRefused("HTTP 500")
        case "another page":
            site.redirects[SPECIALS] = ROOT
        case "a list without recueils":
            site.pages[SPECIALS] = page()
        case "a list of others":
            site.pages[SPECIALS] = files(7, 8)
    crawl = await at(15)
    assert set(urls(crawl)) >= set(file_urls(2, 6, 3))
    assert (polled(crawl), crawl.unread, crawl.emptied) == ([AUGUST], (), ())
    assert ((await at(30)).unchanged, site.asked) == (True, [elsewhere])


@pytest.mark.parametrize("is_empty", [True, False])
async def test_a_page_in_trouble_is_requested_at_its_own_address_and_the_way_is_not_walked_again(is_empty: bool) -> None:
    site, at = await _redirected(f"{YEAR}/Aout-2026-Autres")
    del site.redirects[AUGUST], site.pages[SPECIALS]
    if is_empty:
        site.pages[AUGUST] = page()
    else:
        site.failures[AUGUST] = FetchRefused("HTTP 500")
    await at(15)
    assert ROOT in site.asked
    for minutes in (30, 45, 60):
        crawl = await at(minutes)
        assert (crawl.emptied, len(crawl.unread)) == (((AUGUST,), 0) if is_empty else ((), 1))
        assert AUGUST in site.asked
        assert not {SPECIALS, ROOT} & {*site.asked}


async def test_a_month_that_leads_to_its_only_recueil_is_requested_itself_by_each_poll() -> None:
    site, at = await _redirected()
    site.pages[SPECIALS] = files(2)
    for minutes in (15, 30, 45):
        await at(minutes)
    assert site.asked == [AUGUST]
    del site.redirects[AUGUST]
    site.pages[AUGUST] = files(2, 3)
    assert (urls(await at(60)), site.asked) == (file_urls(2, 3), [AUGUST])


async def test_patterns_of_the_catalogue() -> None:
    current = f"{ROOT}/Recueils-de-l-annee-en-cours"
    body = page(grey_card(current.removeprefix(HOST), "En cours"), grey_card("/Publications/RAA/FAQ", "FAQ"))
    site = MemorySite({ROOT: body, current: page(download(1), download(2, title="Affichage n° 2"))})
    poll = Poller(site, source(follow=("en-cours",), ignore=("^Affichage",)))
    first = await poll()
    assert (urls(first), first.requests) == (file_urls(1), 2)
    assert (await poll()).requests == 1


# Time


SEPTEMBER, SECOND = f"{YEAR}/septembre-2026", date(2026, 9, 2)


async def _in_september() -> tuple[MemorySite, Callable[[int], Awaitable[Crawl]]]:
    """Polls so many minutes after noon, when the month has turned and the old one may still get recueils; the first one is a walk."""
    site = MemorySite(months(**{YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: files(4)}))
    poll = Poller(site, source(), may_be_short=True)

    async def at(minutes: int) -> Crawl:
        return await poll(SECOND, datetime(2026, 9, 2, 12, tzinfo=UTC) + timedelta(minutes=minutes))

    first = await at(0)
    assert (polled(first), first.requests) == ([SEPTEMBER, AUGUST], 4)
    return site, at


async def test_a_page_whose_time_is_over_is_requested_every_half_hour() -> None:
    site, at = await _in_september()
    site.pages[AUGUST] = files(3, 2)
    crawls = [await at(minutes) for minutes in (10, 15, 29, 30, 44, 58)]
    assert [crawl.requests for crawl in crawls] == [1, 1, 2, 1, 1, 2], "at every second of the polls of a quarter of an hour, rather less"
    assert [urls(crawl) for crawl in crawls] == [[], [], file_urls(3, 2), [], [], []]


async def test_one_that_cannot_be_read_is_told_at_each_poll() -> None:
    site, at = await _in_september()
    site.failures[AUGUST] = Unreachable("no route")
    assert [len((await at(minutes)).unread) for minutes in (10, 19, 30, 31, 32)] == [0, 0, 1, 1, 1]
    del site.failures[AUGUST]
    site.pages[AUGUST] = files(3, 2)
    assert urls(await at(33)) == file_urls(3, 2)
    assert (await at(34)).requests == 1


async def test_where_the_page_of_the_day_fails_or_changes_the_others_are_requested_with_it() -> None:
    site, at = await _in_september()
    site.failures[SEPTEMBER] = Unreachable("no route")
    site.pages[AUGUST] = files(3, 2)
    crawl = await at(1)
    assert (urls(crawl), len(crawl.unread)) == (file_urls(3, 2), 1)
    del site.failures[SEPTEMBER]
    await at(2)
    site.pages |= {SEPTEMBER: files(8, 9), AUGUST: files(5, 3, 2)}
    assert sorted(urls(await at(3))) == sorted(file_urls(8, 9, 5, 3, 2))


async def test_a_page_of_the_past_may_be_gone_but_not_that_of_today() -> None:
    site = MemorySite(months())
    del site.pages[JULY]
    assert urls(await Poller(site, source())(date(2026, 8, 2))) == file_urls(2)
    del site.pages[AUGUST]
    with pytest.raises(CrawlFailed) as failure:
        await Poller(site, source())(date(2026, 8, 2))
    assert isinstance(failure.value.cause, Gone)
    assert failure.value.requests == len(site.asked) == 4


# Pages that change their nature


async def test_a_list_replaced_as_a_whole_is_read_but_not_trusted() -> None:
    site = MemorySite(months())
    poll = Poller(site, source())
    await poll()
    site.pages[AUGUST] = files(7, 8)
    again = await poll()
    # The page itself is not asked twice.
    assert (urls(again), site.asked) == (file_urls(7, 8), [AUGUST, ROOT, YEAR])


async def test_a_source_that_yields_nothing_fails() -> None:
    empty, nowhere = MemorySite({ROOT: page("<p>Bienvenue</p>")}), MemorySite({ROOT: cards(YEAR), YEAR: cards(AUGUST), AUGUST: page()})
    for site, requests in ((empty, 1), (nowhere, 3)):
        with pytest.raises(CrawlFailed, match=f"no listing found at {ROOT}") as failure:
            await Poller(site, source())()
        assert isinstance(failure.value.cause, LayoutChanged)
        assert failure.value.requests == requests == len(site.asked)


async def test_a_site_that_never_ends_is_given_up() -> None:
    class Maze(dict[str, str]):
        def __contains__(self, url: object) -> bool:
            return True

        def __getitem__(self, url: str) -> str:
            return cards(f"{url}/2026")

    site = MemorySite({})
    site.pages = Maze()
    with pytest.raises(CrawlFailed, match="within 16 pages") as failure:
        await Poller(site, source())()
    assert failure.value.requests == len(site.asked) == 16


@pytest.mark.parametrize("failing", [ROOT, YEAR, AUGUST])
async def test_a_failed_request_fails_the_poll_and_tells_the_requests(failing: str) -> None:
    site = MemorySite(months())
    site.failures[failing] = Unreachable(f"{failing}: timed out")
    with pytest.raises(CrawlFailed, match="timed out") as failure:
        await Poller(site, source())()
    assert failure.value.requests == [ROOT, YEAR, AUGUST].index(failing) + 1
    assert failure.value.cause is site.failures[failing]


async def test_what_was_never_sent_is_not_counted() -> None:
    site = MemorySite(months())
    site.failures[YEAR] = Paused("resting")
    with pytest.raises(CrawlFailed) as failure:
        await Poller(site, source())()
    assert failure.value.requests == len(site.asked) == 1


async def test_a_failed_poll_leaves_the_trail_good_for_the_next() -> None:
    site = MemorySite(months())
    poll = Poller(site, source())
    await poll()
    site.pages[AUGUST] = files(3, 2)
    site.failures[AUGUST] = Unreachable("closed")
    with pytest.raises(CrawlFailed):
        await poll()
    site.failures.clear()
    assert urls(await poll()) == file_urls(3, 2)
