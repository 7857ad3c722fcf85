"""HTML -> links, one reader per kind of site. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sources.pages.links import Reader, read_national
from sources.pages.moselle import read as read_moselle
from sources.pages.police import read as read_police
from sources.pages.regions import read as read_regions

READERS: Mapping[str, Reader] = MappingProxyType(
    {"national": read_national, "moselle": read_moselle, "regions": read_regions, "police": read_police}
)
"""The readers the catalogue may name."""
