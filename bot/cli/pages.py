"""`vigie serve` and `vigie site`: the public pages, served or as files."""

from __future__ import annotations

import asyncio
import errno
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bot.app.config.values import listen as checked
from bot.app.inventory import utc_now
from bot.cli.context import DONE, PARTLY_DONE, WRONG_USE, Context, fail, run_to_end, stderr
from bot.cli.opening import load, opened
from bot.cli.work import progress
from bot.domain.acts import Decree
from bot.domain.tasks import first_of
from bot.storage.store import Store
from bot.web.documents import Document

_MISSING = None
try:
    from bot.app.website import data_folder, open_data_of, pictures_of, serve_pages, site_of
    from bot.web.server import address_of_socket, bound
    from bot.web.site import BrokenLink, addresses, files_of
except ModuleNotFoundError as error:  # the pages need an extra that the bot itself does not
    _MISSING = error.name

_MANIFEST = ".vigie-site"
"""Has the names of the files that earlier runs wrote: only these are ever replaced or removed."""
_MOST_SHOWN = 10
_SLICE = 500


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie serve --listen 127.0.0.1:8080")
    def serve(
        ctx: typer.Context,
        listen: Annotated[str, typer.Option("--listen", help="Address and port; that of web.listen where not given.")] = "",
    ) -> None:
        """Serve the public pages over a database that is only read, until Ctrl-C or SIGTERM. Several may run."""
        context: Context = ctx.obj
        settings, authorities = load(context, logs=None)
        if _MISSING is not None:
            fail(f"the pages need {_MISSING}: pip install 'vigie-vsa[web]'")
        where = listen or settings.web.listen or "127.0.0.1:8080"
        try:
            listening = bound(checked(where))
        except (OSError, ValueError) as error:
            fail(f"cannot listen at {where}: {error}", WRONG_USE)
        with opened(settings, read_only=True, existing=True):
            pass  # without a database nothing is at that address
        stderr.print(f"vigie: the pages are at {address_of_socket(listening)}", markup=False, soft_wrap=True)
        stop = asyncio.Event()
        run_to_end(first_of(serve_pages(settings, authorities, listening), stop), stop=stop)

    @app.command(epilog="Example:  vigie site public")
    def site(ctx: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")]) -> None:
        """Write the public pages as files, for hosting that serves files only: all but the search and the API.

        Each file is replaced as a whole, and what an earlier run wrote and is not there any more is removed at the end. Files of others are
        left alone. Exit code 3 when a link leads nowhere.
        """
        context: Context = ctx.obj
        settings, authorities = load(context)
        if _MISSING is not None:
            fail(f"the pages need {_MISSING}: pip install 'vigie-vsa[web]'")
        broken: list[BrokenLink] = []
        try:
            with (
                opened(settings, read_only=True, existing=True) as store,
                TemporaryDirectory(prefix="vigie-site-") as made,
                data_folder(settings.database.url) as kept,
                progress("writing the files of data") as shown,
            ):
                target, whole = Folder(folder), site_of(settings, authorities, store)
                files, pictures = open_data_of(settings, authorities, store, Path(made)), pictures_of(settings, kept, at_once=math.inf)
                files.refresh()
                pictures.tidy()
                run_to_end(pictures.draw_all(_copied(store, shown)))
                pages = replace(whole, settings=replace(whole.settings, files=True), open_data=files.file, pictures=pictures)
                for found in files_of(pages, addresses(), utc_now()):
                    if isinstance(found, BrokenLink):
                        broken.append(found)
                    else:
                        target.write(found.name, found.document)
                        shown("files written", len(target.written), 0)
            removed = target.finish()
        except OSError as error:
            fail(f"the site cannot be written: {error.filename or folder}: {error.strerror or error}")
        except UnicodeDecodeError as error:
            fail(f"the site cannot be written: {error}")
        sys.stdout.write(f"{len(target.written)} files in {folder}, {removed} removed\n")
        for one in broken[:_MOST_SHOWN]:
            stderr.print(f"vigie: a link of {one.page or 'the site'} leads nowhere: {one.link}", markup=False, soft_wrap=True)
        raise typer.Exit(PARTLY_DONE if broken else DONE)


def _copied(store: Store, shown: Callable[[str, int, int], None]) -> Iterator[tuple[Decree, str]]:
    """Yield decrees with the SHA-256 of their file, and show how many."""
    for number, decree in enumerate(chain.from_iterable(store.browsing.slices(_SLICE))):
        shown("decrees with their pictures", number, 0)
        copy = store.decrees.copy_of(decree)
        if copy is not None:
            yield decree, copy[0]


class Folder:
    """Folder of a static site: writes files atomically, and finally deletes those of its earlier runs not written now."""

    def __init__(self, path: Path) -> None:
        """Create the folder if missing. Raises OSError, and ValueError for an unreadable manifest."""
        self.written: set[str] = set()
        self._path = path
        self._manifest = path / _MANIFEST
        path.mkdir(parents=True, exist_ok=True)
        self._ours = frozenset(self._manifest.read_text("utf-8").splitlines()) if self._manifest.exists() else frozenset()

    def write(self, name: str, document: Document) -> None:
        """Write one file. Raises OSError, FileExistsError for a file of others."""
        file = self._path / name
        if name not in self._ours:
            if file.exists():
                raise FileExistsError(errno.EEXIST, "is there and was not written by this command; give it an empty folder", str(file))
            # Noted first: what a kill leaves behind is known for ours.
            with self._manifest.open("a", encoding="utf-8") as manifest:
                manifest.write(f"{name}\n")
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        if document.file is None:
            fresh.write_bytes(document.body)
        else:
            shutil.copyfile(document.file, fresh)
        fresh.replace(file)
        self.written.add(name)

    def finish(self) -> int:
        """Delete files of earlier runs not written by this one; return how many. Raises OSError."""
        gone = self._ours - self.written
        for name in gone:
            file = self._path / name
            file.unlink(missing_ok=True)
            for parent in list(file.parents)[: name.count("/")]:
                if not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()
        fresh = self._manifest.with_name(f"{_MANIFEST}.new")
        fresh.write_text("".join(f"{name}\n" for name in sorted(self.written)), encoding="utf-8")
        fresh.replace(self._manifest)
        return len(gone)
