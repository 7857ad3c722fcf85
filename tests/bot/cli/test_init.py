"""`vigie init`: a configuration that works, or none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.app.config.loading import read_configuration
from bot.cli.init import composed
from tests.bot.cli.conftest import Vigie
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

EXAMPLE = (Path(__file__).parents[3] / "config.example.toml").read_text(encoding="utf-8")
WRONG = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


def of(telegram: FakeBotApi, token: str = "") -> dict[str, str]:
    return {"VIGIE_TELEGRAM__API_URL": telegram.url, "VIGIE_TELEGRAM__TOKEN": token or telegram.token}


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_both_accounts_are_tried_and_written(vigie: Vigie, telegram: FakeBotApi, mastodon: MastodonServer, tmp_path: Path) -> None:
    (tmp_path / "given").write_text(f" {mastodon.token}\n", encoding="utf-8")
    options = ["--contact", "a@example.org", "--codes", "26,38", "--channel", "@vsa", "--database", "sqlite:///here.db"]
    accounts = ["--mastodon-instance", mastodon.url, "--mastodon-token-file", "given"]
    done = vigie("init", "--yes", *options, *accounts, environ=of(telegram))
    assert (done.code, done.err) == (0, "")
    assert "ok       destination telegram: takes posts" in done.out
    assert "ok       destination mastodon: takes posts" in done.out
    assert (telegram.messages, mastodon.statuses()) == ([], [])
    assert names(tmp_path) == {"config.toml", "telegram.token", "mastodon.token", "given"}
    assert [(tmp_path / f"{name}.token").stat().st_mode & 0o777 for name in ("telegram", "mastodon")] == [0o600, 0o600]
    settings = read_configuration(tmp_path / "config.toml", {}, known_codes=None).settings
    assert settings.database.url == f"sqlite:///{tmp_path}/here.db"
    assert (tmp_path / "config.toml").stat().st_mode & 0o777 == 0o644
    assert settings.telegram.token is not None
    assert settings.telegram.token.get_secret_value() == telegram.token
    assert (settings.telegram.channel, settings.mastodon.instance, settings.watch.authorities) == ("@vsa", mastodon.url, ("26", "38"))
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert telegram.token not in text
    assert "# Minutes between two looks at the same source" in text, "it is the commented example"


def test_the_channel_is_found_by_what_is_written_in_it(vigie: Vigie, telegram: FakeBotApi, tmp_path: Path) -> None:
    telegram.add_channel(-1002222)
    telegram.person_posts(-1002222, "Bonjour")
    done = vigie("init", "--yes", environ=of(telegram))
    assert done.code == 0, done.err
    assert "Found the channel -1002222" in done.out
    assert tomllib.loads((tmp_path / "config.toml").read_text(encoding="utf-8"))["telegram"]["channel"] == "-1002222"


def test_no_channel_or_several_are_told_and_nothing_is_written(vigie: Vigie, telegram: FakeBotApi, tmp_path: Path) -> None:
    done = vigie("init", "--yes", environ=of(telegram))
    assert (done.code, names(tmp_path)) == (1, set())
    assert "No channel was found" in done.err
    telegram.add_channel(-1002222, "other")
    telegram.person_posts(-1001111, "Bonjour")
    telegram.person_posts(-1002222, "Bonjour")
    done = vigie("init", "--yes", environ=of(telegram))
    assert (done.code, names(tmp_path)) == (1, set())
    assert "@vsa" in done.err
    assert "@other" in done.err


def test_a_configuration_is_replaced_only_where_that_is_wanted_and_kept(vigie: Vigie, telegram: FakeBotApi, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine\n", encoding="utf-8")
    (tmp_path / "telegram.token").write_text(WRONG, encoding="utf-8")
    done = vigie("init", "--yes", "--channel", "@vsa", environ=of(telegram))
    assert done.code == 2
    assert "config.toml is there already: nothing was changed" in done.err
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == "# mine\n"
    assert telegram.calls == []
    done = vigie("init", "--yes", "--replace", "--channel", "@vsa", environ=of(telegram))
    assert done.code == 0
    assert "config.toml was there: it is now " in done.out
    assert (tmp_path / "config.toml.old").read_text(encoding="utf-8") == "# mine\n"
    assert (tmp_path / "telegram.token.old").read_text(encoding="utf-8") == WRONG
    assert vigie("init", "--yes", "--replace", "--channel", "@vsa", environ=of(telegram)).code == 0
    assert (tmp_path / "config.toml.old").read_text(encoding="utf-8") == "# mine\n", "what a person wrote is not lost the second time"
    assert (tmp_path / "config.toml.old-2").exists()


@pytest.mark.parametrize(
    ("arguments", "token", "code", "said"),
    [
        (["--channel", "@vsa"], WRONG, 1, "Take the token from @BotFather"),
        (["--channel", "@nowhere"], "", 1, "Chat not found"),
        (["--channel", "vsa"], "", 2, "config.toml:"),
        (["--channel", "@vsa", "--codes", "Z9"], "", 2, '"Z9" is not a code of the catalogue'),
        (["--channel", "@vsa"], "hello", 2, "is not a token of a Telegram bot"),
        (["--telegram-token-file", "absent"], "", 2, "the token for telegram in absent: No such file"),
    ],
)
def test_what_does_not_work_is_told_and_nothing_is_written(
    vigie: Vigie, telegram: FakeBotApi, tmp_path: Path, arguments: list[str], token: str, code: int, said: str
) -> None:
    done = vigie("init", "--yes", *arguments, environ=of(telegram, token))
    assert (done.code, names(tmp_path)) == (code, set())
    assert said in done.err
    assert "Traceback" not in done.err
    assert ".vigie-" not in done.err
    assert WRONG not in done.err


def test_what_is_tried_under_the_environment_is_written(vigie: Vigie, telegram: FakeBotApi, tmp_path: Path) -> None:
    more = {"VIGIE_WATCH__AUTHORITIES": '["26", "2a"]', "VIGIE_DATABASE__URL": "sqlite:///here.db", "VIGIE_TELEGRAM__CHANNEL": "@vsa"}
    done = vigie("init", "--yes", environ=of(telegram) | more)
    assert done.code == 0, done.err
    settings = read_configuration(tmp_path / "config.toml", {}, known_codes=None).settings
    assert (settings.telegram.api_url, settings.telegram.channel) == (telegram.url, "@vsa")
    assert (settings.watch.authorities, settings.database.url) == (("26", "2A"), f"sqlite:///{tmp_path}/here.db")


def test_without_any_account_posts_go_to_the_console(vigie: Vigie, tmp_path: Path) -> None:
    assert vigie("init", "--yes").code == 0
    assert names(tmp_path) == {"config.toml"}
    assert vigie("config", "show", "--json").json["posts_to"] == ["console"]


def test_questions_are_asked_again_until_the_answer_can_be_used(vigie: Vigie, telegram: FakeBotApi, tmp_path: Path) -> None:
    answers = ["a@example.org", "Z9", "26,2a", telegram.token, "vsa", "@vsa", "", ""]
    done = vigie("init", environ={"VIGIE_TELEGRAM__API_URL": telegram.url}, given="\n".join([*answers, ""]))
    assert done.code == 0, done.err
    assert '"Z9" is not a code of the catalogue' in done.out + done.err
    assert 'did you mean "@vsa"?' in done.out + done.err
    assert telegram.token not in done.out + done.err
    assert tomllib.loads((tmp_path / "config.toml").read_text(encoding="utf-8"))["telegram"]["channel"] == "@vsa"


def test_a_channel_that_is_not_found_is_asked_for_and_an_account_without_a_token_left_out(
    vigie: Vigie, telegram: FakeBotApi, tmp_path: Path
) -> None:
    answers = ["", "", telegram.token, "", "", "mastodon.example", "", "@vsa"]
    given = "\n".join([*answers, ""])
    done = vigie("init", environ={"VIGIE_TELEGRAM__API_URL": telegram.url}, given=given)
    assert done.code == 0, done.err
    written = tomllib.loads((tmp_path / "config.toml").read_text(encoding="utf-8"))
    assert (written["telegram"]["channel"], written["mastodon"]["instance"]) == ("@vsa", "")


def test_questions_that_nobody_answers_end_the_program_as_interrupted(vigie: Vigie, tmp_path: Path) -> None:
    done = vigie("init")
    assert (done.code, names(tmp_path)) == (130, set())
    assert "interrupted; nothing was written" in done.err


def test_a_place_that_cannot_be_written_is_told_before_any_question(vigie: Vigie, tmp_path: Path) -> None:
    done = vigie("--config", "none/config.toml", "init")
    assert (done.code, done.out) == (1, "")
    assert done.err == "vigie: none/config.toml: cannot be written: No such file or directory; create its folder first (mkdir -p none)\n"


def test_the_address_of_a_server_with_its_password_is_in_a_file_that_only_its_owner_reads(vigie: Vigie, tmp_path: Path) -> None:
    url = "postgresql://vigie:sup3rsecret@127.0.0.1:1/vigie"
    done = vigie("init", "--yes", "--database", url)
    assert done.code == 0, done.err
    assert "sup3rsecret" not in (tmp_path / "config.toml").read_text(encoding="utf-8") + done.out
    assert (tmp_path / "database.url").stat().st_mode & 0o777 == 0o600
    assert read_configuration(tmp_path / "config.toml", {}, known_codes=None).settings.database.url == url


def test_what_to_type_next_names_the_configuration(vigie: Vigie, tmp_path: Path) -> None:
    service = f"vigie --config {tmp_path}/config.toml service install"
    assert f"Now:  vigie doctor   then:  vigie run   or, as a service:  {service}\n" in vigie("init", "--yes").out
    done = vigie("--config", "my own.toml", "init", "--yes")
    assert "Now:  vigie --config 'my own.toml' doctor   then:  vigie --config 'my own.toml' run" in done.out


def test_an_option_that_the_example_does_not_have_is_a_fault() -> None:
    assert composed(EXAMPLE, {}) == EXAMPLE
    changed = composed(EXAMPLE, {("telegram", "token_file"): 'a "b"', ("web", "contact"): "é"})
    assert [line for line in changed.splitlines() if line not in EXAMPLE.splitlines()] == ['token_file = "a \\"b\\""', 'contact = "é"']
    with pytest.raises(KeyError):
        composed(EXAMPLE, {("telegram", "nothing"): "x"})
