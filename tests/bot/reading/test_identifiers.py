from __future__ import annotations

import pytest

from bot.domain.acts import Act
from bot.domain.identity import act_key, text_digest
from bot.domain.text import PageText
from bot.reading.acts.cutting import cut_acts
from bot.reading.acts.titles import nearest

KNOWN = ("26-2025-07-15-00001", "26-2025-07-15-00002", "26-2025-07-18-11111")


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("26-2025-07-15-00001", "26-2025-07-15-00001"),
        ("26-2025-07-18-11177", "26-2025-07-18-11111"),  # two characters misread
        ("26-2025-07-18-11777", None),  # three
        ("26-2025-07-15-00009", None),  # as near to one as to the other
        ("26-2025-07-15-001", None),
    ],
)
def test_the_identifier_that_was_meant(found: str, meant: str | None) -> None:
    assert nearest(found, KNOWN) == meant


def acts_of(printed: str, *, stamped: bool, listed: bool) -> tuple[Act, ...]:
    """The acts of a recueil of three: each has a separator page, on which its identifier is `printed`, and two pages."""
    pages = ["PRÉFET\nRECUEIL DES ACTES ADMINISTRATIFS\nN°59-2024-421"]
    titles = [f"Arrêté n° 2024-1{rank} portant réglementation de la circulation sur la voie {rank}" for rank in range(3)]
    ids = [printed.format(rank) for rank in range(3)]
    if listed:
        pages.append("\n".join(["Sommaire", *(f"{ids[rank]} - {titles[rank]} (2 pages) Page {3 * rank + 3}" for rank in range(3))]))
    for own, title in zip(ids, titles, strict=True):
        stamp = f"\nCabinet - {own} - {title}" if stamped else ""
        pages += [f"Cabinet\n{own}\n{title}", f"{title}\nLe préfet,\nVu le code ;\nARRÊTE\nArticle 1er : La voie est fermée.{stamp}"]
        pages.append(f"Article 2 : Exécution.\nFait à Lille, le 2 mai 2024{stamp}")
    return cut_acts([PageText(number, text) for number, text in enumerate(pages, 1)])


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(
    ("printed", "own"),
    [
        ("59-2024-12-26-0000{}", "59-2024-12-26-00000"),
        ("2024-12-26-0000{}", "2024-12-26-00000"),
        ("D77-2025-09-17-0000{}", "D77-2025-09-17-00000"),
        ("Acte n° 54-2024-01-24-0000{}", "54-2024-01-24-00000"),
        ("ACTE PUBLIABLE 05-2024-01-24-0000{}", "05-2024-01-24-00000"),
    ],
)
def test_identifiers_in_other_forms(printed: str, own: str, listed: bool) -> None:
    acts = acts_of(printed, stamped=True, listed=listed)
    assert acts[0].id == own
    assert [(act.last_page - act.first_page, act.pages[0].text.count("Cabinet")) for act in acts] == [(2, 1)] * 3


@pytest.mark.parametrize("printed", ["BSI-2024-361-{}", "Service de la sécurité {}"])
def test_a_separator_page_without_identifier_begins_the_act_that_it_announces(printed: str) -> None:
    acts = acts_of(printed, stamped=False, listed=False)
    assert [(act.id, act.last_page - act.first_page) for act in acts] == [(None, 2)] * 3


def test_an_identifier_without_its_department_is_no_key() -> None:
    assert (act_key("2024-12-26-00002"), act_key("D77-2025-09-17-00002")) == (None, "act:d77-2025-09-17-00002")


def test_words_count_and_layout_does_not() -> None:
    one = [PageText(1, "Arrêté  n° 12\nportant"), PageText(2, "ﬁn.")]
    other = [PageText(1, "ARRETE n°12 portant FIN")]
    assert text_digest(one) == text_digest(other)
    assert text_digest(one) != text_digest([PageText(1, "Arrêté n° 13 portant fin")])
    assert len(text_digest(one)) == 64
