"""No line of a text breaks before its punctuation, or between a number and what it counts; and no message is lost for its spaces."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.delivery.mastodon.client import is_sought, is_sought_digest
from bot.delivery.telegram.client import shows_decree, shows_digest
from bot.messages.announcement import mastodon_status, plain_post, shows_number, telegram_text
from bot.messages.digests import digest_language, digest_links, mastodon_digest, telegram_digest
from bot.messages.letters.drafting import template
from bot.messages.lines import MessageInput
from bot.messages.words import LANGUAGES, Language, StatusLimits, data_file, no_break_spaces, with_plain_spaces
from tests.bot.messages.samples import DROME, FULL, NOW, advised, decree

PACKAGE = Path(bot.__file__).parent
WORD_FILES = sorted(
    path.relative_to(PACKAGE)
    for path in [
        *PACKAGE.glob("messages/*.toml"),
        *PACKAGE.glob("messages/letters/*.toml"),
        *PACKAGE.glob("**/words/*.toml"),
        PACKAGE / "cli/file_text.toml",
    ]
    if path.name not in {"rules.toml", "tags.toml"}
)
BREAKS = re.compile(r" [;!?»]| :(?!//)|« |n° (?=[\d{])|\b(?:art\.|page|p\.) (?=[\d{])|\b[LR]\. (?=\d)|[\d}] (?:h|min|jours?|mois|heures)\b")

pytestmark = pytest.mark.usefixtures("real_spaces")


def texts(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield at, value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from texts(item, f"{at}.{key}")


@pytest.mark.parametrize("path", WORD_FILES, ids=str)
def test_every_word_of_every_file_keeps_its_spaces(path: Path) -> None:
    package = "bot." + ".".join(part for part in path.parent.parts if part != "words")
    loaded = data_file(package, *(("words",) if path.parent.name == "words" else ()), path.name)
    said = dict(texts(loaded))
    assert said
    assert {at: text for at, text in said.items() if BREAKS.search(text)} == {}
    plain = dict(texts(tomllib.loads((PACKAGE / path).read_text("utf-8"))))
    assert {at: with_plain_spaces(text) for at, text in said.items()} == {at: with_plain_spaces(text) for at, text in plain.items()}


@pytest.mark.parametrize("letter", ["cada", "gracieux"])
def test_letters_keep_theirs(letter: str) -> None:
    assert BREAKS.findall(template(letter)) == []


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("Vouliez-vous dire : {names} ?", "Vouliez-vous dire\u00a0: {names}\u202f?"),
        ("« {words} » ; fin !", "«\u00a0{words}\u00a0»\u202f; fin\u202f!"),
        ("n° {number}, page {page}", "n°\u00a0{number}, page\u00a0{page}"),
        ("(CJA, art. R. 421-1)", "(CJA, art.\u00a0R.\u00a0421-1)"),
        (
            "{hour} h {minute:02}, le {day} {month} {year}, 1er mai",
            "{hour}\u00a0h\u00a0{minute:02}, le {day}\u00a0{month} {year}, 1er\u00a0mai",
        ),
        ("un délai de 2 mois et {n} jours", "un délai de 2\u00a0mois et {n}\u00a0jours"),
        # Neither addresses nor commands.
        ("https://vigie.example/a?b=c", "https://vigie.example/a?b=c"),
        ("/departement 26 — ceux d’un département", "/departement 26 — ceux d’un département"),
        ("vigie review accept {number}, vigie outbox resolve N --sent", "vigie review accept {number}, vigie outbox resolve N --sent"),
        ("To read one: /decree 12", "To read one: /decree 12"),
    ],
)
def test_where_no_line_breaks(text: str, spaced: str) -> None:
    assert no_break_spaces(text) == spaced
    assert no_break_spaces(spaced) == spaced


def test_a_post_has_them_and_what_the_document_says_stays_as_printed() -> None:
    printed = "Arrêté n° 7 portant : emploi de caméras ; annexe"
    shown = plain_post(MessageInput(decree(title=printed, facts=FULL), DROME, NOW, "fr", advised()))
    assert printed in shown
    assert "\nQuand\u00a0: " in shown
    assert BREAKS.findall(shown.replace(printed, "")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_posts_are_recognised_with_either_spaces(language: Language) -> None:
    one = decree(facts=FULL)
    number = FULL.number or ""
    post = telegram_text(MessageInput(one, DROME, NOW, language, advised()))
    assert post.button is not None
    for text in (post.plain, with_plain_spaces(post.plain)):
        assert shows_number(text, number)
        assert shows_decree(post.button.url, number, text, [post.button.url])
    status = mastodon_status(MessageInput(one, DROME, NOW, language))
    for text in (status, with_plain_spaces(status)):
        assert is_sought({"content": text.replace("\n", "<br>"), "language": language}, post.button.url, number, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_digests_are_recognised_without_the_line_that_they_had_not_before(language: Language) -> None:
    many = [decree(page=page) for page in (7, 8)]
    links = digest_links(many)
    said = telegram_digest(many, {"26": DROME}, language).plain
    heading, _, rest = said.partition("\n")
    for text in (said, f"{heading}\n{rest.partition(chr(10))[2]}"):
        assert digest_language(text) == language
        assert shows_digest(links, language, text, links)
    status = mastodon_digest(many, {"26": DROME}, language, StatusLimits(2000))
    assert is_sought_digest({"content": status.replace("\n", "<br>"), "language": language}, links, language)
