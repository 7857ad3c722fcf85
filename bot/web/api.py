"""Answer `/api/v1`: the JSON of the command line, typed, for programs that read decrees, and described as OpenAPI 3.1. No key; what is not
understood is refused.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError
from pydantic.json_schema import models_json_schema

from bot.domain.acts import DecreePeriod, deciding_in
from bot.domain.posts import operator_slug
from bot.domain.records import LAST_ID
from bot.domain.shape import Shape
from bot.gazetteer.gazetteer import Commune, gazetteer
from bot.messages.lines import place_for, topics_told
from bot.messages.words import topic_words
from bot.queries.answers import ListKind, Question, TownAnswer
from bot.queries.decree_shape import OneDecreeModel, decree_models
from bot.queries.place_shapes import TownModel
from bot.queries.running import RunningDecrees
from bot.storage.browsing import DecreeFilter, ListPosition
from bot.web.api_model import (
    ApiQuery,
    DecreesModel,
    DecreesQuery,
    DepartmentsModel,
    FaultModel,
    InForceQuery,
    NamedAuthorityModel,
    NoQuery,
    ProblemModel,
    SourcesModel,
)
from bot.web.documents import Document, PageRequest, Route, SiteContext, SiteSettings
from bot.web.rendering import asked_decree, next_change

_Query = TypeVar("_Query", bound=ApiQuery)
_Value = TypeVar("_Value")


# The API as OpenAPI 3.1, from its models.

API_VERSION = "1.0.0"
_ABOUT = """Decrees of French prefectures {about}, as found in their recueils des actes administratifs.
No key, no account; for whole files see /donnees. Keys are a contract: new ones may come, none is renamed or removed.
What is not found here may well exist: `sources` and `departments` say what is read.
This is no service of the administration; verify in the decree itself.
Two instances are joined by `act_id`, or by `authority`, `number` and `signed`: an `id` is of one instance only."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[_Query]):
    """One address: what it does, what it takes in its query and in its path (name and description), what it gives, how it refuses."""

    name: str
    summary: str
    query: type[_Query]
    answer: type[Shape]
    make: Callable[[SiteContext, PageRequest, _Query], Answered]
    parameters: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        """Return its path on the site."""
        return f"/api/v1/{self.name}"


@cache
def _described(settings: SiteSettings, watched: tuple[str, ...]) -> bytes:
    """Return the description of the API of a site about the topics that are `watched`."""
    about = " ".join(_ABOUT.format(about=topics_told(watched, "en", "on")).split())
    answers: list[type[Shape]] = [*dict.fromkeys(operation.answer for operation in OPERATIONS), ProblemModel]
    refs, schemas = _schemas(answers)
    licence = {"license": {"name": settings.licence_name.partition(",")[0], "identifier": settings.licence}} if settings.licence else {}
    whole = {
        "openapi": "3.1.0",
        "info": {"title": settings.name, "version": API_VERSION, "description": about, **licence},
        "servers": [{"url": settings.address("/").rstrip("/") or "/"}],
        "paths": {operation.path: {"get": _operation(operation, refs)} for operation in OPERATIONS},
        "components": {"schemas": schemas},
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _schemas(models: Sequence[type[Shape]]) -> tuple[Mapping[object, Any], Any]:
    known, whole = models_json_schema([(model, "serialization") for model in models], ref_template="#/components/schemas/{model}")
    return {model: schema for (model, _), schema in known.items()}, whole["$defs"]


def _operation(operation: Operation[Any], refs: Mapping[object, Any]) -> dict[str, Any]:
    return {
        "operationId": operation.name.replace("/{", "-by-").rstrip("}"),
        "summary": operation.summary,
        "parameters": [*_in_path(operation.parameters), *_in_query(operation.query)],
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": refs[operation.answer]}}},
            **{str(status): _refusal(HTTPStatus(status).phrase, refs) for status in (400, *operation.refusals)},
            "default": _refusal("Any other fault, of the request or of the server", refs),
        },
    }


def _refusal(said: str, refs: Mapping[object, Any]) -> dict[str, Any]:
    return {"description": f"{said}.", "content": {"application/problem+json": {"schema": refs[ProblemModel]}}}


