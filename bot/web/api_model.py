"""Describe what the API takes and gives, beside the shapes of `bot.queries`. An answer that does not meet its model is an error
of ours."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.acts import Kind
from bot.domain.shape import AuthorityCode, DepartmentCode, Insee, Shape
from bot.domain.topics import topics
from bot.queries.decree_shape import DecreeModel
from bot.queries.figures import Coverage
from bot.queries.place_shapes import AuthorityModel

MOST = 100
"""Decrees of one answer."""

# What is asked.


def _code(length: int) -> BeforeValidator:
    """Return what writes a code as it is printed: `1` and `2a` as `01` and `2A`."""
    return BeforeValidator(lambda asked: asked.strip().upper().zfill(length) if isinstance(asked, str) and asked.strip() else asked)


def _known(topic: str) -> str:
    if topic not in topics():
        raise ValueError(f"no topic has this name: {', '.join(topics())} are there")
    return topic


_Topic = Annotated[str, AfterValidator(_known)]
_Department = Annotated[DepartmentCode, _code(2)]


class ApiQuery(BaseModel):
    """Refuses parameters that it does not name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(ApiQuery):
    """An address that takes no parameters."""


class DecreesQuery(ApiQuery):
    """Conditions, all of which hold, and where to continue."""

    department: _Department | None = Field(None, description="Of those who decide there, without those of other places only.")
    commune: Annotated[Insee, _code(5)] | None = Field(None, description="Decrees that name this commune.")
    authority: Annotated[AuthorityCode, _code(2)] | None = Field(None, description="Whose decrees they are: see `sources`.")
    topic: _Topic | None = Field(None, description="What they are about.")
    operator: str | None = Field(None, max_length=100, description="Operator by its name in addresses: `sncf`.", examples=["sncf"])
    kind: Kind | None = None
    since: date | None = Field(None, description="First day of publication, else of signature, else of finding.")
    until: date | None = Field(None, description="Last such day.")
    changed_since: AwareDatetime | None = Field(None, description="Decrees of which something else is shown since this instant.")
    limit: int = Field(20, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, description="From `next` of the answer before.")


class InForceQuery(ApiQuery):
    """Which of the decrees in force, or to come."""

    department: _Department | None = None
    topic: _Topic | None = Field(None, description="What they are about.")
    limit: int = Field(20, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, description="From `next` of the answer before.")


# What is answered, beside the shapes that the command line prints too.


class DecreesModel(Shape):
    """Some decrees. `next` is the address of the following ones, null where these are the last; `removed` are with `changed_since` the ids
    of all decrees that were removed since: copies of them are to be deleted."""

    decrees: tuple[DecreeModel, ...]
    next: str | None
    removed: tuple[int, ...] = ()


class DepartmentModel(Shape):
    """A department. `in_force` are the decrees in force today, `year` those published since the day a year ago; what is not read is not
    counted: see `coverage`."""

    code: DepartmentCode
    name: str
    in_force: int
    year: int
    coverage: Coverage


class DepartmentsModel(Shape):
    """All departments on a day of Paris."""

    day: date
    departments: tuple[DepartmentModel, ...]


class NamedAuthorityModel(AuthorityModel):
    """An authority with its name."""

    name: str


class SourcesModel(Shape):
    """How every authority is read, at this instant."""

    at: AwareDatetime
    authorities: tuple[NamedAuthorityModel, ...]


class FaultModel(Shape):
    """What is wrong with one parameter."""

    parameter: str
    detail: str


class ProblemModel(Shape):
    """Why there is no answer (RFC 9457)."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    errors: tuple[FaultModel, ...] = ()
