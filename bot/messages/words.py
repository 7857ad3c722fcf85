"""Loads the words of each language, makes outside text harmless to readers and terminals, and handles platforms' markup."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import quote, urldefrag, urlsplit

from pydantic import BaseModel, ConfigDict

from bot.domain.topics import topic_file


class Table(BaseModel):
    """Base of tables of a data file of rules: numbers, days, lists. A missing or unknown key is an error on reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def data_file(package: str, *path: str) -> dict[str, Any]:
    """Return the content of a packaged TOML file, its texts with `no_break_spaces`."""
    return {key: _spaced(value) for key, value in raw_file(package, *path).items()}


def text_file(package: str, *path: str) -> str:
    """Return the content of a packaged text file, with `no_break_spaces`."""
    return no_break_spaces(files(package).joinpath(*path).read_text(encoding="utf-8"))


def raw_file(package: str, *path: str) -> dict[str, Any]:
    """Return the content of a packaged TOML file as it stands."""
    return tomllib.loads(files(package).joinpath(*path).read_text(encoding="utf-8"))


def _spaced(value: Any) -> Any:
    match value:
        case str():
            return no_break_spaces(value)
        case list():
            return [_spaced(item) for item in value]
        case dict():
            return {key: _spaced(item) for key, item in value.items()}
    return value


_NARROW = re.compile(r" (?=[;!?](?!\w))")
_WIDE = re.compile(
    r" (?=:(?:\s|$)|»)|(?<=«) "
    r"|(?<=n°) (?=[\d{\[])|(?<=\bno\.) (?=[\d{])"
    r"|(?:(?<=\bart\.)|(?<=\barticle)|(?<=\barticles)|(?<=\bp\.)|(?<=\bpage)|(?<=\bPage)) (?=[\d{]|[LR]\.)"
    r"|(?:(?<=\b[LR]\.)|(?<=\b[LR]\.\*)) (?=\d)"
    r"|(?<=[\d}]) (?=(?:h|min|j|jours?|mois|heures?|secondes?|minutes?|days?|hours?|months?|seconds?)\b)"
    r"|(?<=\bh) (?={minute|\d\d\b)"
    r"|(?:(?<=\b\d)|(?<=\b\d\d)|(?<=\b1er)|(?<={day})|(?<=\b[Ll]e {day})) (?={month}|(?:janvier|février|mars|avril|mai|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre)\b)"
)


def no_break_spaces(text: str) -> str:
    """Return the program's text with French no-break spaces: U+202F before ; ! ?, U+00A0 before : and within « », after n°, art., page, L.,
    R., before units, in dates. Never for a document's words.
    """
    return _NARROW.sub("\u202f", _WIDE.sub("\u00a0", text))


Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


if TYPE_CHECKING:
    _Text = str
else:
    _Text = object


class Words(_Text):
    """Holds a table of a data file: texts and tables as attributes, by key where the key is a value. A missing entry is an error that
    names file and key. To the type checker every entry is both, a text and a table.
    """

    _entries: Mapping[object, Any]
    _where: str

    def __init__(self, where: str, table: Mapping[str, Any]) -> None:
        entries = {key: Words(f"{where}: {key}", value) if isinstance(value, dict) else value for key, value in table.items()}
        self.__dict__.update(entries, _entries=entries, _where=where)

    def __getattr__(self, key: str) -> Words:
        raise AttributeError(f"{self.__dict__.get('_where')}: no {key}")

    def __getitem__(self, key: object) -> Words:
        if key not in self._entries:
            raise KeyError(f"{self._where}: no {key}")
        entry: Words = self._entries[key]
        return entry

    def get(self, key: str, default: str) -> str:
        """Return the text of this key, the default where it has none."""
        return self[key] if key in self._entries else default

    def keys(self) -> Iterable[str]:
        """Yield the keys in their order."""
        return map(str, self._entries)

    def items(self) -> Iterable[tuple[str, Words]]:
        """Yield the keys in their order, each with its text or table."""
        return ((key, self[key]) for key in self.keys())


def words_file(package: str, *path: str) -> Words:
    """Return the words of a packaged TOML file, with `no_break_spaces`."""
    return Words("/".join((package.replace(".", "/"), *path)), data_file(package, *path))


@cache
def words_in(language: Language) -> Words:
    """Return everything a message says that does not come from a decree, read once from the packaged file of a language."""
    return words_file("bot.messages", f"{language}.toml")


