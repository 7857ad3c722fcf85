"""How the tests of a run are handed out to its processes."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from tests.conftest import Scheduler

TESTS = [f"tests/test_{module}.py::test_{number}" for module, count in (("one", 1), ("two", 2), ("last", 3)) for number in range(count)]


class WorkerStub:
    """A process as xdist has it: it begins its last test only when it is told of another one, or that there is none."""

    def __init__(self) -> None:
        self.gateway = SimpleNamespace(id="gw")
        self.shutting_down = False
        self._waiting: list[int] = []

    def send_runtest_some(self, indexes: Sequence[int]) -> None:
        """Take tests."""
        self._waiting += indexes

    def shutdown(self) -> None:
        """Take no more tests."""
        self.shutting_down = True

    def finished(self) -> int | None:
        """Run a test, if one can begin."""
        return self._waiting.pop(0) if len(self._waiting) > 1 or (self._waiting and self.shutting_down) else None


def started(scheduler: Scheduler) -> WorkerStub:
    """Begin a process and give it tests."""
    worker = WorkerStub()
    scheduler.add_node(worker)
    scheduler.add_node_collection(worker, TESTS)
    scheduler.schedule()
    end(scheduler, worker)
    return worker


def end(scheduler: Scheduler, worker: WorkerStub) -> None:
    """Tell a process that there are no more tests where all are handed out, as xdist does after each thing that happens."""
    if scheduler.tests_finished:
        worker.shutdown()


def run(scheduler: Scheduler, worker: WorkerStub, most: int = len(TESTS)) -> list[str]:
    """Let a process run so many tests, if it can."""
    done: list[str] = []
    while len(done) < most and (index := worker.finished()) is not None:
        scheduler.mark_test_complete(worker, index)
        done.append(TESTS[index])
        end(scheduler, worker)
    return done


@pytest.mark.parametrize("before", range(len(TESTS)))
def test_every_test_is_run_though_a_process_dies(before: int) -> None:
    config = SimpleNamespace(getvalue=lambda _: ["popen"], option=SimpleNamespace(loadscopereorder=False))
    scheduler = Scheduler(config, None)
    first = started(scheduler)
    done = run(scheduler, first, before)
    scheduler.remove_node(first)
    assert sorted([*done, *run(scheduler, started(scheduler))]) == sorted(TESTS)