def _in_path(parameters: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for name, description in parameters.items():
        yield {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _in_query(model: type[ApiQuery]) -> Iterable[dict[str, Any]]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    for name, found in schema.get("properties", {}).items():
        # A parameter is left out where it is not wanted; null is not a value of one.
        kinds = [kind for kind in found.pop("anyOf", [found]) if kind != {"type": "null"}]
        whole = {**kinds[0], **{key: value for key, value in found.items() if key not in {"title", "default"} or value is not None}}
        whole.pop("title", None)
        if "$ref" in whole:
            whole |= definitions[whole.pop("$ref").rsplit("/", 1)[1]]
        description = whole.pop("description", None)
        yield {"name": name, "in": "query", **({"description": description} if description else {}), "schema": whole}


# The answers.

_HEADERS: Mapping[str, str] = MappingProxyType({"Access-Control-Allow-Origin": "*"})
"""Any page may read the answers: there is nothing in them that depends on who asks."""
_UNKNOWN = "extra_forbidden"


class ProblemFound(Exception):
    """The request has no answer: `status` and why, in words that repeat nothing of it."""

    def __init__(self, status: HTTPStatus, detail: str, errors: tuple[FaultModel, ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered, and when it changes by itself (aware); None where it does not."""

    value: Shape
    changes_at: datetime | None = None


def _route(operation: Operation[Any]) -> Route:
    def made(site: SiteContext, request: PageRequest) -> Document:
        try:
            found = operation.make(site, request, _checked(operation.query, request.query))
        except ProblemFound as refused:
            return problem(refused.status, refused.detail, refused.errors)
        return Document(found.value.model_dump_json().encode(), "application/json", changes_at=found.changes_at, headers=_HEADERS)

    return Route(operation.path, made, strict=True, dynamic=True, twins=False)


def problem(status: HTTPStatus, detail: str, errors: tuple[FaultModel, ...] = ()) -> Document:
    """Return why there is no answer, as RFC 9457 has it."""
    body = ProblemModel(title=status.phrase, status=status, detail=detail, errors=errors).model_dump_json(exclude_defaults=False).encode()
    return Document(body, "application/problem+json", status, headers=_HEADERS)


def _checked(model: type[_Query], given: Mapping[str, str]) -> _Query:
    """Return the parameters. Raises ProblemFound, which names those that are taken and never repeats those that are not."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        faults = tuple(FaultModel(parameter=str(one["loc"][0]), detail=one["msg"]) for one in found if one["type"] != _UNKNOWN)
        known = ", ".join(model.model_fields) or "none"
        unknown = f" Some of its parameters are not known; this address takes: {known}." if len(faults) < len(found) else ""
        raise ProblemFound(HTTPStatus.BAD_REQUEST, f"The query is not valid.{unknown}", faults) from None


# Where to continue.

_POSITION: TypeAdapter[tuple[date, datetime, int]] = TypeAdapter(tuple[date, AwareDatetime, Annotated[int, Field(ge=0, le=LAST_ID)]])
_ID = TypeAdapter(tuple[int])


def _cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, kind: TypeAdapter[_Value]) -> _Value:
    """Return what `_cursor` was given. Raises ProblemFound."""
    try:
        return kind.validate_json(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        detail = "The cursor is none: take it whole from `next` of the answer before, or begin without."
        raise ProblemFound(HTTPStatus.BAD_REQUEST, detail) from None


def _next(site: SiteContext, path: str, query: DecreesQuery | InForceQuery, cursor: str) -> str:
    asked = query.model_dump(mode="json", exclude_defaults=True) | {"cursor": cursor}
    return site.settings.address(path, query=asked)


# The answers.


def _decrees(site: SiteContext, request: PageRequest, query: DecreesQuery) -> Answered:
    wanted = _wanted(query, site)
    after = None if query.cursor is None else ListPosition(*_read_cursor(query.cursor, _POSITION))
    found = site.browsing.batch(wanted, query.limit, after)
    if wanted.operator is not None and not found.decrees and site.browsing.operator(wanted.operator) is None:
        raise _unknown("operator", "No decree that is recorded here names this operator: write it as the `operators` of a decree do.")
    following = None
    if (last := found.after) is not None:
        following = _next(site, request.path, query, _cursor(last.listed_on.isoformat(), last.found_at.isoformat(), last.id))
    removed = () if query.changed_since is None else site.browsing.removed_since(query.changed_since)
    value = DecreesModel(decrees=decree_models(found.decrees, site.places, request.at), next=following, removed=removed)
    return Answered(value, next_change(found.decrees, site, request.at))


def _wanted(query: DecreesQuery, site: SiteContext) -> DecreeFilter:
    """Return which decrees are meant. Raises ProblemFound where a code is none: an empty list would say that there is no decree."""
    authorities = None if query.department is None else _deciding(query.department, "department", site)
    if query.authority is not None:
        if query.authority not in site.places:
            raise _unknown("authority", "No authority of the catalogue has this code: /api/v1/sources lists them.")
        authorities = frozenset({query.authority}) & (authorities if authorities is not None else {query.authority})
    if query.since is not None and query.until is not None and query.since > query.until:
        raise ProblemFound(HTTPStatus.BAD_REQUEST, "No day is between these: `since` is after `until`.")
    return DecreeFilter(
        authorities=authorities,
        departments=None if query.department is None else frozenset({query.department}),
        communes=None if query.commune is None else frozenset({_commune_known(query.commune, "commune", site).code}),
        operator=None if query.operator is None else operator_slug(query.operator),
        kinds=None if query.kind is None else frozenset({query.kind}),
        since=query.since,
        until=query.until,
        changed_since=query.changed_since,
    )


def _decree(site: SiteContext, request: PageRequest, _query: NoQuery) -> Answered:
    decree = asked_decree(site, request)
    if decree is None:
        raise ProblemFound(HTTPStatus.NOT_FOUND, "No decree has this number.")
    if decree.withdrawn_at is not None:
        about = topic_words(decree.topic, "en").name
        raise ProblemFound(HTTPStatus.GONE, f"This act was removed: a person found that it does not concern {about}.")
    copy = site.decrees.copy_of(decree)
    sha256, fetched_at = (None, None) if copy is None else copy
    place = place_for(site.places, decree.authority)
    value = OneDecreeModel.at(decree, place, request.at, pdf_sha256=sha256, pdf_fetched_at=fetched_at)
    return Answered(value, next_change([decree], site, request.at))


def _in_force(site: SiteContext, request: PageRequest, query: InForceQuery) -> Answered:
    if query.department is not None:
        _deciding(query.department, "department", site)
    answer = site.questions.running(query.department or "")
    if not isinstance(answer, RunningDecrees):
        raise _not_covered("department")
    known = answer.all
    start = 0 if query.cursor is None else _index_after(known, query.cursor)
    shown = known[start : start + query.limit]
    following = None if start + query.limit >= len(known) else _next(site, request.path, query, _cursor(shown[-1].id))
    value = DecreesModel(decrees=decree_models(site.questions.whole(shown), site.places, request.at), next=following)
    return Answered(value, next_change(shown, site, request.at))


def _deciding(department: str, parameter: str, site: SiteContext) -> frozenset[str]:
    """Return the codes of all who decide in a department. Raises ProblemFound."""
    if gazetteer().department(department) is None:
        raise _unknown(parameter, "No department has this code: /api/v1/departments lists them.")
    found = deciding_in({department}, site.places)
    if not found:
        raise _not_covered(parameter)
    return found


def _commune_known(code: str, parameter: str, site: SiteContext) -> Commune:
    """Return the commune of today that has or had this INSEE code. Raises ProblemFound."""
    commune = gazetteer().commune(code)
    if commune is None:
        raise _unknown(parameter, "No commune has or had this INSEE code, which is no postcode: Montélimar's is 26198.")
    _deciding(commune.department, parameter, site)
    return commune


def _unknown(parameter: str, detail: str) -> ProblemFound:
    return ProblemFound(HTTPStatus.NOT_FOUND, detail, (FaultModel(parameter=parameter, detail=detail),))


def _not_covered(parameter: str) -> ProblemFound:
    return _unknown(parameter, "No authority of the catalogue decides there: nothing that appears there is read.")


def _index_after(known: tuple[DecreePeriod, ...], cursor: str) -> int:
    """Return where the decrees after that of the cursor begin. Raises ProblemFound where that one is in force no more: some would be passed
    over."""
    [last] = _read_cursor(cursor, _ID)
    found = next((index for index, decree in enumerate(known) if decree.id == last), None)
    if found is None:
        raise ProblemFound(HTTPStatus.CONFLICT, "The list has changed since: begin again without a cursor.")
    return found + 1


def _departments(site: SiteContext, _request: PageRequest, _query: NoQuery) -> Answered:
    return Answered(DepartmentsModel.of(site.questions.figures()))


def _commune(site: SiteContext, request: PageRequest, _query: NoQuery) -> Answered:
    commune = _commune_known(request.parameters["code"].zfill(5), "code", site)
    answer = site.questions.ask(Question(ListKind.TOWN, commune.code))
    if not isinstance(answer, TownAnswer):
        raise _not_covered("code")
    return Answered(TownModel.about(answer, site.places), next_change((*answer.decrees, *answer.unplaced), site, request.at))


def _sources(site: SiteContext, request: PageRequest, _query: NoQuery) -> Answered:
    known = site.overview().authorities
    named = tuple(NamedAuthorityModel.of(one, name=place_for(site.places, one.code).name) for one in known)
    return Answered(SourcesModel(at=request.at, authorities=named))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation("decrees", "List decrees, the newest first", DecreesQuery, DecreesModel, _decrees, {}, (404,)),
    Operation("decrees/{id}", "Show one decree", NoQuery, OneDecreeModel, _decree, {"id": "Its number in this instance."}, (404, 410)),
    Operation("in-force", "List what is in force or to come, by when it begins", InForceQuery, DecreesModel, _in_force, {}, (404, 409)),
    Operation("departments", "Count the decrees of each department, and say how it is read", NoQuery, DepartmentsModel, _departments),
    Operation("communes/{code}", "Show what is recorded of a commune", NoQuery, TownModel, _commune, {"code": "Its INSEE code."}, (404,)),
    Operation("sources", "Say how each authority is read", NoQuery, SourcesModel, _sources),
)


def _openapi(site: SiteContext, _request: PageRequest) -> Document:
    return Document(_described(site.settings, site.questions.watched), "application/json", headers=_HEADERS)


def _nothing(_site: SiteContext, _request: PageRequest) -> Document:
    return problem(HTTPStatus.NOT_FOUND, "Nothing has this address: /api/v1/openapi.json names every one.")


API: tuple[Route, ...] = (
    *map(_route, OPERATIONS),
    Route("/api/v1/openapi.json", _openapi, dynamic=True, twins=False),
    Route("/api/{rest:path}", _nothing, dynamic=True, twins=False),
)
