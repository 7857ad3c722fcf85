"""A list that always had recueils has none any more: told for as long as it lasts, beside all that the poll finds elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sources.model import CrawlFailed, LayoutChanged, Page, Validators
from sources.pages import READERS
from sources.pages.links import PageLinks
from tests.sources.markup import ROOT, download, page
from tests.sources.poller import AUGUST, JULY, NOW, YEAR, Poller, cards, file_urls, files, polled, source, urls
from tests.sources.site import MemorySite
from tests.sources.steps import BY_MONTH, BY_YEAR, SAME, At, Case, Changes, card, case, play

SEPTEMBER, NEXT_YEAR = f"{YEAR}/Septembre-2026", f"{ROOT}/Annee-2027"
SPECIAL, REGULAR = f"{YEAR}/Speciaux", f"{YEAR}/Reguliers"
KINDS: Changes = {ROOT: cards(YEAR), YEAR: cards(SPECIAL, REGULAR), SPECIAL: files(1, 2), REGULAR: files(3)}

EMPTIED = (
    case(
        "the page of the month, until it has recueils again",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {AUGUST: page()}, [1], 4, then=2, emptied=(AUGUST,)),
        At("2026-08-15", SAME, [1], 4, then=2, emptied=(AUGUST,)),
        At("2026-08-16", {AUGUST: page("<p>Maintenance</p>")}, [1], 4, then=2, emptied=(AUGUST,)),
        At("2026-08-16", {AUGUST: files(2)}, [2], 2, then=2),
        At("2026-08-17", SAME, [2], 3),
    ),
    case(
        "the page of the month, until others come, none of them known",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {AUGUST: page()}, [1], 4, then=2, emptied=(AUGUST,)),
        At("2026-08-14", {AUGUST: files(5)}, [5], 3),
    ),
    case(
        "the page of the month, until it is no longer on the way",
        At("2026-08-31", {**BY_MONTH, YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: page()}, [2], 3),
        At("2026-08-31", {AUGUST: page()}, [1], 4, then=2, emptied=(AUGUST,)),
        At("2026-09-01", SAME, [1], 5, then=3, emptied=(AUGUST,)),
        At("2026-09-07", SAME, [1], 5, then=3, emptied=(AUGUST,)),
        At("2026-09-08", {SEPTEMBER: files(9)}, [9], 3),
    ),
    case(
        "the page of the month, until it is renamed",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {AUGUST: page()}, [1], 4, then=2, emptied=(AUGUST,)),
        At("2026-08-14", {AUGUST: None, YEAR: cards(JULY, f"{AUGUST}-RAA"), f"{AUGUST}-RAA": files(2)}, [2], 4),
    ),
    case(
        "one of the categories: the others are taken in all the same",
        At("2026-08-14", KINDS, [1, 2, 3], 4, then=2),
        At("2026-08-14", {SPECIAL: page(), REGULAR: files(4, 3)}, [4, 3], 4, then=2, emptied=(SPECIAL,)),
        At("2026-08-14", {REGULAR: files(5, 4, 3)}, [5, 4, 3], 2, then=2, emptied=(SPECIAL,)),
    ),
    case(
        "a root that was the list, and still links the archives",
        At("2026-08-14", {ROOT: page(download(1), download(2), card(f"{ROOT}/2025", "2025")), f"{ROOT}/2025": files(7)}, [1, 2], 1),
        At("2026-08-14", {ROOT: cards(f"{ROOT}/2025")}, [7], 2, then=2, emptied=(ROOT,)),
    ),
    case(
        "a page whose only recueil was withdrawn: worth a look",
        At("2026-08-03", {**BY_MONTH, AUGUST: files(2)}, [2, 1], 4, then=2),
        At("2026-08-03", {AUGUST: page()}, [1], 4, then=2, emptied=(AUGUST,)),
    ),
    case(
        "the page of the year that is over, in the days of grace",
        At("2027-01-01", {**BY_YEAR, ROOT: cards(YEAR, NEXT_YEAR), NEXT_YEAR: files(3)}, [3, 2, 1], 3, then=2),
        At("2027-01-02", {YEAR: page()}, [3], 3, then=2, emptied=(YEAR,)),
    ),
)  # fmt: skip

NOT_EMPTIED = (
    case(
        "a new month may be empty",
        At("2026-08-31", {**BY_MONTH, YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: page()}, [2], 3),
        At("2026-09-01", SAME, [2], 4, then=2),
    ),
    case(
        "its recueils are met elsewhere in the same walk",
        At("2026-08-14", KINDS, [1, 2, 3], 4, then=2),
        At("2026-08-14", {SPECIAL: page(), REGULAR: files(3, 2, 1)}, [3, 2, 1], 4, then=2),
    ),
    case(
        "its recueils are below it now, as pages of their own",
        At("2026-08-14", {**BY_YEAR, YEAR: files(2, 1)}, [2, 1], 2),
        At("2026-08-14", {YEAR: cards(AUGUST), AUGUST: files(22, 21)}, [22, 21], 3),
    ),
    case(
        "the page is gone: a new one takes its place",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY, f"{YEAR}/Aout"), AUGUST: None, f"{YEAR}/Aout": files(22)}, [22], 4),
    ),
    case(
        "its address tells no year, and the year has turned",
        At("2026-12-31", {ROOT: page(card(f"{ROOT}/En-cours", "…"), card(f"{ROOT}/A-la-une", "…")),
                          f"{ROOT}/En-cours": files(1), f"{ROOT}/A-la-une": files(2)}, [1, 2], 3, then=2),
        At("2027-01-01", {f"{ROOT}/En-cours": page()}, [2], 3, then=2),
        source=source(follow=("En-cours|A-la-une",)),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", EMPTIED, ids=str)
async def test_an_emptied_page_is_told_while_it_lasts(case: Case) -> None:
    await play(case)


@pytest.mark.parametrize("case", NOT_EMPTIED, ids=str)
async def test_what_is_no_emptied_page(case: Case) -> None:
    await play(case)


@pytest.mark.parametrize(
    "after", [{YEAR: page()}, {YEAR: cards(f"{YEAR}/Aout"), f"{YEAR}/Aout": page()}, {ROOT: page()}], ids=["list", "levels", "root"]
)
async def test_nothing_at_all_is_a_failure_of_the_poll(after: Changes) -> None:
    with pytest.raises(CrawlFailed, match="no listing found") as failure:
        await play(case("", At("2026-08-14", BY_YEAR, [2, 1], 2), At("2026-08-15", after, [], 0)))
    assert isinstance(failure.value.cause, LayoutChanged)


async def test_what_the_catalogue_leaves_aside_from_now_on_is_not_missed() -> None:
    site = MemorySite({ROOT: cards(YEAR), YEAR: cards(SPECIAL, REGULAR), SPECIAL: files(1), REGULAR: files(3)})
    poll = Poller(site, source(follow=("x",)))
    assert sorted(urls(await poll())) == file_urls(1, 3)
    poll.source = replace(poll.source, ignore=("9001",))
    crawl = await poll()
    assert (urls(crawl), crawl.emptied) == (file_urls(3), ())


class Forgetful(MemorySite):
    """A site that knows only who has come by the root."""

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        page = await super().page(url, validators)
        return page if ROOT in self.asked else replace(page, html="stranger", unchanged=False)


async def test_a_stranger_is_no_emptied_page(monkeypatch: pytest.MonkeyPatch) -> None:
    national = READERS["national"]

    def read(html: str | bytes, url: str) -> PageLinks:
        # As bad as can be: the other page has files of its own.
        return replace(national(files(9), url), is_stranger=True) if html == "stranger" else national(html, url)

    monkeypatch.setattr("sources.crawl.lists.READERS", {"national": read})
    poll = Poller(Forgetful({ROOT: cards(YEAR), YEAR: files(1)}), source())
    assert urls(await poll()) == file_urls(1)
    poll.site.pages[YEAR] = files(2, 1)
    poll.site.now = lambda: NOW
    again = await poll()
    assert [look.head.url for look in again.looks] == [ROOT, YEAR]
    assert (urls(again), again.emptied, poll.site.asked) == (file_urls(2, 1), (), [YEAR, ROOT, YEAR])
    assert polled(again) == [YEAR]


async def test_a_stranger_for_ever_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.crawl.lists.READERS", {"national": lambda _html, _url: PageLinks(is_stranger=True)})
    with pytest.raises(CrawlFailed, match="another page than the one asked for") as failure:
        await Poller(MemorySite({ROOT: files(1)}), source())()
    assert isinstance(failure.value.cause, LayoutChanged)
    assert failure.value.requests == 2
