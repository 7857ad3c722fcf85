from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html import escape, unescape
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Change, Facts, Kind
from bot.domain.health import Cause, Status
from bot.messages.letters.drafting import LetterKind
from bot.messages.words import telegram_length
from bot.queries.answers import (
    Answer,
    BadInput,
    DecreeList,
    InputFault,
    ListKind,
    NothingFound,
    OneDecree,
    Question,
    UnknownDecree,
    UnknownDepartment,
)
from bot.queries.phrases import plain_answer
from bot.queries.questions import Questions
from bot.queries.telegram.commands import COMMANDS, HELP, LANGUAGE
from bot.queries.telegram.replies import FollowWanted, LetterWanted, PressButton, telegram_reply
from bot.queries.vocabulary import vocabulary
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree, health, overview

SINCE = datetime(2026, 8, 1, tzinfo=UTC)
LANGUAGES: tuple[Literal["fr", "en"], ...] = ("fr", "en")


def test_a_list_has_a_title_a_line_per_decree_and_page_buttons(questions: Questions) -> None:
    reply = telegram_reply(questions.recent(2), PLACES, "fr")
    lines = [line for line in reply.markup.split("\n") if line]
    assert lines[0] == "<b>Derniers arrêtés relevés — 14 arrêtés, page 2 sur 3</b>"
    assert [line.split("]")[0] for line in lines[1:6]] == ["[9", "[8", "[7", "[6", "[5"]
    numbers, turns = reply.rows
    assert numbers == tuple(PressButton(f"[{number}]", Question(ListKind.NUMBER, str(number))) for number in (9, 8, 7, 6, 5))
    assert turns == (
        PressButton("◀ Plus récents", Question(ListKind.RECENT, page=1)),
        PressButton("Plus anciens ▶", Question(ListKind.RECENT, page=3)),
    )


def test_a_single_page_has_no_page_number_and_no_button_to_turn_it(questions: Questions) -> None:
    reply = telegram_reply(questions.search("gare"), PLACES, "en")
    assert reply.markup.startswith("<b>Decrees that contain “gare” — 1 decree</b>")
    assert reply.rows == ((PressButton("[14]", Question(ListKind.NUMBER, "14")),),)


def test_a_decree_is_told_as_in_a_post_with_its_link(questions: Questions) -> None:
    reply = telegram_reply(questions.show("12"), PLACES, "fr")
    assert "SNCF" in reply.markup
    ((pdf,), *follow, letters) = reply.rows
    assert follow == [
        (PressButton("🔔 Suivre Drôme (26)", FollowWanted("d26")),),
        (PressButton("🔔 Suivre cet arrêté", FollowWanted("a12")),),
    ]
    assert not isinstance(pdf, PressButton)
    assert pdf.url == "https://www.drome.gouv.fr/raa-12.pdf#page=7"
    assert [button.asked for button in letters if isinstance(button, PressButton)] == [
        LetterWanted(LetterKind.CADA, 12),
        LetterWanted(LetterKind.GRACIEUX, 12),
    ]


def test_a_decree_leads_to_those_that_it_changes_and_that_change_it() -> None:
    changed = replace(
        decree(12), kind=Kind.MODIFICATION, changes=(Change(Kind.MODIFICATION, 3),), changed_by=(Change(Kind.ABROGATION, 15),)
    )
    _, third, fifteenth, _, _, letters = telegram_reply(OneDecree(changed, NOW), PLACES, "fr").rows
    assert third == (PressButton("Voir [3], que cet arrêté change", Question(ListKind.NUMBER, "3")),)
    assert fifteenth == (PressButton("Voir [15], qui change cet arrêté", Question(ListKind.NUMBER, "15")),)
    refusal = telegram_reply(OneDecree(replace(decree(12), kind=Kind.REFUSAL), NOW), PLACES, "fr")
    assert [len(row) for row in (letters, refusal.rows[-1])] == [2, 1]


def test_the_plain_list_is_one_line_per_decree(questions: Questions) -> None:
    lines = plain_answer(questions.department("26", 3), PLACES, "fr").splitlines()
    assert lines[0] == "Drôme (26) — 12 arrêtés, page 3 sur 3"
    assert [line[:4] for line in lines[2:]] == ["[2] ", "[1] "]


UNREAD = (
    "Préfecture de police de Paris : Vigie n’arrive pas à lire ce site : son site demande un vrai navigateur.\n"
    "Un arrêté peut y paraître sans que Vigie le voie."
)


