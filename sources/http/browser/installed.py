"""Finds what drives a browser on this machine: the extra `browser` (Playwright), and a Chromium."""

from __future__ import annotations

import importlib.util
import shutil

HAS_PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
"""Searched once: after an installation Vigie must restart."""

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def find_chromium(named: str | None) -> str | None:
    """Return the path of the program the operator named (a path, or a name to look up), else of the first Chromium found, if any."""
    candidates = (named,) if named else _NAMES
    return next((path for name in candidates if (path := shutil.which(name)) is not None), None)


def what_is_missing(named: str | None) -> str | None:
    """Return what to install, in words that end a sentence, None when a browser can be driven. A Chromium may be installed at any time."""
    missing = []
    if not HAS_PLAYWRIGHT:
        missing.append("pip install 'vigie-vsa[browser]'")
    if find_chromium(named) is None:
        if named:
            missing.append(f"a Chromium where the configuration says ({named}: no such program)")
        else:
            missing.append("Chromium (Debian: apt-get install chromium)")
    return " and ".join(missing) or None
