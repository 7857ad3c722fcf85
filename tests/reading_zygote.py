"""A process that has loaded what a reading process runs, and forks for each of them: starting one anew takes ten times the processor.

`python -m tests.reading_zygote MODULE SOCKET`. Orders come on the socket, one JSON object a packet, each with a socket for the answer: to
begin a process, with its three streams, which is answered by its id; to bury one that has ended, which is answered by its exit code. See
`tests.readers`.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import socket
import sys
from importlib import import_module
from types import CodeType
from typing import Any

MOST = 128 * 1024
_FOR_EVER = 0xFFFFFFFF
"""The count of the references to an object of which Python counts none (3.12 and later)."""


def immortalise() -> None:
    """Let all objects that are there stay to the end of this process and of its forks: one that only uses them copies no page for their
    counts. Half of the pages that a command copied were such.
    """
    if sys.hexversion < 0x030C0000 or sys.maxsize < 2**32:
        return
    left, seen = gc.get_objects(), set[int]()
    own = {id(left), id(seen)}
    while left:
        found = left.pop()
        if id(found) in own or id(found) in seen:
            continue
        seen.add(id(found))
        ctypes.c_uint32.from_address(id(found)).value = _FOR_EVER
        if isinstance(found, CodeType):
            left += (found.co_consts, found.co_names, found.co_linetable, found.co_exceptiontable)
        elif gc.is_tracked(found) or isinstance(found, tuple):
            left += gc.get_referents(found)


def serve(orders: socket.socket) -> dict[str, Any]:
    """Carry out orders until there are no more. Returns in each child, with its order."""
    while True:
        packet, passed, _, _ = socket.recv_fds(orders, MOST, 4)
        if not packet:
            os._exit(0)
        asking, *streams = passed
        order = json.loads(packet)
        if "bury" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["bury"], 0)[1])
        else:
            ready, begun = os.pipe()
            answer = os.fork()
            if answer == 0:
                orders.close()
                os.close(ready)
                os.close(asking)
                become(order["environ"], streams)
                os.close(begun)
                return dict(order)
            for each in (begun, *streams):
                os.close(each)
            # From here on it has a group of its own, by which it can be killed.
            os.read(ready, 1)
            os.close(ready)
        os.write(asking, str(answer).encode())
        os.close(asking)


def become(environ: dict[str, str], streams: list[int]) -> None:
    """What the system would have made of a new process."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environ)
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)


if __name__ == "__main__":
    module = import_module(sys.argv[1])
    immortalise()
    gc.freeze()
    sys.argv[1:] = [str(serve(socket.socket(fileno=int(sys.argv[2])))["argument"])]
    module.run(module.main)
