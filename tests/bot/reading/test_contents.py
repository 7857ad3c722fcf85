from __future__ import annotations

from pathlib import Path

from bot.reading.acts.titles import ACT_ID_ALONE, Entry, is_contents, read_contents

FIRST = """Sommaire
Centre hospitalier / Direction - CH-DIRECTION
83-2025-07-07-00017 - déc 2025 (2 pages) Page 3
Direction départementale des territoires et de la mer du Var / Service
planifications et prospective
83-2025-07-08-00008 - arrêté portant classement de la zone de Saint-
Tropez (4
2"""
SECOND = """pages) Page 6
83-2019-01-08-001 - arrêté ancien - avec tirets (10 pages)
Page 11
Préfecture du VAR /
83-2025-07-09-00001 - dernier acte (1 page) Page 22
3"""


def test_entries_cut_by_lines_and_pages() -> None:
    assert read_contents([FIRST, SECOND]) == (
        Entry("83-2025-07-07-00017", "déc 2025", "Centre hospitalier / Direction - CH-DIRECTION", 3),
        Entry(
            "83-2025-07-08-00008",
            "arrêté portant classement de la zone de Saint-Tropez",
            "Direction départementale des territoires et de la mer du Var / Service planifications et prospective",
            6,
        ),
        Entry(
            "83-2019-01-08-001",
            "arrêté ancien - avec tirets",
            "Direction départementale des territoires et de la mer du Var / Service planifications et prospective",
            11,
        ),
        Entry("83-2025-07-09-00001", "dernier acte", "Préfecture du VAR", 22),
    )


def test_an_entry_whose_end_is_lost_is_kept_and_does_not_swallow_the_next() -> None:
    entries = read_contents(["Sommaire\n83-2025-07-07-00017 - premier\n83-2025-07-07-00018 - second (1 page) Page 9"])
    assert [(entry.id, entry.title, entry.page) for entry in entries] == [
        ("83-2025-07-07-00017", "premier", None),
        ("83-2025-07-07-00018", "second", 9),
    ]


def test_the_number_of_the_page_glued_to_that_of_the_last_act() -> None:
    first = "Sommaire\nPréfecture\n83-2025-07-07-00017 - premier (5 pages) Page 3\n83-2025-07-07-00018 - second (1 page) Page 92"
    assert [entry.page for entry in read_contents([first])] == [3, 9]
    assert [entry.page for entry in read_contents([first.replace("Page 92", "Page 93")])] == [3, 93]
    assert [entry.page for entry in read_contents(["Sommaire\n83-2025-07-07-00017 - seul (5 pages) Page 32"])] == [3]
    assert [entry.page for entry in read_contents(["Sommaire\n83-2025-07-07-00017 - ailleurs (5 pages) Page 42"])] == [42]


def test_which_pages_belong_to_the_table() -> None:
    assert is_contents(FIRST, continued=False)
    assert is_contents("pages) Page 6\n3", continued=True)
    assert not is_contents("pages) Page 6\n3", continued=False)
    assert not is_contents("Vu le code de la sécurité intérieure", continued=True)


def test_every_entry_of_real_tables_of_contents(real_texts: Path) -> None:
    checked = 0
    for path in sorted(real_texts.glob("*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        separators = ACT_ID_ALONE.findall(text)
        if not separators:
            continue  # a bare scan, and a text of glyph numbers
        first = ACT_ID_ALONE.search(text)
        assert first is not None
        entries = read_contents([text[: first.start()]])
        assert [entry.id for entry in entries] == separators, path.name
        assert len(set(separators)) == len(separators), path.name
        assert all(entry.title and entry.service and entry.page for entry in entries), path.name
        numbers = [entry.page for entry in entries if entry.page]
        assert numbers == sorted(set(numbers)), path.name
        checked += len(entries)
    assert checked > 100
