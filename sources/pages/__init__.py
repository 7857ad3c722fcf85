"""HTML -> links, one reader per kind of site. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sources.pages.links import PageLinks, Pager, Reader, Way
from sources.pages.national import read as read_national

READERS: Mapping[str, Reader] = MappingProxyType({"national": read_national})
"""The readers the catalogue may name."""

__all__ = ["READERS", "PageLinks", "Pager", "Reader", "Way"]