def test_a_list_says_who_of_those_who_decide_there_cannot_be_read(questions: Questions) -> None:
    """In Paris and around it the préfet de police decides too: decrees of the prefecture alone are not all there are."""
    for answer in (questions.department("93"), questions.in_force("75")):
        reply = telegram_reply(answer, PLACES, "fr")
        for text in (reply.markup, reply.plain, plain_answer(answer, PLACES, "fr")):
            assert UNREAD in text.translate({0xA0: " ", 0x202F: " "})
    assert "illisible" not in plain_answer(questions.department("26"), PLACES, "fr"), "said only where something is not read"
    assert "illisible" not in plain_answer(questions.recent(), PLACES, "fr")


def test_many_that_cannot_be_read_have_a_line_together(questions: Questions) -> None:
    answer = questions.department("26, 38, 73, 974, 2A, 75")
    assert isinstance(answer, DecreeList)
    lines = plain_answer(answer, PLACES, "en").splitlines()[-4:]
    assert lines == [
        "Cannot be read at the moment: Isère (38), since 19 August 2026, Préfecture de police de Paris.",
        "Not read yet: Savoie (73).",
        "Not read by Vigie: La Réunion (974), Corse-du-Sud (2A).",
        "A decree may appear there without Vigie seeing it.",
    ]


@pytest.mark.parametrize(
    ("answer", "examples"),
    [
        (BadInput(InputFault.NO_NUMBER), ("/arrete 12", "vigie show 12", "[12]")),
        (BadInput(InputFault.NOT_A_NUMBER), ("/arrete 2026-1104", "vigie show 2026-1104", "2026-1104")),
        (BadInput(InputFault.NO_WORDS), ("/recherche gare", "vigie search gare", "gare SNCF")),
        (BadInput(InputFault.NO_DEPARTMENT), ("/departement 26", "vigie recent -d 26", "26")),
        (BadInput(InputFault.NO_TOWN), ("/ville Valence", "vigie town Valence", "Valence")),
        (UnknownDepartment("99", ()), ("/departement 26", "vigie recent -d 26", "26")),
    ],
)
def test_each_face_names_questions_as_they_are_put_there(answer: Answer, examples: tuple[str, str, str]) -> None:
    on_telegram, on_terminal, on_mastodon = (plain_answer(answer, PLACES, "fr", face) for face in ("telegram", "terminal", "mastodon"))
    for text, example in zip((on_telegram, on_terminal, on_mastodon), examples, strict=True):
        assert example in text
    assert telegram_reply(answer, PLACES, "fr").plain == on_telegram
    assert "/" not in on_terminal
    assert "/" not in on_mastodon
    assert "vigie " not in on_mastodon


