"""The fake Mastodon server cleans up after itself, whatever it was doing when it was stopped."""

from __future__ import annotations

import gc
import warnings

import httpx

from tests.servers.mastodon import MastodonServer


def test_a_server_that_left_a_request_unanswered_is_removed_without_a_warning() -> None:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        with MastodonServer() as server:
            broken_off = httpx.post(f"{server.url}/api/v1/statuses", content=b"\xff", trust_env=False, timeout=60)
        del server
        gc.collect()
    assert broken_off.status_code == 500
    assert [str(warning.message) for warning in raised if "vigie-mastodon-" in str(warning.message)] == []
