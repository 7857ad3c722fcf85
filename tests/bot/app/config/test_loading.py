from __future__ import annotations

import errno
import io
import json
import os
import re
import string
import tomllib
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from bot.app.config.destinations import answering, destinations, edited
from bot.app.config.errors import ConfigError
from bot.app.config.loading import read_configuration
from bot.app.config.model import DestinationSettings, Settings
from bot.app.config.values import contact
from bot.delivery.apprise import AppriseChannel
from bot.delivery.console import ConsoleChannel
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.telegram.channel import TelegramChannel
from bot.domain.acts import Filter, Kind
from sources.http.connection import user_agent
from tests.examples import examples

CODES = frozenset({"01", "26", "2A", "2B", "38", "75", "971", "PP", "R-IDF"})


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return read_configuration(file, environ or {}, known_codes=CODES).settings


def secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


TOO_OFTEN = ": sites block who asks more often; less is only for [http.origins] on this machine"
MIRRORS = "[http.origins]\n'https://www.drome.gouv.fr' = 'https://mirror.example.org'\n'https://www.ain.gouv.fr' = 'http://127.0.0.1:1'"


SECRET = "s3cr3t-t0k3n"


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is told of a wrong configuration, never with the secret in it."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environ)
    assert SECRET not in f"{caught.value!r} {caught.value}"
    return [line.removeprefix(f"{folder}/") for line in caught.value.problems]


def entry(name: str, platform: str, *lines: str) -> str:
    return "\n".join(["[[destinations]]", f"name = '{name}'", f"platform = '{platform}'", *lines, ""])


TELEGRAM = "[telegram]\ntoken = '1:T'\n"
MASTODON = "[mastodon]\ninstance = 'mastodon.social'\ntoken = 'M'\n"


def test_the_folder_of_kept_files_is_under_the_one_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(tmp_path, "").reading.kept_folder is None
    assert load(tmp_path, "[reading]\nkept_folder = ' '").reading.kept_folder is None
    assert load(tmp_path, "[reading]\nkept_folder = 'pdfs'").reading.kept_folder == tmp_path / "pdfs"
    assert load(tmp_path, "[reading]\nkept_folder = '/var/lib/vigie'").reading.kept_folder == Path("/var/lib/vigie")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert load(tmp_path, "", {"VIGIE_READING__KEPT_FOLDER": "pdfs"}).reading.kept_folder == elsewhere / "pdfs"


def test_no_file_at_all_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_configuration(None, {}, known_codes=CODES).settings == Settings()


