"""What verifies certificates, read once in a process: hundreds of clients of the tests reach this machine only, and each would read it."""

from __future__ import annotations

import os
import ssl
from functools import cache

import httpx
import pytest
from httpx._transports import default

_create = httpx.create_ssl_context


def read_once(patch: pytest.MonkeyPatch) -> None:
    """Give clients that verify in the same way the same context."""
    for module in (httpx, default):
        patch.setattr(module, "create_ssl_context", _context)


def _context(verify: ssl.SSLContext | str | bool = True, cert: str | None = None, trust_env: bool = True) -> ssl.SSLContext:
    if verify is True and cert is None:
        return _verifying(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _create(verify, cert, trust_env)


@cache
def _verifying(trust_env: bool, _file: str | None, _folder: str | None) -> ssl.SSLContext:
    return _create(trust_env=trust_env)
