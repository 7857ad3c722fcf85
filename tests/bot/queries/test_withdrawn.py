"""What people are told of a decree that was withdrawn, and when by the clock of its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.messages.words import Language
from bot.queries.answers import OneDecree
from bot.queries.phrases import plain_answer
from bot.queries.telegram.replies import telegram_reply
from tests.bot.queries.conftest import NOW, PLACES, decree

LATE = datetime(2026, 8, 19, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("authority", "language", "said"),
    [
        ("26", "fr", "Écarté le 20 août 2026 : après vérification, cet acte ne concerne pas la vidéosurveillance algorithmique."),
        ("26", "en", "Removed on 20 August 2026: a reviewer found that this act is not about algorithmic video surveillance."),
        ("974", "en", "Removed on 20 August 2026: a reviewer found that this act is not about algorithmic video surveillance."),
    ],
)
def test_it_is_said_first(authority: str, language: Language, said: str) -> None:
    gone = replace(decree(3, authority), withdrawn_at=LATE)
    plain = plain_answer(OneDecree(gone, NOW), PLACES, language)
    assert plain.startswith(f"{said}\n\n")
    assert plain.removeprefix(f"{said}\n\n") == plain_answer(OneDecree(decree(3, authority), NOW), PLACES, language)


def test_on_telegram_it_is_not_told_as_an_announcement() -> None:
    gone = replace(decree(3, title="Arrêté <b>"), withdrawn_at=LATE)
    reply = telegram_reply(OneDecree(gone, NOW), PLACES, "fr")
    assert reply.plain.startswith("Écarté le 20 août 2026")
    assert reply.markup.startswith("Écarté le 20 août 2026")
    assert "[3] " in reply.plain
    assert "📢" not in reply.plain
    assert reply.rows == ()
    stands = telegram_reply(OneDecree(decree(3), NOW), PLACES, "fr")
    assert stands.plain.startswith("📢")