def test_the_file_beside_is_named_as_such_in_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("[telegram]\ntokn = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r'^config\.toml:2: telegram\.tokn: unknown option; did you mean "token"\?$'):
        read_configuration(None, {}, known_codes=CODES)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read: No such file or directory"):
        read_configuration(tmp_path / "missing.toml", {}, known_codes=CODES)


@pytest.mark.parametrize(("encoding", "line", "form"), [("latin-1", 2, "WINDOWS-1252"), ("utf-16", 1, "UTF-16")])
def test_a_file_that_is_not_utf8_is_told_with_its_line_and_what_to_type(tmp_path: Path, encoding: str, line: int, form: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes("[watch]\n# Drôme\n".encode(encoding))
    with pytest.raises(
        ConfigError, match=f"config.toml:{line}: is not a text in UTF-8, but in {form} perhaps; .* -f {form} -t UTF-8 {file}"
    ):
        read_configuration(file, {}, known_codes=CODES)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf[watch]\r\nevery_minutes = 5\r\n")
    assert read_configuration(tmp_path / "config.toml", {}, known_codes=CODES).settings.watch.every_minutes == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[http]\ntimeout_seconds = \n", "config.toml:2: not valid TOML: invalid value (column 19)"),
        ("[http\n", "config.toml:1: not valid TOML: expected ']' at the end of a table declaration (column 6)"),
        ("[http]\na = 1\na = 2\n", "config.toml:3: not valid TOML: cannot overwrite a value (column 6)"),
        ('[http]\ncontact = """', "config.toml:2: not valid TOML: unterminated string"),
    ],
)
def test_toml_errors_name_the_line(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[telegram]\n\ntokn = 'x'", 'config.toml:3: telegram.tokn: unknown option; did you mean "token"?'),
        ("[telegrm]\ntoken = 'x'", 'config.toml:1: telegrm: unknown section; did you mean "telegram"?'),
        ("token = 'x'", "config.toml:1: token: unknown section; it belongs in [telegram]"),
        ("[telegram]\nvisibility = 'public'", "config.toml:2: telegram.visibility: unknown option; it belongs in [mastodon]"),
        ("[log]\nzzzz = 1", "config.toml:2: log.zzzz: unknown option; known here: level, format"),
        ("[http]\ninterval_seconds = '3'", "config.toml:2: http.interval_seconds: expected a number"),
        ("[http]\ninterval_seconds = true", "config.toml:2: http.interval_seconds: expected a number"),
        ("[http]\ninterval_seconds = 0.3", f"config.toml:2: http.interval_seconds: must be at least 3{TOO_OFTEN}"),
        ("[watch]\nevery_minutes = 0.01", f"config.toml:2: watch.every_minutes: must be at least 5{TOO_OFTEN}"),
        (f"[http]\ninterval_seconds = 0\n{MIRRORS}", f"config.toml:2: http.interval_seconds: must be at least 3{TOO_OFTEN}"),
        ("[http]\ninterval_seconds = -1", "config.toml:2: http.interval_seconds: must be at least 0"),
        ("[http]\ninterval_seconds = nan", "config.toml:2: http.interval_seconds: expected a finite number"),
        ("[http]\ntimeout_seconds = 0", "config.toml:2: http.timeout_seconds: must be more than 0"),
        ("[http]\nmax_pdf_megabytes = 1.5", "config.toml:2: http.max_pdf_megabytes: expected a whole number"),
        ("[http]\nrespect_robots = 'yes'", "config.toml:2: http.respect_robots: expected true or false"),
        ("[http]\ncontact = 3", "config.toml:2: http.contact: expected text in quotes"),
        ('[http]\ncontact = "x\\r\\nHost: y"', "config.toml:2: http.contact: must be a mail address or a web address (https://…)"),
        ("http = 3", "config.toml:1: http: expected a table: [http]"),
        ("[watch]\nannounce_since_days = 3661", "config.toml:2: watch.announce_since_days: must be at most 3660"),
        ("[watch]\nauthorities = '26'", "config.toml:2: watch.authorities: expected a list: [ … ]"),
        (
            "[watch]\nauthorities = ['26', '2C']",
            'config.toml:2: watch.authorities[1]: "2C" is not a code of the catalogue; `vigie sources list` shows',
        ),
        (
            '[watch]\ntopics = ["vsa", "drone"]',
            'config.toml:2: watch.topics[1]: "drone" is not a topic; there are: vsa, drones, perimeters',
        ),
        ("[watch]\ntopics = []", "config.toml:2: watch.topics: no topic is watched; there are: vsa, drones, perimeters"),
        ('[watch]\ntopics = ["vsa", "vsa"]', 'config.toml:2: watch.topics: "vsa" stands there twice'),
        ('[watch]\nreview_all = ["vsa", "vsa"]', 'config.toml:2: watch.review_all: "vsa" stands there twice'),
        (
            '[[destinations]]\nname = "a"\nplatform = "console"\ntopics = ["vsa", "vsa"]',
            'config.toml:4: destinations[0].topics: "vsa" stands there twice',
        ),
        ('[watch]\nreview_all = ["drones"]', 'config.toml:2: watch.review_all: "drones" is not watched; add it to watch.topics'),
        (
            '[[destinations]]\nname = "a"\nplatform = "console"\ntopics = ["perimeters"]',
            'config.toml:4: destinations[0].topics: "perimeters" is not watched; add it to watch.topics',
        ),
        ("[log]\nlevel = 'verbose'", 'config.toml:2: log.level: must be one of "debug", "info", "warning", "error" or "critical"'),
        ("[database]\nurl = 'mysql://u:secret@h/d'", 'config.toml:2: database.url: must look like "sqlite:///vigie.db" or'),
        ("[database]\nurl = 'sqlite:///:memory:'", "config.toml:2: database.url: a database in memory forgets what was posted"),
        ("[telegram]\napi_url = 'http://example.org'", "config.toml:2: telegram.api_url: plain http is allowed only to this machine"),
        ("[telegram]\napi_url = 'ftp://example.org'", 'config.toml:2: telegram.api_url: must be an address that starts with "https://"'),
        ("[telegram]\ntoken = 'a b'", "config.toml:2: telegram.token: is not a token"),
        ("[telegram]\ntoken = '1:t'\nchannel = 'vigie_vsa'", 'config.toml:3: telegram.channel: must be "@name" or a numeric id such as'),
        ("destinations = 3", "config.toml:1: destinations: expected a list: [ … ]"),
        ("[[destinations]]\nname = 'a'", "config.toml:1: destinations[0].platform: is required"),
        ("[[destinations]]\nname = ' '\nplatform = 'console'", "config.toml:2: destinations[0].name: must not be empty"),
        ("[[destinations]]\nname = 'a'\nplatform = 'signal'", "config.toml:3: destinations[0].platform: must be one of"),
        (
            "[[destinations]]\nname = 'a'\nplatform = 'console'\nkinds = ['ban']",
            'config.toml:4: destinations[0].kinds[0]: must be one of "authorisation", "renewal"',
        ),
        (
            "[[destinations]]\nname = 'a'\nplatform = 'console'\n[[destinations]]\nname = 'b'\nplatfrm = 'console'\nplatform = 'console'",
            'config.toml:6: destinations[1].platfrm: unknown option; did you mean "platform"?',
        ),
        # What cannot work
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
def test_each_problem_is_told_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    [told] = problems(tmp_path, text)
    assert told.startswith(expected)


@pytest.mark.parametrize(
    ("given", "read", "meant"),
    [
        ("R_IDF", "R_IDF", '"R-IDF"'),
        ("1", "1", '"01"'),
        ("Drôme", "DRÔME", '"26"'),
        ("Dromme", "DROMME", '"26"'),
        ("Ajaccio", "AJACCIO", '"2A"'),
        ("Corse", "CORSE", '"2A", "2B"'),
    ],
)
def test_what_was_meant_by_a_wrong_code_is_told(tmp_path: Path, given: str, read: str, meant: str) -> None:
    told = f'config.toml:2: watch.authorities[0]: "{read}" is not a code of the catalogue; did you mean {meant}?'
    assert problems(tmp_path, f"[watch]\nauthorities = ['{given}']") == [told]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        "[http]\ninterval_seconds = 'x'\n[watch]\nauthorities = ['ZZ']\n"
        "[[destinations]]\nname = 'a'\nplatform = 'telegram'\nchat = '@drome'\n",
        {"VIGIE_LOG__LEVL": "info"},
    )
    assert told[0] == 'environment variable VIGIE_LOG__LEVL: unknown option; did you mean "VIGIE_LOG__LEVEL"?'
    assert [line.split(": ")[0] for line in told[1:]] == ["config.toml:2", "config.toml:4", "config.toml:7"]