@pytest.mark.parametrize(
    ("answer", "french", "english"),
    [
        (
            NothingFound(Question(ListKind.RECENT), 0, SINCE),
            (
                "Vigie n’a encore relevé aucun arrêté. Vigie lit les recueils depuis le 1er août 2026. "
                "Il peut en exister que Vigie n’a pas vus."
            ),
            (
                "Vigie has found no decree yet. Vigie has been reading the bulletins since 1 August 2026. "
                "There may be some that Vigie has not seen."
            ),
        ),
        (
            NothingFound(Question(ListKind.DEPARTMENT, "38"), 3, None, (PLACES["38"],)),
            "Isère (38) : aucun arrêté relevé par Vigie. Il peut en exister que Vigie n’a pas vus.",
            "Isère (38): no decree found by Vigie. There may be some that Vigie has not seen.",
        ),
        (
            NothingFound(Question(ListKind.DEPARTMENT, "38"), 3, SINCE, (PLACES["38"],), (health("38", Status.NOT_COVERED),)),
            (
                "Isère (38) : aucun arrêté relevé par Vigie. Vigie ne lit pas les recueils de ce département : "
                "Vigie ne peut pas dire s’il y a un arrêté."
            ),
            (
                "Isère (38): no decree found by Vigie. Vigie does not read the bulletins of this department: "
                "Vigie cannot say whether there is a decree."
            ),
        ),
        (
            NothingFound(
                Question(ListKind.DEPARTMENT, "93"),
                3,
                None,
                (PLACES["93"],),
                (health("93", Status.OK), health("PP", Status.FAILING, Cause.NEEDS_BROWSER)),
            ),
            (
                "Seine-Saint-Denis (93) : aucun arrêté relevé par Vigie. Réponse d’après les arrêtés de : "
                "Préfecture de la Seine-Saint-Denis, Préfecture de police de Paris. "
                "Préfecture de police de Paris : Vigie n’arrive pas à lire ce site : "
                "son site demande un vrai navigateur. Il peut en exister que Vigie n’a pas vus."
            ),
            (
                "Seine-Saint-Denis (93): no decree found by Vigie. Answer from the decrees of: "
                "Préfecture de la Seine-Saint-Denis, Préfecture de police de Paris. Préfecture de police de Paris: "
                "Vigie cannot read this site: its site asks for a real browser. There may be some that Vigie has not seen."
            ),
        ),
        (
            NothingFound(Question(ListKind.DEPARTMENT, "38,2A"), 3, None, (PLACES["38"], PLACES["2A"])),
            "Isère (38), Corse-du-Sud (2A) : aucun arrêté relevé par Vigie. Il peut en exister que Vigie n’a pas vus.",
            "Isère (38), Corse-du-Sud (2A): Vigie has found no decree. There may be some that Vigie has not seen.",
        ),
        (
            NothingFound(Question(ListKind.SEARCH, "gare"), 3, None),
            "Aucun arrêté relevé par Vigie ne contient « gare ». Il peut en exister que Vigie n’a pas vus.",
            "No decree found by Vigie contains “gare”. There may be some that Vigie has not seen.",
        ),
        (
            UnknownDepartment("savoi", (PLACES["73"], PLACES["74"])),
            (
                "Aucun département ne correspond à « savoi ». Donnez son numéro ou son nom, par exemple : /departement 26. "
                "Vouliez-vous dire : Savoie (73), Haute-Savoie (74) ?"
            ),
            "No department matches “savoi”. Try a number or a name: /department 26. Did you mean: Savoie (73), Haute-Savoie (74)?",
        ),
        (
            UnknownDecree("99"),
            "Vigie n’a enregistré aucun arrêté sous le numéro 99. Il peut en exister un qu’elle n’a pas vu.",
            "Vigie has recorded no decree under the number 99. There may be one that it has not seen.",
        ),
    ],
)
def test_why_there_is_nothing_to_show(answer: Answer, french: str, english: str) -> None:
    assert plain_answer(answer, PLACES, "fr", "telegram") == french
    assert plain_answer(answer, PLACES, "en", "telegram") == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commands_shown_are_those_that_exist(language: Literal["fr", "en"]) -> None:
    there = {command.name for command in COMMANDS if command.language == language}
    there |= {name for table in (HELP, LANGUAGE) for name, spoken in table.items() if spoken == language}
    words = vocabulary(language)
    proposed = {**words.commands, **words.chat.commands}
    assert there <= set(proposed)
    assert all(f"/{name}" in words.help + words.chat.help for name in there)
    assert all(3 <= len(text) <= 256 for text in proposed.values())


@given(st.text(max_size=300))
def test_whatever_is_asked_is_repeated_escaped_and_short(words: str) -> None:
    for answer in (UnknownDepartment(words, ()), NothingFound(Question(ListKind.SEARCH, words), 1, None)):
        reply = telegram_reply(answer, PLACES, "fr")
        assert "<" not in reply.markup
        assert reply.markup == escape(reply.plain, quote=True)
        assert "@" not in reply.plain
        assert "\n" not in reply.plain
        assert telegram_length(reply.plain) < 500


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_list_of_hostile_decrees_stays_within_the_limit_and_escaped(title: str, operator: str) -> None:
    hostile = [replace(decree(n, title=title), facts=Facts(operators=(operator, operator), number=title)) for n in range(1, 6)]
    answer = Questions(MemoryDecrees(hostile), PLACES, lambda: NOW, overview=overview).recent()
    reply = telegram_reply(answer, PLACES, "fr")
    bare = reply.markup
    for tag in ("<b>", "</b>", "</a>"):
        bare = bare.replace(tag, "")
    while "<a href=" in bare:
        start = bare.index("<a href=")
        bare = bare[:start] + bare[bare.index(">", start) + 1 :]
    assert "<" not in bare
    assert ">" not in bare
    assert telegram_length(unescape(bare)) <= 4096
    assert telegram_length(reply.plain) <= 4096
