"""Packages whose face imports each of its modules when it is first asked for: who needs one does not wait for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def face(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` (PEP 562) of a package: `places` says in which of its modules each name of its face is defined."""

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{places[name]}"), name)
        # The next one who asks finds it there.
        vars(sys.modules[package])[name] = found
        return found

    return find
