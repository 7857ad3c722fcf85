"""Every rule that a letter cites is among its sources, read or to be verified."""

from __future__ import annotations

import re
import string
from datetime import date
from pathlib import Path

import pytest

from bot.domain.topics import topics
from bot.messages.letters.drafting import LetterKind, letter_grounds, letter_words, template

GUIDE = (Path(__file__).resolve().parents[4] / "docs" / "letters.md").read_text("utf-8")
_ARTICLE = re.compile(r"[LR]\.\*? \d+(?:-\d+)*")


def cited(letter: LetterKind, topic: str) -> set[str]:
    """The articles of codes in a letter and in the words that are put into it."""
    words, content = letter_words(), letter_grounds(topic)
    parts = [template(letter.value), content.authority]
    if letter is LetterKind.GRACIEUX:
        parts += [*(ground.text for ground in content.grounds), *dict(words.limit.items()).values(), *dict(words.warnings.items()).values()]
    else:
        parts += [document.text for document in content.documents]
    return {article.replace("*", "") for part in parts for article in _ARTICLE.findall(part)}


@pytest.mark.parametrize("topic", topics())
@pytest.mark.parametrize("letter", LetterKind)
def test_every_article_has_its_source(letter: LetterKind, topic: str) -> None:
    told = " ".join(source.text for source in letter_grounds(topic).sources if letter.value in source.letters).replace("*", "")
    articles = cited(letter, topic)
    assert articles
    assert {article for article in articles if not re.search(re.escape(article) + r"(?!\d|-\d)", told)} == set()


@pytest.mark.parametrize("topic", topics())
@pytest.mark.parametrize("letter", LetterKind)
def test_some_was_read_some_is_to_be_verified(letter: LetterKind, topic: str) -> None:
    mine = [source for source in letter_grounds(topic).sources if letter.value in source.letters]
    assert any(source.read is None for source in mine)
    assert all(source.read is None or date(2026, 1, 1) <= source.read for source in mine)
    assert {name for source in letter_grounds(topic).sources for name in source.letters} == set(LetterKind)


@pytest.mark.parametrize("letter", LetterKind)
def test_the_templates_have_only_plain_fields(letter: LetterKind) -> None:
    fields = [field for _, field, spec, conversion in string.Formatter().parse(template(letter.value)) if field is not None]
    assert fields
    assert all(field.isidentifier() for field in fields)


def test_blanks_are_in_brackets() -> None:
    assert all(text.startswith("[") and text.endswith("]") for _, text in letter_words().blanks.items())


def test_the_guide_tells_the_same_sources() -> None:
    known = dict.fromkeys(source for topic in topics() for source in letter_grounds(topic).sources)
    for source in known:
        told = f"- {source.text}\n" if source.read is None else f"| {source.text} | {source.read.isoformat()} |\n"
        assert told in GUIDE
    assert all(f"| `{letter.value}` |" in GUIDE for letter in LetterKind)
    to_verify = GUIDE[GUIDE.index("## To verify") :]
    assert to_verify.count("\n- ") == sum(source.read is None for source in known)
