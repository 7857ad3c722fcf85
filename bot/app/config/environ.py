"""Options from the environment: `VIGIE_<SECTION>__<OPTION>`, such as `VIGIE_TELEGRAM__TOKEN`. Pure.

Text is taken as it is; numbers, true/false, lists and tables are written as in TOML (a list may also be `26,38,2A`, a table
may also be JSON). A variable that is set but empty counts as not set.
"""

from __future__ import annotations

import json
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bot.app.config.errors import Problem, closest

PREFIX = "VIGIE_"
_NEARLY = 90
"""Percent of likeness from which a variable is taken for one that was mistyped: another program may have some with our prefix."""
_TEXT = (str, SecretStr, Path)
_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def variable(section: str, option: str) -> str:
    """The name of the environment variable that holds an option."""
    return f"{PREFIX}{section}__{option}".upper()


def from_environ(environ: Mapping[str, str], model: type[BaseModel]) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The options found in the environment, by section, and the variables that name no option of `model`.

    Variables with the prefix but without `__` are left alone, unless they are nearly the name of an option.
    """
    found: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or not environ[name].strip():
            continue
        if "__" not in name:
            meant = closest(name, _variables(model), at_least=_NEARLY)
            problems += [Problem((name,), f'unknown variable; did you mean "{meant}"?')] if meant else []
            continue
        section, option = name[len(PREFIX) :].lower().split("__", 1)
        known = _options(model, section)
        if known is None or option not in known:
            problems.append(Problem((name,), _unknown(section, option, known, model)))
        else:
            found.setdefault(section, {})[option] = _value(environ[name].strip(), known[option])
    return found, problems


def _variables(model: type[BaseModel]) -> list[str]:
    return [variable(section, option) for section in model.model_fields for option in _options(model, section) or ()]


def _options(model: type[BaseModel], section: str) -> dict[str, Any] | None:
    field = model.model_fields.get(section)
    if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
        return None
    return {name: option.annotation for name, option in field.annotation.model_fields.items()}


def _unknown(section: str, option: str, known: Mapping[str, Any] | None, model: type[BaseModel]) -> str:
    if section == "destinations":
        return "destinations are given in the configuration file; their tokens may be in files (token_file)"
    if known is not None:
        meant = closest(option, known)
        return "unknown option" + (f'; did you mean "{variable(section, meant)}"?' if meant else "")
    sections = [name for name in model.model_fields if _options(model, name) is not None]
    meant = closest(section, sections)
    return "unknown section" + (f'; did you mean "{variable(meant, option)}"?' if meant else "")


def _value(text: str, annotation: Any) -> Any:
    """The text as the type of its option; where it cannot be, the text itself, for validation to tell so."""
    kinds = get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)
    if any(kind in _TEXT or get_origin(kind) is Literal for kind in kinds):
        return text
    if annotation is bool:
        return _SWITCHES.get(text.lower(), text)
    if get_origin(annotation) is tuple and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    for parse in (_toml, json.loads):
        try:
            return parse(text)
        except (ValueError, RecursionError):
            continue
    return text


def _toml(text: str) -> Any:
    return tomllib.loads(f"value = {text}")["value"]
