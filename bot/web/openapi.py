"""Describe the API as OpenAPI 3.1, from its models. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.web.api_model import ApiModel, ApiQuery, ProblemModel
from bot.web.documents import SiteSettings

VERSION = "1.0.0"
_NONE: Mapping[str, str] = MappingProxyType({})
_ABOUT = """Decrees of French prefectures on algorithmic video surveillance, as found in their recueils des actes administratifs.
No key, no account; for whole files see /donnees. Keys are a contract: new ones may come, none is renamed or removed.
What is not found here may well exist: `sources` and `departments` say what is read.
This is no service of the administration; verify in the decree itself.
Two instances are joined by `act_id`, or by `authority`, `number` and `signed`: an `id` is of one instance only."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One address: what it does, what it takes in its query and in its path (name and description), what it gives, how it refuses."""

    path: str
    summary: str
    query: type[ApiQuery]
    answer: type[ApiModel]
    parameters: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()


def openapi(operations: Sequence[Operation], settings: SiteSettings) -> dict[str, Any]:
    """Return the description of the API."""
    answers: list[type[ApiModel]] = [*dict.fromkeys(operation.answer for operation in operations), ProblemModel]
    refs, schemas = _schemas(answers)
    licence = {"license": {"name": settings.licence_name.partition(",")[0], "identifier": settings.licence}} if settings.licence else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": settings.name, "version": VERSION, "description": " ".join(_ABOUT.split()), **licence},
        "servers": [{"url": settings.address("/").rstrip("/") or "/"}],
        "paths": {operation.path: {"get": _operation(operation, refs)} for operation in operations},
        "components": {"schemas": schemas},
    }


def _schemas(models: Sequence[type[ApiModel]]) -> tuple[Mapping[object, Any], Any]:
    known, whole = models_json_schema([(model, "serialization") for model in models], ref_template="#/components/schemas/{model}")
    return {model: schema for (model, _), schema in known.items()}, whole["$defs"]


def _operation(operation: Operation, refs: Mapping[object, Any]) -> dict[str, Any]:
    name = operation.path.removeprefix("/api/v1/").replace("/{", "-by-").rstrip("}")
    return {
        "operationId": name,
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
