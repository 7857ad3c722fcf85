"""Requests that end: a time-out for each read alone lets a server keep one for ever, a byte at a time, and an answer has no size."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

READS = 6
"""A whole request may take as long as so many reads that each use up their time-out: three minutes, by default. A picture of 10 MB goes up
in that time on a slow line."""

MOST_BYTES = 8 * 1024 * 1024
"""Of an answer, unpacked. Forty statuses are a few hundred thousand."""

_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


async def request(client: httpx.AsyncClient, method: str, path: str, *, longest: float, **options: Any) -> httpx.Response:
    """The whole answer within `longest` seconds. Raises httpx.HTTPError: ReadTimeout where it takes longer and ReadError where it is too
    large. The server may have done what was asked in either case.
    """
    try:
        async with asyncio.timeout(longest), client.stream(method, path, **options) as answer:
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise httpx.ReadError("an answer that is too large", request=answer.request)
            headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _OF_THE_WIRE]
            return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=answer.request)
    except TimeoutError:
        raise httpx.ReadTimeout("no whole answer in time") from None
