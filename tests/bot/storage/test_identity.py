from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.identity import LONGEST_KEY, EarlierFinding, HeldDecree, post_key, recognise


@pytest.mark.parametrize(
    ("found", "known", "earlier", "expected"),
    [
        # Nothing is known.
        ([HeldDecree(("a",), 1, 1)], {}, [], (None,)),
        # By a key, whatever the place.
        ([HeldDecree(("a", "b"), 1, 1)], {"b": 7}, [], (7,)),
        # Keys of two stored decrees: the older one.
        ([HeldDecree(("a", "b"), 1, 1)], {"a": 9, "b": 7}, [], (7,)),
        # By the place of an earlier reading: same pages, a page missed at its beginning, a page more at its end.
        ([HeldDecree(("a",), 3, 6)], {}, [EarlierFinding(7, 3, 6)], (7,)),
        ([HeldDecree(("a",), 3, 6)], {}, [EarlierFinding(7, 4, 6)], (7,)),
        ([HeldDecree(("a",), 3, 6)], {}, [EarlierFinding(7, 3, 7)], (7,)),
        # Neighbours that share the page where one ends and the other begins are not the same.
        ([HeldDecree(("a",), 5, 7)], {}, [EarlierFinding(7, 3, 5)], (None,)),
        ([HeldDecree(("a",), 6, 7)], {}, [EarlierFinding(7, 3, 5)], (None,)),
        # A place is taken once, and a key goes before a place.
        ([HeldDecree(("a",), 3, 3), HeldDecree(("b",), 3, 3)], {}, [EarlierFinding(7, 3, 3)], (7, None)),
        ([HeldDecree(("a",), 3, 3), HeldDecree(("b",), 3, 3)], {"b": 7}, [EarlierFinding(7, 3, 3)], (None, 7)),
        # The place that shares most.
        ([HeldDecree(("a",), 3, 8)], {}, [EarlierFinding(7, 3, 4), EarlierFinding(8, 5, 8)], (8,)),
    ],
)
def test_recognise(found: list[HeldDecree], known: dict[str, int], earlier: list[EarlierFinding], expected: tuple[int | None, ...]) -> None:
    assert recognise(found, known, earlier) == expected


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.randoms())
def test_the_order_of_keys_does_not_change_the_key_of_a_post(keys: list[str], random: object) -> None:
    shuffled = keys[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives an object
    assert post_key("t", shuffled) == post_key("t", keys)
    assert len(post_key("t", keys)) == 32
    assert post_key("t", keys) != post_key("u", keys)


def test_a_destination_and_a_key_cannot_be_mistaken_for_others() -> None:
    assert post_key("ab", ["c"]) != post_key("a", ["bc"])
    assert LONGEST_KEY < 2_700
