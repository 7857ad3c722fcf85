"""Composes messages to followers: why a message came, how to stop it, and sources that cannot be read, decrees withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from bot.domain.acts import Decree, Kind
from bot.domain.posts import Follow, FollowKind, Relevance
from bot.messages.announcement import TelegramText
from bot.messages.legal import decree_named
from bot.messages.lines import date_text
from bot.messages.words import Language, Named, Words, html_tag, html_text, telegram_length, topic_words, with_article, words_file, words_in

NameOf = Callable[[Follow], str | None]
"""The name of what is followed: `Montélimar (26)`, `SNCF`. None for what is unknown."""


@dataclass(frozen=True, slots=True)
class FollowNames:
    """Names of what is followed: places by `place`, operators by key (`operator_key`)."""

    place: NameOf
    operators: Mapping[str, str]

    def __call__(self, follow: Follow) -> str:
        """Return the name, the value itself where it has none."""
        named = self.operators.get(follow.value) if follow.kind is FollowKind.OPERATOR else self.place(follow)
        return named or follow.value


COMMANDS = frozenset({"suivis", "following", "pause"})
"""Commands in these texts."""

_MOST_REASONS = 3
_WITH_ARTICLE: Mapping[FollowKind, Named] = {
    FollowKind.DEPARTMENT: "departments",
    FollowKind.REGION: "regions",
    FollowKind.OPERATOR: "operators",
}


def follow_label(follow: Follow, name_of: FollowNames, language: Language, *, is_button: bool = False) -> str:
    """Return what a follow is called: `la Drôme (26)`, `la SNCF`, `les arrêtés « refus »`, `l’arrêté [12]`; on a button `SNCF`."""
    if follow.kind is FollowKind.DECREE_KIND:
        return kind_label(Kind(follow.value), language)
    if follow.kind in (FollowKind.DECREE, FollowKind.WORDS):
        return _words(language)[follow.kind].format(value=follow.value)
    named = _WITH_ARTICLE.get(follow.kind)
    return name_of(follow) if named is None or is_button else with_article(name_of(follow), named, language)


def with_topics(label: str, follow: Follow, watched: Sequence[str], language: Language) -> str:
    """Return what a follow is called with the topics of the decrees that are wanted, where several are watched: `Valence (26) · Drones`."""
    named = ", ".join(topic_words(topic, language).short for topic in follow.topics)
    return f"{label} · {named}" if named and len(watched) > 1 else label


def kind_label(kind: Kind, language: Language) -> str:
    """Return what a kind of decree is called: `les arrêtés « refus »`."""
    return _words(language).kind.format(kind=words_in(language).short_kinds[kind])


def reason_text(reasons: Sequence[tuple[Follow, Relevance]], name_of: FollowNames, language: Language, *, is_change: bool = False) -> str:
    """Return why a message came, a digest where there are no `reasons`, and how to stop it. `is_change`: its decree changes one that the
    chat was sent."""
    words = _words(language)
    sure = [follow for follow, how in reasons if how is Relevance.IS_ABOUT]
    if sure:
        why = words.because.format(what=_listed([follow_label(one, name_of, language) for one in sure[:_MOST_REASONS]], words))
    elif reasons:
        named = [follow_label(follow, name_of, language) for follow, _ in reasons[:_MOST_REASONS]]
        why = words.may_concern.format(what=_listed(named, words))
    else:
        why = words.changed if is_change else words.of_all
    return f"{why} {words.stop}"


def footed(text: TelegramText, foot: str) -> TelegramText:
    """Return a message with a last line in italics."""
    html = html_tag("i", html_text(foot, COMMANDS))
    return TelegramText(f"{text.html}\n\n{html.source}", f"{text.plain}\n\n{html.text}", text.button)


def foot_length(foot: str) -> int:
    """Return what `footed` adds to the length of a message, in UTF-16 code units."""
    return telegram_length(html_text(foot, COMMANDS).text) + 2


def unread_text(where: str, since: date, language: Language) -> str:
    """Return that the recueils of an authority cannot be read."""
    return _words(language).unread.format(where=where, since=date_text(since, words_in(language).dates))


def read_again_text(where: str, language: Language) -> str:
    """Return that they can be read again."""
    return _words(language).read_again.format(where=where)


def withdrawn_text(where: str, decree: Decree, language: Language, *, is_end: bool) -> str:
    """Return that a person withdrew a decree, or (`is_end`) that it stands again."""
    named = decree_named(decree.facts.number, decree.facts.signed, decree.id, words_in(language))
    form = _words(language).stands if is_end else _words(language).withdrawn
    return form.format(where=where, decree=named, name=topic_words(decree.topic, language).name)


def _listed(names: Sequence[str], words: Words) -> str:
    *first, last = names
    return f"{words.comma.join(first)}{words.and_}{last}" if first else last


@cache
def _words(language: Language) -> Words:
    return words_file("bot.messages", "following.toml")[language]
