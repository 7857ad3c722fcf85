"""What `vigie status` says of the confinement that PDFs are read in on this machine. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from bot.cli.shapes import Json
from bot.messages import printable
from bot.reading.sandbox.probe import Confinement

_POSSIBLE = {
    "no_network": "reach the network",
    "no_programs": "start other programs",
    "no_writing": "write files",
    "no_other_files": "read other files",
    "no_other_processes": "disturb other processes",
}


def confinement_lines(found: Confinement | str) -> Iterator[str]:
    """One line where all of it is in force; else what a hostile PDF that takes over its process could do, and why. A text says why nobody
    knows.
    """
    if isinstance(found, str):
        yield f"It could not be found out whether PDFs are read in confinement here: {printable(found)}"
    elif found.complete:
        yield "PDFs are read in confinement: no network, no other program, no other file, nothing written"
    else:
        possible = [words for field, words in _POSSIBLE.items() if not getattr(found, field)]
        yield f"PDFS ARE NOT FULLY CONFINED HERE: one that takes over the process that reads it could {', '.join(possible)}"
        yield from (f"    {printable(reason)}" for reason in found.missing)


def confinement_json(found: Confinement | str) -> Json | None:
    """True for each thing that a reading process was refused when it tried; null where that could not be found out."""
    return None if isinstance(found, str) else {"complete": found.complete, **asdict(found), "missing": list(found.missing)}
