"""Defines types that normalise options or raise errors for the operator, which never repeat a secret. The validation context has
`known_codes` (codes of the catalogue) and `check_service` (raises ValueError for an unusable Apprise address); None skips that check.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict, ValidationInfo

from bot.app.config.errors import closest, printable
from bot.domain.lazily import lazily
from bot.domain.secrets import is_loopback, split_address, web_base
from bot.domain.topics import topics
from bot.gazetteer.gazetteer import Department, Region

# Plain values: each function returns the normal form or raises ValueError.

# Telegram gives names of four letters and more; whether one exists is for its server to say.
_CHAT_NAME = re.compile(r"@[A-Za-z][A-Za-z0-9_]{1,31}")
_CHAT_ID = re.compile(r"-?[0-9]{1,19}")
_MAIL = re.compile(r"[^@\s<>()\"',;]+@[^@\s<>()\"',;]+\.[^@\s<>()\"',;]+")
# What the comment of a User-Agent can carry: the characters of an address, but for those that would end it.
_IN_USER_AGENT = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'*+,;=%-]+")
_LONGEST_WARNING = 100
_LISTEN_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
_PORTS = 65_536
_APPRISE = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\x00-\x1f]+", re.IGNORECASE)
_BOT_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:///(?P<file>.+)")
_SECRET_ADDRESS = re.compile(r"[^:/]+://(?:(?P<user>.*)@)?(?P<host>[^/?:]*)(?::\d+)?(?P<rest>.*)", re.DOTALL)
_PASSWORD_OPTION = re.compile(r"[?&]pass(?:word)?=([^&]*)")
_SHORTEST_SECRET = 8
_POSTGRES = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://.+")


def public_url(value: str) -> str:
    """Return the https address, without a slash at its end, under which the operator's own server shows decrees; empty for none."""
    if not value.strip():
        return ""
    base = web_base(value)
    if not base.startswith("https://"):
        raise ValueError('must be an address that starts with "https://": it is posted for everybody')
    return base


def listen(value: str) -> str:
    """Return an address and a port at which to listen (`127.0.0.1:8080`, `[::1]:8080`); empty for none."""
    text = value.strip()
    host, _, port = text.rpartition(":")
    if text and (not _LISTEN_HOST.fullmatch(host) or not port.isdecimal() or not 0 <= int(port) < _PORTS):
        raise ValueError('must be an address and a port, such as "127.0.0.1:8080"')
    return text


def own_listen(value: str) -> str:
    """Return an address of this machine that no other one reaches, and a port; empty for none."""
    text = listen(value)
    if text and not is_loopback(text.rpartition(":")[0].strip("[]")):
        raise ValueError('must be an address that only this machine reaches, such as "127.0.0.1:9464"')
    return text


def network(value: str) -> str:
    """Return an address or a network, `10.0.0.1` or `10.0.0.0/8`."""
    try:
        return str(ip_network(value.strip(), strict=False)) if "/" in value else str(ip_address(value.strip()))
    except ValueError:
        raise ValueError('must be an address or a network, such as "10.0.0.1" or "10.0.0.0/8"') from None


def bot_name(value: str) -> str:
    """Return the name of a Telegram bot, `@vigie_bot`; empty for none."""
    text = value.strip()
    if text and not _CHAT_NAME.fullmatch(text):
        raise ValueError('must be the name of a bot, such as "@vigie_bot"')
    return text


def content_warning(value: str) -> str:
    """Return a line of at most 100 characters: it counts in the server's limit, and the link must still fit."""
    text = value.strip()
    if len(text) > _LONGEST_WARNING or not text.isprintable():
        raise ValueError(f"must be one line of at most {_LONGEST_WARNING} characters")
    return text


def apprise_url(value: str) -> str | None:
    """Return an address of Apprise (`ntfys://…`, `matrixs://…`) without white space around it; None for none. It is never repeated."""
    text = value.strip()
    if not text:
        return None
    if not _APPRISE.fullmatch(text):
        raise ValueError("is not an address of Apprise: it looks like service://…, without white space")
    return text


def telegram_token(value: str) -> str | None:
    """Return the token of a bot, as BotFather gives it."""
    text = token(value)
    if text is not None and not _BOT_TOKEN.fullmatch(text):
        raise ValueError("is not a token of a Telegram bot: it looks like 123456789:AAE…, as BotFather gives it")
    return text


