"""`vigie show N --letter`: a draft on standard output or in a file that was not there before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from bot.cli.context import WRONG_USE, fail
from bot.cli.text_output import print_json
from bot.domain import Place
from bot.domain.law.advice import counsel
from bot.messages import Language, place_for
from bot.messages.letters import LetterKind, NoSuchLetter, draft
from bot.queries import OneDecree, vocabulary
from bot.queries.phrases import withdrawal


def show_letter(
    answer: OneDecree, letter: LetterKind, places: Mapping[str, Place], language: Language, *, file: Path | None, as_json: bool
) -> None:
    """Draft it and give it away; ends the program where there is no such letter, or where the file cannot be written."""
    decree, at = answer.decree, answer.at
    gone = withdrawal(decree, place_for(places, decree.authority), language)
    if gone is not None:
        fail(gone, WRONG_USE)  # nobody is to write to a prefect about a decree that is none
    # It is written to whoever decided, who is not always whoever published.
    addressee = place_for(places, decree.facts.authority or decree.authority)
    try:
        text = draft(letter, decree, addressee, at, counsel(decree, place_for(places, decree.authority), at))
    except NoSuchLetter:
        fail(vocabulary(language).no_gracieux, WRONG_USE)
    if file is not None:
        write_letter(file, text)
    if as_json:
        print_json({"letter": letter.value, "text": text})
    elif file is None:
        typer.echo(text.encode(), nl=False)


def write_letter(file: Path, text: str) -> None:
    """A file that was not there before, whole or not at all; ends the program where it cannot be."""
    try:
        opened = file.open("x", encoding="utf-8", newline="\n")
    except FileExistsError:
        fail(f"{file}: this file exists, and is not overwritten", WRONG_USE)
    except OSError as error:
        fail(f"{file}: cannot be written: {error.strerror or error}")
    try:
        with opened:
            opened.write(text)
    except OSError as error:
        # Half a letter helps nobody, and would stand in the way of the next try.
        file.unlink(missing_ok=True)
        fail(f"{file}: cannot be written: {error.strerror or error}")
