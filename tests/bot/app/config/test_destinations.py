from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.config.destinations import destinations, edited
from bot.app.config.errors import ConfigError
from bot.app.config.model import Settings
from bot.delivery.apprise import AppriseChannel
from bot.delivery.console import ConsoleChannel
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.telegram.channel import TelegramChannel
from bot.domain.acts import Filter, Kind
from tests.bot.app.config.test_loading import load

TELEGRAM = "[telegram]\ntoken = '1:T'\n"
MASTODON = "[mastodon]\ninstance = 'mastodon.social'\ntoken = 'M'\n"


def entry(name: str, platform: str, *lines: str) -> str:
    return "\n".join(["[[destinations]]", f"name = '{name}'", f"platform = '{platform}'", *lines, ""])


def test_with_nothing_configured_the_console_is_the_destination(tmp_path: Path) -> None:
    (only,) = destinations(Settings())
    assert (only.name, only.platform, only.wanted) == ("console", "console", Filter())
    assert [d.name for d in destinations(load(tmp_path, TELEGRAM))] == ["console"]


def test_the_shorthands_are_destinations(tmp_path: Path) -> None:
    telegram, mastodon = destinations(load(tmp_path, TELEGRAM + "channel = '@vigie'\n" + MASTODON + "visibility = 'unlisted'"))
    assert (telegram.name, telegram.platform, telegram.chat) == ("telegram", "telegram", "@vigie")
    assert telegram.token is not None
    assert telegram.token.get_secret_value() == "1:T"
    assert (mastodon.name, mastodon.platform, mastodon.instance) == ("mastodon", "mastodon", "https://mastodon.social")
    assert mastodon.visibility == "unlisted"
    assert mastodon.token is not None
    assert mastodon.token.get_secret_value() == "M"


def test_an_entry_takes_what_it_lacks_from_its_section(tmp_path: Path) -> None:
    text = (
        TELEGRAM
        + MASTODON
        + entry("drome", "telegram", "chat = '@drome'", "departments = ['26']", "kinds = ['renewal']", "operators = ['SNCF']")
        + entry("isere", "mastodon", "departments = ['38']", "language = 'en'")
        + entry("other", "mastodon", "instance = 'piaille.fr'", "token = 'N'", "visibility = 'private'")
    )
    drome, isere, other = destinations(load(tmp_path, text))
    assert drome.wanted == Filter(frozenset({"26"}), frozenset({Kind.RENEWAL}), frozenset({"SNCF"}))
    assert drome.token is not None
    assert (isere.instance, isere.visibility, isere.language) == ("https://mastodon.social", "public", "en")
    assert (other.instance, other.visibility) == ("https://piaille.fr", "private")
    assert other.token is not None
    assert other.token.get_secret_value() == "N"


def test_a_shorthand_never_posts_twice_where_an_entry_already_posts(tmp_path: Path) -> None:
    text = TELEGRAM + "channel = '@Vigie'\n" + MASTODON + entry("a", "telegram", "chat = '@vigie'") + entry("b", "mastodon")
    assert [d.name for d in destinations(load(tmp_path, text))] == ["a", "b"]


