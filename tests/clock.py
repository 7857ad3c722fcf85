"""The time in which tests and their worlds take place: the only module of the tests that reads the clock of the machine.

It begins at `TESTS_AT` (by default at a morning of no significance) when the run does, and goes on as the real time does. Tests and servers
take it from here; the program gets it where its own clock is read, in this process and in those that are started for it.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib import import_module

BEGINNING = "2026-09-16T08:00:00+00:00"
_AHEAD = "TESTS_SECONDS_AHEAD"
READERS = ("bot.app.inventory", "bot.storage.locks", "sources.http.politeness")
"""The modules of the program that read the clock of the machine, for all others to take it as an argument."""


def _real(zone: tzinfo | None = None) -> datetime:
    return datetime.now(zone)  # noqa: TID251 - the one place


# Processes of a run have one time: those that it starts find how far it is off.
_BEGUN = datetime.fromisoformat(os.environ.get("TESTS_AT", BEGINNING))
_OFF = timedelta(seconds=float(os.environ.setdefault(_AHEAD, str((_BEGUN - _real(UTC)).total_seconds()))))


class Time:
    """Stands for `datetime` where the program, or a server of tests, reads the clock."""

    @staticmethod
    def now(zone: tzinfo | None = None) -> datetime:
        return _real(zone) + _OFF


def now() -> datetime:
    """The time of the tests."""
    return Time.now(UTC)


def today() -> date:
    """The day of the tests, where this machine is."""
    return now().astimezone().date()


def tell(*modules: str) -> None:
    """Let these modules of this process, or those of the program, have the time of the tests for that of the machine."""
    for module in modules or READERS:
        vars(import_module(module))["datetime"] = Time
