"""The polite client: the only door to the web."""

from sources.client.client import Client
from sources.client.options import ClientOptions, user_agent
from sources.client.robots import Disallowed
from sources.client.saving import NotSaved, StorageFull
from sources.client.stale_parts import remove_stale_parts

__all__ = ["Client", "ClientOptions", "Disallowed", "NotSaved", "StorageFull", "remove_stale_parts", "user_agent"]
