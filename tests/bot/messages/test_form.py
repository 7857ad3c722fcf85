"""The form of any post, of any decree, on every platform: nothing cut that must be whole, tags as people can read them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Change, Decree, Kind, Place
from bot.domain.law import LegalAdvice, Standing
from bot.domain.topics import first_topic
from bot.messages.announcement import TooSmall, mastodon_status, plain_post, telegram_text
from bot.messages.lines import MessageContext, MessageInput, hashtags
from bot.messages.words import Language, StatusLimits, cut, link_to, mastodon_length, telegram_length
from tests.bot.messages.samples import DROME, FULL, NOW, POLICE, advices, advised, decree, decrees, hostile, languages, nows, places
from tests.servers.telegram_html import parse

PUBLIC = "https://vigie.example"
besides = st.builds(MessageContext, st.none() | st.just(PUBLIC), st.frozensets(st.integers(1, 50), max_size=9))
LIMITS = st.sampled_from([StatusLimits(300), StatusLimits(500), StatusLimits(5000, 30), StatusLimits(700, None)])

Post = Callable[[Decree, Place, datetime, Language, LegalAdvice | None, MessageContext], str]
POSTS: dict[str, Post] = {
    "telegram": lambda *said: parse(telegram_text(MessageInput(*said)).html).text,
    "telegram plain": lambda *said: telegram_text(MessageInput(*said)).plain,
    "caption": lambda *said: parse(telegram_text(MessageInput(*said), limit=1024).html).text,
    "mastodon": lambda *said: mastodon_status(MessageInput(*said)),
    "console": lambda *said: plain_post(MessageInput(*said)),
}


@given(decrees, places, nows, languages, st.none() | advices, besides)
def test_any_post_has_whole_links_and_tags(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None, beside: MessageContext
) -> None:
    for platform, post in POSTS.items():
        try:
            text = post(decree, place, now, language, legal_advice, beside)
        except TooSmall:
            # Only for a link that is longer than the whole.
            assert len(link_to(decree.url, decree.page) or "") > 300, platform
            continue
        whole = {link_to(decree.url, decree.page), beside.page_of(decree)} - {None}
        assert set(re.findall(r"https?://\S+", text)) <= whole, platform
        tags = [word for word in text.split() if word.startswith("#")]
        assert set(tags) <= set(hashtags(place, decree.topic, decree.facts.operators)), platform
        assert len(tags) == len(set(tags)) <= 5, platform
        assert platform == "console" or {"#VSA", f"#dept{place.code}"} & set(hashtags(place, first_topic())) <= set(tags), platform
        assert all(row == row.strip() for row in text.split("\n")), platform


@given(places, st.lists(hostile, max_size=9))
def test_any_tag_is_one_word_that_begins_each_part_with_a_capital(place: Place, operators: list[str]) -> None:
    tags = hashtags(place, first_topic(), operators)
    assert tags[0] == "#VSA"
    assert len(tags) <= 5
    assert len({tag.casefold() for tag in tags}) == len(tags)
    for tag in tags:
        assert re.fullmatch(r"#\w+", tag)
        assert not tag[1:].isdigit()
        assert tag.startswith("#dept") or tag[1].isdigit() or tag[1] == tag[1].upper()


@pytest.mark.parametrize(
    ("place", "operators", "expected"),
    [
        (DROME, (), ("#VSA", "#Drôme", "#dept26")),
        (DROME, ("SNCF",), ("#VSA", "#Drôme", "#dept26", "#SNCF")),
        (DROME, ("Achetez sur t.me/x", "SNCF (gares)", "Хакер", "a" * 25, "Ville d'Arès"), ("#VSA", "#Drôme", "#dept26", "#Arès")),
        (DROME, ("SNCF", "sncf", "RATP"), ("#VSA", "#Drôme", "#dept26", "#SNCF", "#RATP")),
        (DROME, ("SNCF", "RATP", "SDIS"), ("#VSA", "#Drôme", "#dept26", "#SNCF", "#RATP")),
        (DROME, ("Préfecture de police",), ("#VSA", "#Drôme", "#dept26", "#PréfectureDePolice")),
        (DROME, ("Brigade de sapeurs-pompiers de Paris",), ("#VSA", "#Drôme", "#dept26")),
        (DROME, ("Commune", "SNCF"), ("#VSA", "#Drôme", "#dept26", "#SNCF")),
        (DROME, ("Drôme", "123", "…"), ("#VSA", "#Drôme", "#dept26")),
        (POLICE, (), ("#VSA", "#Paris")),
        (Place("04", "", "Alpes-de-Haute-Provence"), (), ("#VSA", "#AlpesDeHauteProvence", "#dept04")),
        (Place("95", "", "Val-d’Oise"), (), ("#VSA", "#ValDOise", "#dept95")),
        (Place("2A", "", "Corse-du-Sud"), (), ("#VSA", "#CorseDuSud", "#dept2A")),
        (Place("974", "", "La Réunion"), (), ("#VSA", "#LaRéunion", "#dept974")),
        (Place("X", "", ""), (), ("#VSA",)),
    ],
)
def test_places_and_operators_have_tags(place: Place, operators: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert hashtags(place, first_topic(), operators) == expected


@given(st.text(alphabet="ab -é,", max_size=80), st.integers(1, 90))
def test_words_are_cut_only_where_one_alone_is_too_long(text: str, longest: int) -> None:
    shown = cut(text, longest)
    assert len(shown) <= longest
    if shown == text or " " not in text.lstrip()[:longest]:
        return
    kept = shown.removesuffix("…")
    assert text.startswith(kept)
    assert kept == "" or not (text[len(kept) : len(kept) + 1] not in {"", *" ,;:.-–—("} and text[: len(kept)].rstrip().count(" ") > 0)


# --- permalinks ---


def test_a_post_links_to_the_decrees_own_page_where_there_is_one() -> None:
    beside = MessageContext(PUBLIC)
    for platform, post in POSTS.items():
        text = post(decree(), DROME, NOW, "fr", None, beside)
        assert "Fiche de cet arrêté" in text
        assert ("https://vigie.example/arretes/12" in text) is (platform not in {"telegram", "caption"})
        assert "decrets" not in post(decree(), DROME, NOW, "fr", None, MessageContext())
        assert "decrets" not in post(decree(id=None), DROME, NOW, "fr", None, beside)


def test_the_link_that_tells_a_post_from_others_comes_last() -> None:
    read = parse(telegram_text(MessageInput(decree(), DROME, NOW, "en", None, MessageContext(PUBLIC))).html)
    assert [entity["url"] for entity in read.entities if entity["type"] == "text_link"] == [
        "https://vigie.example/arretes/12",
        link_to(decree().url, 7),
    ]
    button = telegram_text(MessageInput(decree(), DROME, NOW, "en", None, MessageContext(PUBLIC))).button
    assert button is not None
    assert button.url == link_to(decree().url, 7)


def test_a_shortened_post_keeps_the_permalink() -> None:
    long = decree(title="Titre " * 300, facts=replace(FULL, places=tuple(f"station numéro {n}" for n in range(40))))
    text = mastodon_status(MessageInput(long, DROME, NOW, "fr", None, MessageContext(PUBLIC)))
    assert "https://vigie.example/arretes/12" in text
    assert mastodon_length(text) <= 500


# --- notices ---

ENDED = Change(Kind.ABROGATION, 15, "2031-150", date(2031, 5, 3))
LONGER = Change(Kind.MODIFICATION, 14, "2031-140", date(2031, 4, 30))


@pytest.mark.parametrize(
    ("language", "below", "expected"),
    [
        ("fr", frozenset(), "⏹️ Fin décidée par l’arrêté n° 2031-150 [15], à compter du 3 mai 2031"),
        ("fr", frozenset({15}), "⏹️ Fin décidée par l’arrêté n° 2031-150 [15], à compter du 3 mai 2031 (voir la réponse)"),
        ("en", frozenset({15, 3}), "⏹️ Ended by decree no. 2031-150 [15], from 3 May 2031 (see the reply)"),
    ],
)
def test_a_post_says_what_became_of_its_decree(language: Language, below: frozenset[int], expected: str) -> None:
    changed = decree(changed_by=(LONGER, ENDED))
    rows = telegram_text(MessageInput(changed, DROME, NOW, language, None, MessageContext(below=below))).plain.split("\n")
    assert expected in rows
    # The end of it comes before what changed it earlier.
    assert rows.index(expected) < next(index for index, row in enumerate(rows) if row.startswith("✏️ "))


SUSPENDED = Change(Kind.SUSPENSION, 15, "2031-150", date(2031, 5, 3))
LIFTED = Change(Kind.ABROGATION, 16, "2031-160", date(2031, 5, 9), retroactive=False)
SUSPENDED_BY_15 = "Suspendu par l’arrêté n° 2031-150 [15], à compter du 3 mai 2031"
LIFTED_BY_16 = "l’arrêté n° 2031-150 [15] est lui-même abrogé par l’arrêté n° 2031-160 [16], à compter du 9 mai 2031"
TAKEN_BACK_BY_17 = (
    "l’arrêté n° 2031-160 [16] est lui-même retiré par un autre arrêté [17] (en principe, cela rétablit l’arrêté présenté ici : à vérifier)"
)


@pytest.mark.parametrize(
    ("language", "change", "expected"),
    [
        ("fr", replace(SUSPENDED, revoked_by=(LIFTED,)), f"↩️ {SUSPENDED_BY_15} ; {LIFTED_BY_16}"),
        (
            "en",
            Change(Kind.SUSPENSION, 15, "2031-150", revoked_by=(LIFTED,)),
            (
                "↩️ Suspended by decree no. 2031-150 [15]; "
                "decree no. 2031-150 [15] is itself revoked by decree no. 2031-160 [16], from 9 May 2031"
            ),
        ),
        (
            "fr",
            replace(SUSPENDED, revoked_by=(replace(LIFTED, revoked_by=(Change(Kind.ABROGATION, 17, retroactive=True),)),)),
            f"⏸️ {SUSPENDED_BY_15} ; {LIFTED_BY_16} ; {TAKEN_BACK_BY_17}",
        ),
    ],
)
def test_a_post_says_what_ended_that_which_changed_its_decree(language: Language, change: Change, expected: str) -> None:
    changed = decree(changed_by=(change, LONGER))
    rows = telegram_text(MessageInput(changed, DROME, NOW, language)).plain.split("\n")
    notices = [row for row in rows if row.startswith(("↩️ ", "⏸️ ", "✏️ "))]
    # What changes nothing any more comes after what still does.
    assert notices[-1 if expected.startswith("↩️") else 0] == expected


def test_where_room_is_scarce_what_ended_it_is_brief() -> None:
    crowded = decree(title="Titre " * 100, changed_by=(replace(SUSPENDED, revoked_by=(LIFTED,)),))
    text = mastodon_status(MessageInput(crowded, POLICE, NOW, "fr"), limits=StatusLimits(340))
    assert "↩️ Suspendu par un autre arrêté, à compter du 3 mai 2031 ; il y a été mis fin depuis (à vérifier)" in text


def test_what_the_notice_says_is_not_said_twice() -> None:
    ended = decree(changed_by=(ENDED,))
    rows = telegram_text(MessageInput(ended, DROME, NOW, "fr", advised(Standing.ENDED))).plain.split("\n")
    assert [row for row in rows if "décidée" in row or ("en vigueur" in row and "⚖️" not in row)] == [
        "⏹️ Fin décidée par l’arrêté n° 2031-150 [15], à compter du 3 mai 2031"
    ]


def test_a_decree_that_merely_cites_is_no_notice() -> None:
    cited = decree(changed_by=(Change(Kind.AUTHORISATION, 15), Change(Kind.REFUSAL, 16)))
    assert "ℹ️" not in telegram_text(MessageInput(cited, DROME, NOW, "fr")).plain


def test_where_room_is_scarce_the_notice_is_brief_and_outlives_the_facts() -> None:
    crowded = decree(title="Titre " * 100, changed_by=(ENDED,))
    text = mastodon_status(MessageInput(crowded, POLICE, NOW, "fr", None, MessageContext(below=frozenset({15}))), limits=StatusLimits(260))
    assert "⏹️ Fin décidée par un autre arrêté, à compter du 3 mai 2031 (voir la réponse)" in text
    assert telegram_length(text) < 400
