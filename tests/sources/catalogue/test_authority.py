from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sources.catalogue.authority import READER_NAMES, Browser, browser_hosts, hosts, load_authorities
from sources.model import CatalogueError
from sources.pages import READERS

DROME = """code = "26"
name = "Préfecture de la Drôme"
department = "Drôme"

[[sources]]
route = "site"
reader = "national"
root = "https://www.drome.gouv.fr/Publications/RAA"
navigation = ["year-card", "month-card"]
listing = "download-list"
order = "one-page"
evidence = "seen"
checked = 2026-08-14
"""


def write(folder: Path, text: str, name: str = "26-drome.toml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def problems(folder: Path) -> tuple[str, ...]:
    with pytest.raises(CatalogueError) as caught:
        load_authorities(folder)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_the_catalogue_knows_every_reader() -> None:
    assert sorted(READERS) == list(READER_NAMES)


def test_the_packaged_catalogue_is_sound() -> None:
    authorities = load_authorities()
    assert {"83", "26", "06", "02", "38", "16", "71", "86", "90", "22", "2B"} <= set(authorities)
    for code, authority in authorities.items():
        assert authority.code == code
        for source in authority.sources:
            assert source.authority == code
            assert source.reader in READERS
            assert source.evidence
            assert source.checked > date(2020, 1, 1)
    assert "www.drome.gouv.fr" in hosts(authorities)
    assert all(host.endswith(".gouv.fr") for host in hosts(authorities))


def test_an_authority_as_described(tmp_path: Path) -> None:
    second = (
        DROME.split("[[sources]]")[1]
        .replace("site", "regional")
        .replace("www.drome", "WWW.Autre")
        .replace('"download-list"', '"card-detail"')
    )
    authority = load_authorities(write(tmp_path, f"{DROME}\n[[sources]]{second}follow = ['en-cours']\nignore = ['FAQ']\n"))["26"]
    assert (authority.name, authority.department, authority.time_zone) == ("Préfecture de la Drôme", "Drôme", "Europe/Paris")
    site, regional = authority.sources
    assert (site.key, regional.key) == ("26:site", "26:regional")
    assert site.navigation == ("year-card", "month-card")
    assert site.checked == date(2026, 8, 14)
    assert not site.wants_details
    assert regional.wants_details
    assert regional.root == "https://www.autre.gouv.fr/Publications/RAA"
    assert (regional.follow, regional.ignore) == (("en-cours",), ("FAQ",))
    assert hosts({"26": authority}) == {"www.drome.gouv.fr", "www.autre.gouv.fr"}
    assert site.fingerprint != regional.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("https://", "http://", "26-drome.toml:8: sources[0].root: must be an https URL"),
        (
            'root = "https://www.drome.gouv.fr/Publications/RAA"',
            "root = 3",
            "26-drome.toml:8: sources[0].root: input should be a valid string",
        ),
        ("root =", "rooot =", "26-drome.toml:8: sources[0].rooot: unknown key, did you mean root?"),
        ("root =", "rooot =", "26-drome.toml:5: sources[0].root: is missing"),
        (
            "national",
            "nationale",
            "26-drome.toml:7: sources[0].reader: unknown reader 'nationale': must be one of moselle, national, police, regions",
        ),
        ("year-card", "card", "26-drome.toml:9: sources[0].navigation[0]: input should be "),
        ('code = "26"', 'code = "27"', "26-drome.toml:1: code: the file name must begin with the code (27-….toml)"),
        ('department = "Drôme"', 'department = ""', "26-drome.toml:3: department: string should have at least 1 character"),
        ('department = "Drôme"', 'department = "Drôme"\ntime_zone = "Paris"', "26-drome.toml:4: time_zone: unknown time zone 'Paris'"),
        ("evidence", "ignore = ['(']\nevidence", "26-drome.toml:12: sources[0].ignore[0]: is not a regular expression"),
        ('name = "P', 'name = P"', "26-drome.toml:2: not valid TOML: Invalid value"),
        ('evidence = "seen"\n', "", "26-drome.toml:5: sources[0].evidence: is missing"),
        ("checked = 2026-08-14\n", "", "26-drome.toml:5: sources[0].checked: is missing"),
        (
            'route = "site"',
            'authority = "27"\nroute = "site"',
            "26-drome.toml:5: sources[0]: a source is that of the authority",
        ),
        (
            "checked =",
            "browser = { wait_fro = '#list' }\nchecked =",
            "26-drome.toml:13: sources[0].browser.wait_fro: unknown key, did you mean wait_for?",
        ),
        ('department = "Drôme"', 'department = "Drôme"\nzzz = 1', "26-drome.toml:4: zzz: unknown key, must be one of code, department"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in DROME
    found = problems(write(tmp_path, DROME.replace(old, new, 1)))
    assert any(line.startswith(problem) for line in found), found


def test_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, DROME.replace("https", "ftp"))
    write(tmp_path, DROME.replace('"26"', '"2B"') + "\n[[sources]]" + DROME.split("[[sources]]")[1], "2b-haute-corse.toml")
    (tmp_path / "zz-bytes.toml").write_bytes(b"code = '\xff'")
    assert problems(tmp_path) == (
        "26-drome.toml:8: sources[0].root: must be an https URL",
        "2b-haute-corse.toml:5: sources: two sources have the route 'site'",
        "zz-bytes.toml: must be UTF-8 text (invalid start byte at byte 8)",
    )


def test_a_code_described_twice(tmp_path: Path) -> None:
    write(write(tmp_path, DROME), DROME, "26-drome-bis.toml")
    assert problems(tmp_path) == ("26-drome.toml:1: code: '26' is already described by another file",)


def test_no_source_and_no_catalogue(tmp_path: Path) -> None:
    assert problems(tmp_path) == (f"{tmp_path}: no *.toml file",)
    assert problems(tmp_path / "absent") == (f"{tmp_path / 'absent'}: no such folder",)
    assert problems(write(tmp_path, DROME.split("[[", 1)[0]))[0].startswith(
        "26-drome.toml: must have either at least one [[sources]] or `not_covered`"
    )


def test_an_authority_without_a_source_says_why(tmp_path: Path) -> None:
    head = DROME.split("[[", 1)[0]
    write(tmp_path, head + 'not_covered = "no page is known"\n')
    loaded = load_authorities(tmp_path)["26"]
    assert (loaded.sources, loaded.not_covered) == ((), "no page is known")
    assert problems(write(tmp_path, head + 'not_covered = "no page is known"\n[[' + DROME.split("[[", 1)[1]))


def test_hosts_that_need_a_browser_serve_what_any_of_their_sources_waits_for(tmp_path: Path) -> None:
    browser = '[sources.browser]\nwait_for = "{}"\nscript_hosts = ["{}"]\n'
    second = DROME[DROME.index("[[sources]]") :].replace('"site"', '"other"')
    elsewhere = second.replace('"other"', '"plain"').replace("www.drome", "www.autre")
    text = DROME + browser.format("#main", "a.example.com") + second + browser.format("#list", "b.example.com") + elsewhere
    write(tmp_path, text)
    write(tmp_path, text.replace('code = "26"', 'code = "27"'), "27-eure.toml")
    expected = {"www.drome.gouv.fr": Browser("#main, #list", ("a.example.com", "b.example.com"))}
    assert browser_hosts(load_authorities(tmp_path)) == expected
