from __future__ import annotations

import pytest

from bot.domain.acts import Place, deciding_in

_PLACES = {
    place.code: place
    for place in (
        Place("26", "Préfecture de la Drôme", "Drôme"),
        Place("75", "Préfecture de Paris", "Paris"),
        Place("93", "Préfecture de la Seine-Saint-Denis", "Seine-Saint-Denis"),
        Place("PP", "Préfecture de police", "Paris", territory=frozenset({"75", "92", "93", "94"})),
        Place("R-IDF", "Préfecture de la région Île-de-France", "Île-de-France", territory=frozenset({"75", "77", "93"})),
    )
}


@pytest.mark.parametrize(
    ("departments", "authorities"),
    [
        ({"26"}, {"26"}),
        ({"93"}, {"93", "PP", "R-IDF"}),
        ({"92"}, {"PP"}),
        ({"26", "75"}, {"26", "75", "PP", "R-IDF"}),
        ({"PP"}, {"PP"}),
        (set(), set()),
    ],
)
def test_a_department_means_all_who_decide_there(departments: set[str], authorities: set[str]) -> None:
    assert deciding_in(departments, _PLACES) == authorities
