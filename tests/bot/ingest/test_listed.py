"""The table of a bulk act, and the decrees that it lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.app.demo.scenario import demo_text
from bot.domain.acts import Act, Outcome
from bot.domain.text import PageText, TextOrigin
from bot.domain.topics import WatchedTopics
from bot.ingest.judging import early_result, judge_acts, read_result
from bot.reading.acts.cutting import cut_inner
from tests.bot.ingest.test_judging import RECUEIL, document
from tests.bot.reading.test_inner import TITLE, TOWNS, bulk, decree, table_of
from tests.bot.real_acts import DRONES

DECREE, UNCERTAIN, NOT_CONCERNED = Outcome.DECREE, Outcome.UNCERTAIN, Outcome.NOT_CONCERNED
PLAIN = "Vidéoprotection - arrêtés d'août 2026"
"""A title under which detection takes a table for a decree; under `TITLE` it leaves it in doubt."""
NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
LINE = "Arrêté portant autorisation d'un traitement algorithmique des images de vidéoprotection"


def vsa(number: int) -> list[str]:
    return [demo_text("authorisation", date(2026, 8, 14), number=f"2026-{number}")]


def cut(title: str, *, listed: int, found: int) -> tuple[Act, ...]:
    """Four decrees on ordinary cameras, then `found` on VSA, under a table that lists `listed` of these."""
    table = "\n".join((table_of(*TOWNS), *(f"{LINE} - gare n° {number}" for number in range(listed))))
    return cut_inner(bulk(*map(decree, TOWNS), *(vsa(number) for number in range(found)), title=title, table=table))


@pytest.mark.parametrize("title", [TITLE, PLAIN])
@pytest.mark.parametrize(
    ("listed", "found", "outcome", "cue"),
    [(1, 1, NOT_CONCERNED, "listed and found"), (1, 2, NOT_CONCERNED, "listed and found"), (2, 1, UNCERTAIN, "listed and not found")],
)
def test_a_table_is_none_of_the_decrees_that_it_lists(title: str, listed: int, found: int, outcome: Outcome, cue: str) -> None:
    (judged,), *rest = judge_acts(cut(title, listed=listed, found=found), stand_alone=False)
    assert [item.verdict.outcome for (item,) in rest] == [NOT_CONCERNED] * 4 + [DECREE] * found
    assert (judged.verdict.outcome, judged.verdict.kind, judged.verdict.evidence[-1].cue) == (outcome, None, cue)
    assert "traitement algorithmique" in judged.verdict.evidence[-1].text


@pytest.mark.parametrize(("title", "outcome"), [(TITLE, UNCERTAIN), (PLAIN, DECREE)])
def test_a_table_that_is_all_that_tells_of_a_decree_is_not_passed_over(title: str, outcome: Outcome) -> None:
    acts = cut(title, listed=1, found=0)
    assert [item.verdict.outcome for (item,) in judge_acts(acts, stand_alone=False)] == [outcome] + [NOT_CONCERNED] * 4
    # Neither what is a decree on another topic, nor what follows under another identifier, is what it lists.
    drones = replace(acts[1], pages=(PageText(20, DRONES),))
    assert judge_acts([acts[0], drones], WatchedTopics(("vsa", "drones")), stand_alone=False)[0][0].verdict.outcome is outcome
    other = replace(acts[1], id="26-2026-08-14-00009", pages=(PageText(20, vsa(1)[0]),))
    assert judge_acts([*acts, other], stand_alone=False)[0][0].verdict.outcome is outcome


def test_what_a_bulk_act_holds_is_one_decree_be_it_told_early_or_late() -> None:
    acts = cut(PLAIN, listed=1, found=1)
    assert [decree.page for _, decree in read_result(RECUEIL, document(*acts), next_try_at=None).decrees] == [acts[-1].first_page]
    pages = [page for act in acts for page in act.pages]
    pending = replace(pages[-1], text="", origin=TextOrigin.PENDING)
    part = replace(document(*acts[:-1], replace(acts[-1], pages=(pending,))), pending_pages=(pending.number,))
    assert early_result(RECUEIL, part, next_try_at=NOON) is None
