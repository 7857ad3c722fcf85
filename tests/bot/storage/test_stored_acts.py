"""Stored acts with their pages again, where these are still known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.app.demo.scenario import demo_text
from bot.domain.acts import Act, Outcome
from bot.domain.records import Content
from bot.domain.text import PageText
from bot.ingest.review import acts_again
from bot.reading.acts.cutting import assemble
from bot.storage.decrees import StoredAct
from tests.bot.real_acts import DAY, NOW

IDS = ("26-2026-08-14-00001", "26-2026-08-14-00002")


def page(number: int, act_id: str) -> PageText:
    foot = f"Préfecture de la Drôme / Cabinet - {act_id} - Arrêté portant réglementation de la circulation {number}"
    return PageText(number, f"{demo_text('road', DAY, number=f'2026-{act_id[-1]}')}\n{foot}")


PAGES = (page(1, IDS[0]), page(2, IDS[0]), page(3, IDS[1]), page(4, IDS[1]))


def stored(acts: Sequence[Act]) -> list[StoredAct]:
    return [
        StoredAct(
            number, 1, act.id, act.title, act.service, act.first_page, act.last_page, Outcome.NOT_CONCERNED, None, (),
            "\n".join(page.text for page in act.pages), None,
        )
        for number, act in enumerate(acts, start=1)
    ]  # fmt: skip


def content(*, complete: bool = True) -> Content:
    return Content("0" * 64, 1, len(PAGES), PAGES, complete, NOW, "rules", 0)


def test_an_act_has_its_pages_as_they_were_read() -> None:
    acts = assemble(PAGES).acts
    assert [(act.id, act.first_page, act.last_page) for act in acts] == [(IDS[0], 1, 2), (IDS[1], 3, 4)]
    assert list(acts_again(stored(acts), content())) == list(zip(stored(acts), acts, strict=True))


@pytest.mark.parametrize("known", [None, content(complete=False)])
def test_where_the_pages_are_not_all_known_the_text_stands_on_the_first(known: Content | None) -> None:
    acts = assemble(PAGES).acts
    [(_, first), (_, second)] = acts_again(stored(acts), known)
    assert (second.id, second.title, second.service, second.first_page, second.last_page) == (
        acts[1].id, acts[1].title, acts[1].service, 3, 4,
    )  # fmt: skip
    assert [(part.number, part.text) for part in second.pages] == [(3, "\n".join(part.text for part in acts[1].pages))]
    assert first.pages[0].number == 1


def test_an_act_that_is_cut_otherwise_today_has_its_text() -> None:
    first, second = stored(assemble(PAGES).acts)
    longer = replace(second, first_page=2)
    pairs = dict(acts_again([first, longer], content()))
    assert [part.number for part in pairs[first].pages] == [1, 2]
    assert [part.number for part in pairs[longer].pages] == [2]


def test_two_acts_on_the_same_pages_have_one_reading_each() -> None:
    [act, _] = assemble(PAGES).acts
    one, two = stored([act, act])
    (_, read), (_, left) = acts_again([one, two], content())
    assert [len(found.pages) for found in (read, left)] == [2, 1]
