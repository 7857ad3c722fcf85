"""What is said of one decree is said in the words of its topic, and of no other; of several, in the words of the one that they share."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.app.demo.scenario import demo_text, french
from bot.app.inventory import places_of
from bot.detection.judging import judge
from bot.domain.acts import Act, Decree, Facts, Judged, Kind, Moment
from bot.domain.law import Flag, legal_advice
from bot.domain.records import Waiting
from bot.domain.text import PageText
from bot.domain.topics import topics
from bot.ingest.judging import decree_of
from bot.messages.announcement import decree_line, mastodon_status, plain_decree, telegram_text
from bot.messages.digests import digest_language, digest_subject, mastodon_digest, plain_digest
from bot.messages.following import withdrawn_text
from bot.messages.letters.drafting import LetterKind, draft, madada_address
from bot.messages.lines import MessageInput
from bot.messages.words import LANGUAGES, MASTODON, Language, topic_words
from bot.operators.text import review_text
from bot.queries.phrases import withdrawal
from bot.web.decree_view import decree_view
from sources.catalogue.authority import load_authorities
from tests.bot.messages.samples import DROME, NOW
from tests.servers.telegram_html import parse

GOLDEN = Path(__file__).parent / "golden"

_NAMES = {
    "vsa": r"algorith|vsa\b|logiciel|software|2023-380",
    "drones": r"drones?\b|a[ée]ronef|242-5",
    "perimeters": r"p[ée]rim[èe]tres? de protection|protection perimeters?|226-1",
}
PLACES = {DROME.code: DROME}


def about(topic: str, number: int = 1, kind: Kind = Kind.AUTHORISATION) -> Decree:
    facts = Facts(
        number=f"2016-{number}",
        signed=date(2016, 5, 2),
        starts=Moment(date(2016, 5, 3)),
        ends=Moment(date(2016, 12, 31)),
        event="Fête du port",
        operators=("SNCF",),
        purposes=tuple(topics()[topic].purposes)[:1],
    )
    return Decree(
        authority="26", kind=kind, title="Arrêté", facts=facts, evidence=(), url="https://x.example/a.pdf", page=3,
        published=date(2016, 5, 4), id=number, topic=topic,
    )  # fmt: skip


def texts(decree: Decree, language: Language) -> dict[str, str]:
    """Everything that is said of one decree, by where."""
    advice = legal_advice(decree, DROME, NOW)
    message = MessageInput(decree, DROME, NOW, language, advice)
    view = decree_view(message, PLACES)
    said = {
        "telegram": telegram_text(message).plain,
        "mastodon": mastodon_status(message, limits=MASTODON),
        "long": plain_decree(message),
        "line": decree_line(message),
        "digest": plain_digest([decree], PLACES, language),
        "tagged digest": mastodon_digest([decree], PLACES, language, MASTODON),
        "subject": digest_subject([decree], PLACES, language, 200),
        "withdrawn": withdrawn_text("Drôme (26)", decree, language, is_end=False),
        "stands": withdrawn_text("Drôme (26)", decree, language, is_end=True),
        "answer of withdrawn": withdrawal(replace(decree, withdrawn_at=NOW), DROME, language) or "",
        "review": review_text(
            Waiting(1, 1, "26", decree.url, 3, None, "Arrêté", (), NOW, "t", topic=decree.topic), "Drôme (26)", language, buttons=True
        ),
        "page": " ".join((view.kind, view.explained, *(f"{one.text} {one.explained}" for one in view.flags))),
    }
    letters = {letter.value: draft(letter, decree, DROME, NOW, advice) for letter in LetterKind} if language == "fr" else {}
    return said | letters | {"madada": madada_address(decree, replace(DROME, madada="drome"), advice)} | {"flag": view.flags[0].explained}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", topics())
def test_what_is_said_of_a_decree_names_its_topic_and_no_other(topic: str, language: Language) -> None:
    decree = about(topic)
    assert Flag.OUTSIDE_WINDOW in legal_advice(decree, DROME, NOW).flags
    for where, text in texts(decree, language).items():
        for other, names in _NAMES.items():
            found = re.search(names, text, re.IGNORECASE)
            if other != topic:
                assert found is None, (where, found)
            elif topic != "vsa" or where not in {"line", "madada"}:
                assert found is not None, where
    tag = topics()[topic].hashtag
    for where in ("telegram", "mastodon", "tagged digest"):
        assert re.findall(r"#\w+", texts(decree, language)[where].replace("#page", ""))[0] == tag


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("topic", "name", "authority"), [("drones", "aerial", "26"), ("perimeters", "access", "02")])
def test_the_whole_post(topic: str, name: str, authority: str, language: Language) -> None:
    """From the text of a decree, as a resident reads it."""
    day, place = date(2026, 8, 14), places_of(load_authorities())[authority]
    act = Act(None, f"Arrêté du {french(day)}", None, 3, 4, (PageText(4, demo_text(name, day, number="2026-1105")),))
    decree = decree_of(authority, "https://x.example/a.pdf", day, Judged(act, judge(act, topic)))
    now = datetime(2026, 8, 14, 12, tzinfo=UTC)
    post = telegram_text(MessageInput(decree, place, now, language, legal_advice(decree, place, now)))
    assert parse(post.html).text + "\n" == (GOLDEN / f"{topic}.{language}.txt").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_names_the_topic_that_all_its_decrees_share(language: Language) -> None:
    for topic in topics():
        alike = plain_digest([about(topic), about(topic, 2)], PLACES, language)
        assert topic_words(topic, language).on in alike.splitlines()[0]
        assert digest_language(alike) == language
    mixed = [about(topic, number) for number, topic in enumerate(topics(), start=1)]
    heading, *lines = plain_digest(mixed, PLACES, language).splitlines()
    for topic in topics():
        assert any(f"({topic_words(topic, language).short}) · " in line for line in lines), topic
    assert heading in {"📚 3 arrêtés", "📚 3 decrees"}
    assert digest_language(heading) == language
    assert digest_subject(mixed, PLACES, language, 200).startswith("VSA, drones, ")
