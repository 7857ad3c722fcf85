"""Take from a module what few need when it is first called: a command that a monitor runs every few minutes must not load all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazily(module: str, name: str) -> Callable[..., Any]:
    """Return a function that calls the one of this name, whose module is imported then."""

    def call(*args: Any, **options: Any) -> Any:
        return getattr(import_module(module), name)(*args, **options)

    return call