def test_codes_are_put_in_their_usual_form(tmp_path: Path) -> None:
    assert load(tmp_path, "[watch]\nauthorities = ['2a', 1, 26, ' pp ']").watch.authorities == ("2A", "01", "26", "PP")


def test_a_chat_id_may_be_a_number(tmp_path: Path) -> None:
    assert load(tmp_path, "[telegram]\ntoken = '1:t'\nchannel = -1001234567890").telegram.channel == "-1001234567890"


@pytest.mark.parametrize("given", ["https://API.example.org", "https://api.example.org/", "https://api.example.org/bot"])
def test_the_bot_api_address_has_one_form(tmp_path: Path, given: str) -> None:
    assert load(tmp_path, f"[telegram]\napi_url = '{given}'").telegram.api_url == "https://api.example.org"


@pytest.mark.parametrize("given", ["http://127.0.0.1:9000/bot", "http://localhost:9000", "http://[::1]:9000"])
def test_plain_http_is_allowed_to_this_machine(tmp_path: Path, given: str) -> None:
    assert load(tmp_path, f"[telegram]\napi_url = '{given}'").telegram.api_url.startswith("http://")


def test_origins_are_put_in_one_form(tmp_path: Path) -> None:
    text = "[http.origins]\n'https://www.Var.gouv.fr/' = 'http://127.0.0.1:8123/var/'\n'https://www.ain.gouv.fr' = 'https://mirror.example/ain'"
    assert load(tmp_path, text).http.origins == {
        "https://www.var.gouv.fr": "http://127.0.0.1:8123/var",
        "https://www.ain.gouv.fr": "https://mirror.example/ain",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("'http://www.var.gouv.fr' = 'https://a.example'", "plain http is allowed only"),
        ("'https://www.var.gouv.fr/raa' = 'https://a.example'", "must be an origin only"),
        ("'https://www.var.gouv.fr' = 'http://10.0.0.1'", "plain http is allowed only"),
        ("'https://www.var.gouv.fr' = 3", "expected text in quotes"),
    ],
)
def test_wrong_origins_are_told(tmp_path: Path, line: str, expected: str) -> None:
    [told] = problems(tmp_path, f"[http.origins]\n{line}")
    assert re.match(r'config\.toml:2: http\.origins\."https?://www\.var\.gouv\.fr(/raa)?": ', told)
    assert expected in told


