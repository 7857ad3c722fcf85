from __future__ import annotations

import pytest

from bot.domain.text import PageText, TextOrigin
from bot.reading.acts.titles import openings, title_number

HEAD = "ARRÊTÉ n° 2025-{n} portant mesure\nVu le code ;\n"
BODY = "ARRÊTE\nArticle 1er : mesure\n"
END = "Fait à Valence, le 3 mai 2025\n"


def pages(*texts: str | None) -> list[PageText]:
    return [PageText(n, text or "", TextOrigin.PENDING if text is None else TextOrigin.LAYER) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("texts", "loose", "closed"),
    [
        ([HEAD.format(n=1) + BODY + END, HEAD.format(n=2) + BODY], (0, 1), (0, 1)),
        (["un avis", HEAD.format(n=1) + BODY + END], (1,), (1,)),
        ([HEAD.format(n=1) + BODY, HEAD.format(n=2) + BODY], (0, 1), (0,)),  # quoted, or its end was lost
        ([HEAD.format(n=1), HEAD.format(n=2) + BODY], (0, 1), (0,)),
        ([HEAD.format(n=1), None, HEAD.format(n=2)], (0, 2), (0, 2)),  # what is missing may be on the page not read
        ([HEAD.format(n=1), HEAD.format(n=1) + BODY + END, HEAD.format(n=1)], (0,), (0,)),  # a heading on every page
        ([HEAD.format(n=1) + BODY + END, "Annexe\n" + HEAD.format(n=2)], (0,), (0,)),
        ([HEAD.format(n=1) + BODY + END, HEAD.format(n=2).replace("Vu le code", "Vu pour être annexé")], (0,), (0,)),
        ([HEAD.format(n=1) + "A R R Ê T E\n" + END, HEAD.format(n=2)], (0, 1), (0, 1)),
        (["un avis", "un autre"], (), ()),
    ],
)
def test_where_decrees_begin(texts: list[str | None], loose: tuple[int, ...], closed: tuple[int, ...]) -> None:
    assert openings(pages(*texts), closed=False) == loose
    assert openings(pages(*texts), closed=True) == closed


def test_without_numbers_the_end_of_the_one_before_tells() -> None:
    head = "ARRÊTÉ PRÉFECTORAL\nportant autorisation\nVu le code ;\n"
    assert openings(pages(head + BODY + END, head + BODY + END), closed=True) == (0, 1)
    assert openings(pages(head, head + BODY), closed=False) == (0,)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Arrêté n° 2025-01006 autorisant", "202501006"),
        ("Arrêté n°DDTM/SAF/BFDFCI/2025-25 portant", "ddtmsafbfdfci202525"),
        ("Arrêté n° DDTM/SEBIO/2024 - 149 du 3 mai", "ddtmsebio2024149"),
        ("Arrêté n 2024-01849 du 24 décembre", "202401849"),
        ("Arrêté n° 2025/12/ MCI notamment", "202512"),
        ("Arrêté portant notamment sur", None),
    ],
)
def test_the_number_in_a_title(title: str, expected: str | None) -> None:
    assert title_number(title) == expected
