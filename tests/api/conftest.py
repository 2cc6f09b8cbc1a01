"""The web application, as those who call the API find it."""

from web_fixtures import admin, app, world

__all__ = ["admin", "app", "world"]
