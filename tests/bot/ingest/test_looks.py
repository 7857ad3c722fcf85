"""What looks prove: each rule that keeps a lower bound from being false, and the runs that are stored."""

from __future__ import annotations

import hashlib
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.domain.publication import FileStatement, FileVersion, Online, OpenRun
from bot.ingest.looks import REMEMBERED, Observed, look_of, observe, reading_rules
from bot.storage.looks import runs_from_json, runs_to_json
from bot.storage.store import Store
from sources.crawl.lists import PageLook
from sources.model import AnswerHead, ListingEntry, Origin, Page, Unreachable, Validators
from tests.bot.ingest.test_poller import NOON, QUARTER, Bench, Site, detail, files, reading, vsa
from tests.bot.ingest.test_poller import url as file_url
from tests.present import present
from tests.sources.markup import ROOT as LIST
from tests.sources.markup import download, grey_card
from tests.sources.markup import page as html

SITE = "https://prefecture.example"
ROOT, YEAR, NEXT_YEAR, AUGUST = "root", "2026", "2027", "2026/08"
HAS_NEXT, HAS_PREVIOUS, MIDDLE = (True, False), (False, True), (False, False)
WHOLE = (True, True)
V1, V2 = Validators('"1"'), Validators('"2"')


def url(name: str) -> str:
    return f"{SITE}/{name}"


def look(
    page: str,
    entries: str | None = "",
    *,
    at: timedelta = timedelta(),
    links: Sequence[str] = (),
    pager: Sequence[str] = (),
    edges: tuple[bool, bool] = WHOLE,
    asked: str | None = None,
    version: Validators = V1,
) -> PageLook:
    """A look at a page whose entries are single letters."""
    head = AnswerHead(url(page), NOON + at, NOON + at + timedelta(seconds=2), 304 if entries is None else 200)
    listed = None if entries is None else tuple(map(url, entries))
    return PageLook(head, url(asked or page), version, listed, tuple(map(url, links)), tuple(map(url, pager)), *edges)


def polled(
    *polls: Sequence[PageLook], fresh: str = "", is_news: bool = True, rules: str = "1", origin: Origin = Origin.CURRENT
) -> Observed:
    """Polls a quarter of an hour apart: the last finds `fresh` entries, by `rules`."""
    found = Observed({}, (), {})
    for number, looks in enumerate(polls):
        is_last = number == len(polls) - 1
        later = [_later(each, number * QUARTER) for each in looks]
        entries = [ListingEntry(url(name), name, origin=origin) for name in fresh if is_last]
        found = observe(found.runs, later, entries, "26:site", rules if is_last else "1", is_news=is_news)
        assert runs_from_json(runs_to_json(found.runs)) == found.runs
    return found


def _later(each: PageLook, by: timedelta) -> PageLook:
    head = each.head
    return replace(each, head=replace(head, asked_at=head.asked_at + by, answered_at=head.answered_at + by))


@dataclass(frozen=True)
class Case:
    """Looks of polls in order, and what is known of `n`: at which poll it was seen not to be there, None where nothing tells."""

    polls: Sequence[Sequence[PageLook]]
    before: int | None
    fresh: str = "n"
    origin: Origin = Origin.CURRENT
    is_news: bool = True
    rules: str = "1"


