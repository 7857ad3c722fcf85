"""The polite client: the only door to the web."""

from sources.client.client import Client
from sources.client.options import ClientOptions, user_agent
from sources.client.robots import Disallowed
from sources.client.saving import NotSaved, StorageFull

__all__ = ["Client", "ClientOptions", "Disallowed", "NotSaved", "StorageFull", "user_agent"]
