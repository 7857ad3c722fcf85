"""How the watch itself is, in words for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Place
from bot.domain.health import AuthorityHealth, Cause, Overview, Status
from bot.messages.words import telegram_length
from bot.queries.answers import BadInput, DepartmentState, InputFault, UnknownDepartment, WatchState
from bot.queries.phrases import plain_answer, state_text
from bot.queries.questions import Questions
from bot.queries.telegram.replies import telegram_reply
from tests.bot.queries.conftest import NOW, PLACES, health, overview

LAST = "Le dernier recueil est du 1er août 2026."
LANGUAGES: tuple[Literal["fr", "en"], ...] = ("fr", "en")


def test_everything_is_one_line_a_sort(questions: Questions) -> None:
    assert plain_answer(questions.state(), PLACES, "fr").splitlines() == [
        "Sites lus par Vigie : 6, dont 2 normalement.",
        "Sites illisibles en ce moment : Isère (38), depuis le 19 août 2026, Préfecture de police de Paris.",
        "Rien de nouveau depuis plus longtemps que d’habitude : Ain (01), depuis le 1er août 2026.",
        "Pas encore lus : Savoie (73).",
        "Autorités que Vigie ne lit pas : La Réunion (974).",
        "Un arrêté peut y paraître sans que Vigie le voie.",
        "Pour un département : /etat 26",
    ]


def test_what_is_read_in_part_is_not_taken_for_well() -> None:
    well, broken = health("26", Status.OK), health("26", Status.FAILING)
    partly = AuthorityHealth("26", Status.PARTLY, (*well.routes, *broken.routes))
    lines = state_text(WatchState(Overview(NOW, (partly,))), PLACES, "fr").splitlines()
    assert lines[0] == "Sites lus par Vigie : 1, dont 0 normalement."
    assert lines[1].startswith("Sites lus en partie : Drôme (26)")
    drome = state_text(DepartmentState((partly,)), PLACES, "fr")
    assert drome.startswith("Préfecture de la Drôme : site lu en partie. Une autre de ses pages est illisible (")


def test_where_all_is_well_there_is_no_warning() -> None:
    well = WatchState(Overview(NOW, (health("26", Status.OK), health("38", Status.OK))))
    assert state_text(well, PLACES, "en").splitlines() == [
        "Sites read by Vigie: 2. Working normally: 2.",
        "For one department: /status 26",
    ]


def test_a_watch_that_stands_still_says_so() -> None:
    stalled = WatchState(replace(Overview(NOW, (health("26", Status.OK),)), half_due=NOW - timedelta(hours=2)))
    assert "Vigie seems to have stopped: most sites have been waiting to be read since 20 August 2026." in state_text(stalled, PLACES, "en")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("26", ["Préfecture de la Drôme : recueils à jour. Le dernier recueil est du 19 août 2026."]),
        (
            "isere",
            [f"Préfecture de l'Isère : Vigie n’arrive plus à lire ce site depuis le 19 août 2026 : son site refuse de répondre. {LAST}"],
        ),
        (
            "01",
            [f"Préfecture de l'Ain : le site répond, mais rien n’y a paru depuis plus longtemps que d’habitude. {LAST}"],
        ),
        ("73", ["Préfecture de la Savoie : site pas encore lu."]),
        ("974", ["Préfecture de La Réunion : Vigie n’en lit pas les recueils, et ne voit donc pas les arrêtés qui y paraissent."]),
        ("2a", ["Préfecture de la Corse-du-Sud : Vigie n’en lit pas les recueils."]),
        (
            "Paris",
            [
                "Préfecture de Paris : recueils à jour.",
                "Préfecture de police de Paris : Vigie n’arrive pas à lire ce site : son site demande un vrai navigateur.",
            ],
        ),
    ],
)
def test_one_department_is_one_line_an_authority(questions: Questions, asked: str, expected: list[str]) -> None:
    answer = questions.state(asked)
    assert isinstance(answer, DepartmentState)
    assert plain_answer(answer, PLACES, "fr").splitlines() == expected


def test_a_department_that_nobody_knows_is_told_as_elsewhere(questions: Questions) -> None:
    assert questions.state("drme") == UnknownDepartment("drme", (PLACES["26"],))
    assert questions.state("x" * 201) == BadInput(InputFault.TOO_LONG)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_address_and_no_internals_are_shown(language: Literal["fr", "en"]) -> None:
    shown = [state_text(WatchState(overview()), PLACES, language)]
    shown += [state_text(DepartmentState((one,)), PLACES, language) for one in overview().authorities]
    assert not any("secret" in text or "http" in text or ":site" in text for text in shown)


@given(st.sampled_from(LANGUAGES), st.text(max_size=80), st.integers(min_value=1, max_value=150))
def test_however_many_fail_it_is_one_message(language: Literal["fr", "en"], name: str, number: int) -> None:
    places = {str(n): Place(str(n), name, f"{name[:40]}{n}") for n in range(3 * number)}
    sorts = (Status.FAILING, Status.LATE, Status.NOT_COVERED)
    many = Overview(NOW, tuple(health(str(n), sorts[n % 3], Cause.BLOCKED, NOW) for n in range(3 * number)))
    reply = telegram_reply(WatchState(many), places, language)
    assert telegram_length(reply.plain) <= 4096
    assert "<" not in reply.markup
    assert reply.rows == ()
