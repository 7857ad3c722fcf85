"""What goes wrong with the sites of the weeks: where it says, and as it says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import httpx
import pytest

from benchmarks.soak.sites import ELSEWHERE, Month
from benchmarks.soak.troubles import LEAST_SOURCES, START, Kind, Trouble, draw
from sources.catalogue.authority import Source
from sources.pages import READERS
from tests.examples import by_day

PLAN = draw(1, LEAST_SOURCES + 1, 7)
HOUR = timedelta(hours=1)


def test_a_seed_says_the_same_twice_and_breaks_something_of_each_kind() -> None:
    assert draw(1, LEAST_SOURCES + 1, 7) == PLAN
    assert draw(2, LEAST_SOURCES + 1, 7).troubles != PLAN.troubles
    assert {trouble.kind for trouble in PLAN.troubles} == set(Kind)
    struck = [code for trouble in PLAN.troubles for code in trouble.authorities]
    assert len(struck) == len(set(struck)) == LEAST_SOURCES == len(PLAN.authorities) - 1
    assert all(START <= trouble.begin < trouble.end <= PLAN.end for trouble in PLAN.troubles)
    [outage] = [trouble for trouble in PLAN.troubles if trouble.kind is Kind.OUTAGE]
    assert outage.end - outage.begin == 4 * HOUR


# The sites


def striking(kind: Kind) -> Trouble:
    return next(trouble for trouble in PLAN.troubles if trouble.kind is kind)


def source_of(trouble: Trouble, place: int = 0) -> Source:
    return PLAN.authorities[trouble.authorities[place]].sources[0]


def pages(source: Source, now: datetime) -> dict[str, str]:
    """Every page that can be reached from the root at this moment, and what it is."""
    month = Month(PLAN, now)
    waiting, found = [source.root], dict[str, str]()
    while waiting:
        url = waiting.pop()
        host, _, path = url.removeprefix("https://").partition("/")
        answer = month.answer(host, f"/{path}", {})
        if url in found or answer.status != 200:
            continue
        found[url] = answer.body.decode()
        links = READERS["national"](found[url], url)
        waiting += [way.url for way in links.ways] + [page for _, page in links.pager.pages]
    return found


def listed(source: Source, now: datetime) -> dict[str, str]:
    """What can be found from the root: addresses and titles."""
    found: dict[str, str] = {}
    for url, html in pages(source, now).items():
        found |= {entry.url: entry.title for entry in READERS["national"](html, url).entries(wants_details=source.wants_details)}
    return found


@pytest.mark.parametrize("kind", by_day([Kind.MONTH_GONE, Kind.YEAR_GONE], 1))
def test_a_page_that_vanishes_takes_its_card_and_what_it_lists_with_it_and_comes_back(kind: Kind) -> None:
    trouble = striking(kind)
    source = source_of(trouble)
    before, meanwhile, after = (listed(source, moment) for moment in (trouble.begin - HOUR, trouble.begin, trouble.end + HOUR))
    assert set(meanwhile) < set(before) <= set(after)
    [*_, lost] = pages(source, trouble.begin - HOUR).keys() - pages(source, trouble.begin).keys()
    host, _, path = lost.removeprefix("https://").partition("/")
    assert Month(PLAN, trouble.begin).answer(host, f"/{path}", {}).status == 404
    assert not any(path in html for html in pages(source, trouble.begin).values())


@pytest.mark.parametrize(("kind", "noise"), [(Kind.JSESSIONID, ";jsessionid="), (Kind.SID, "?sid=")])
def test_noise_is_another_in_each_answer_and_leads_to_the_same_file(kind: Kind, noise: str) -> None:
    trouble = striking(kind)
    source = source_of(trouble)
    (page, html), *_ = ((url, html) for url, html in pages(source, trouble.begin).items() if noise in html)
    host, _, path = page.removeprefix("https://").partition("/")
    noisy = re.findall(rf'href="([^"]*{re.escape(noise)}[^"]*)"', html)
    assert noisy
    month = Month(PLAN, trouble.begin)
    address = noisy[0].removeprefix(f"https://{host}")
    assert month.answer(host, address, {}).body == month.answer(host, address.partition(noise)[0], {}).body
    assert month.answer(host, f"/{path}", {}).body != month.answer(host, f"/{path}", {}).body
    first, second = (listed(source, trouble.begin + wait) for wait in (timedelta(0), timedelta(seconds=1)))
    assert first == second, "the same documents"


def test_other_troubles_are_answers() -> None:
    foreign = striking(Kind.FOREIGN_LINK)
    assert ELSEWHERE in listed(source_of(foreign), foreign.begin)
    outage, busy, maintenance = striking(Kind.OUTAGE), striking(Kind.BUSY), striking(Kind.MAINTENANCE)
    host = source_of(maintenance).root.split("/")[2]
    with pytest.raises(httpx.ConnectError):
        Month(PLAN, outage.begin).interfere(host, "/")
    refusal = Month(PLAN, busy.begin).interfere(host, "/")
    assert refusal is not None
    assert (refusal.status, dict(refusal.headers)["Retry-After"][-12:]) == (503, f"{busy.end:%H:%M:%S} GMT")
    told = Month(PLAN, maintenance.begin).interfere(host, "/Publications")
    assert told is not None
    assert (told.status, b"maintenance" in told.body) == (200, True)
    assert Month(PLAN, maintenance.end).interfere(host, "/Publications") is None
