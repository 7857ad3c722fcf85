from __future__ import annotations

import io
import json
import sys

import pytest

from bot.app.config.model import Settings
from bot.domain.secrets import RedactedStream, scrub

TOKEN = "123456789:AA-secret_of&the\"bot'"


@pytest.mark.parametrize(
    "shown",
    [
        TOKEN,
        f"https://api.example/bot{TOKEN}/getMe",
        "https://api.example/bot123456789%3AAA-secret_of%26the%22bot%27/getMe",
        "https://api.example/bot123456789%3aAA-secret_of%26the%22bot%27/getMe",
        "https://api.example/bot123456789:AA-secret_of&amp;the&quot;bot&#x27;/getMe",
        json.dumps({"path": f"/bot{TOKEN}/getMe"}),
        repr(f"/bot{TOKEN}/getMe"),
        repr(f"/bot{TOKEN}/getMe".encode()),
    ],
)
def test_a_secret_is_removed_as_it_is_written(shown: str) -> None:
    hidden = scrub(shown, TOKEN, "")
    assert "[secret]" in hidden
    assert "secret_of" not in hidden


def test_texts_without_secrets_stay() -> None:
    assert scrub("rien", TOKEN) == scrub("rien") == scrub("rien", "") == "rien"


def test_the_longest_secret_is_removed_first() -> None:
    assert scrub("json://a-secret@host", "a-secret", "json://a-secret@host") == "[secret]"
    assert scrub("a-secret@host", "a-secret", "a-secret@host") == "[secret]"


def test_a_stream_writes_no_secret_and_is_the_stream_in_all_else() -> None:
    inner = io.StringIO()
    stream = RedactedStream(inner, [TOKEN])
    assert stream.write(f"a {TOKEN} b") == len(TOKEN) + 4
    print("more", TOKEN, file=stream)
    assert inner.getvalue() == "a [secret] bmore [secret]\n"
    assert stream.isatty() is False


def test_the_secrets_of_the_settings() -> None:
    settings = Settings.model_validate(
        {
            "telegram": {"token": "123456789:AA-a-token-that-is-long-enough"},
            "mastodon": {"token": "of-mastodon", "instance": "m.example"},
            "database": {"url": "postgresql://vigie:long%40password@db.example/vigie_archive"},
            "destinations": [
                {"name": "own", "platform": "mastodon", "token": "own-token"},
                {"name": "hook", "platform": "apprise", "url": "jsons://u:pw@hook.example/some/Zk3vQm81xs?token=qPz81-ttkw"},
                {"name": "slack", "platform": "apprise", "url": "slack://TokenAAAA1/TokenBBBB2/TokenCCCC3"},
            ],
        }
    )
    assert settings.secrets >= {
        "123456789:AA-a-token-that-is-long-enough", "AA-a-token-that-is-long-enough", "of-mastodon", "own-token", "long%40password",
        "long@password", "jsons://u:pw@hook.example/some/Zk3vQm81xs?token=qPz81-ttkw", "Zk3vQm81xs", "qPz81-ttkw", ":pw@",
        "TokenAAAA1", "TokenBBBB2", "TokenCCCC3",
    }  # fmt: skip
    # What is no secret, or too common a word to be hidden wherever it stands.
    assert settings.secrets.isdisjoint({"vigie", "vigie_archive", "db.example", "hook.example", "m.example", "pw", "some", "123456789"})


def test_a_stream_that_is_wrapped_at_every_new_configuration_goes_on_to_write() -> None:
    inner = io.StringIO()
    stream = RedactedStream(inner, ["the-token-of-before"])
    for _ in range(sys.getrecursionlimit()):
        stream = RedactedStream(stream, [TOKEN])
    stream.write(f"{TOKEN} the-token-of-before end")
    assert inner.getvalue() == "[secret] [secret] end"
