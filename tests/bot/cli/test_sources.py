"""`vigie sources`: what a volunteer uses to add a prefecture, or to mend one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bot.app.demo.replay import CannedAnswer, Replay
from bot.domain.health import Cause
from bot.operators.text import alert_words
from sources.catalogue.authority import load_authorities
from tests import clock
from tests.bot.cli.conftest import Vigie, write_config
from tests.small_france import watched

RECORDINGS = Path(__file__).resolve().parents[2] / "sources" / "recordings"
MOVED = str(RECORDINGS / "year_card-pdf_newest-first_moved")
CATEGORIES = RECORDINGS / "year-category_download-list_one-page"
LATE = str(RECORDINGS / "year-month_card-pdf_oldest-first")


def test_the_list_says_what_is_covered_and_how(vigie: Vigie) -> None:
    catalogue = load_authorities()
    entries = {entry["code"]: entry for entry in vigie("sources", "list", "--json").json}
    assert list(entries) == list(catalogue)
    for code, authority in catalogue.items():
        entry = entries[code]
        assert (entry["name"], entry["department"]) == (authority.name, authority.department)
        assert (entry["covered"], entry["not_covered"]) == (bool(authority.sources), authority.not_covered)
        assert [(route["root"], route["reader"], route["unverified"], route["browser"]) for route in entry["sources"]] == [
            (source.root, source.reader, source.unverified, source.browser is not None) for source in authority.sources
        ]

    lines = vigie("sources", "list").out.splitlines()
    assert len(lines) == len(catalogue)
    for line, authority in zip(lines, catalogue.values(), strict=True):
        assert line.startswith(f"{authority.code} ")
        assert authority.name in line
        assert ("unverified" in line) == any(source.unverified for source in authority.sources)
        assert ("browser" in line) == any(source.browser for source in authority.sources)
        assert authority.not_covered is None or f"not covered: {authority.not_covered}" in line


def test_show_tells_the_catalogue_then_the_polls(vigie: Vigie, config: str) -> None:
    before = vigie("--config", config, "sources", "show", "2b").out
    assert before.startswith("2B  Préfecture de la Haute-Corse  (Europe/Paris)")
    assert "national reader: year-card > month-card > downloads-group, all on one page" in before
    assert "    note        Each recueil is linked twice" in before
    assert "    evidence    page recorded by " in before
    assert "    polls       never polled" in before

    assert vigie("--config", config, "poll", "26").code == 0
    [route] = vigie("--config", config, "sources", "show", "26", "--json").json["sources"]
    assert (route["route"], route["reader"], route["order"], route["unverified"], route["browser"]) == (
        "site", "national", "one-page", False, None
    )  # fmt: skip
    assert (route["recueils"], route["failures"], route["error"], route["moved_to"]) == (2, 0, None, None)
    assert len(route["polled"]) == watched(clock.today())
    shown = vigie("--config", config, "sources", "show", "26").out
    assert all(f"    requests    {asked}\n" in shown for asked in route["polled"])
    assert "; 2 recueils known\n" in shown


def test_show_tells_why_an_authority_is_not_covered(vigie: Vigie) -> None:
    code, reason = next((code, entry.not_covered) for code, entry in load_authorities().items() if entry.not_covered)
    assert f"not covered: {reason}" in vigie("sources", "show", code).out
    assert vigie("sources", "show", code, "--json").json["sources"] == []
    refused = vigie("sources", "check", code)
    assert (refused.code, refused.out) == (2, "")
    assert f"{code} is not covered: {reason}" in refused.err


def test_show_tells_a_failure(vigie: Vigie, tmp_path: Path, replay: Replay) -> None:
    resources = replay.resources
    assert isinstance(resources, dict)
    for url in [url for url in resources if "aisne" in url]:
        del resources[url]
    config = write_config(tmp_path, replay)
    assert vigie("--config", config, "poll", "02").code == 3
    shown = vigie("--config", config, "sources", "show", "02").out
    assert "last success never" in shown
    assert "    failing     1 failed poll: https://www.aisne.gouv.fr/Publications/Recueil-des-Actes-Administratifs: " in shown


def test_check_tells_every_step_and_writes_nothing(vigie: Vigie, config: str, replay: Replay, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    told = vigie("--config", config, "sources", "check", "26", "--json")
    assert (told.code, told.err) == (0, "")
    found = told.json
    assert (found["code"], found["route"], found["ok"], found["error"], found["cause"]) == ("26", "site", True, None, None)
    pages = [url for url in replay.requests if "robots.txt" not in url]
    assert [page["asked"] for page in found["pages"]] == pages
    assert found["requests"] == len(pages) == 3
    root, year, month = found["pages"]
    assert [(way["followed"], way["reason"]) for way in root["ways"] if way["url"] == year["asked"]] == [(True, "covers today")]
    assert month["documents"] == month["entries"] == len(found["listed"]) == 2
    assert found["polled"] == [month["asked"], year["asked"]][: watched(clock.today())]
    assert [entry["is_detail"] for entry in found["listed"]] == [False, False]

    shown = vigie("--config", config, "sources", "check", "26").out
    assert f"\n2. {year['asked']}\n" in shown
    assert " (covers today)" in shown
    assert "2 recueils listed, the newest first:" in shown
    assert "3 requests made; a poll requests these pages from now on:" in shown
    assert set(tmp_path.iterdir()) == before


def test_check_through_a_recording(vigie: Vigie) -> None:
    shown = vigie("sources", "check", "99", "--from", LATE, "-n", "3").out
    assert "as of 2026-09-03" in shown
    assert "   follows 08. Août 2026 (ended within the last week)\n" in shown
    assert "   does not follow 10. Octobre, 11. Novembre, 12. Décembre (to come)\n" in shown
    assert "   does not follow Archives (no period in its label)\n" in shown
    listed = shown.split("the newest first:\n")[1]
    assert listed.splitlines()[0] == "  2026-09-02  RAA n° 337"
    assert "  … and 5 more" in listed
    assert "(only when the other end of the list has changed)" in listed


def test_check_tells_where_the_root_has_moved(vigie: Vigie) -> None:
    shown = vigie("sources", "check", "99", "--from", MOVED).out
    assert "   follows RAA - Recueil des Actes Administratifs (names the recueil, which may have moved there)\n" in shown
    assert "does not follow Enquêtes publiques, [TEST] RAA, " in shown
    new = "https://www.dune-grise.gouv.fr/Publications/RAA-Recueil-des-Actes-Administratifs"
    assert f"The root is not where the catalogue says: it is {new}\n" in shown
    assert vigie("sources", "check", "99", "--from", MOVED, "--json").json["moved_to"] == new


def test_check_names_the_other_routes(vigie: Vigie, tmp_path: Path) -> None:
    folder = tmp_path / "two"
    shutil.copytree(LATE, folder)
    [described] = folder.glob("*.toml")
    text = described.read_text("utf-8")
    described.write_text(text + "\n" + text[text.index("[[sources]]") :].replace('"site"', '"miroir"'), encoding="utf-8")
    shown = vigie("sources", "check", "99", "--from", str(folder)).out
    assert shown.startswith("99 site: ")
    assert shown.endswith("\nOther routes (--route): miroir\n")
    assert vigie("sources", "check", "99", "-r", "miroir", "--from", str(folder), "--json").json["route"] == "miroir"


def test_check_says_why_it_failed(vigie: Vigie, tmp_path: Path, replay: Replay) -> None:
    resources = replay.resources
    assert isinstance(resources, dict)
    month = next(url for url in resources if "drome" in url and not url.endswith(".pdf") and url.count("/") > 5)
    resources[month] = CannedAnswer(b"<html><body><main><h1>Mois</h1></main></body></html>")
    config = write_config(tmp_path, replay)
    failed = vigie("--config", config, "sources", "check", "26")
    assert failed.code == 3
    assert "FAILED after 3 requests: " in failed.out
    assert "    no listing found at https://www.drome.gouv.fr/" in failed.out
    assert "\n    → " in failed.out
    told = vigie("--config", config, "sources", "check", "26", "--json")
    assert (told.code, told.json["ok"], told.json["cause"], told.json["listed"]) == (3, False, "structure", [])


def test_check_tells_a_page_that_could_not_be_read_and_what_the_others_list(vigie: Vigie, tmp_path: Path) -> None:
    folder = tmp_path / "categories"
    shutil.copytree(CATEGORIES, folder)
    record = json.loads((folder / "record.json").read_text())
    whole = len(vigie("sources", "check", "99", "--from", str(folder), "--json").json["listed"])
    lost = next(page for page in record["pages"] if page["url"].endswith("/Speciaux"))
    del lost["file"]
    lost["status"] = 404
    (folder / "record.json").write_text(json.dumps(record))
    told = vigie("sources", "check", "99", "--from", str(folder))
    assert told.code == 3
    assert f"A page of the way could not be read: {alert_words('en').causes[Cause.MOVED].what}\n    {lost['url']}: 404" in told.out
    assert "recueils listed, the newest first:" in told.out
    as_json = vigie("sources", "check", "99", "--from", str(folder), "--json")
    assert (as_json.code, as_json.json["ok"], as_json.json["cause"]) == (3, False, "moved")
    assert 0 < len(as_json.json["listed"]) < whole


def test_wrong_use_is_told(vigie: Vigie, tmp_path: Path) -> None:
    for arguments, told in (
        (("check", "26", "--route", "autre"), "26 has no route 'autre'. Its routes: site"),
        (("check", "26", "--from", LATE), "this is a recording of 99:site, not of 26"),
        (("check", "99"), '"99" is not a code of the catalogue'),
        (("check", "26", "--from", "absent"), "absent/record.json: no such file"),
    ):
        refused = vigie("sources", *arguments)
        assert (refused.code, refused.out) == (2, "")
        assert told in refused.err
    (tmp_path / "record.json").write_text('{"version": 2}')
    assert "record.json: version: " in vigie("sources", "check", "26", "--from", ".").err


def test_a_recording_gives_back_what_the_site_gave(vigie: Vigie, config: str, tmp_path: Path) -> None:
    done = vigie("--config", config, "sources", "record", "02", "--details", "1")
    assert (done.code, done.err) == (0, "")
    folder = tmp_path / "02-site"
    assert f" pages of 02:site in {folder.name}\n" in done.out
    assert "no title names a private person" in done.out
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    live = vigie("--config", config, "sources", "check", "02", "--json").json
    replayed = vigie("sources", "check", "02", "--from", str(folder), "--json").json
    assert replayed == live | {"pages": replayed["pages"]}
    assert golden["listed"] == live["listed"]
    assert (golden["walk_requests"], golden["polled"]) == (live["requests"], live["polled"])
    [detail] = golden["details"]
    assert [document["url"].endswith(".pdf") for document in detail["documents"]] == [True]
    assert {file.suffix for file in folder.iterdir()} == {".html", ".json"}


def test_what_came_of_a_failed_walk_is_recorded_without_a_golden_file(vigie: Vigie, tmp_path: Path, replay: Replay) -> None:
    resources = replay.resources
    assert isinstance(resources, dict)
    root = "https://www.drome.gouv.fr/Publications/Recueil-des-actes-administratifs-RAA"
    resources[root] = CannedAnswer(b"<html><body><main><h1>En travaux</h1></main></body></html>")
    done = vigie("--config", write_config(tmp_path, replay), "sources", "record", "26")
    assert done.code == 3
    assert "no listing found at " in done.err
    assert sorted(file.name for file in (tmp_path / "26-site").iterdir()) == ["01-root.html", "record.json"]


def test_a_recording_never_takes_the_place_of_something_else(vigie: Vigie, config: str, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("mine")
    refused = vigie("--config", config, "sources", "record", "26", "--into", "notes")
    assert refused.code == 1
    assert "holds something else than a recording" in refused.err
    assert [file.name for file in (tmp_path / "notes").iterdir()] == ["diary.txt"]
