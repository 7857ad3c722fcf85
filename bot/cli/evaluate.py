"""`vigie evaluate`: how well detection does on a folder of labelled acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli.context import DONE, FAILED, WRONG_USE, fail, stderr
from bot.cli.output import print_json, print_lines
from bot.evaluation import NOISES, BadCorpus, Step, evaluate, evaluation_json, lines, load_corpus, trials

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder with labels/*.toml and the texts they name.", show_default=False)]
Noisy = Annotated[bool, typer.Option("--noise/--no-noise", help="Judge the acts also as damaged by bad text layers and OCR.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Errors = Annotated[int, typer.Option("--errors", "-n", min=0, metavar="N", help="Show at most so many errors of each list.")]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command("evaluate", epilog="Example:  vigie evaluate tests/corpus --no-noise --errors 50")
    def evaluate_(folder: Folder, noise: Noisy = True, as_json: AsJson = False, errors: Errors = 20) -> None:
        """Judge a corpus of labelled acts: precision and recall, kinds, facts, and every label that was missed. Nothing is recorded.

        Exit codes: 0 every label of the acts as they are was met, 1 some label was missed, 2 no such folder or bad labels.
        """
        try:
            acts = load_corpus(folder)
        except BadCorpus as error:
            fail(str(error), WRONG_USE)
        tried = tuple(trials(acts, NOISES.values() if noise else ()))
        with _showing(len(tried)) as told:
            evaluation = evaluate(tried, told=told)
        if as_json:
            print_json(evaluation_json(str(folder), evaluation))
        else:
            print_lines(lines(evaluation, errors))
        raise typer.Exit(FAILED if evaluation.mistakes else DONE)


@contextmanager
def _showing(total: int, console: Console = stderr) -> Iterator[Callable[[Step], None]]:
    """A bar, on a terminal only: elsewhere it would only be in the way of the tables."""
    columns = (TextColumn("judging"), BarColumn(bar_width=24), TextColumn("{task.completed}/{task.total} acts"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("judging", total=total)
        yield lambda step: progress.update(bar, completed=step.done)
