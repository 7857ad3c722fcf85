"""What options may be: types that bring a value into one form, or say what is wrong with it.

Validation takes a context `{"known_codes": frozenset[str]}`: the codes of the catalogue, against which department codes are checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict, ValidationInfo

from bot.app.config import values
from bot.app.config.errors import closest, printable

Platform = Literal["console", "telegram", "mastodon", "apprise"]
Language = Literal["fr", "en"]
Visibility = Literal["public", "unlisted", "private", "direct"]
Level = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["auto", "console", "json"]
Reconcile = Literal["probe", "hold", "resend"]


def _code_text(value: object) -> object:
    """TOML has no 01: a whole number is taken for the department it names."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:02d}"
    return value.strip().upper() if isinstance(value, str) else value


def _known_code(value: str, info: ValidationInfo) -> str:
    known: frozenset[str] | None = (info.context or {}).get("known_codes")
    if known is None or value in known:
        return value
    # Any two-character code is near many others: only a forgotten zero says what was meant.
    meant = f"0{value}" if f"0{value}" in known else closest(value, sorted(known)) if len(value) > 2 else None
    hint = f'; did you mean "{meant}"?' if meant else "; `vigie sources list` shows them"
    raise ValueError(f'"{printable(value[:20])}" is not a code of the catalogue{hint}')


def _id_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _empty_is_none(value: object) -> object:
    return values.token(value) if isinstance(value, str) else value


def _bot_token(value: object) -> object:
    return values.telegram_token(value) if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _secret_url(value: object) -> object:
    return values.apprise_url(value) if isinstance(value, str) else value


def _words(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Code = Annotated[str, BeforeValidator(_code_text), AfterValidator(_known_code)]
Words = Annotated[str, AfterValidator(_words)]
Token = Annotated[SecretStr | None, BeforeValidator(_empty_is_none)]
BotToken = Annotated[SecretStr | None, BeforeValidator(_bot_token)]
SecretUrl = Annotated[SecretStr | None, BeforeValidator(_secret_url)]
Warned = Annotated[str, AfterValidator(values.content_warning)]
MaybePath = Annotated[Path | None, BeforeValidator(_blank_is_none)]
Chat = Annotated[str, BeforeValidator(_id_text), AfterValidator(lambda text: values.chat(text) if text.strip() else "")]
Instance = Annotated[str, AfterValidator(lambda text: values.instance(text) if text.strip() else "")]
Origin = Annotated[str, AfterValidator(values.origin)]
Base = Annotated[str, AfterValidator(values.web_base)]


class Section(BaseModel):
    """What every section shares: frozen, unknown options are errors, values never shown in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)
