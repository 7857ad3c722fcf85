"""Questions about doubtful acts, over a real database, to a chat in memory: once each, through outages and restarts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery.channel import DeliveryError, DeliveryUnknown, NotSent
from bot.delivery.telegram.operators_chat import ChatButton
from bot.domain.acts import Decree, Evidence, Facts, Kind
from bot.domain.identity import REVIEWED
from bot.domain.records import REREAD, Waiting
from bot.ingest.review import LONGEST_READING, FactAnswer, FactQuestion, ReviewAnswer, Reviewer, answer_from
from bot.messages.words import Language
from bot.operators.notifier import AT_ONCE, FRESH, Notifier, ReviewQuestions
from bot.operators.text import alert_words, fact_text, review_text
from bot.queries.phrases import doubt_words
from bot.storage.store import Store
from tests.bot.operators.test_notifier import Chat
from tests.bot.real_acts import LENS, NOW, UNSURE, authorisation, doubtful, new_recueil, read, recorded_before
from tests.bot.storage.ready import ready_store

MINUTE = timedelta(minutes=1)
ACT = Waiting(
    12, 1, "26", "https://p.example/a.pdf", 7, None, "Arrêté accordant à M. Jean Dupont @canal",
    (Evidence("verdict", 8, "traitement algorithmique"),) * 2, NOW, "0a1b2c3d",
)  # fmt: skip


@dataclass
class Bench:
    store: Store
    chat: Chat = field(default_factory=Chat)
    now: datetime = NOW
    buttons: bool = True
    language: Language = "en"
    _notifier: Notifier | None = None

    def restart(self) -> None:
        self._notifier = None

    async def look(self, later: timedelta = timedelta(0)) -> list[tuple[str, Sequence[ChatButton]]]:
        """What is asked at a look so much later."""
        self.now += later
        if self._notifier is None:
            own = Reviewer(store=self.store, route=lambda _: (), clock=lambda: self.now)
            questions = ReviewQuestions(
                self.store.reviews, own.question, lambda code: f"<{code}>", lambda: self.now, self.language, buttons=self.buttons
            )
            self._notifier = Notifier([questions], self.chat.send, lambda: self.now)
        self.chat.asked.clear()
        await self._notifier.notify()
        return list(self.chat.asked)

    def doubt(self, number: int = 1, *, silent: bool = False) -> None:
        for one in range(number):
            name = f"old{one}" if silent else f"r{one}"
            act = doubtful(act_id=f"26-2026-08-14-{one:05}", more=f"Annexe {one}. " * 30)
            read(self.store, new_recueil(self.store, name, silent=silent), act, now=self.now)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ready_store(tmp_path) as store:
        yield Bench(store)


async def test_an_act_is_asked_about_once_with_two_buttons(bench: Bench) -> None:
    assert await bench.look() == []
    bench.doubt()
    [waiting] = bench.store.reviews.waiting(10)
    [(text, (yes, no))] = await bench.look()
    assert text.splitlines()[:3] == [
        f"🔎 Vigie: an act to check (no. {waiting.id})", "<26>, page 5", "Arrêté relatif à la sécurité de la gare",
    ]  # fmt: skip
    assert text.splitlines()[3] == "Why it is in doubt: it speaks of it, and neither its title nor an article decides."
    assert "https://p.example/r0.pdf#page=5" in text
    answers = [ReviewAnswer(waiting.id, waiting.token, is_decree) for is_decree in (True, False)]
    assert [answer_from(choice.data) for choice in (yes, no)] == answers
    assert await bench.look(MINUTE) == []
    bench.restart()
    assert await bench.look(MINUTE) == []


async def test_what_was_settled_just_before_is_not_asked_about(bench: Bench) -> None:
    """Between the look at what waits and the question, a command answers."""
    bench.doubt(2)
    [first, second] = bench.store.reviews.waiting(10)

    class Late(Chat):
        async def send(self, text: str, buttons: Sequence[ChatButton] = ()) -> None:
            bench.store.reviews.reject(second.id, NOW, "command")
            await super().send(text, buttons)

    bench.chat = Late()
    [(text, _)] = await bench.look()
    assert f"(no. {first.id})" in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["✅ Yes, announce it", "❌ No", "Is it a decree on algorithmic video surveillance?"]),
        ("fr", ["✅ Oui, l’annoncer", "❌ Non", "Est-ce un arrêté sur la vidéosurveillance algorithmique ?"]),
    ],
)
async def test_the_buttons_speak_the_language_of_the_question(bench: Bench, language: Language, said: list[str]) -> None:
    bench.language = language
    bench.doubt()
    [(text, choices)] = await bench.look()
    assert ([choice.text for choice in choices], text.splitlines()[-1]) == (said[:2], said[2])


async def test_without_anybody_who_listens_the_command_is_named(bench: Bench) -> None:
    bench.doubt()
    bench.buttons = False
    [(text, choices)] = await bench.look()
    assert choices == []
    assert "vigie review accept 1, or: vigie review reject 1" in text


@pytest.mark.parametrize("trouble", [NotSent("down"), DeliveryUnknown("lost"), NotSent("slow down", retry_after=540)])
async def test_what_could_not_be_asked_is_asked_later(bench: Bench, trouble: DeliveryError) -> None:
    bench.doubt()
    bench.chat.refuses = trouble
    assert await bench.look() == []
    bench.chat.refuses = None
    assert await bench.look(timedelta(0)) == [], "not at once"
    assert len(await bench.look(timedelta(minutes=20))) == 1


async def test_many_are_asked_about_bit_by_bit(bench: Bench) -> None:
    bench.doubt(AT_ONCE + 2)
    assert [len(await bench.look(MINUTE)) for _ in range(3)] == [AT_ONCE, 2, 0]


async def test_nobody_is_asked_about_history(bench: Bench) -> None:
    bench.doubt(silent=True)
    assert await bench.look() == []
    bench.doubt(2)
    assert len(bench.store.reviews.waiting(10)) == 2
    assert await bench.look(FRESH + MINUTE) == []


@pytest.mark.parametrize(
    ("topic", "language", "asked"),
    [
        ("drones", "fr", "Est-ce un arrêté sur la captation d’images par drone ?"),
        ("perimeters", "en", "Is it a decree on protection perimeters?"),
    ],
)
def test_a_question_says_which_topic_it_is_about(topic: str, language: Language, asked: str) -> None:
    act = replace(ACT, topic=topic, evidence=(Evidence("doubt", 8, "2026-1", cue=REVIEWED),))
    text = review_text(act, "Drôme (26)", language, buttons=True, why=doubt_words(act.evidence, language))
    assert text.splitlines()[-1] == asked
    assert "watch.review_all" in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_question_names_nobody_and_says_each_thing_once(language: Language) -> None:
    words = alert_words(language).reviews
    text = review_text(ACT, "Drôme (26)", language, buttons=True)
    assert "Dupont" not in text
    assert "@" not in text
    assert text.count("traitement algorithmique") == 1
    assert words.why.format(reason="parce que") in review_text(ACT, "Drôme (26)", language, buttons=True, why="parce que").splitlines()
    assert str(7) not in text.replace("page 7", "").replace("#page=7", "")
    known = review_text(replace(ACT, decree=7), "Drôme (26)", language, buttons=True)
    assert words.known.format(decree=7) in known
    assert len(review_text(replace(ACT, title="T" * 9999, evidence=(Evidence("v", 1, "x" * 9999),)), "n", language, buttons=False)) < 3000


@pytest.mark.parametrize(
    ("language", "evidence", "told"),
    [
        ("en", ACT.evidence, "which today's rules would no longer find: a No removes it."),
        ("en", (Evidence("doubt", 8, "", None, REREAD),), "its recueil was read again, and it is found to be none. A No removes it."),
        ("fr", (Evidence("doubt", 8, "", None, REREAD),), "son recueil a été relu, et cet acte n’en serait pas un. Répondre Non l’écarte."),
    ],
)
def test_a_question_about_a_recorded_decree_says_why_and_what_a_no_does(
    language: Language, evidence: tuple[Evidence, ...], told: str
) -> None:
    text = review_text(replace(ACT, decree=3, evidence=evidence), "Drôme (26)", language, buttons=True)
    [line] = [line for line in text.splitlines() if "[3]" in line]
    assert line.endswith(told)
    assert ("p. 8" in text) == (evidence == ACT.evidence), "an empty phrase is no phrase"


async def test_a_decree_with_a_fact_to_verify_is_asked_about_once_with_both_readings(bench: Bench) -> None:
    [decree] = read(bench.store, new_recueil(bench.store), authorisation(more=UNSURE)).decrees
    [(text, choices)] = await bench.look()
    lines = text.splitlines()
    assert lines[:2] == ["🔎 Vigie: a point to check of decree [1], which is recorded already", "<26>, page 3"]
    assert lines[3:6] == ["The places, as the decree has it:", f"1. {'; '.join(decree.facts.places)}", f"2. {'; '.join(LENS)}"]
    assert lines[-2:] == ["https://p.example/a.pdf#page=3", "Which of the two readings is right, as a whole?"]
    assert [choice.text for choice in choices] == ["1", "2", "Neither"]
    answers = [answer_from(choice.data) for choice in choices]
    assert [(one.decree, one.fact, one.choice) for one in answers if isinstance(one, FactAnswer)] == [(1, "places", n) for n in (1, 2, 0)]
    assert await bench.look(MINUTE) == []
    bench.restart()
    assert await bench.look(MINUTE) == []
    # Nor is it when it is read again, though it is as doubtful as before.
    read(bench.store, bench.store.recueils.get(1), authorisation(more=UNSURE))
    assert await bench.look(MINUTE) == []


async def test_nobody_is_asked_about_facts_that_are_sure_or_old_or_of_history(bench: Bench) -> None:
    read(bench.store, new_recueil(bench.store), authorisation())
    silent = authorisation(number="2026-2", act_id="26-2026-08-14-00012", more=UNSURE)
    read(bench.store, new_recueil(bench.store, "silent", silent=True), silent)
    assert await bench.look() == []
    bench.now = NOW - FRESH - MINUTE
    old = authorisation(number="2026-3", act_id="26-2026-08-14-00013", more=UNSURE)
    read(bench.store, new_recueil(bench.store, "old"), old, now=bench.now)
    bench.now = NOW
    # Nor is anybody about the past that a backfill announces, or that new rules find.
    past = authorisation(number="2026-4", act_id="26-2026-08-14-00014", more=UNSURE)
    [decree] = read(bench.store, new_recueil(bench.store, "past"), past).decrees
    recorded_before(bench.store, decree.id or 0, listed_on=(NOW - FRESH).date() - timedelta(days=1))
    assert await bench.look() == []
    assert [decree.facts.doubtful for decree in bench.store.decrees.recent(9).decrees].count(("places",)) == 3


def test_a_reading_is_shown_whole(bench: Bench) -> None:
    [decree] = read(bench.store, new_recueil(bench.store), authorisation()).decrees
    first, second = ("x" * LONGEST_READING, f"{'x' * (LONGEST_READING - 1)}y")
    long = replace(decree, title="T" * 9999, evidence=(Evidence("event", 3, "q" * 9999), Evidence("event", 4, "r" * 9999)))
    text = fact_text(FactQuestion(long, "event", (first, second)), "n", "fr", buttons=True)
    assert first in text
    assert second in text
    assert len(text) < 4000


async def test_without_anybody_who_listens_the_command_for_a_fact_is_named(bench: Bench) -> None:
    read(bench.store, new_recueil(bench.store), authorisation(more=UNSURE))
    bench.buttons, bench.language = False, "fr"
    [(text, choices)] = await bench.look()
    assert choices == []
    assert 'vigie review settle 1 places "…"' in text


async def test_a_decree_that_cannot_be_read_again_keeps_no_other_from_being_asked_about(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("2026-1", "2026-2"):
        read(bench.store, new_recueil(bench.store, number), authorisation(number=number, act_id=f"26-{number}", more=UNSURE))
    true = Reviewer.question

    def broken(self: Reviewer, decree: Decree, fact: str | None = None) -> FactQuestion | None:
        if decree.id == 1:
            raise RuntimeError("a fault")
        return true(self, decree, fact)

    monkeypatch.setattr(Reviewer, "question", broken)
    [(text, _)] = await bench.look()
    assert "[2]" in text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("buttons", [True, False])
def test_a_question_about_one_reading_is_short_and_names_nobody(language: Language, buttons: bool) -> None:
    quote = Evidence("event", 8, "à l'occasion de la fête de M. Jean Dupont")
    decree = Decree(
        "26", Kind.AUTHORISATION, "Arrêté de M. Jean Dupont", Facts(event="x" * 9999), (quote,), "https://p.example/a.pdf", 7, None, id=3
    )
    text = fact_text(FactQuestion(decree, "event", ("foire @canal",)), "Drôme (26)", language, buttons=buttons)
    assert "Dupont" not in text
    assert "@" not in text
    assert "1. " not in text
    assert "page 8" in text
    assert "#page=8" in text