@cache
def topic_words(topic: str, language: str) -> Words:
    """Return the words of a topic in a language, read once from its folder, with `no_break_spaces`."""
    return Words(f"{topic}/{language}.toml", topic_data(topic, f"{language}.toml"))


def topic_data(topic: str, name: str) -> dict[str, Any]:
    """Return the content of a TOML file of a topic's folder, its texts with `no_break_spaces`."""
    return {key: _spaced(value) for key, value in topic_file(topic, name).items()}


def topics_named(topics: Iterable[str], language: str) -> str:
    """Return the names of topics, as data have them, each with what it is called."""
    return ", ".join(f"{topic} ({topic_words(topic, language).noun})" for topic in topics)


def of_topics(topics: Iterable[str], language: str, form: str = "on") -> str:
    """Return the words of a topic for a list, after a space: ` sur la …`; nothing where the topics are several, or none."""
    named = set(topics)
    return f" {topic_words(named.pop(), language)[form]}" if len(named) == 1 else ""


# Words from outside.

LONGEST_TEXT = 4000
"""Characters kept of one text: more than any platform shows, little enough that a hostile text costs nothing."""

_MARKS_IN_A_ROW = 2
# Words of letters and signs that are neither put together nor invisible, with one space between two: most texts, told at once.
_CLEAN_ALREADY = re.compile("[!-~¡-¬®-ÿŒœ–—‘’“”…€]+(?: [!-~¡-¬®-ÿŒœ–—‘’“”…€]+)*")
_LOST_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[□�](?=[^\W\d_])")
# From the first of its characters only: trying each of a long word takes the square of its length.
_SCHEME = re.compile(r"(?<![a-z0-9+.-])[a-z0-9+.-]*:/+", re.IGNORECASE)
# As TDLib finds them in any text (MessageEntity.cpp): a dot within a domain, the stroke of a command, the sign of `$EUR`.
_ACTED_ON = re.compile(r"(?P<address>https?://\S+)|(?<=[^\W_])\.(?=[^\W\d_])|(?<![\w/<>])/(?=(?P<name>\w+))|(?<!\w)\$(?=[A-Z])")
JOINER = "\u2060"
"""The word joiner: no line is broken there, and it is part of no domain, command or currency."""
# RFC 3986 characters that neither HTML nor the link detection of chat programs can trip over.
_SAFE_IN_LINKS = "%/:?#!$&*+,;=-._~"


def clean(text: str) -> str:
    """Return one line of visible text: breaks and tabs as spaces; without control and format characters (bidirectional, zero-width,
    escapes), surrogates, private-use and unassigned ones, piles of combining marks; apostrophes repaired.
    """
    if len(text) <= LONGEST_TEXT and _CLEAN_ALREADY.fullmatch(text):
        return text
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[: 2 * LONGEST_TEXT]):
        category = unicodedata.category(character)
        if category.startswith("M"):
            marks += 1
            if marks > _MARKS_IN_A_ROW:
                continue
        else:
            marks = 0
        if character.isspace() or category.startswith("Z"):
            kept.append(" ")
        elif not category.startswith("C"):
            kept.append(character)
    line = " ".join("".join(kept).split())
    return _LOST_APOSTROPHE.sub("’", line)[:LONGEST_TEXT].rstrip()


def inert(text: str) -> str:
    """Return `clean` text without active links, mentions, hashtags."""
    line = clean(text)
    return (_SCHEME.sub("", line).strip() if ":/" in line else line).replace("@", "＠").replace("#", "＃")


def with_plain_spaces(text: str) -> str:
    """Return a message for comparison: without word joiners, no-break spaces (U+00A0, U+202F) as spaces, as older versions wrote."""
    return text.replace(JOINER, "").replace("\u00a0", " ").replace("\u202f", " ")


def unlinked(text: str, commands: Collection[str] = ()) -> str:
    """Return the text without what Telegram links (bare domains, commands but these, currencies), broken by an invisible character that
    browsers drop from copied addresses. Whole addresses stay.
    """

    def broken(found: re.Match[str]) -> str:
        is_meant = found["address"] is not None or found["name"] in commands
        return found[0] if is_meant else found[0] + JOINER

    return _ACTED_ON.sub(broken, text)


