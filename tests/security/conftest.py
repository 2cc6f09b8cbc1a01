"""The web application, as those who attack it find it."""

from web_fixtures import admin, app, world

__all__ = ["admin", "app", "world"]