def origin(value: str) -> str:
    """Return a site as the catalogue names it: `https://host`, nothing after the host."""
    base = web_base(value)
    if not base.startswith("https://"):
        raise ValueError('must be the site\'s own origin: it starts with "https://"')
    if urlsplit(base).path:
        raise ValueError("must be an origin only (https://host): remove what follows the host")
    return base


def department(value: str) -> str:
    """Return the number of a department, in capitals."""
    if not re.fullmatch(r"\d{2,3}|2[AB]", value.upper(), re.ASCII):
        raise ValueError('must be the number of a department, such as "26" or "2A"')
    return value.upper()


def api_base(value: str) -> str:
    """Return the Bot API's address, without the `/bot` that precedes the token."""
    return web_base(value).removesuffix("/bot")


def instance(value: str) -> str:
    """Return a Mastodon instance: `mastodon.social` or `https://mastodon.social`, given back with its scheme."""
    text = value.strip()
    return web_base(text if "://" in text else f"https://{text}")


def chat(value: str) -> str:
    """Return a Telegram chat: `@name` of a public channel or group, or a numeric id (`-1001234567890`)."""
    text = value.strip()
    if _CHAT_NAME.fullmatch(text) or _CHAT_ID.fullmatch(text):
        return text
    meant = "@" + re.sub(r"^(?:https?://)?t\.me/|^@", "", text)
    hint = f'; did you mean "{meant}"?' if _CHAT_NAME.fullmatch(meant) else ""
    raise ValueError(f'must be "@name" or a numeric id such as -1001234567890{hint}')


