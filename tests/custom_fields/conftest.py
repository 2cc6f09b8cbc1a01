"""A chain and the web application in front of it."""

from web_fixtures import admin, app, world

__all__ = ["admin", "app", "world"]
