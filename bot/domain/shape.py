"""Describes what is given as JSON: the keys of a shape, and how it is made of values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import to_jsonable_python

from bot.domain.acts import Moment

FRENCH = "x-description-fr"
"""The key of a schema with its description in French."""


def column(fr: str, en: str) -> Any:
    """Return what a key holds, in both languages: it is a column of the open data."""
    return Field(description=en, json_schema_extra={FRENCH: fr})


def key(en: str) -> Any:
    """Return what a key holds that is no column."""
    return Field(description=en)


AuthorityCode = Annotated[str, Field(description="Code of an authority: `26`, `PP`, `R-BRE`.", examples=["26"])]
Insee = Annotated[str, Field(pattern=r"^[0-9][0-9AB][0-9]{3}$", description="INSEE code of a commune.", examples=["26198"])]
DepartmentCode = Annotated[str, Field(pattern=r"^([0-9]{2,3}|2[AB])$", description="Code of a department.", examples=["26"])]
WallClock = Annotated[
    str,
    BeforeValidator(lambda value: value.isoformat() if isinstance(value, Moment) else value),
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$",
        description="A day, with the hour by the clock of the authority's place where the decree gives one.",
        examples=["2026-08-15T14:00"],
        json_schema_extra={"format": "moment"},
    ),
]


class _Joined:
    """Has the attributes of several values: of one name, that of the first which has it."""

    def __init__(self, *values: object) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        for value in self._values:
            if hasattr(value, name):
                return getattr(value, name)
        raise AttributeError(name)


class Shape(BaseModel):
    """Is the base of all that is given as JSON: its fields are the keys, whatever it is made from."""

    model_config = ConfigDict(
        frozen=True, from_attributes=True, populate_by_name=True, defer_build=True, json_schema_serialization_defaults_required=True
    )

    @classmethod
    def of(cls, *values: object, **more: object) -> Self:
        """Return what these values say: a key is what `more` gives, else the attribute of the first value that has it. Raises
        ValidationError where none has."""
        return cls.model_validate(_Joined(SimpleNamespace(**more), *values))


Json = dict[str, Any]


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return to_jsonable_python(value)


def pick(item: object, *names: str) -> Json:
    """Return attributes of a value as an object, under their own names."""
    return {name: plain(getattr(item, name)) for name in names}
