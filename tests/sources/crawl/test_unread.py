"""A page of the way that cannot be read: it is told, and does not hide what the others list."""

from __future__ import annotations

from datetime import date

import pytest

from sources.crawl.crawler import MAX_PAGES, TooManyPages
from sources.crawl.trail import Trail
from sources.model import Blocked, CrawlFailed, FetchError, FetchRefused, Gone, MovedAway, Unreachable, Unusable
from tests.sources.markup import ROOT, page, pager, white_card
from tests.sources.poller import AUGUST, JULY, YEAR, Poller, cards, file_urls, files, listing, months, polled, source, urls
from tests.sources.site import MemorySite

KINDS = [f"{YEAR}/{name}" for name in ("Speciaux", "Reguliers", "Nominatifs")]
CREUSE = source(follow=("/(Speciaux|Reguliers|Nominatifs)$",))

ERRORS: list[FetchError] = [
    Gone("404"),
    Unusable("not a page"),
    MovedAway("elsewhere"),
    FetchRefused("500"),
    Blocked("challenge"),
    Unreachable("timed out"),
]


def creuse() -> MemorySite:
    return MemorySite({ROOT: cards(YEAR), YEAR: cards(*KINDS), KINDS[0]: files(1), KINDS[1]: files(2), KINDS[2]: files(3)})


def polled_on(poll: Poller) -> date:
    trail = Trail.from_json(poll.trail)
    assert trail is not None
    return trail.polled_on


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("rank", [0, 1, 2])
async def test_a_list_that_cannot_be_read_does_not_hide_the_others(rank: int, error: FetchError) -> None:
    site = creuse()
    site.failures[KINDS[rank]] = error
    others = [number for number in (1, 2, 3) if number != rank + 1]
    poll = Poller(site, CREUSE)
    crawl = await poll()
    assert (sorted(urls(crawl)), crawl.unread) == (file_urls(*others), (error,))
    # It is asked and told at each poll, and the page that links it is watched for another address.
    again = await poll()
    assert (urls(again), again.unread, sorted(site.asked)) == ([], (error,), sorted([*KINDS, YEAR]))
    site.failures.clear()
    whole = await poll()
    assert (sorted(urls(whole)), whole.unread) == (file_urls(1, 2, 3), ())
    assert ((await poll()).requests, sorted(polled(await poll()))) == (3, sorted(KINDS))


async def test_a_list_that_fails_between_two_walks_does_not_hide_the_others() -> None:
    site = creuse()
    poll = Poller(site, CREUSE)
    await poll()
    error = site.failures[KINDS[0]] = FetchRefused("500")
    site.pages[KINDS[1]] = files(4, 2)
    crawl = await poll(date(2026, 8, 15))
    assert (sorted(urls(crawl)), crawl.unread) == (file_urls(2, 3, 4), (error,))
    site.pages[KINDS[2]] = files(5, 3)
    crawl = await poll(date(2026, 8, 15))
    assert (sorted(urls(crawl)), crawl.unread) == (file_urls(3, 5), (error,))
    # What came meanwhile counts from the last day on which all was read.
    assert polled_on(poll) == date(2026, 8, 14)
    site.failures.clear()
    assert (await poll(date(2026, 8, 15))).unread == ()
    assert polled_on(poll) == date(2026, 8, 15)


async def test_where_no_page_can_be_read_the_poll_fails() -> None:
    site = creuse()
    poll = Poller(site, CREUSE)
    await poll()
    site.failures |= {url: Unreachable(url) for url in KINDS}
    with pytest.raises(CrawlFailed) as failure:
        await poll()
    assert (str(failure.value.cause), failure.value.requests) == (KINDS[0], 3)
    site.failures |= {url: Unreachable(url) for url in (ROOT, YEAR)}
    with pytest.raises(CrawlFailed, match=ROOT):
        await poll(date(2026, 8, 15))


async def test_half_a_crawl_is_none_for_who_wants_it_whole() -> None:
    site = creuse()
    error = site.failures[KINDS[0]] = FetchRefused("500")
    crawl = await Poller(site, CREUSE)()
    with pytest.raises(CrawlFailed) as failure:
        crawl.require_whole()
    assert (failure.value.cause, failure.value.requests) == (error, 5)


async def test_the_page_of_the_month_is_missing_and_comes_under_another_address() -> None:
    site = MemorySite(months())
    del site.pages[AUGUST]
    poll = Poller(site, source())
    crawl = await poll(date(2026, 8, 2))
    assert (urls(crawl), [type(error) for error in crawl.unread]) == (file_urls(1), [Gone])
    site.pages |= {YEAR: cards(JULY, f"{AUGUST}-2"), f"{AUGUST}-2": files(2)}
    crawl = await poll(date(2026, 8, 2))
    assert (sorted(urls(crawl)), crawl.unread) == (file_urls(1, 2), ())


async def test_a_list_that_is_back_and_empty_is_not_taken_for_read() -> None:
    """What is known of a page outlives the polls that could not read it."""
    site = creuse()
    poll = Poller(site, CREUSE)
    await poll()
    site.failures[KINDS[0]] = FetchRefused("500")
    await poll(date(2026, 8, 15))
    site.failures.clear()
    site.pages[KINDS[0]] = page()
    crawl = await poll(date(2026, 8, 15))
    assert (crawl.unread, crawl.emptied) == ((), (KINDS[0],))


async def test_a_further_page_of_cards_may_be_gone() -> None:
    site = MemorySite({ROOT: page(*[cards(f"{ROOT}/Annee-{year}") for year in (2024, 2025)], pager(ROOT, 1, 2)),
                       f"{ROOT}/Annee-2025": files(1)})  # fmt: skip
    crawl = await Poller(site, source())()
    assert (urls(crawl), crawl.unread) == (file_urls(1), ())
    assert f"{ROOT}/(offset)/10" in site.asked


async def test_more_sections_than_a_walk_may_read_are_told_and_the_first_are_taken_in() -> None:
    many = [f"{ROOT}/Recueil-{name}" for name in "abcdefghijklmnop"]
    site = MemorySite({ROOT: cards(*many), **{url: files(number) for number, url in enumerate(many, 1)}})
    poll = Poller(site, source())
    crawl = await poll()
    assert (len(crawl.listed), crawl.requests, [type(error) for error in crawl.unread]) == (MAX_PAGES - 1, MAX_PAGES, [TooManyPages])
    assert len(asked_at_each_poll(poll)) == MAX_PAGES


def asked_at_each_poll(poll: Poller) -> tuple[str, ...]:
    trail = Trail.from_json(poll.trail)
    assert trail is not None
    return tuple(polled.url for polled in trail.pages)


async def test_a_last_page_that_leads_back_to_the_first_does_not_lead_round_for_ever() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 25)), newest_first=False)})
    last = f"{YEAR}/(offset)/20"
    del site.pages[last]
    site.redirects[last] = YEAR
    crawl = await Poller(site, source("oldest-first"))()
    assert sorted(urls(crawl)) == sorted(file_urls(*range(1, 11)))


async def test_a_recueil_astray_on_a_page_that_cannot_be_read_whole_is_taken_in() -> None:
    """The first page of a list came, the second did not."""
    site = MemorySite({ROOT: page(white_card("/contenu/telechargement/1/2/file/a.pdf", "RAA n° 1"), pager(ROOT, 1, 2))})
    error = site.failures[f"{ROOT}/(offset)/10"] = FetchRefused("500")
    crawl = await Poller(site, source("newest-first"))()
    assert (len(crawl.listed), crawl.unread, polled(crawl)) == (1, (error,), [ROOT])
