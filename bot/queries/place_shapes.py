"""Describes as JSON a town with how it is read, and the places that may be meant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import AliasPath, AwareDatetime, Field

from bot.domain.acts import Place
from bot.domain.health import Cause, Status
from bot.domain.shape import AuthorityCode, DepartmentCode, Insee, Shape, key
from bot.gazetteer.gazetteer import Commune, Department
from bot.queries.answers import PlaceChoice, TownAnswer
from bot.queries.decree_shape import DecreeModel, decree_models


class AuthorityModel(Shape):
    """How one authority is read. `cause` is a word of a closed list."""

    code: AuthorityCode
    status: Status
    last_published: date | None
    cause: Cause | None = Field(None, validation_alias=AliasPath("main", "cause"))
    since: AwareDatetime | None = Field(None, validation_alias=AliasPath("main", "since"))


class CommuneModel(Shape):
    """A commune of today."""

    code: Insee
    name: str
    department: DepartmentCode
    population: int | None


class UnplacedModel(Shape):
    """Decrees that name no commune, and may concern it."""

    total: int
    newest: tuple[DecreeModel, ...]


class TownModel(Shape):
    """What is recorded of a commune, and how those who decide there are read: nothing found proves nothing."""

    commune: CommuneModel
    decrees: Annotated[tuple[DecreeModel, ...], key("One page of the decrees that name it: in force or to come first, then the newest.")]
    naming_it: Annotated[int, key("How many they are on all pages.")]
    in_force_or_to_come: int
    naming_no_commune: UnplacedModel
    authorities: Annotated[tuple[AuthorityModel, ...], key("Who decides there, and how each is read.")]
    read_since: Annotated[AwareDatetime | None, key("When the first of their sources was first read, null where none was.")]
    unfinished: Annotated[bool, key("Whether decrees may be missing, after an upgrade.")]

    @classmethod
    def about(cls, answer: TownAnswer, places: Mapping[str, Place]) -> Self:
        """Return what is recorded of a town."""
        return cls.of(
            answer,
            decrees=decree_models(answer.decrees, places, answer.at),
            naming_it=answer.total,
            in_force_or_to_come=answer.current,
            naming_no_commune={"total": answer.unplaced_total, "newest": decree_models(answer.unplaced, places, answer.at)},
            authorities=answer.health,
            read_since=answer.since,
        )


class PlaceModel(Shape):
    """A place that may be meant."""

    kind: Annotated[str, key("commune, department or region.")]
    code: str
    name: str
    population: int | None
    department: str
    matched: Annotated[str | None, key("The other name by which it was found.")]

    @classmethod
    def about(cls, choice: PlaceChoice) -> Self:
        """Return a place that may be meant."""
        place = choice.place
        kind = {Commune: "commune", Department: "department"}.get(type(place), "region")
        department = place.department if isinstance(place, Commune) else place.code
        return cls.of(place, kind=kind, department=department, matched=choice.matched)


class PlacesModel(Shape):
    """The places that may be meant."""

    asked: str
    candidates: tuple[PlaceModel, ...]
