"""The process that mutates: `python -m benchmarks.fuzz.fuzzer TARGET [options of libFuzzer]`. Never returns: libFuzzer ends it."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["bot", "sources"], enable_loader_override=False):
    from benchmarks.fuzz.targets import TARGETS

if __name__ == "__main__":
    # What is loaded once is no part of the time of an input: on a busy machine it took 20 s, and the first input was a finding.
    TARGETS[sys.argv[1]](b"")
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
