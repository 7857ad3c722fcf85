"""Destinations are part of health: what `vigie poll`, `vigie run` and `vigie status` say of them, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from tests.bot.cli.conftest import Vigie, write_config
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

WRONG = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


def on_telegram(folder: Path, replay: Replay, telegram: FakeBotApi, token: str = "", more: str = "") -> str:
    text = f'[telegram]\ntoken = "{token or telegram.token}"\napi_url = "{telegram.url}"\nchannel = "@vsa"\ncommands = false\n{more}'
    return write_config(folder, replay, text)


def trouble(vigie: Vigie, config: str, name: str = "telegram") -> str | None:
    done = vigie("-c", config, "status", "26", "--json")
    [found] = [one for one in done.json["destinations"] if one["name"] == name]
    assert (done.code == 0) is done.json["ok"] is (found["trouble"] is None)
    return found["trouble"]  # type: ignore[no-any-return]  # from JSON


def test_a_wrong_token_is_said_and_once_it_is_mended_posts_go_out_at_once(
    vigie: Vigie, replay: Replay, telegram: FakeBotApi, tmp_path: Path
) -> None:
    config = on_telegram(tmp_path, replay, telegram, WRONG)
    for _ in range(2):
        # The second time nothing is tried, for the destination rests: it is not fine all the same.
        done = vigie("-c", config, "poll", "26")
        assert done.code == 3
        assert "telegram: refused: Telegram: Unauthorized" in done.err.replace("InvalidToken: ", "")
    assert trouble(vigie, config) == "refused"
    told = vigie("-c", config, "status", "26").out
    assert "telegram: takes nothing: Telegram: " in told
    assert "1 post waits, the oldest since " in told
    on_telegram(tmp_path, replay, telegram)
    assert vigie("-c", config, "poll", "26").code == 0
    assert len(telegram.messages) == 1
    assert trouble(vigie, config) is None


def test_the_right_to_edit_messages_of_others_is_said(vigie: Vigie, replay: Replay, telegram: FakeBotApi, tmp_path: Path) -> None:
    telegram.add_channel(-1002222, "other", can_edit=True)
    more = '[[destinations]]\nname = "other"\nplatform = "telegram"\nchat = "@other"\n'
    config = on_telegram(tmp_path, replay, telegram, more=more)
    done = vigie("-c", config, "poll", "26")
    assert done.code == 3
    assert "right to edit messages of others" in done.err
    assert trouble(vigie, config, "other") == "rights"
    assert len(telegram.messages) == 2, "posts go out all the same"
    on_telegram(tmp_path, replay, telegram, more=f'reconcile = "hold"\n{more}')
    assert vigie("-c", config, "poll", "26").code == 0, "who does not have them looked for needs no such thing"


@pytest.mark.parametrize("chat", ["@nowhere", "@kicked"])
def test_a_chat_that_is_not_the_bots_is_said(vigie: Vigie, replay: Replay, telegram: FakeBotApi, tmp_path: Path, chat: str) -> None:
    telegram.add_channel(-1003333, "kicked")
    telegram.kick(-1003333)
    more = f'[[destinations]]\nname = "other"\nplatform = "telegram"\nchat = "{chat}"\ndepartments = ["38"]\n'
    config = on_telegram(tmp_path, replay, telegram, more=more)
    assert vigie("-c", config, "poll", "26").code == 3
    assert trouble(vigie, config, "other") == "refused"


@pytest.mark.parametrize(
    ("scopes", "more", "found", "said"),
    [
        ("read write:statuses write:media", "", None, None),
        ("read write:statuses write:media", "answer_mentions = true", None, None),
        (["read:accounts", "read:statuses", "write:statuses"], "", "rights", "lacks the scopes write:media"),
        (["read"], "", "refused", "lacks the scope write:statuses"),
        ("read:accounts read:statuses write", "", None, None),
        ("read:accounts read:statuses write", "answer_mentions = true", "rights", "without read:notifications mentions cannot be answered"),
    ],
)
def test_the_scopes_of_a_mastodon_token(
    vigie: Vigie, replay: Replay, mastodon: MastodonServer, tmp_path: Path, scopes: object, more: str, found: str | None, said: str | None
) -> None:
    mastodon.fail(200, {"name": "vigie", "scopes": scopes}, method="GET", path="/api/v1/apps/verify_credentials", count=9)
    config = write_config(tmp_path, replay, f'[mastodon]\ninstance = "{mastodon.url}"\ntoken = "{mastodon.token}"\n{more}\n')
    done = vigie("-c", config, "poll", "26")
    assert (done.code == 0) is (found is None)
    assert said is None or said in done.err
    assert said is None or said in vigie("-c", config, "status").out
    assert trouble(vigie, config, "mastodon") == found


@pytest.mark.parametrize("wrong", ["token", "server"])
def test_a_mastodon_account_out_of_reach(vigie: Vigie, replay: Replay, mastodon: MastodonServer, tmp_path: Path, wrong: str) -> None:
    server, token = ("http://127.0.0.1:1", mastodon.token) if wrong == "server" else (mastodon.url, "of-nobody")
    config = write_config(tmp_path, replay, f'[mastodon]\ninstance = "{server}"\ntoken = "{token}"\n')
    assert vigie("-c", config, "poll", "02").code == 3
    assert trouble(vigie, config, "mastodon") == ("refused" if wrong == "token" else "unreachable")
