"""What clients of the tests, which reach this machine only, need not do hundreds of times: a third of what a request takes."""

from __future__ import annotations

import os
import ssl
import sys
from functools import cache

import httpx
import pytest
from httpx._transports import default

_create = httpx.create_ssl_context


def prepare_clients(patch: pytest.MonkeyPatch) -> None:
    """Read the certificates of authorities once in a process, and look for no `sniffio`, which httpcore does several times a request."""
    for module in (httpx, default):
        patch.setattr(module, "create_ssl_context", _context)
    patch.setitem(sys.modules, "sniffio", None)


def _context(verify: ssl.SSLContext | str | bool = True, cert: str | None = None, trust_env: bool = True) -> ssl.SSLContext:
    if verify is True and cert is None:
        return _verifying(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _create(verify, cert, trust_env)


@cache
def _verifying(trust_env: bool, _file: str | None, _folder: str | None) -> ssl.SSLContext:
    return _create(trust_env=trust_env)
