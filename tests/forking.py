"""Runs tests in several processes, forked when all are collected: what the tests import is loaded once, not once in each.

A process gets the tests of one module after another. One that dies takes only the test with it that it was at: another runs the rest.
"""

from __future__ import annotations

import atexit
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import SimpleNamespace
from typing import Any, NoReturn
from weakref import finalize

import pytest


class Fork:
    """A process that runs tests, as its parent sees it."""

    def __init__(self, number: int, connection: Connection, pid: int) -> None:
        self.connection, self.pid = connection, pid
        self.given: list[int] = []
        self.at: int | None = None
        self.may_end = False
        # What pytest asks of what made a report, where that was another process.
        self.gateway = SimpleNamespace(id=f"{number}")
        self._workerinfocache = ""


class Forks:
    """All processes of a run, and the modules of tests that none has begun. `place_of` says which module is handed out before which."""

    def __init__(self, session: pytest.Session, most: int, place_of: Callable[[str], int]) -> None:
        self._session, self._most, self._number = session, most, count()
        modules: dict[str, list[int]] = {}
        for index, item in enumerate(session.items):
            modules.setdefault(item.nodeid.partition("::")[0], []).append(index)
        # Of one place those of few tests first: many are together because each is short.
        self._waiting = [modules[name] for name in sorted(modules, key=lambda name: (place_of(name), len(modules[name])))]
        self._running: dict[Connection, Fork] = {}

    def run(self) -> None:
        """Run all tests."""
        session = self._session
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # all are to have theirs in one folder
        try:
            while self._running or (self._waiting and not _is_over(session)):
                while len(self._running) < min(self._most, len(self._waiting) + len(self._running)) and not _is_over(session):
                    self._begin()
                for connection in wait(list(self._running)):
                    assert isinstance(connection, Connection)
                    self._hear(self._running[connection])
        finally:
            for fork in self._running.values():
                fork.connection.close()
                os.waitpid(fork.pid, 0)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)

    def _begin(self) -> None:
        ours, theirs = Pipe()
        number = next(self._number)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            for connection in (ours, *self._running):
                connection.close()
            _work(self._session, theirs, number)
        theirs.close()
        fork = Fork(number, ours, pid)
        self._running[ours] = fork
        self._give(fork)

    def _give(self, fork: Fork) -> None:
        """Hand out a module, or nothing when there is no more: then the process ends."""
        fork.given = [] if _is_over(self._session) or not self._waiting else self._waiting.pop(0)
        fork.may_end = not fork.given
        with suppress(ConnectionError):
            fork.connection.send(fork.given)

    def _hear(self, fork: Fork) -> None:
        try:
            said = fork.connection.recv()
        except (EOFError, OSError):  # also in the middle of what it said
            self._bury(fork)
            return
        if said is None:
            if fork.given and not _is_over(self._session):
                self._session.shouldstop = "a process stopped before its last test"
            self._give(fork)
        elif isinstance(said, int):
            fork.at = fork.given.pop(fork.given.index(said))
        else:
            self._report(fork, self._session.config.hook.pytest_report_from_serializable(config=self._session.config, data=said))

    def _report(self, fork: Fork, report: Any) -> None:
        report.node = fork
        self._session.config.hook.pytest_runtest_logreport(report=report)

    def _bury(self, fork: Fork) -> None:
        """Report a process that has ended before its time, and leave its other tests to the next."""
        del self._running[fork.connection]
        fork.connection.close()
        code = os.waitstatus_to_exitcode(os.waitpid(fork.pid, 0)[1])
        if fork.given and not _is_over(self._session):
            self._waiting.insert(0, fork.given)
        if code != 0 or not fork.may_end:
            if fork.at is None:
                raise RuntimeError(f"a process ended with {code} before its first test")
            item = self._session.items[fork.at]
            said = f"the process that ran it ended with {code}, there or when it left what its tests had in common"
            self._report(fork, pytest.TestReport(item.nodeid, item.location, {}, "failed", said, "call"))


def _is_over(session: pytest.Session) -> bool:
    return bool(session.shouldfail or session.shouldstop)


class Reporter:
    """Sends what becomes of tests to the process that began this one."""

    def __init__(self, config: pytest.Config, connection: Connection) -> None:
        self._config, self._connection = config, connection

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Send it."""
        self._connection.send(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))


def _work(session: pytest.Session, connection: Connection, number: int) -> NoReturn:
    """Run the tests that come, to the end of this process. What is written beside them is seen when it fails."""
    code = 1
    # At the end of this process is done what it asked for, and not what its parent did.
    atexit._clear()
    finalize._registry.clear()  # type: ignore[attr-defined]
    finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    # What a test forks may outlive this process: its end is to be heard all the same.
    os.register_at_fork(after_in_child=connection.close)
    try:
        with _apart(session.config, number):
            session.config.pluginmanager.register(Reporter(session.config, connection))
            try:
                while given := connection.recv():
                    _run(session, connection, given)
            except (EOFError, ConnectionError):
                # The parent has ended, perhaps in the middle of a test: what that began is ended too.
                pass
            finally:
                session._setupstate.teardown_exact(None)
        atexit._run_exitfuncs()
        code = 0
    except BaseException:
        # All that remains of it.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(session: pytest.Session, connection: Connection, given: Sequence[int]) -> None:
    """Run the tests of a module, and ask for another one."""
    for position, index in enumerate(given):
        if _is_over(session):
            break
        connection.send(index)
        item = session.items[index]
        # After the last one all of its module is left, and what is of the session stays.
        following: Any = session.items[given[position + 1]] if position + 1 < len(given) else session
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    connection.send(None)


@contextmanager
def _apart(config: pytest.Config, number: int) -> Iterator[None]:
    """Give this process streams and a temporary folder of its own, and nobody to write to."""
    for name in ("terminalreporter", "terminalprogress-plugin"):
        if config.pluginmanager.has_plugin(name):
            config.pluginmanager.unregister(name=name)
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    factory = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = factory.getbasetemp() / f"{number}"
    factory._basetemp.mkdir(mode=0o700)
    try:
        yield
    finally:
        capture.stop_global_capturing()
