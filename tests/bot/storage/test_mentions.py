"""How far the mentions of an account are answered."""

from __future__ import annotations

import pytest

from bot.storage.store import Store

pytestmark = pytest.mark.postgresql


def test_each_account_has_its_own_place(store: Store) -> None:
    mentions = store.mentions
    assert mentions.newest("compte") is None
    mentions.record("compte", "")
    assert mentions.newest("compte") == "", "it began, and there was no notification"
    mentions.record("compte", "01J9ZK")
    mentions.record("autre", "12")
    mentions.record("compte", "01J9ZM")
    assert (mentions.newest("compte"), mentions.newest("autre")) == ("01J9ZM", "12")
