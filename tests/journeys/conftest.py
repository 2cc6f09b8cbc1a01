"""What journeys begin with."""

from browser_site import site

__all__ = ["site"]
