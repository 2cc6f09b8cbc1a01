"""What journeys begin with."""

from browser_site import chromium, site

__all__ = ["chromium", "site"]
