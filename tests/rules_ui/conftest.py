"""The web application, as those who read its pages find it; Temporal is away."""

from web_fixtures import admin, app, world

__all__ = ["admin", "app", "world"]