PAGES = [look(AUGUST, "a"), look(YEAR, links=[AUGUST])]
LINKED = look(YEAR, links=["07", AUGUST])
CASES = {
    "on top of a list": Case([[look(ROOT, "ab")], [look(ROOT, "nab")]], 0),
    "at the end of a list": Case([[look(ROOT, "ab")], [look(ROOT, "abn")]], 0),
    "between others": Case([[look(ROOT, "ab")], [look(ROOT, "anb")]], 0),
    "several at once": Case([[look(ROOT, "ab")], [look(ROOT, "nmab")]], 0, "nm"),
    "the last of several looks": Case([[look(ROOT, "a")], [look(ROOT, None)], [look(ROOT, "a")], [look(ROOT, "na")]], 2),
    "not modified since": Case([[look(ROOT, "a")], [look(ROOT, None)], [look(ROOT, "na", version=V2)]], 1),
    "not modified since another version": Case([[look(ROOT, "a")], [look(ROOT, None, version=V2)], [look(ROOT, "na")]], 0),
    "the page that had none": Case([[look(AUGUST)], [look(AUGUST, "n")]], 0),
    "an emptied page is no look": Case([[look(ROOT, "a")], [look(ROOT)], [look(ROOT, "na")]], 0),
    "nor is one not modified since": Case(
        [[look(ROOT, "a")], [look(ROOT, version=V2)], [look(ROOT, None, version=V2)], [look(ROOT, "na")]], 0
    ),
    "a failed request is no look": Case([[look(ROOT, "a")], [], [look(ROOT, "na")]], 0),
    "never looked at": Case([[look(ROOT, "n")]], None),
    "clock set back meanwhile": Case([[look(ROOT, "a")], [look(ROOT, "na")]], None, is_news=False),
    "a list of the past": Case([[look(ROOT, "a")], [look(ROOT, "na")]], None, origin=Origin.PAST),
    "a page read late": Case([[look(ROOT, "a")], [look(ROOT, "na")]], None, origin=Origin.FIRST_READ),
    "pages read by other rules": Case([[look(ROOT, "a")], [look(ROOT, "na")]], None, rules="2"),
    "all renamed": Case([[look(ROOT, "ab")], [look(ROOT, "nm")]], None, "nm"),
    "sorted anew": Case([[look(ROOT, "abc")], [look(ROOT, "ncba")]], None),
    "linked before, as something else": Case([[look(ROOT, "a", links="n")], [look(ROOT, "na")]], None),
    "linked before, on another page": Case([[look(ROOT, "a"), look(YEAR, links="n")], [look(ROOT, "na")]], None),
    "one withdrawn, another entered": Case([[look(ROOT, "abc")], [look(ROOT, "nac")]], 0),
    "one withdrawn, another moved up to the end": Case([[look(ROOT, "abc")], [look(ROOT, "bcn")]], None),
    # Lists of several pages.
    "first page, others pushed out": Case([[look(ROOT, "abc", edges=HAS_NEXT)], [look(ROOT, "nab", edges=HAS_NEXT)]], 0),
    "first page, sorted anew": Case([[look(ROOT, "abc", edges=HAS_NEXT)], [look(ROOT, "nbc", edges=HAS_NEXT)]], None),
    "first page, one alone left of several": Case([[look(ROOT, "abc", edges=HAS_NEXT)], [look(ROOT, "nma", edges=HAS_NEXT)]], None, "nm"),
    "first page, moved up from the second": Case([[look(ROOT, "abc", edges=HAS_NEXT)], [look(ROOT, "abcn", edges=HAS_NEXT)]], None),
    "second page, pushed out of the first": Case([[look("2", "abc", edges=MIDDLE)], [look("2", "nab", edges=MIDDLE)]], None),
    "second page, between others": Case([[look("2", "abc", edges=MIDDLE)], [look("2", "anb", edges=MIDDLE)]], 0),
    "last page, at its end": Case([[look("3", "ab", edges=HAS_PREVIOUS)], [look("3", "abn", edges=HAS_PREVIOUS)]], 0),
    "last page, pushed out of the one before": Case([[look("3", "ab", edges=HAS_PREVIOUS)], [look("3", "nab", edges=HAS_PREVIOUS)]], None),
    "empty page of several": Case([[look("2", edges=HAS_PREVIOUS)], [look("2", "n", edges=HAS_PREVIOUS)]], None),
    "new last page": Case([[look("1", "ab")], [look("1", "ab", pager=["1", "2"], edges=HAS_NEXT), look("2", "n", edges=HAS_PREVIOUS)]], 0),
    "new last page of another list": Case(
        [[look("1", "ab")], [look("1", "xy", pager=["1", "2"], edges=HAS_NEXT), look("2", "n", edges=HAS_PREVIOUS)]], None
    ),
    # On several pages at once.
    "listed twice: the earlier look counts": Case(
        [[look(ROOT, "a"), look(YEAR, "b")], [look(YEAR, "b")], [look(ROOT, "na"), look(YEAR, "nb")]], 0
    ),
    "listed twice, once nobody knows since when": Case([[look(ROOT, "a")], [look(ROOT, "na"), look(YEAR, "n")]], None),
    # New pages, through those that link them.
    "new month": Case([[look(YEAR, links=["07"])], [LINKED, look(AUGUST, "n")]], 0),
    "new month, linked before": Case([[LINKED], [LINKED, look(AUGUST, "n")]], None),
    "new month, linked before by a page not read now": Case(
        [[look(YEAR, links=["07"]), look(ROOT, links=[AUGUST])], [LINKED, look(AUGUST, "n")]], None
    ),
    "new month, of two pages that link it one is not known": Case(
        [[look(YEAR, links=["07"])], [LINKED, look(ROOT, links=[AUGUST]), look(AUGUST, "n")]], None
    ),
    "new month, the earlier look at those that link it": Case(
        [
            [look(YEAR, links=["07"]), look(ROOT, links=["x"])],
            [look(YEAR, links=["07"])],
            [LINKED, look(ROOT, links=["x", AUGUST]), look(AUGUST, "n")],
        ],
        0,
    ),
    "new month in a new year": Case(
        [[look(ROOT, links=[YEAR])], [look(ROOT, links=[YEAR, NEXT_YEAR]), look(NEXT_YEAR, links=["01"]), look("01", "n")]], 0
    ),
    "new year that links itself": Case([[look("x")], [look(NEXT_YEAR, links=["01"]), look("01", "n", links=[NEXT_YEAR])]], None),
    "month under a new address": Case([[look(YEAR, links=["07", "old"])], [LINKED, look(AUGUST, "n")]], None),
    "month under a new address, with what is known": Case([[look("x", "a"), look(YEAR, links=["07"])], [LINKED, look(AUGUST, "na")]], None),
    "card moved up from the next page of cards": Case(
        [[look(YEAR, links=["07"])], [replace(LINKED, is_last=False), look(AUGUST, "n")]], None
    ),
    "new month, read by other rules": Case([[look(YEAR, links=["07"])], [LINKED, look(AUGUST, "n")]], None, rules="2"),
    "redirect that leads elsewhere": Case([[look("07", "a", asked="now")], [look(AUGUST, "n", asked="now")]], None),
    "redirect that leads elsewhere, which is linked now": Case(
        [
            [look(YEAR, links=["now"]), look("07", "a", asked="now")],
            [look(YEAR, links=["now", AUGUST]), look(AUGUST, "n", asked="now")],
        ],
        None,
    ),
    "redirect that leads elsewhere, linked before": Case(
        [[look(YEAR, links=["now"]), look("07", "a", asked="now")], [look(YEAR, links=["now"]), look(AUGUST, "n", asked="now")]], None
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_entry_was_not_there_at_the_last_look_that_proves_it(case: Case) -> None:
    found = polled(*case.polls, fresh=case.fresh, origin=case.origin, is_news=case.is_news, rules=case.rules)
    last = len(case.polls) - 1
    for name in case.fresh:
        online = found.online[url(name)]
        assert online.first.asked_at == NOON + last * QUARTER
        assert (online.before and online.before.asked_at) == (None if case.before is None else NOON + case.before * QUARTER)


@pytest.mark.parametrize("seed", range(60))
def test_no_lower_bound_is_false_whatever_an_editor_does_to_a_list_and_whichever_of_its_pages_are_read(seed: int) -> None:
    chance = random.Random(seed)
    length, is_newest_first, has_pager = chance.choice([3, 5, 10]), chance.random() < 0.6, chance.random() < 0.8
    names, online_since, seen, runs = map(chr, range(0x4E00, 0x9FFF)), dict[str, float](), set[str](), dict[str, OpenRun]()
    items = [next(names) for _ in range(chance.randint(3, 20))]
    closed = 0
    for poll in range(60):
        for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
            if items and chance.random() < 0.25:
                items.pop(chance.randrange(len(items)))
            else:
                name = next(names)
                online_since[url(name)] = poll - 0.5
                items.insert(len(items) if chance.random() < 0.8 else chance.randint(0, len(items)), name)
        shown = items[::-1] if is_newest_first else items
        pages = ["".join(shown[start : start + length]) for start in range(0, len(shown), length)][: None if has_pager else 1] or [""]
        last = len(pages) - 1
        read = chance.choice([{0}, {0, min(1, last)}, {last}, {0, last, max(last - 1, 0)}, set(range(last + 1))])
        pager = [f"p{rank}" for rank in range(last + 1)] if last else []
        looks = [look(f"p{rank}", pages[rank], at=poll * QUARTER, pager=pager, edges=(rank == 0, rank == last)) for rank in sorted(read)]
        fresh = {entry for each in looks for entry in each.entries or ()} - seen
        found = observe(runs, looks, [ListingEntry(entry, entry) for entry in fresh], "26:site", "1")
        runs, seen = dict(found.runs), seen | fresh
        for entry, online in found.online.items():
            if online.before is not None:
                closed += 1
                assert (online.before.asked_at - NOON) / QUARTER < online_since.get(entry, -1)
    assert closed


def test_nothing_is_told_of_an_entry_that_no_answer_shows() -> None:
    assert polled([look(ROOT, "a")], [], fresh="n").online == {}


def test_looks_that_show_the_same_entries_are_one_run_whatever_else_the_page_links() -> None:
    found = polled([look(ROOT, "a")], [look(ROOT, None)], [look(ROOT, "a", links=["news"], version=V2)])
    [run] = found.runs.values()
    assert (run.run.count, run.run.first.asked_at, run.run.last.asked_at) == (3, NOON, NOON + 2 * QUARTER)
    assert (run.run.first.status, found.ended) == (200, ())
    ends = polled([look(ROOT, "a")], [look(ROOT, None)], [look(ROOT, "na", version=V2)])
    [ended] = ends.ended
    assert (ended.source, ended.page, ended.count, ended.last.status, ended.digest) == ("26:site", url(ROOT), 2, 304, run.run.digest)
    assert ends.runs[url(ROOT)].run.digest != ended.digest


def test_after_a_clock_was_set_back_the_former_looks_prove_nothing_and_a_new_run_begins() -> None:
    former = {page: replace(run, is_over=True) for page, run in polled(PAGES).runs.items()}
    entry = ListingEntry(url("n"), "n")
    at_once = observe(former, [look(AUGUST, "na", at=QUARTER)], [entry], "26:site", "1")
    assert at_once.online[entry.url].before is None
    for again in (look(AUGUST, None, at=QUARTER), look(AUGUST, "a", at=QUARTER), look(AUGUST, "a", at=QUARTER, links=["x"])):
        after = observe(former, [again], (), "26:site", "1")
        assert [run.page for run in after.ended] == [url(AUGUST)]
        later = observe(after.runs, [look(AUGUST, "na", at=2 * QUARTER)], [entry], "26:site", "1")
        assert later.online[entry.url].before == look_of(again.head)


def test_a_page_that_is_requested_no_more_is_forgotten() -> None:
    found = observe(polled(PAGES).runs, [look(YEAR, links=[AUGUST], at=REMEMBERED + QUARTER)], (), "26:site", "1")
    assert [run.page for run in found.ended] == [url(AUGUST)]
    assert set(found.runs) == {url(YEAR)}


@pytest.mark.parametrize("text", [None, "", "{", '{"https://a": {"run": 1}}'])
def test_runs_that_cannot_be_read_are_none(text: str | None) -> None:
    assert runs_from_json(text) == {}


def test_the_rules_of_reading_have_a_version() -> None:
    assert set(reading_rules()) <= set(string.hexdigits)


# Over a real database, with a site in memory.


@pytest.fixture
def bench(store: Store) -> Bench:
    bench = Bench(store, Site({LIST: files(1)}))
    bench.site.now = lambda: bench.now
    return bench


def bracket(bench: Bench, number: int) -> tuple[timedelta | None, timedelta]:
    """Between which instants a file went online, since noon."""
    online = present(bench.row(file_url(number)).online)
    return None if online.after is None else online.after - NOON, online.until - NOON


async def test_the_bracket_of_a_recueil_is_stored_with_it_and_with_its_decrees(bench: Bench) -> None:
    made = FileStatement("D:20260814", producer="Éditeur")
    paper = reading(vsa("2026-2"))
    bench.papers[file_url(2)] = replace(paper, pages=tuple(page for act in paper.acts for page in act.pages), made=made)
    await bench.poll()
    assert bracket(bench, 1) == (None, timedelta())
    await bench.poll(QUARTER)
    bench.site.pages[LIST] = files(2, 1)
    _, ingested = await bench.poll(QUARTER)
    assert bracket(bench, 2) == (QUARTER, 2 * QUARTER)
    online = present(bench.row(file_url(2)).online)
    assert (present(online.before).status, online.first.status, present(online.file).url) == (304, 200, file_url(2))
    assert bench.store.contents.made(present(bench.row(file_url(2)).sha256)) == made
    assert present(bench.store.decrees.get(present(ingested.decrees[0].id))).online == online


async def test_an_outage_widens_the_bracket(bench: Bench) -> None:
    await bench.poll()
    bench.site.failures[LIST] = Unreachable("timed out")
    await bench.poll(QUARTER)
    bench.site.failures.clear()
    bench.site.pages[LIST] = files(2, 1)
    await bench.poll(40 * QUARTER)
    assert bracket(bench, 2) == (timedelta(), 41 * QUARTER)


async def test_a_program_that_was_killed_before_it_stored_its_looks_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.poll()
    bench.site.pages[LIST] = files(2, 1)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.sources, "save", _killed)
        with pytest.raises(KeyboardInterrupt):
            await bench.poll(QUARTER)
    bench.restart()
    bench.site.pages[LIST] = files(3, 2, 1)
    await bench.poll(QUARTER)
    assert bracket(bench, 2) == (timedelta(), QUARTER)
    assert bracket(bench, 3) == (timedelta(), 2 * QUARTER)
    [ended, current] = bench.store.looks.on(NOON.date())
    assert (ended.count, current.count) == (1, 1)


async def test_an_old_list_under_new_addresses_went_online_nobody_knows_when(bench: Bench) -> None:
    await bench.poll()
    bench.site.pages[LIST] = html(*(download(number, "14/08/2020") for number in range(12, 1, -1)), download(1, "14/08/2026"))
    await bench.poll(QUARTER)
    assert {bracket(bench, number) for number in range(2, 13)} == {(None, QUARTER)}


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


async def test_files_of_a_page_went_online_after_its_listing_was_without_it_and_before_the_page_showed_them(bench: Bench) -> None:
    bench.site.pages[LIST] = html(grey_card("/autre", "autre"), download(1, "14/08/2026"))
    await bench.poll()
    name = detail("2")
    bench.site.pages[LIST] = html(grey_card(name.removeprefix("https://www.prefecture.gouv.fr"), "RAA spécial n° 2"), download(1))
    bench.site.failures[name] = Unreachable("timed out")
    await bench.poll(QUARTER)
    bench.site.failures.clear()
    bench.site.pages[name] = files(2)
    await bench.poll(QUARTER)
    assert bracket(bench, 2) == (timedelta(), 2 * QUARTER)
    assert present(bench.row(name).online).until == NOON + QUARTER


async def test_former_contents_of_a_file_are_named_and_kept_where_there_is_a_decree(bench: Bench) -> None:
    bench.papers[file_url(1)] = reading(vsa("2026-1"))
    await bench.poll()
    first = bench.row(file_url(1))
    bench.papers["an erratum"] = reading(vsa("2026-1"))
    bench.site.put[file_url(1)] = "an erratum"
    bench.site.pages[LIST] = files(2, 1)
    bench.site.put[file_url(2)] = file_url(1)  # nothing else of it is needed
    await bench.poll(timedelta(days=1))
    online = present(bench.row(file_url(1)).online)
    assert online.replaced == (FileVersion(present(first.sha256), present(first.fetched_at)),)
    assert present(online.file).asked_at == bench.now
    assert online.first == present(first.online).first
    assert bench.row(file_url(2)).sha256 == first.sha256
    assert first.sha256 not in bench.store.contents.unneeded(bench.now + timedelta(days=1))


def test_a_content_that_came_again_was_not_replaced() -> None:
    one, two = (FileVersion(hashlib.sha256(name).hexdigest(), NOON) for name in (b"1", b"2"))
    online = Online(look_of(look(ROOT).head)).fetched(None, "", one).fetched(None, one.sha256, None)
    assert online.replaced == ()
    assert online.fetched(None, two.sha256, one).fetched(None, one.sha256, two).replaced == (one, two)


async def test_looks_of_before_a_clock_was_set_back_bound_nothing(bench: Bench) -> None:
    await bench.poll()
    bench.now -= timedelta(hours=1)
    await bench.watcher.clock_set_back(timedelta(hours=1))
    bench.site.pages[LIST] = files(2, 1)
    await bench.poll()
    assert bracket(bench, 2) == (None, -4 * QUARTER)
    bench.site.pages[LIST] = files(3, 2, 1)
    await bench.poll(QUARTER)
    assert bracket(bench, 3) == (-4 * QUARTER, -3 * QUARTER)


@pytest.mark.parametrize("took", [timedelta(), timedelta(minutes=5)])
async def test_nor_do_those_of_a_poll_during_which_it_was(bench: Bench, took: timedelta) -> None:
    await bench.poll()
    page = bench.site.page

    async def while_it_is_set_back(url: str, validators: Validators = V1) -> Page:
        found = await page(url, validators)
        bench.now += took - timedelta(minutes=2)
        if took:
            await bench.watcher.clock_set_back(timedelta(minutes=2))
        return found

    bench.site.pages[LIST] = files(2, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.site, "page", while_it_is_set_back)
        await bench.poll(QUARTER)
    bench.site.pages[LIST] = files(3, 2, 1)
    await bench.poll(QUARTER)
    assert [bracket(bench, number)[0] for number in (2, 3)] == [None, None]