def contact(value: str) -> str:
    """Return a mail address or a web address by which the owner of a site can reach the operator; empty for none."""
    text = value.strip()
    if text and not _IN_USER_AGENT.fullmatch(text):
        raise ValueError("must be a mail address or a web address (https://…), without spaces, parentheses or accents")
    if not text or _MAIL.fullmatch(text):
        return text
    try:
        parts = split_address(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in {"http", "https"} and parts.hostname:
        return text
    raise ValueError("must be a mail address or a web address (https://…)")


def database_url(value: str) -> str:
    """Return `sqlite:///file`, or `postgresql://user:password@host/name`. The value may hold a password: it is never repeated."""
    text = value.strip()
    if match := _SQLITE.fullmatch(text):
        if ":memory:" in match["file"]:
            raise ValueError("a database in memory forgets what was posted; give a file: sqlite:///vigie.db")
        return text
    if _POSTGRES.fullmatch(text):
        return text
    raise ValueError('must look like "sqlite:///vigie.db" or "postgresql://user:password@host/name"')


def sqlite_file(url: str) -> str | None:
    """Return the file part of an SQLite address, None for another database."""
    match = _SQLITE.fullmatch(url)
    return match["file"] if match else None


def passwords_in(url: str) -> set[str]:
    """Return the password of an address, as written and as meant. One that may be a common word only where it stands as a password does."""
    match = _SECRET_ADDRESS.match(url)
    given = [(match["user"] or "").partition(":")[2] if match else "", *_PASSWORD_OPTION.findall(url)]
    passwords = {text for one in given if one for text in (one, unquote(one))}
    return {form for one in passwords for form in (f":{one}@", f"password={one}", f"pass={one}")} | _long(passwords)


def secrets_in(url: str) -> set[str]:
    """Return what must not be shown of an address that is a secret: itself, and each part that may be one alone."""
    match = _SECRET_ADDRESS.match(url)
    user, host, rest = (match["user"] or "", match["host"], match["rest"]) if match else ("", "", "")
    parts = [user.partition(":")[0], "" if "." in host else host, *re.split(r"[/?&=]", rest)]
    return {url} | passwords_in(url) | _long({text for part in parts for text in (part, unquote(part))})


def _long(texts: set[str]) -> set[str]:
    return {text for text in texts if len(text) >= _SHORTEST_SECRET}


def token(value: str) -> str | None:
    """Return an access token without the white space around it; None when it is empty."""
    text = value.strip()
    if not text:
        return None
    if not text.isascii() or not text.isprintable() or re.search(r"[\s/?#]", text):
        raise ValueError("is not a token: it holds white space or characters that no token has")
    return text


def known_code(value: str, known: frozenset[str]) -> str:
    """Return the code of an authority that is one of those known."""
    if value in known:
        return value
    meant = ", ".join(f'"{code}"' for code in _codes_meant(value, known))
    hint = f"; did you mean {meant}?" if meant else "; `vigie sources list` shows them"
    raise ValueError(f'"{printable(value[:20])}" is not a code of the catalogue{hint}')


def known_topic(value: str) -> str:
    """Return the name of a topic that there is."""
    if value in topics():
        return value
    raise ValueError(f'"{printable(value[:20])}" is not a topic; there are: {", ".join(topics())}')


_find_places = lazily("bot.gazetteer.finding", "find_places")


def _codes_meant(value: str, known: frozenset[str]) -> list[str]:
    """Return the codes that a wrong one may mean: one nearly the same, or those of a place by its name ("Drôme", "Bretagne")."""
    # Any two-character code is near many others: only a forgotten zero says what was meant.
    if f"0{value}" in known or len(value) <= 2:
        return [code for code in (f"0{value}",) if code in known]
    if near := closest(value, sorted(known)):
        return [near]
    place = next((one.place for one in _find_places(value).candidates), None)
    if place is None:
        return []
    codes = (place.code,) if isinstance(place, Department) else place.departments if isinstance(place, Region) else (place.department,)
    return [code for code in codes if code in known]


# The types of options.

Platform = Literal["console", "telegram", "mastodon", "apprise"]
Language = Literal["fr", "en"]
Visibility = Literal["public", "unlisted", "private", "direct"]
Level = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["auto", "console", "json"]
Reconcile = Literal["probe", "hold", "resend"]


def _code_text(value: object) -> object:
    """Return a code as text. TOML has no 01: a whole number is taken for the department it names."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:02d}"
    return value.strip().upper() if isinstance(value, str) else value


def _known_code(value: str, info: ValidationInfo) -> str:
    known: frozenset[str] | None = (info.context or {}).get("known_codes")
    return value if known is None else known_code(value, known)


def _id_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _of_text(form: Callable[[str], object]) -> Callable[[object], object]:
    """Apply a form to texts; what is none is left for validation to report."""
    return lambda value: form(value) if isinstance(value, str) else value


def _secret_url(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        return value
    text = apprise_url(value)
    check: Callable[[str], object] | None = (info.context or {}).get("check_service")
    if text is not None and check is not None:
        check(text)
    return text


def _words(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Code = Annotated[str, BeforeValidator(_code_text), AfterValidator(_known_code)]
Words = Annotated[str, AfterValidator(_words)]
TopicName = Annotated[str, AfterValidator(known_topic)]
Token = Annotated[SecretStr | None, BeforeValidator(_of_text(token))]
BotToken = Annotated[SecretStr | None, BeforeValidator(_of_text(telegram_token))]
SecretUrl = Annotated[SecretStr | None, BeforeValidator(_secret_url)]
Warned = Annotated[str, AfterValidator(content_warning)]
MaybePath = Annotated[Path | None, BeforeValidator(_of_text(lambda text: text if text.strip() else None))]
Chat = Annotated[str, BeforeValidator(_id_text), AfterValidator(lambda text: chat(text) if text.strip() else "")]
Instance = Annotated[str, AfterValidator(lambda text: instance(text) if text.strip() else "")]
Origin = Annotated[str, AfterValidator(origin)]
DepartmentNumber = Annotated[str, AfterValidator(department)]
Base = Annotated[str, AfterValidator(web_base)]
MaybeBase = Annotated[str, AfterValidator(lambda text: web_base(text) if text.strip() else "")]
ApiBase = Annotated[str, AfterValidator(api_base)]
Listen = Annotated[str, AfterValidator(listen)]
OwnListen = Annotated[str, AfterValidator(own_listen)]
Network = Annotated[str, AfterValidator(network)]
PublicUrl = Annotated[str, AfterValidator(public_url)]
Contact = Annotated[str, AfterValidator(contact)]
DatabaseUrl = Annotated[str, AfterValidator(database_url)]


class Section(BaseModel):
    """Defines what every section shares: frozen, unknown options are errors, values never shown in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)
