from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.database import in_memory, masked, parse_url
from bot.storage.errors import BadUrl


@pytest.mark.parametrize(
    ("text", "driver", "database"),
    [
        ("sqlite:///vigie.db", "sqlite", "vigie.db"),
        ("sqlite:////var/lib/vigie/vigie.db", "sqlite", "/var/lib/vigie/vigie.db"),
        (" sqlite+pysqlite:///vigie.db\n", "sqlite", "vigie.db"),
        ("sqlite://", "sqlite", ":memory:"),
        ("sqlite:///:memory:", "sqlite", ":memory:"),
        ("postgresql://u:p@host/vigie", "postgresql+psycopg", "vigie"),
        ("postgres://u@host/vigie", "postgresql+psycopg", "vigie"),
        ("postgresql+psycopg://u@/vigie?host=/run/postgresql", "postgresql+psycopg", "vigie"),
    ],
)
def test_what_is_accepted(text: str, driver: str, database: str) -> None:
    url = parse_url(text)
    assert (url.drivername, url.database) == (driver, database)
    assert in_memory(url) is (database == ":memory:")


def test_the_home_folder_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse_url("sqlite:///~/vigie.db").database == "/home/someone/vigie.db"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a database address"),
        ("vigie.db", "not a database address"),
        ("mysql://root:s3cret@host/vigie", "only sqlite and postgresql"),
        ("sqlite://vigie.db", "three slashes"),
        ("sqlite:///vigie.db?mode=ro", "no options"),
        ("postgresql://u:s3cret@host:port/vigie", "not a database address"),
        ("postgresql://u:s3cret@s3cret@host/vigie", "write it as %40"),
        ("u:s3cret@host/vigie", "not a database address"),
        ("postgresql+asyncpg://u:s3cret@host/vigie", "only sqlite and postgresql"),
    ],
)
def test_what_is_not_says_why_and_keeps_the_password(text: str, words: str) -> None:
    with pytest.raises(BadUrl, match=words) as raised:
        parse_url(text)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@given(st.text(alphabet="s3cret@:/?#%&= ", min_size=1))
def test_no_password_is_ever_shown(rest: str) -> None:
    secret = f"HIDDEN{rest}HIDDEN"
    try:
        shown = masked(parse_url(f"postgresql://user:{secret}@host/vigie"))
    except BadUrl as error:
        shown = str(error)
    assert "HIDDEN" not in shown


def test_a_password_among_the_parameters_is_not_shown() -> None:
    url = parse_url("postgresql://host/vigie?user=u&password=s3cret&sslpassword=s3cret&application_name=x")
    assert "s3cret" not in masked(url)
    assert "application_name=x" in masked(url)