@pytest.mark.parametrize("form", ["https://example.org/a{}b", "a{}b@example.org"])
@pytest.mark.parametrize("sign", string.printable)
def test_a_contact_that_is_accepted_fits_in_a_user_agent(form: str, sign: str) -> None:
    try:
        accepted = contact(form.format(sign))
    except ValueError as refusal:
        assert not sign.isalnum()
        assert "mail address or a web address" in str(refusal)  # noqa: PT017 - either outcome is right, depending on the sign
    else:
        assert accepted in user_agent("1.0", accepted)


SECTION_NAMES = st.sampled_from([*Settings.model_fields, "telegrm", "x y"])
OPTION_NAMES = st.sampled_from(
    ["token", "token_file", "url", "chat", "name", "platform", "instance", "origins", "authorities", "departments", "channel", "", "é\n"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def toml(value: object) -> str:
    """A value as TOML; json's strings are TOML's, but for the delete character and surrogates."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if value is None or isinstance(value, float):
        return "nan"
    return json.dumps(value)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(SECTION_NAMES, VALUES | st.dictionaries(OPTION_NAMES, VALUES, max_size=4), max_size=4))
def test_whatever_is_written_gives_settings_or_a_clear_error(tmp_path: Path, document: dict[str, object]) -> None:
    file = tmp_path / "config.toml"
    file.write_text("\n".join(f"{toml(key)} = {toml(value)}" for key, value in document.items()), encoding="utf-8")
    told = None
    try:
        read_configuration(file, {}, known_codes=CODES)
    except ConfigError as error:
        told = str(error).splitlines()
    assert told is None or (told and all(line.startswith(f"{file}:") for line in told))


# Options of the form of posts, and destinations through Apprise.


def test_a_service_of_apprise_has_a_secret_address(tmp_path: Path) -> None:
    settings = load(tmp_path, entry("x", "apprise", f'url = " ntfys://ntfy.example/{SECRET} "'))
    [service] = destinations(settings)
    assert secret(service.url) == f"ntfys://ntfy.example/{SECRET}"
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


def test_its_address_may_be_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "service.url").write_text(f"json://127.0.0.1/{SECRET}\n", encoding="utf-8")
    [service] = destinations(load(tmp_path, entry("x", "apprise", 'url_file = "service.url"')))
    assert secret(service.url) == f"json://127.0.0.1/{SECRET}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), 'an apprise destination needs url = "service://…" or url_file'),
        ((f'url = "ntfy {SECRET}"',), "is not an address of Apprise"),
        ((f'url = "{SECRET}"',), "is not an address of Apprise"),
        ((f'url = "json://h/{SECRET}"', 'url_file = "a"'), "both url and url_file are given; keep one"),
        (('url_file = "absent"',), "No such file"),
        ((f'url = "json://h/{SECRET}"', 'chat = "@vsa"'), "is only for a telegram destination"),
        ((f'url = "json://h/{SECRET}"', 'visibility = "public"'), "is only for a mastodon destination"),
        ((f'url = "json://h/{SECRET}"', "answer_mentions = true"), "is only for a mastodon destination"),
    ],
)
def test_what_is_wrong_with_a_service_is_told_without_its_address(tmp_path: Path, lines: tuple[str, ...], expected: str) -> None:
    [told] = problems(tmp_path, entry("x", "apprise", *lines))
    assert expected in told


def test_two_destinations_of_one_service_in_one_language_are_one(tmp_path: Path) -> None:
    one = entry("x", "apprise", f'url = "json://h/{SECRET}"')
    other = entry("y", "apprise", f'url = "json://h/{SECRET}"')
    [told] = problems(tmp_path, one + other)
    assert "already posts to this service in this language" in told
    assert len(destinations(load(tmp_path, f'{one}{other}language = "en"'))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("https://vigie.example/", "https://vigie.example"), ("https://vigie.example/vsa/", "https://vigie.example/vsa"), ("", ""), (" ", "")],
)
def test_the_public_address_has_no_slash_at_its_end(tmp_path: Path, text: str, expected: str) -> None:
    assert load(tmp_path, f'[web]\npublic_url = "{text}"').web.public_url == expected


@pytest.mark.parametrize(
    "text", ["http://vigie.example", "http://127.0.0.1", "vigie.example", "https://u:p@v.example", "https://v.example?a=1"]
)
def test_other_addresses_are_not_posted_for_everybody(tmp_path: Path, text: str) -> None:
    assert "web.public_url" in problems(tmp_path, f'[web]\npublic_url = "{text}"')[0]


def test_form_of_an_account_is_that_of_its_section_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = """
    [mastodon]
    instance = "social.example"
    token = "T"
    content_warning = " Vidéosurveillance "
    visibility = "unlisted"
    [[destinations]]
    name = "other"
    platform = "mastodon"
    token = "U"
    content_warning = ""
    visibility = "private"
    [[destinations]]
    name = "same"
    platform = "mastodon"
    token = "V"
    """
    form = {entry.name: (entry.content_warning, entry.visibility) for entry in destinations(load(tmp_path, text))}
    assert form == {"mastodon": ("Vidéosurveillance", "unlisted"), "other": ("", "private"), "same": ("Vidéosurveillance", "unlisted")}


def test_an_account_answers_mentions_once_where_it_may(tmp_path: Path) -> None:
    section = '[mastodon]\ninstance = "social.example"\ntoken = "T"\n'
    assert answering(load(tmp_path, section)) == ()
    entry = '[[destinations]]\nname = "{name}"\nplatform = "mastodon"\nlanguage = "{language}"\n{more}\n'
    both = entry.format(name="fr", language="fr", more="") + entry.format(name="en", language="en", more="")
    other = entry.format(name="other", language="fr", more='token = "U"\nanswer_mentions = false')
    settings = load(tmp_path, f"{section}answer_mentions = true\n{both}{other}")
    assert [one.name for one in answering(settings)] == ["fr"]


@pytest.mark.parametrize("warning", ["a" * 101, "two\\nlines"])
def test_a_warning_is_one_short_line(tmp_path: Path, warning: str) -> None:
    [told] = problems(tmp_path, f'[mastodon]\ncontent_warning = "{warning}"')
    assert "one line of at most 100 characters" in told


# `config.example.toml` is documentation: these tests keep it true.


EXAMPLE = Path(__file__).parents[4] / "config.example.toml"
SECTIONS = {name: f.annotation for name, f in Settings.model_fields.items() if name != "destinations"}


def uncommented() -> dict[str, Any]:
    """The example with its commented options switched on: "#" directly before a name, a quote or a bracket."""
    return tomllib.loads(re.sub(r'^#(?=["\[a-z])', "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))


def plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value


def test_it_loads_and_changes_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "config.toml"
    copy.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    settings = read_configuration(copy, {}, known_codes=frozenset()).settings
    assert settings.model_copy(update={"database": Settings().database}) == Settings()
    assert settings.database.url == f"sqlite:///{tmp_path}/vigie.db"


@pytest.mark.parametrize("section", SECTIONS)
def test_it_names_every_option_of_a_section_with_its_default(section: str) -> None:
    model = SECTIONS[section]
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    shown, defaults = uncommented()[section], model()
    assert set(shown) == set(model.model_fields)
    for option in set(shown) - {"origins", "lists"}:  # shown by an example: the default is "none"
        default = plain(getattr(defaults, option))
        assert shown[option] == ("" if default is None else default), option


def test_it_names_every_option_of_a_destination() -> None:
    shown = uncommented()["destinations"]
    assert {option for entry in shown for option in entry} == set(DestinationSettings.model_fields)
    defaults = DestinationSettings(name="x", platform="console")
    for option in ("departments", "kinds", "operators", "language"):
        assert shown[0][option] == plain(getattr(defaults, option))


def test_every_option_is_documented() -> None:
    for model in (*SECTIONS.values(), DestinationSettings):
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_the_example_destinations_are_valid_once_their_token_is_there(tmp_path: Path) -> None:
    (tmp_path / "mastodon.token").write_text("M", encoding="utf-8")
    (tmp_path / "apprise.url").write_text("json://127.0.0.1/vsa", encoding="utf-8")
    text = re.sub(r"^#(?=[\[a-z])", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    settings = read_configuration(tmp_path / "config.toml", {"VIGIE_TELEGRAM__TOKEN": "1:T"}, known_codes=frozenset({"26"})).settings
    assert [entry.name for entry in settings.destinations] == ["drome", "compte-du-collectif", "autre-service"]


def test_other_machines_read_what_is_in_a_database_that_they_reach(tmp_path: Path) -> None:
    engine = "[reading]\nengine = 'procrastinate'\n"
    assert load(tmp_path, engine + "[database]\nurl = 'postgresql://vigie@db.example/vigie'").storage.keep_pdfs == "decrees"
    for database in ("", "[database]\nurl = 'sqlite:///other.db'"):
        with pytest.raises(ConfigError, match=r"config\.toml:2: reading\.engine: procrastinate needs PostgreSQL"):
            load(tmp_path, engine + database)
    with pytest.raises(ConfigError, match=r"config\.toml:2.*reading\.engine"):
        load(tmp_path, "[reading]\nengine = 'celery'")


# Secrets: where they come from, and that none is shown.


TOKEN = f"123456:{SECRET}"


def test_a_token_comes_from_the_file_the_environment_or_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "telegram.token").write_text(f"  {TOKEN}\n", encoding="utf-8")
    assert secret(load(tmp_path, f"[telegram]\ntoken = '{TOKEN}'").telegram.token) == TOKEN
    assert secret(load(tmp_path, "", {"VIGIE_TELEGRAM__TOKEN": TOKEN}).telegram.token) == TOKEN
    assert secret(load(tmp_path, "[telegram]\ntoken_file = 'telegram.token'").telegram.token) == TOKEN


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "old.token").write_text("old", encoding="utf-8")
    for text in ("[telegram]\ntoken = 'old'", "[telegram]\ntoken_file = 'old.token'"):
        assert secret(load(tmp_path, text, {"VIGIE_TELEGRAM__TOKEN": TOKEN}).telegram.token) == TOKEN


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert secret(load(tmp_path, f"[telegram]\ntoken = '{TOKEN}'", {"VIGIE_TELEGRAM__TOKEN": " "}).telegram.token) == TOKEN


def test_any_option_may_come_from_the_environment(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "",
        {
            "VIGIE_HTTP__INTERVAL_SECONDS": "0",
            "VIGIE_HTTP__RESPECT_ROBOTS": "false",
            "VIGIE_HTTP__ORIGINS": '{"https://www.var.gouv.fr": "http://127.0.0.1:1/var"}',
            "VIGIE_WATCH__AUTHORITIES": "26",
            "VIGIE_READING__OCR": "no",
            "VIGIE_TELEGRAM__TOKEN": "123456:t",
            "VIGIE_TELEGRAM__CHANNEL": "-100123",
            "VIGIE_LOG__LEVEL": "debug",
            "VIGIE_CONFIG": "left to others",
            "PATH": "/bin",
        },
    )
    assert settings.http.interval_seconds == 0
    assert not settings.http.respect_robots
    assert settings.http.origins == {"https://www.var.gouv.fr": "http://127.0.0.1:1/var"}
    assert settings.watch.authorities == ("26",)
    assert not settings.reading.ocr
    assert secret(settings.telegram.token) == "123456:t"
    assert settings.telegram.channel == "-100123"
    assert settings.log.level == "debug"


def test_lists_and_tables_may_be_written_as_in_toml(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "",
        {
            "VIGIE_WATCH__AUTHORITIES": '["26"]',
            "VIGIE_HTTP__ORIGINS": '{"https://a.example" = "https://b.example"}',
            "VIGIE_WEB__LISTS": '{26 = "https://listes.example/vsa-26", 2a = "https://listes.example/vsa-2a"}',
        },
    )
    assert settings.web.lists == {"26": "https://listes.example/vsa-26", "2A": "https://listes.example/vsa-2a"}
    assert settings.watch.authorities == ("26",)
    assert settings.http.origins == {"https://a.example": "https://b.example"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("VIGIE_TELEGRAM__TOKN", TOKEN, 'unknown option; did you mean "VIGIE_TELEGRAM__TOKEN"?'),
        ("VIGIE_TELEGRM__TOKEN", TOKEN, 'unknown section; did you mean "VIGIE_TELEGRAM__TOKEN"?'),
        ("VIGIE_DESTINATIONS__TOKEN", TOKEN, "destinations are given in the configuration file"),
        ("VIGIE_HTTP__INTERVAL_SECONDS", "soon", "expected a number"),
        ("VIGIE_HTTP__RESPECT_ROBOTS", "maybe", "expected true or false"),
        ("VIGIE_WATCH__AUTHORITIES", "26,27", '"27" is not a code of the catalogue; `vigie sources list` shows them'),
        ("VIGIE_DATABASE__URL", f"mysql://u:{SECRET}@h/d", "must look like"),
    ],
)
def test_wrong_variables_are_told_by_name_and_never_by_value(tmp_path: Path, name: str, value: str, expected: str) -> None:
    [told] = problems(tmp_path, "", {name: value})
    assert told.startswith(f"environment variable {name}: {expected}")


def test_secrets_are_in_no_repr_and_no_error(tmp_path: Path) -> None:
    text = (
        f"[telegram]\ntoken = '{TOKEN}'\nchannel = '@drome'\n[mastodon]\ninstance = 'm.example'\ntoken = '{TOKEN}'\n"
        f"[database]\nurl = 'postgresql://u:{SECRET}@h/d'\n"
    )
    settings = load(tmp_path, text)
    for shown in (repr(settings), str(settings), repr(destinations(settings)), settings.model_dump_json(exclude={"database"})):
        assert SECRET not in shown
    wrong = (
        f"token = '{TOKEN}'\n[telegram]\ntokn = '{TOKEN}'\ntoken = ['{TOKEN}']\napi_url = 'http://u:{TOKEN}@h'\n[log]\nlevel = '{TOKEN}'"
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, wrong)
    assert len(caught.value.problems) == 5
    assert SECRET not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\xff\xfe", "is not a text in UTF-8"),
        (b"x" * 5000, "is too large"),
        (
            b'VIGIE_TELEGRAM__TOKEN="1:s3cr3t"',
            "holds NAME=…, and must hold the secret alone: remove what stands before it, and quotes around it$",
        ),
        (b"export T=1:s3cr3t", "holds NAME=…"),
    ],
)
def test_a_token_file_that_gives_no_token_is_told(tmp_path: Path, content: bytes | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"config\.toml:2: telegram\.token_file: .*/t: {expected}"):
        load(tmp_path, "[telegram]\ntoken_file = 't'")


def test_token_and_token_file_together_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:3: telegram\.token_file: both token and token_file are given"):
        load(tmp_path, "[telegram]\ntoken = 'a'\ntoken_file = 't'")


def test_paths_of_the_file_start_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "etc"
    elsewhere.mkdir()
    home.mkdir()
    monkeypatch.chdir(elsewhere)
    (home / "t").write_text(TOKEN, encoding="utf-8")
    assert load(home, "").database.url == f"sqlite:///{home}/vigie.db"
    (home / "data").mkdir()
    assert load(home, "[database]\nurl = 'sqlite:///data/v.db'").database.url == f"sqlite:///{home}/data/v.db"
    assert load(home, "[database]\nurl = 'sqlite:////v.db'").database.url == "sqlite:////v.db"
    assert secret(load(home, "[telegram]\ntoken_file = 't'").telegram.token) == TOKEN
    assert load(home, "", {"VIGIE_DATABASE__URL": "sqlite:///v.db"}).database.url == f"sqlite:///{elsewhere}/v.db"
    assert load(home, "[database]\nurl = 'postgresql://u@h/d'").database.url == "postgresql://u@h/d"


@pytest.mark.parametrize(("closed", "where"), [("config.toml", ""), ("t", r"config\.toml:2: telegram\.token_file: ")])
def test_a_file_that_the_user_of_the_program_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str, where: str) -> None:
    (tmp_path / "config.toml").write_text("[telegram]\ntoken_file = 't'", encoding="utf-8")
    opened = io.open

    def refused(file: Any, *given: Any, **named: Any) -> Any:
        if file == tmp_path / closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return opened(file, *given, **named)

    monkeypatch.setattr(io, "open", refused)  # root, who may run the tests, reads every file
    monkeypatch.setattr(os, "geteuid", lambda: 10001)
    why = f"/{closed}: cannot be read: user 10001, as whom Vigie runs, has no right to (chown it and its folder to that user)"
    with pytest.raises(ConfigError, match=rf"{where}\S*{re.escape(why)}$"):
        read_configuration(tmp_path / "config.toml", {}, known_codes=frozenset())


def test_a_folder_that_may_not_be_entered_is_not_one_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    monkeypatch.chdir(tmp_path / "closed")
    refused = Mock(side_effect=PermissionError(errno.EACCES, "Permission denied", "config.toml"))
    monkeypatch.setattr(Path, "is_file", refused)
    monkeypatch.setattr(io, "open", refused)
    with pytest.raises(ConfigError, match=r"^config\.toml: cannot be read: user \d+, as whom Vigie runs, has no right to"):
        read_configuration(None, {}, known_codes=frozenset())


# The destinations that a configuration means.


def test_with_nothing_configured_the_console_is_the_destination(tmp_path: Path) -> None:
    (only,) = destinations(Settings())
    assert (only.name, only.platform, only.wanted) == ("console", "console", Filter())
    assert [d.name for d in destinations(load(tmp_path, TELEGRAM))] == ["console"]


def test_the_shorthands_are_destinations(tmp_path: Path) -> None:
    telegram, mastodon = destinations(load(tmp_path, TELEGRAM + "channel = '@vigie'\n" + MASTODON + "visibility = 'unlisted'"))
    assert (telegram.name, telegram.platform, telegram.chat) == ("telegram", "telegram", "@vigie")
    assert secret(telegram.token) == "1:T"
    assert (mastodon.name, mastodon.platform, mastodon.instance) == ("mastodon", "mastodon", "https://mastodon.social")
    assert mastodon.visibility == "unlisted"
    assert secret(mastodon.token) == "M"


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
    assert secret(other.token) == "N"


def test_a_shorthand_never_posts_twice_where_an_entry_already_posts(tmp_path: Path) -> None:
    text = TELEGRAM + "channel = '@Vigie'\n" + MASTODON + entry("a", "telegram", "chat = '@vigie'") + entry("b", "mastodon")
    assert [d.name for d in destinations(load(tmp_path, text))] == ["a", "b"]


def test_the_operators_chat_is_no_destination(tmp_path: Path) -> None:
    settings = load(tmp_path, TELEGRAM + "operators_chat = -5\noperators_language = 'en'\n" + entry("a", "telegram", "chat = -6"))
    assert (settings.telegram.operators_chat, settings.telegram.operators_language) == ("-5", "en")
    assert [d.name for d in destinations(settings)] == ["a"]


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
    told = problems(tmp_path, "telegram = 3\nmastodon = []\ndestinations = [4]\n")
    assert [line.split(": ", 1)[1] for line in told] == [
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
