"""Recordings: what is kept of a walk, how it is written, and how it is served again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sources.crawl.recording import (
    BadRecording,
    NotRecorded,
    Playback,
    RecordedPage,
    Recording,
    RecordingFetcher,
    newest_first,
    read_recording,
    record,
    replay,
    write_recording,
)
from sources.model import CrawlFailed, FetchRefused, Gone, ListingEntry, Unreachable, Validators
from tests.sources.markup import ROOT, download, page, white_card
from tests.sources.poller import AUGUST, NOW, TODAY, YEAR, file_urls, months, source
from tests.sources.site import MemorySite

SITE = Recording(
    "99:site", TODAY, NOW, (RecordedPage(ROOT, "<p>racine</p>"), RecordedPage(YEAR, "<p>août</p>", f"{YEAR}/2"), RecordedPage(AUGUST, None))
)


async def test_a_walk_is_recorded_and_gives_the_same_again() -> None:
    done = await record(source(), MemorySite(months()), today=TODAY, now=NOW)
    assert done.failure is None
    assert [recorded.url for recorded in done.recording.pages] == [ROOT, YEAR, AUGUST]
    golden = await replay(done.recording, source())
    assert [listed.url for listed in golden.listed] == file_urls(2)
    assert (golden.walk_requests, golden.poll_requests, golden.polled, golden.details) == (3, 1, (AUGUST,), ())


async def test_the_newest_detail_pages_are_recorded() -> None:
    details = [f"{ROOT}/RAA-n-{number}" for number in (1, 2, 3)]
    days = ["12/08/2026", "14/08/2026", "13/08/2026"]
    root = page(*(white_card(url, f"RAA n° {url[-1]}", day) for url, day in zip(details, days, strict=True)))
    site = MemorySite({ROOT: root, **{url: page(download(int(url[-1]))) for url in details}})
    described = source(listing="card-detail")
    done = await record(described, site, today=TODAY, now=NOW, details=2)
    assert site.asked == [ROOT, details[1], details[2]]
    golden = await replay(done.recording, described)
    assert [(detail.url, [document.url for document in documents]) for detail, documents in golden.details] == [
        (details[1], file_urls(2)),
        (details[2], file_urls(3)),
    ]


async def test_a_walk_that_fails_leaves_the_pages_that_came() -> None:
    site = MemorySite(months())
    site.failures[AUGUST] = FetchRefused("503")
    done = await record(source(), site, today=TODAY, now=NOW)
    assert done.failure is not None
    assert isinstance(done.failure.cause, FetchRefused)
    assert [recorded.url for recorded in done.recording.pages] == [ROOT, YEAR]
    with pytest.raises(CrawlFailed, match=f"{AUGUST}: this page is not in the recording"):
        await replay(done.recording, source())


async def test_the_fetcher_keeps_each_answer_once_and_passes_failures_on() -> None:
    site = MemorySite({ROOT: "<p>1</p>"})
    site.redirects[YEAR] = ROOT
    site.failures[AUGUST] = Unreachable("no answer")
    watched: list[str] = []
    keeping = RecordingFetcher(site, watched.append)
    first = await keeping.page(ROOT)
    await keeping.page(ROOT, first.validators)
    await keeping.page(ROOT)
    await keeping.page(YEAR)
    with pytest.raises(Unreachable):
        await keeping.page(AUGUST)
    with pytest.raises(Gone):
        await keeping.page(f"{ROOT}/absent")
    assert watched == site.asked == [ROOT, ROOT, ROOT, YEAR, AUGUST, f"{ROOT}/absent"]
    assert keeping.pages == (RecordedPage(ROOT, "<p>1</p>"), RecordedPage(YEAR, "<p>1</p>", ROOT), RecordedPage(f"{ROOT}/absent", None))
    assert [type(answer.error) for answer in keeping.answers] == [type(None)] * 4 + [Unreachable, Gone]


async def test_playback() -> None:
    playback = Playback(SITE)
    first = await playback.page(YEAR)
    assert (first.url, first.html, first.unchanged) == (f"{YEAR}/2", "<p>août</p>", False)
    again = await playback.page(YEAR, first.validators)
    assert (again.url, again.html, again.unchanged) == (f"{YEAR}/2", "", True)
    assert not (await playback.page(YEAR, Validators(etag="other"))).unchanged
    with pytest.raises(Gone):
        await playback.page(AUGUST)
    with pytest.raises(NotRecorded, match="absent: this page is not in the recording"):
        await playback.page(f"{ROOT}/absent")
    with pytest.raises(NotRecorded):
        await playback.download(file_urls(1)[0], Path("recueil.pdf"))


async def test_an_address_gives_its_answers_in_turn_and_then_the_last_again() -> None:
    turns = replace(SITE, pages=(RecordedPage(ROOT, "<p>inconnu</p>"), RecordedPage(ROOT, "<p>liste</p>")))
    playback = Playback(turns)
    assert [(await playback.page(ROOT)).html for _ in range(3)] == ["<p>inconnu</p>", "<p>liste</p>", "<p>liste</p>"]


async def test_where_an_address_led_has_its_last_answer() -> None:
    turns = replace(SITE, pages=(RecordedPage(YEAR, "<p>inconnu</p>", f"{YEAR}/2"), RecordedPage(YEAR, "<p>liste</p>", f"{YEAR}/2")))
    there = await Playback(turns).page(f"{YEAR}/2")
    assert (there.url, there.html) == (f"{YEAR}/2", "<p>liste</p>")


# In a folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "99-site"
    write_recording(folder, SITE, '{"golden": true}\n')
    assert read_recording(folder) == SITE
    assert sorted(file.name for file in folder.iterdir()) == ["01-root.html", "02-annee-2026.html", "golden.json", "record.json"]
    assert [place.name for place in folder.parent.iterdir()] == ["99-site"]


def test_writing_again_changes_nothing_and_keeps_what_a_person_added(tmp_path: Path) -> None:
    folder = tmp_path / "99-site"
    write_recording(folder, SITE, "{}\n")
    (folder / "README.md").write_text("like Drôme\n", encoding="utf-8")
    (folder / "99-exemple.toml").write_text("# facts\n")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    write_recording(folder, SITE, "{}\n")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    write_recording(folder, replace(SITE, pages=SITE.pages[:1]), None)
    assert sorted(file.name for file in folder.iterdir()) == ["01-root.html", "99-exemple.toml", "README.md", "record.json"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(BadRecording, match="holds something else"):
        write_recording(tmp_path, SITE, None)
    with pytest.raises(BadRecording, match="not a folder"):
        write_recording(tmp_path / "diary.txt", SITE, None)
    assert [file.name for file in tmp_path.iterdir()] == ["diary.txt"]


def _without(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda record: record.pop(key)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_without("today"), r"record.json: today: Field required"),
        (lambda record: record.update(version=2), r"record.json: version: "),
        (lambda record: record.update(recorded_at="2026-08-14T09:00:00"), r"record.json: recorded_at: "),
        (lambda record: record["pages"][0].update(file="../01-root.html"), r"names no file of this folder"),
        (lambda record: record["pages"][0].pop("file"), r"names no file of this folder"),
        (lambda record: record["pages"][0].update(file="07-absent.html"), r"07-absent.html: no such file"),
        (lambda record: record["pages"][0].update(status=500), r"record.json: pages.0.status: "),
    ],
)
def test_a_broken_recording_is_told(tmp_path: Path, spoil: Callable[[dict[str, Any]], object], told: str) -> None:
    write_recording(tmp_path / "99-site", SITE, None)
    file = tmp_path / "99-site" / "record.json"
    content = json.loads(file.read_text("utf-8"))
    spoil(content)
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BadRecording, match=told):
        read_recording(tmp_path / "99-site")


# Order


def test_the_newest_first() -> None:
    listed = (
        ListingEntry("a", "a"),
        ListingEntry("b", "b", date(2026, 8, 1)),
        ListingEntry("c", "c"),
        ListingEntry("d", "d", date(2026, 8, 2)),
    )
    assert [entry.url for entry in newest_first(listed, "newest-first")] == ["d", "b", "a", "c"]
    assert [entry.url for entry in newest_first(listed, "oldest-first")] == ["d", "b", "c", "a"]
