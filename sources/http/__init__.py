"""The polite client: the only door to the web."""

from sources.http.client import Client
from sources.http.download.part import NotSaved, StorageFull, remove_stale_parts
from sources.http.options import ClientOptions, user_agent
from sources.http.robots import Disallowed

__all__ = ["Client", "ClientOptions", "Disallowed", "NotSaved", "StorageFull", "remove_stale_parts", "user_agent"]
