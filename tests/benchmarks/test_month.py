"""The month in short: it breaks sites where it says, publishes what detection recognises, and would tell what is not as promised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from benchmarks.month.__main__ import main
from benchmarks.month.figures import judge, report, to_json
from benchmarks.month.papers import Paper, number_of, pages_of
from benchmarks.month.plan import HOSTILE_SOURCES, START, TAIL, Kind, Plan, Trouble, draw
from benchmarks.month.run import EVERY, Poll, Record, Recovery
from benchmarks.month.sites import ELSEWHERE, Month
from bot.domain.acts import Decree, Facts, Outcome
from bot.domain.acts import Kind as Act
from bot.domain.posts import Post, PostState
from bot.ingest.judging import judge_reading
from bot.reading.acts.cutting import assemble
from sources.catalogue.authority import Authority, Source, load_authorities
from sources.pages import READERS
from tests.france.publications import Recueil
from tests.france.serving import Asked

PLAN = draw(1, HOSTILE_SOURCES + 1, 7, hostile=True)
HOUR = timedelta(hours=1)


def test_a_seed_says_the_same_twice_and_breaks_something_of_each_kind() -> None:
    assert draw(1, HOSTILE_SOURCES + 1, 7, hostile=True) == PLAN
    assert draw(2, HOSTILE_SOURCES + 1, 7, hostile=True).troubles != PLAN.troubles
    assert {trouble.kind for trouble in PLAN.troubles} == set(Kind)
    struck = [code for trouble in PLAN.troubles for code in trouble.authorities]
    assert len(struck) == len(set(struck)) == HOSTILE_SOURCES == len(PLAN.authorities) - 1
    assert all(START <= trouble.begin < trouble.end <= PLAN.end for trouble in PLAN.troubles)
    [outage] = [trouble for trouble in PLAN.troubles if trouble.kind is Kind.OUTAGE]
    assert outage.end - outage.begin == 4 * HOUR


@pytest.mark.parametrize("code", ["01", "09", "2A", "971"])
def test_what_is_published_is_what_detection_recognises(code: str) -> None:
    authority = load_authorities()[code]
    recueil = Recueil("www.test.gouv.fr", 2026, 321, START)
    decree, other = (assemble(pages_of(Paper(authority, recueil, number))) for number in ("2026-70321", None))
    for reading in (decree, other):
        assert [act.id for act in reading.acts] == [f"{code}-2026-09-14-00321"]
        assert (reading.cover.authority, reading.cover.published) == (code, START.date())
    [[judged]] = judge_reading(decree)
    assert (judged.verdict.outcome, judged.verdict.facts.number) == (Outcome.DECREE, "2026-70321")
    [[judged]] = judge_reading(other)
    assert judged.verdict.outcome is Outcome.NOT_CONCERNED


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


@pytest.mark.parametrize("kind", [Kind.MONTH_GONE, Kind.YEAR_GONE])
def test_a_page_that_vanishes_takes_its_card_and_what_it_lists_with_it_and_comes_back(kind: Kind) -> None:
    trouble = striking(kind)
    source = source_of(trouble)
    before, meanwhile, after = (listed(source, moment) for moment in (trouble.begin - HOUR, trouble.begin, trouble.end + HOUR))
    assert set(meanwhile) < set(before) <= set(after)
    [*_, lost] = pages(source, trouble.begin - HOUR).keys() - pages(source, trouble.begin).keys()
    host, _, path = lost.removeprefix("https://").partition("/")
    assert Month(PLAN, trouble.begin).answer(host, f"/{path}", {}).status == 404
    assert not any(path in html for html in pages(source, trouble.begin).values())


@pytest.mark.parametrize("kind", [Kind.YEAR_RENAMED, Kind.YEAR_UNNAMED])
def test_a_page_that_is_renamed_lists_what_it_did(kind: Kind) -> None:
    trouble = striking(kind)
    source = source_of(trouble)
    before, meanwhile = (pages(source, moment) for moment in (trouble.begin - HOUR, trouble.begin))
    assert before.keys() != meanwhile.keys()
    assert any("en-cours" in url or "Documents-a-consulter" in url for url in meanwhile)


def test_swapped_pages_list_the_files_of_the_other() -> None:
    trouble = striking(Kind.SWAPPED)
    ours, theirs = source_of(trouble), source_of(trouble, 1)
    month = Month(PLAN, trouble.begin)
    shown = listed(ours, trouble.begin).keys() - listed(ours, trouble.begin - HOUR).keys()
    host, _, path = max(shown).removeprefix("https://").partition("/")
    assert f"[[{theirs.authority}/2026/".encode() in month.answer(host, f"/{path}", {}).body
    month.at(trouble.end)
    assert month.answer(host, f"/{path}", {}).status == 404


def test_a_root_that_moved_is_linked_from_the_folder_above() -> None:
    trouble = striking(Kind.ROOT_MOVED)
    source = source_of(trouble)
    assert pages(source, trouble.begin) == {}
    above, moved = (replace(source, root=root) for root in (source.root.rsplit("/", 1)[0], f"{source.root}-2"))
    assert f'href="{moved.root.partition(".gouv.fr")[2]}"' in pages(above, trouble.begin)[above.root]
    assert listed(moved, trouble.begin) == listed(source, trouble.begin - HOUR)


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


# The figures

CODES = sorted(PLAN.authorities)
CALM = next(code for code in CODES if PLAN.trouble_of(code) is None)


def paper(number: int, up: datetime, code: str = CALM) -> Paper:
    recueil = Recueil("www.test.gouv.fr", 2026, number, up)
    return Paper(PLAN.authorities[code], recueil, number_of(0, recueil))


def post(one: Paper, *, authority: str | None = None, found_at: datetime | None = None) -> Post:
    moment = found_at or one.recueil.up + timedelta(minutes=7)
    decree = Decree(
        authority or one.authority.code, Act.AUTHORISATION, "", Facts(number=one.decree), (), "https://a.b/c.pdf", 1, None, found_at=moment
    )
    return Post(1, one.decree or "", "channel", decree, PostState.SENT)


def record(papers: Sequence[Paper], posts: Sequence[Post], plan: Plan = PLAN) -> Record:
    asked = [Asked(at, "www.test.gouv.fr", "/", "Vigie", 200, 1) for at in (0.0, 3.0, 6.1)]
    return Record(plan, EVERY, asked=asked, posts=list(posts), papers={one.decree: one for one in papers if one.decree is not None})


def test_a_month_without_a_fault_has_none() -> None:
    one = paper(1, START + HOUR)
    figures = judge(record([one], [post(one)]))
    assert (figures.published, figures.posted, figures.faults, figures.minutes_median) == (1, 1, (), 7)
    assert "all is well" in report(figures)
    assert to_json(figures)["faults"] == []


ONE, OLD, LAST = paper(1, START + HOUR), paper(2, START - 25 * 24 * HOUR), paper(3, PLAN.end - TAIL)


@pytest.mark.parametrize(
    ("posts", "fault"),
    [
        ([], "missed: 1"),
        ([post(ONE), post(ONE)], "posted twice: 1"),
        ([post(ONE, authority="50")], "under a wrong authority: 1"),
        ([post(ONE), post(OLD)], "old, announced as new: 1"),
        ([post(ONE), post(LAST)], None),
    ],
)
def test_what_is_posted_wrongly_is_told(posts: Sequence[Post], fault: str | None) -> None:
    figures = judge(record([ONE, OLD, LAST], posts))
    assert figures.faults == (() if fault is None else (fault,))
    assert fault is None or report(figures).endswith(fault)


def poll(source: Source, ended: datetime, cause: str | None = None) -> Poll:
    return Poll(source, ended, ended, cause, cause)


@pytest.mark.parametrize(("found_late", "cause", "told"), [(True, None, True), (True, "moved", False), (False, None, False)])
def test_a_list_that_is_gone_must_be_noticed_unless_all_is_found(found_late: bool, cause: str | None, told: bool) -> None:
    trouble = striking(Kind.YEAR_UNNAMED)
    hidden = paper(1, trouble.begin + HOUR, trouble.authorities[0])
    seen = record([hidden], [post(hidden, found_at=trouble.end + HOUR if found_late else trouble.end - HOUR)])
    seen.polls = [poll(source_of(trouble), trouble.begin + 2 * HOUR, cause)]
    assert bool(judge(seen).unnoticed) is told


def test_a_source_that_fails_though_all_can_be_read_is_told() -> None:
    foreign, outage = striking(Kind.FOREIGN_LINK), striking(Kind.OUTAGE)
    seen = record([], [])
    shared = [trouble for trouble in PLAN.troubles if trouble.kind.is_shared]
    hours = (foreign.begin + number * HOUR for number in range(24))
    calm = next(hour for hour in hours if not any(trouble.begin <= hour < trouble.end + 4 * HOUR for trouble in shared))
    assert calm < foreign.end
    seen.polls = [poll(source_of(foreign), calm, "files"), poll(source_of(foreign), outage.begin + HOUR, "unreachable")]
    [alarm] = judge(seen).alarms
    assert (alarm.trouble, alarm.failed, alarm.polls) == (Kind.FOREIGN_LINK, 1, 1)


def test_sources_that_come_back_late_are_told() -> None:
    outage = striking(Kind.OUTAGE)
    seen = record([], [])
    calm: Authority = PLAN.authorities[CALM]
    usual = {source.key: EVERY for source in PLAN.sources}
    for minutes, late in ((10, False), (30, True)):
        seen.recoveries = [Recovery(outage, usual)]
        seen.polls = [poll(source, outage.end + 10 * timedelta(minutes=1)) for source in PLAN.sources if source.authority != CALM]
        seen.polls += [poll(calm.sources[0], outage.end, "resting"), poll(calm.sources[0], outage.end + timedelta(minutes=minutes))]
        [after] = judge(seen).after
        assert (after.longest, after.median, set(after.late)) == (minutes, 10, {calm.sources[0].key} if late else set())


@pytest.mark.parametrize("option", [["--sources", "3"], ["--days", "1"], ["--every", "0"]])
def test_what_cannot_be_simulated_is_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(option)
    assert "must be" in capsys.readouterr().err
