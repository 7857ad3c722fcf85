"""Is there a browser to drive, and what to install where there is none."""

from __future__ import annotations

import importlib.util
import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def find_chromium(named: str | None) -> str | None:
    """The path of the program the operator named (a path, or a name to look up), else of the first Chromium found; None without one."""
    candidates = (named,) if named else _NAMES
    return next((path for name in candidates if (path := shutil.which(name)) is not None), None)


def what_is_missing(named: str | None) -> str | None:
    """What to install, in words that end a sentence, or None when a browser can be driven. Asked anew each time: it may come meanwhile."""
    missing = []
    if importlib.util.find_spec("playwright") is None:
        missing.append("pip install 'vigie-vsa[browser]'")
    if find_chromium(named) is None:
        if named:
            missing.append(f"a Chromium where the configuration says ({named}: no such program)")
        else:
            missing.append("Chromium (Debian: apt-get install chromium)")
    return " and ".join(missing) or None
