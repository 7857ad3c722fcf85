"""The polite client: the only way to the web."""

from sources.http.address import ClientOptions, user_agent
from sources.http.client import Client
from sources.http.files import NotSaved, StorageFull
from sources.http.politeness import Disallowed

__all__ = ["Client", "ClientOptions", "Disallowed", "NotSaved", "StorageFull", "user_agent"]