def link_to(url: str, page: int) -> str | None:
    """Return the address of a page inside a PDF (`…pdf#page=7`, RFC 8118), in plain ASCII; None when `url` is no web address."""
    address, _ = urldefrag("".join(url.split()))
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return None
    if not host.isascii():
        try:
            ascii_host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
        address = address.replace(parts.netloc, parts.netloc.replace(host, ascii_host), 1)
    return f"{quote(address, safe=_SAFE_IN_LINKS, errors='replace')}#page={max(page, 1)}"


def cut(text: str, longest: int) -> str:
    """Return at most `longest` characters, cut between words (except a first word too long), with an ellipsis."""
    if len(text) <= longest:
        return text
    if longest < 1:
        return ""
    head = text[: longest - 1]
    space = text.rfind(" ", 0, longest)
    if space > 0:
        head = head[:space]
    return head.rstrip(" ,;:.-–—(") + "…"


def fitting(pieces: Sequence[str], longest: int) -> str:
    """Return the pieces in one text, whole ones left out from the end until it fits; the first two stay."""
    kept = list(pieces)
    while len(kept) > 2 and len(" · ".join(kept)) > longest:
        kept.pop()
    return cut(" · ".join(kept), longest)


# Telegram limits ("Formatting options", `sendMessage`): 4096 UTF-16 code units after parsing, 100 entities. HTML is built from escaped
# parts only.

Tag = Literal["b", "i"]


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of valid HTML (`source`) and the text that readers see (`text`). Made by the functions below only."""

    source: str
    text: str

    def __add__(self, other: Html) -> Html:
        return Html(self.source + other.source, self.text + other.text)


def html_text(words: str, commands: Collection[str] = ()) -> Html:
    """Return text for outside or inside of tags, escaped and `unlinked` but for these commands."""
    shown = unlinked(words, commands)
    return Html(escape(shown, quote=True), shown)


def html_tag(tag: Tag, content: Html) -> Html:
    """Return bold or italic content; nothing at all where the content is empty (Telegram counts no empty entity)."""
    return Html(f"<{tag}>{content.source}</{tag}>", content.text) if content.text else content


def html_link(href: str, content: Html) -> Html:
    """Return content that leads to `href`."""
    return Html(f'<a href="{escape(href, quote=True)}">{content.source}</a>', content.text)


def html_join(separator: str, pieces: tuple[Html, ...]) -> Html:
    """Return the pieces with `separator` (text) between them."""
    joined = Html("", "")
    for position, piece in enumerate(pieces):
        joined = joined + html_text(separator) + piece if position else piece
    return joined


TEXT_LIMIT = 4096
"""Of a message, as `telegram_length` counts."""


def telegram_length(text: str) -> int:
    """Return the length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# Mastodon: plain text in which every link counts the same, whatever its length.

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class StatusLimits:
    """Limits of an instance (`configuration.statuses`); defaults are Mastodon's. `per_url`: counted length of a link, None for its own."""

    characters: int = 500
    per_url: int | None = 23

    def below(self, warning: str) -> StatusLimits:
        """Return what is left of them under a content warning, which counts as the text does."""
        return replace(self, characters=self.characters - len(warning))


MASTODON = StatusLimits()


def mastodon_length(text: str, limits: StatusLimits = MASTODON) -> int:
    """Return the length as the instance counts it. Code points are counted, never fewer than the grapheme clusters that Mastodon counts."""
    if limits.per_url is None:
        return len(text)
    return len(text) + sum(limits.per_url - len(link) for link in _LINK.findall(text))


# French articles of names, from `articles.toml`. English names have none.

Named = Literal["departments", "regions", "operators"]

_FIRST_WORD = re.compile(r"[\w-]+")


def with_article(name: str, named: Named, language: Language, *, after_to: bool = False) -> str:
    """Return `la Drôme (26)`, `la SNCF`; `after_to`, `à la SNCF`, `au GPSR`, in English `to SNCF`. Others stay."""
    if language == "en":
        return f"to {name}" if after_to else name
    first = _FIRST_WORD.match(name) if named == "operators" else None
    article = _articles(named).get(first[0] if first else name.split(" (", maxsplit=1)[0].replace("'", "’"), "")
    if article and len(name) > 1 and name[1].islower() and named == "operators":
        name = name[0].lower() + name[1:]  # "la police municipale de Valence"
    if after_to:
        return f"{data_file('bot.messages', 'articles.toml')['to'][article]}{name}"
    return f"{article}{'' if article in ('', 'l’') else ' '}{name}"


@cache
def _articles(named: Named) -> dict[str, str]:
    return {name: article for article, names in data_file("bot.messages", "articles.toml")[named].items() for name in names}
