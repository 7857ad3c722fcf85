"""Questions over the real store: what the in-memory stand-in promises must hold there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.messages.words import LANGUAGES, MASTODON, Language, topic_words
from bot.queries.answers import (
    DecreeList,
    HelpRequest,
    ListKind,
    NothingFound,
    OneDecree,
    Question,
    SeveralPlaces,
    TownAnswer,
    UnknownDecree,
)
from bot.queries.mastodon import _said
from bot.queries.phrases import plain_answer
from bot.queries.plain_words import topic_named
from bot.queries.questions import Questions
from bot.queries.running import RunningDecrees
from bot.queries.telegram.replies import help_reply, inline_offer, telegram_reply
from bot.storage.browsing import DecreeFilter
from bot.storage.store import Store
from tests.bot.queries.conftest import NOW, PLACES, decree, overview, record
from tests.bot.storage.ready import ready_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ready_store(tmp_path) as opened:
        yield opened


def test_a_decree_is_found_by_the_number_of_its_authority_or_of_its_act(store: Store) -> None:
    for number, authority, act in ((1, "26", "26-2026-08-19-00001"), (2, "38", "38-2026-08-19-00001")):
        found = replace(decree(number, authority), identities=(f"number:{authority}:2026-1104:signed:2026-08-1{number}", f"act:{act}"))
        record(store, replace(found, act_id=act, title=f"Arrêté de {authority}"), f"La gare numéro {number}.")
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    for asked in ("2026-01104", "1104", "arrêté n° 01104 du 3 mai 2026"):
        several = questions.show(asked)
        assert isinstance(several, DecreeList)
        assert [one.authority for one in several.decrees] == ["38", "26"]
    one = questions.show("26-2026-08-19-00001")
    assert isinstance(one, OneDecree)
    assert one.decree.authority == "26"
    assert questions.show("2025-1104") == UnknownDecree("2025-1104")
    assert questions.show("104") == UnknownDecree("104")
    record(store, replace(decree(3), identities=("number:26:17-2026:signed:2026-08-13",), title="Arrêté n° 17/2026"), "La gare numéro 3.")
    assert isinstance(questions.show("17/2026"), OneDecree)
    assert questions.show("2026") == UnknownDecree("2026")
    assert questions.show("arrêté du 30 juillet 2026") == UnknownDecree("du 30 juillet 2026")


TOPICS = ("vsa", "drones", "perimeters")


@pytest.mark.parametrize(
    ("asked", "topic", "authorities"),
    [
        ("drones", "drones", ["38", "26"]),
        ("les drones à Grenoble ?", "drones", []),
        ("les drones dans la Drôme", "drones", ["26"]),
        ("captation d’images par aéronefs 38", "drones", ["38"]),
        ("drones le 22 août", "drones", ["38", "26"]),
        ("drones gare", "drones", ["38"]),
        ("filming by drone in the Drôme", "drones", ["26"]),
        ("film with drones 38", "drones", ["38"]),
        ("Périmètre Drôme", "perimeters", ["26"]),
        ("périmètres de protection en cours", "perimeters", ["26"]),
        ("vidéosurveillance algorithmique dans la Drôme", "vsa", ["26"]),
        ("gare", "", ["38", "26"]),
        ("Drôme", "", ["26", "26", "26"]),
    ],
)
def test_a_question_that_names_a_topic_is_answered_of_it_alone(store: Store, asked: str, topic: str, authorities: list[str]) -> None:
    for number, (authority, about, text) in enumerate(
        (("26", "vsa", "La gare."), ("26", "drones", "Un stade."), ("38", "drones", "La gare."), ("26", "perimeters", "Une place."))
    ):
        record(store, replace(decree(number, authority, f"Arrêté {number}"), topic=about), text)
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview, watched=TOPICS)
    answer = questions.plain(asked)
    if isinstance(answer, DecreeList):
        assert [one.authority for one in answer.decrees] == authorities
        assert {one.topic for one in answer.decrees} <= ({topic} if topic else set(TOPICS))
        assert questions.ask(answer.question) == answer, "its other pages are of the same topic"
    else:
        assert isinstance(answer, NothingFound | TownAnswer)
        assert authorities == []
    if isinstance(answer, DecreeList | NothingFound | TownAnswer):
        assert answer.question.topic == topic
        label = topic and topic_words(topic, "fr").short
        assert plain_answer(answer, PLACES).casefold().startswith(f"{label.casefold()} · ") == bool(topic)
    if isinstance(answer, DecreeList):
        reply = telegram_reply(answer, PLACES, "fr")
        texts = (reply.markup, reply.plain, plain_answer(answer, PLACES), plain_answer(SeveralPlaces((answer,), NOW), PLACES))
        for text in texts:
            marked = re.findall(r"autorisation \((\w+|périmètres? de protection)\)", text)
            assert marked == [topic_words(one.topic, "fr").short for one in answer.decrees][: len(marked)], text
            assert marked
        offered = inline_offer([answer], questions.ask, PLACES, NOW, "fr").articles
        assert all(f"({topic_words(one.topic, 'fr').short})" in shown.title for one, shown in zip(answer.decrees, offered, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS[1:])
def test_help_tells_that_a_topic_can_be_named_where_several_are_watched(topic: str, language: Language) -> None:
    example = f"{topic_words(topic, language).short} Toulon"
    several, alone = (
        (help_reply((language,), watched).plain, _said(HelpRequest(watched), PLACES, language, MASTODON))
        for watched in (("vsa", topic), ("vsa",))
    )
    in_town = {"fr": " à Toulon samedi", "en": " in Toulon on Saturday"}[language]
    assert several[0].count(example) == 2
    assert example.replace(" Toulon", in_town) in several[1]
    assert ["Toulon" in text for text in alone] == [False, False]
    assert topic_named(example.replace(" Toulon", in_town), TOPICS)[0] == topic
    assert topic_named(example, TOPICS) == (topic, "Toulon"), "what it says is understood"


def test_whoever_watches_one_topic_hears_of_no_other(store: Store) -> None:
    record(store, decree(1), "Un drone survole la gare.")
    record(store, replace(decree(2), topic="drones"), "Un stade.")
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    found = questions.plain("drone")
    assert isinstance(found, DecreeList)
    assert found.question == Question(ListKind.SEARCH, "drone"), "a word to search, as any other"
    assert "VSA" not in plain_answer(found, PLACES)
    for number, is_said in (("1", False), ("2", True)):
        shown = questions.show(number)
        assert ("n’est plus surveillé" in plain_answer(shown, PLACES)) == is_said
        assert ("n’est plus surveillé" in telegram_reply(shown, PLACES, "fr").plain) == is_said


def test_counts_and_lists_are_of_the_topic_that_is_chosen(store: Store) -> None:
    for number in range(1, 5):
        named = f"number:26:2026-77:signed:2026-08-1{number}"
        found = replace(decree(number), topic="drones" if number > 3 else "vsa", identities=(named,))
        record(store, found, "La gare.")
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    for topic, count in (("", 4), ("vsa", 3), ("drones", 1), ("perimeters", 0)):
        of_topic = questions.of(topic) if topic else questions
        assert of_topic.decrees.total() == count
        assert of_topic.decrees.search("gare", 10).total == count
        assert len(of_topic.decrees.numbered("2026-77", PLACES)) == count, "the keys of other topics bear its name"
        current = of_topic.running()
        assert isinstance(current, RunningDecrees)
        assert len(current.all) == count
        assert sum(number for *_, number in of_topic.decrees.published(date(2026, 1, 1), ()).months) == count
        browsing = store.browsing.of(topic) if topic else store.browsing
        assert (browsing.count(DecreeFilter()), len(browsing.ids(10, 0)), len(browsing.batch(DecreeFilter(), 10).decrees)) == (count,) * 3
        held = browsing.operator("sncf")
        assert (0 if held is None else held.decrees) == sum(one.decrees for one in browsing.operators()) == count
        assert len(of_topic.decrees.of_operator("sncf", 10, 0, count)) == count