def test_the_operators_chat_is_no_destination(tmp_path: Path) -> None:
    settings = load(tmp_path, TELEGRAM + "operators_chat = -5\noperators_language = 'en'\n" + entry("a", "telegram", "chat = -6"))
    assert (settings.telegram.operators_chat, settings.telegram.operators_language) == ("-5", "en")
    assert [d.name for d in destinations(settings)] == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[telegram]\nchannel = '@vigie'", "config.toml:2: telegram.channel: there is no token to post with"),
        ("[mastodon]\ntoken = 'M'", "config.toml:2: mastodon.token: there is no server to post to"),
        ("[mastodon]\ninstance = 'm.example'", "config.toml:2: mastodon.instance: there is no token to post with"),
        (entry("a", "telegram", "chat = '@drome'"), "config.toml:3: destinations[0].platform: there is no token to post with"),
        (TELEGRAM + entry("a", "telegram"), "config.toml:5: destinations[0].platform: a telegram destination needs chat"),
        (entry("a", "mastodon", "instance = 'm.example'"), "config.toml:3: destinations[0].platform: there is no token to post with"),
        (entry("a", "mastodon", "token = 'x'"), "config.toml:3: destinations[0].platform: a mastodon destination needs instance"),
        (
            TELEGRAM + entry("a", "telegram", "chat = '@drome'", "token = 'x'"),
            "config.toml:7: destinations[0].token: is only for a mastodon destination; Telegram's token goes in [telegram]",
        ),
        (entry("a", "console", "chat = '@drome'"), "config.toml:4: destinations[0].chat: is only for a telegram destination"),
        (
            entry("a", "console") + entry("a", "console"),
            "config.toml:5: destinations[1].name: this name is already used by destinations[0]; every destination has its own",
        ),
        (
            TELEGRAM + "channel = '@vigie'\n" + entry("telegram", "telegram", "chat = '@other'"),
            "config.toml:5: destinations[0].name: this name is already used by telegram.channel",
        ),
        ("[telegram]\noperators_chat = '-5'", "config.toml:2: telegram.operators_chat: there is no token to write with"),
        (
            TELEGRAM + "channel = '@Vigie'\noperators_chat = '@vigie'",
            "config.toml:4: telegram.operators_chat: decrees are posted to this chat; the operators need one of their own",
        ),
        (
            TELEGRAM + "operators_chat = -1001\n" + entry("a", "telegram", "chat = '-1001'"),
            "config.toml:3: telegram.operators_chat: decrees are posted to this chat; the operators need one of their own",
        ),
        (TELEGRAM + "operators_chat = 'https://t.me/vigie_ops'", 'config.toml:3: telegram.operators_chat: must be "@name" or a numeric id'),
        (
            entry("chat:12", "console"),
            "config.toml:2: destinations[0].name: a name of this form belongs to a chat that follows something; choose another",
        ),
        (MASTODON + entry("mastodon", "console"), "config.toml:5: destinations[0].name: this name is already used by mastodon.token"),
        (
            TELEGRAM + entry("a", "telegram", "chat = '@Vigie'") + entry("b", "telegram", "chat = '@vigie'", "departments = ['26']"),
            "config.toml:10: destinations[1].chat: destinations[0] already posts to this chat in this language",
        ),
        (
            TELEGRAM + entry("a", "telegram", "chat = -1001") + entry("b", "console") + entry("c", "telegram", "chat = '-1001'"),
            "config.toml:13: destinations[2].chat: destinations[0] already posts to this chat in this language",
        ),
        (
            MASTODON + entry("a", "mastodon") + entry("b", "mastodon", "instance = 'https://Mastodon.social/'", "token = 'M'"),
            "config.toml:9: destinations[1].platform: destinations[0] already posts to this account in this language",
        ),
    ],
)
def test_what_cannot_work_is_told(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    (told,) = caught.value.problems
    assert told.removeprefix(f"{tmp_path}/").startswith(expected)


def test_the_token_in_a_file_tells_one_account_too(tmp_path: Path) -> None:
    (tmp_path / "m.token").write_text("M\n", encoding="utf-8")
    text = MASTODON + entry("a", "mastodon", "token_file = 'm.token'") + entry("b", "mastodon")
    with pytest.raises(ConfigError, match=r"destinations\[0\] already posts to this account") as caught:
        load(tmp_path, text)
    assert "M" not in str(caught.value).removeprefix(str(tmp_path))


def test_one_place_may_be_two_destinations_in_two_languages(tmp_path: Path) -> None:
    text = (
        TELEGRAM
        + MASTODON
        + entry("a", "telegram", "chat = '@vigie'")
        + entry("b", "telegram", "chat = '@vigie'", "language = 'en'")
        + entry("c", "mastodon")
        + entry("d", "mastodon", "language = 'en'")
        + entry("e", "mastodon", "token = 'N'")
        + entry("f", "console")
        + entry("g", "console")
    )
    assert [d.name for d in destinations(load(tmp_path, text))] == list("abcdefg")


def test_wrong_shapes_are_told_without_following_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "telegram = 3\nmastodon = []\ndestinations = [4]\n")
    assert [line.split(": ", 1)[1] for line in caught.value.problems] == [
        "telegram: expected a table: [telegram]",
        "mastodon: expected a table: [mastodon]",
        "destinations[0]: expected a table",
    ]


def test_posts_are_edited_where_the_channel_can_and_the_configuration_lets_it(tmp_path: Path) -> None:
    channels = {"telegram": TelegramChannel, "mastodon": MastodonChannel, "apprise": AppriseChannel, "console": ConsoleChannel}
    entries = (
        entry("console", "console")
        + entry("apprise", "apprise", "url = 'ntfys://ntfy.example/vsa'")
        + entry("mastodon", "mastodon")
        + entry("telegram", "telegram", "chat = '@vsa'")
    )
    can_edit = {name for name, channel in channels.items() if hasattr(channel, "edit")}
    assert set(edited(load(tmp_path, TELEGRAM + MASTODON + entries))) == can_edit
    assert edited(load(tmp_path, "delivery.edit_posts = false\n" + TELEGRAM + MASTODON + entries)) == ()
