"""The web application, for what tills send over HTTP."""

from web_fixtures import admin, app, world

__all__ = ["admin", "app", "world"]
