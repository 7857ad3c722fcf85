"""A process that has loaded what a reading process runs, and forks for each of them: starting one anew takes ten times the processor.

`python -m tests.reading_zygote MODULE SOCKET`. Orders come on the socket, one JSON object a packet, each with a socket for the answer: to
begin a process, with its three streams, which is answered by its id; to bury one that has ended, which is answered by its exit code. See
`tests.readers`.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from importlib import import_module
from typing import Any

MOST = 128 * 1024


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
    gc.freeze()
    sys.argv[1:] = [str(serve(socket.socket(fileno=int(sys.argv[2])))["argument"])]
    module.run(module.main)
