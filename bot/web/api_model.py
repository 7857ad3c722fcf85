"""Describe what the API takes and gives: the keys of docs/json.md, typed. An answer that does not meet its model is an error of ours.

A key that no model names is not given: tests compare the models with what the command line prints.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.acts import CameraType, Kind, Purpose, Where
from bot.domain.health import Status
from bot.domain.law import Flag, Recourse, Standing
from bot.queries.figures import Coverage

MOST = 100
"""Decrees of one answer."""

AuthorityCode = Annotated[str, Field(description="Code of an authority: `26`, `PP`, `R-BRE`.", examples=["26"])]
Insee = Annotated[str, Field(pattern=r"^[0-9][0-9AB][0-9]{3}$", description="INSEE code of a commune.", examples=["26198"])]
DepartmentCode = Annotated[str, Field(pattern=r"^([0-9]{2,3}|2[AB])$", description="Code of a department.", examples=["26"])]
WallClock = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$",
        description="A day, with the hour by the clock of the authority's place where the decree gives one.",
        examples=["2026-08-15T14:00"],
    ),
]


class ApiModel(BaseModel):
    """Is the base of all models."""

    model_config = ConfigDict(frozen=True)


# What is asked.


def _code(length: int) -> BeforeValidator:
    """Return what writes a code as it is printed: `1` and `2a` as `01` and `2A`."""
    return BeforeValidator(lambda asked: asked.strip().upper().zfill(length) if isinstance(asked, str) and asked.strip() else asked)


_Department = Annotated[DepartmentCode, _code(2)]


class ApiQuery(ApiModel):
    """Refuses parameters that it does not name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(ApiQuery):
    """An address that takes no parameters."""


class DecreesQuery(ApiQuery):
    """Conditions, all of which hold, and where to continue."""

    department: _Department | None = Field(None, description="Of those who decide there, without those of other places only.")
    commune: Annotated[Insee, _code(5)] | None = Field(None, description="Decrees that name this commune.")
    authority: Annotated[AuthorityCode, _code(2)] | None = Field(None, description="Whose decrees they are: see `sources`.")
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
    limit: int = Field(20, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, description="From `next` of the answer before.")


# What is answered.


class ChangeModel(ApiModel):
    """What one decree does to another."""

    kind: Kind
    decree: int | None
    number: str | None
    since: date | None
    starts: WallClock | None
    ends: WallClock | None
    retroactive: bool | None
    revoked_by: tuple[ChangeModel, ...]


class ReferenceModel(ApiModel):
    """Another decree, as one names it."""

    change: Kind
    number: str | None
    signed: date | None
    retroactive: bool | None


class EvidenceModel(ApiModel):
    """A phrase of the act and its page."""

    page: int
    text: str
    about: str
    where: Where | None
    cue: str | None


class SightingModel(ApiModel):
    """A place where the decree was published."""

    authority: AuthorityCode
    url: str
    page: int
    seen_at: AwareDatetime


class DaysModel(ApiModel):
    """Days, both included."""

    first: date
    last: date


class DecreeModel(ApiModel):
    """A decree: see docs/json.md."""

    id: int
    authority: AuthorityCode
    url: str
    page: int
    published: date | None
    act_id: str | None
    kind: Kind
    title: str
    number: str | None
    signed: date | None
    starts: WallClock | None
    ends: WallClock | None
    event: str | None
    operators: tuple[str, ...]
    places: tuple[str, ...]
    communes: tuple[Insee, ...]
    purposes: tuple[str, ...]
    purpose_codes: tuple[Purpose, ...]
    software: str | None
    vendor: str | None
    cameras: int | None
    camera_types: tuple[CameraType, ...]
    legal_basis: tuple[str, ...]
    office: str | None
    decided_by: str | None
    references: tuple[ReferenceModel, ...]
    confidence: dict[str, Literal["sure", "doubtful", "absent"]]
    court: str | None
    court_by_seat: str | None
    last_day: date | None
    earliest_deadline: date | None
    flags: tuple[Flag, ...]
    status: Standing
    urgent_appeal: Recourse
    days_published_after_start: int | None
    days_without_legal_basis: tuple[DaysModel, ...]
    evidence: tuple[EvidenceModel, ...]
    sightings: tuple[SightingModel, ...]
    changes: tuple[ChangeModel, ...]
    changed_by: tuple[ChangeModel, ...]
    found_at: AwareDatetime | None
    changed_at: AwareDatetime | None
    withdrawn_at: None


class OneDecreeModel(DecreeModel):
    """A decree with the PDF that it was read in."""

    pdf_sha256: str | None
    pdf_fetched_at: AwareDatetime | None


class DecreesModel(ApiModel):
    """Some decrees. `next` is the address of the following ones, null where these are the last; `removed` are with `changed_since` the ids
    of all decrees that were removed since: copies of them are to be deleted."""

    decrees: tuple[DecreeModel, ...]
    next: str | None
    removed: tuple[int, ...] = ()


class DepartmentModel(ApiModel):
    """A department. `in_force` are the decrees in force today, `year` those published since the day a year ago; what is not read is not
    counted: see `coverage`."""

    code: DepartmentCode
    name: str
    in_force: int
    year: int
    coverage: Coverage


class DepartmentsModel(ApiModel):
    """All departments on a day of Paris."""

    day: date
    departments: tuple[DepartmentModel, ...]


class AuthorityModel(ApiModel):
    """How one authority is read. `cause` is a word of a closed list."""

    code: AuthorityCode
    status: Status
    last_published: date | None
    cause: str | None
    since: AwareDatetime | None


class NamedAuthorityModel(AuthorityModel):
    """An authority with its name."""

    name: str


class SourcesModel(ApiModel):
    """How every authority is read, at this instant."""

    at: AwareDatetime
    authorities: tuple[NamedAuthorityModel, ...]


class CommuneModel(ApiModel):
    """A commune of today."""

    code: Insee
    name: str
    department: DepartmentCode
    population: int | None


class UnplacedModel(ApiModel):
    """Decrees that name no commune."""

    total: int
    newest: tuple[DecreeModel, ...]


class TownModel(ApiModel):
    """What is recorded of a commune, and how those who decide there are read: nothing found proves nothing."""

    commune: CommuneModel
    decrees: tuple[DecreeModel, ...]
    naming_it: int
    in_force_or_to_come: int
    naming_no_commune: UnplacedModel
    authorities: tuple[AuthorityModel, ...]
    read_since: AwareDatetime | None
    unfinished: bool


class FaultModel(ApiModel):
    """What is wrong with one parameter."""

    parameter: str
    detail: str


class ProblemModel(ApiModel):
    """Why there is no answer (RFC 9457)."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    errors: tuple[FaultModel, ...] = ()
