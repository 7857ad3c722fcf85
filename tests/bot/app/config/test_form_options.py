"""Options of the form of posts, and destinations through Apprise."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.config.destinations import answering, destinations
from bot.app.config.errors import ConfigError
from bot.app.config.loading import load_settings
from bot.app.config.model import Settings

SECRET = "jeton-tres-secret"


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path / "config.toml", {}, known_codes=frozenset())


def told(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, text)
    assert SECRET not in str(raised.value)
    return str(raised.value)


def apprise(*lines: str) -> str:
    return "\n".join(("[[destinations]]", 'name = "x"', 'platform = "apprise"', *lines))


def test_a_service_of_apprise_has_a_secret_address(tmp_path: Path) -> None:
    settings = loaded(tmp_path, apprise(f'url = " ntfys://ntfy.example/{SECRET} "'))
    (entry,) = destinations(settings)
    assert entry.url is not None
    assert entry.url.get_secret_value() == f"ntfys://ntfy.example/{SECRET}"
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


def test_its_address_may_be_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "service.url").write_text(f"json://127.0.0.1/{SECRET}\n", encoding="utf-8")
    (entry,) = destinations(loaded(tmp_path, apprise('url_file = "service.url"')))
    assert entry.url is not None
    assert entry.url.get_secret_value() == f"json://127.0.0.1/{SECRET}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), 'an apprise destination needs url = "service://…" or url_file'),
        ((f'url = "ntfy {SECRET}"',), "is not an address of Apprise"),
        ((f'url = "{SECRET}"',), "is not an address of Apprise"),
        ((f'url = "json://h/{SECRET}"', 'url_file = "a"'), "both url and url_file are given; keep one"),
        (('url_file = "absent"',), "No such file"),
        ((f'url = "json://h/{SECRET}"', 'chat = "@vsa"'), "is only for a telegram destination"),
        ((f'url = "json://h/{SECRET}"', "thread = true"), "is only for a mastodon destination"),
        ((f'url = "json://h/{SECRET}"', "answer_mentions = true"), "is only for a mastodon destination"),
    ],
)
def test_what_is_wrong_with_a_service_is_told_without_its_address(tmp_path: Path, lines: tuple[str, ...], expected: str) -> None:
    assert expected in told(tmp_path, apprise(*lines))


def test_two_destinations_of_one_service_in_one_language_are_one(tmp_path: Path) -> None:
    one = apprise(f'url = "json://h/{SECRET}"')
    other = one.replace('name = "x"', 'name = "y"')
    assert "already posts to this service in this language" in told(tmp_path, f"{one}\n{other}")
    assert len(destinations(loaded(tmp_path, f'{one}\n{other}\nlanguage = "en"'))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("https://vigie.example/", "https://vigie.example"), ("https://vigie.example/vsa/", "https://vigie.example/vsa"), ("", ""), (" ", "")],
)
def test_the_public_address_has_no_slash_at_its_end(tmp_path: Path, text: str, expected: str) -> None:
    assert loaded(tmp_path, f'[web]\npublic_url = "{text}"').web.public_url == expected


@pytest.mark.parametrize(
    "text", ["http://vigie.example", "http://127.0.0.1", "vigie.example", "https://u:p@v.example", "https://v.example?a=1"]
)
def test_other_addresses_are_not_posted_for_everybody(tmp_path: Path, text: str) -> None:
    assert "web.public_url" in told(tmp_path, f'[web]\npublic_url = "{text}"')


def test_form_of_an_account_is_that_of_its_section_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = """
    [mastodon]
    instance = "social.example"
    token = "T"
    content_warning = " Vidéosurveillance "
    thread = true
    [[destinations]]
    name = "other"
    platform = "mastodon"
    token = "U"
    content_warning = ""
    thread = false
    [[destinations]]
    name = "same"
    platform = "mastodon"
    token = "V"
    """
    form = {entry.name: (entry.content_warning, entry.thread) for entry in destinations(loaded(tmp_path, text))}
    assert form == {"mastodon": ("Vidéosurveillance", True), "other": ("", False), "same": ("Vidéosurveillance", True)}


def test_an_account_answers_mentions_once_where_it_may(tmp_path: Path) -> None:
    section = '[mastodon]\ninstance = "social.example"\ntoken = "T"\n'
    assert answering(loaded(tmp_path, section)) == ()
    entry = '[[destinations]]\nname = "{name}"\nplatform = "mastodon"\nlanguage = "{language}"\n{more}\n'
    both = entry.format(name="fr", language="fr", more="") + entry.format(name="en", language="en", more="")
    other = entry.format(name="other", language="fr", more='token = "U"\nanswer_mentions = false')
    settings = loaded(tmp_path, f"{section}answer_mentions = true\n{both}{other}")
    assert [one.name for one in answering(settings)] == ["fr"]


@pytest.mark.parametrize("warning", ["a" * 101, "two\\nlines"])
def test_a_warning_is_one_short_line(tmp_path: Path, warning: str) -> None:
    assert "one line of at most 100 characters" in told(tmp_path, f'[mastodon]\ncontent_warning = "{warning}"')


def test_posts_are_edited_unless_told_otherwise(tmp_path: Path) -> None:
    assert Settings().delivery.edit_posts
    assert not loaded(tmp_path, "[delivery]\nedit_posts = false").delivery.edit_posts
