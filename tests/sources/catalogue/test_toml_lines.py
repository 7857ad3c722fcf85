from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.catalogue.toml_lines import line_of

TEXT = '''# a comment = "not a key"
title = "x"

[telegram]
token = """
token = "inside"
[not.a.table]
"""
chat.id = 12
"quoted key" = 1

[[sources]]
root = 'a # b'
tags = [
    "one", # ]
    "two",
]

[[sources]]
root = "b"
options = { depth = 2, "x" = [1, 2] }

[sources.auth]
user = "u"

[[sources.pages]]
url = "p0"

[[sources.pages]]
url = "p1"
[last . "table"]
end = 1'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("telegram",), 4),
        (("telegram", "token"), 5),
        (("telegram", "chat", "id"), 9),
        (("telegram", "quoted key"), 10),
        (("sources", 0), 12),
        (("sources", 0, "root"), 13),
        (("sources", 0, "tags"), 14),
        (("sources", 0, "tags", 1), 14),
        (("sources", 1), 19),
        (("sources", 1, "root"), 20),
        (("sources", 1, "options", "depth"), 21),
        (("sources", 1, "auth", "user"), 24),
        (("sources", 1, "pages", 1, "url"), 30),
        (("last", "table", "end"), 32),
    ],
)
def test_written_keys(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("telegram", "missing"), 4), (("sources", 0, "missing"), 12), (("sources", 7), 12), (("nowhere",), None), ((), None)],
)
def test_a_missing_key_is_answered_by_what_would_hold_it(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, path) == line


def test_keys_inside_strings_and_arrays_do_not_count() -> None:
    assert line_of(TEXT, ("telegram", "not")) == 4
    assert line_of("a = '''\nb = 1\n'''\nb = 2\n", ("b",)) == 4
    assert line_of('a = "\\"\\nb = 1"\nb = 2\n', ("b",)) == 2
    assert line_of("a = [[1,\n2], # [\n'''\n]'''\n]\nb = 2\n", ("b",)) == 6
    assert line_of("\r\na = 1\r\nb = 2\r\n", ("b",)) == 3


NAMES = st.text("abc -_é.", min_size=1, max_size=4)
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text("a'\"\\#[]={}\n ", max_size=8)), lambda inner: st.lists(inner, max_size=3)
)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=4))
def test_every_key_of_a_generated_document_is_found(document: dict[str, dict[str, object]]) -> None:
    lines: list[str] = []
    expected: list[tuple[tuple[str, ...], int]] = []
    for table, keys in document.items():
        lines.append(f"[{json.dumps(table, ensure_ascii=False)}]")
        expected.append(((table,), len(lines)))
        for key, value in keys.items():
            lines.append(f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value)}")
            expected.append(((table, key), len(lines)))
    text = "\n".join(lines)
    assert tomllib.loads(text) == document
    assert [line_of(text, path) for path, _ in expected] == [line for _, line in expected]


@given(st.text("ab=[]\"'#.{}\n \\", max_size=60))
def test_it_ends_on_any_text(text: str) -> None:
    found = line_of(text, ("a", "b"))
    assert found is None or 1 <= found <= text.count("\n") + 1
