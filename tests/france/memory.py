"""Pages that were parsed once: the readers are pure, and a site shows the same page to many tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sources import pages
from sources.pages.links import Reader

READERS: Mapping[str, Reader] = {name: lru_cache(maxsize=4096)(reader) for name, reader in pages.READERS.items()}
"""To stand for those of the crawler where a test is about requests, not about reading."""
