"""Pages that stand together under one entry of the menu, each with its tab."""

from collections.abc import Mapping
from typing import Final

from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.contexts.base import NavItem
from rules_ui.i18n import N_

TABS: Final[Mapping[str, tuple[tuple[str, str, str, Permission], ...]]] = {
    "/places": (
        ("/places", N_("Places"), "sitemap", Permission.PLACE_READ),
        ("/operators", N_("Operators"), "id-badge-2", Permission.OPERATOR_READ),
        ("/tiers", N_("Tiers"), "star", Permission.PACK_READ),
        ("/fields", N_("Field catalogue"), "list-details", Permission.PACK_READ),
        ("/settings", N_("Chain settings"), "adjustments", Permission.PLACE_READ),
        ("/audit", N_("Audit log"), "history", Permission.AUDIT_READ),
        ("/system", N_("System health"), "heart-rate-monitor", Permission.WORKFLOW_OPERATE),
    ),
}
"""By the entry of the menu: address, name, picture, and who sees it."""


OF_THE_WHOLE_CHAIN: Final = frozenset({"/system"})
"""Addresses whose pages know no places: for those who have the permission at headquarters."""


def home_of(path: str) -> str:
    """The path itself, or where the entry of the menu leads that the page stands under."""
    for home, tabs in TABS.items():
        if any(_is_at(path, href) for href, *_ in tabs):
            return home
    return path


def tabs_of(actor: Actor, path: str, headquarters: str) -> tuple[NavItem, ...]:
    """The tabs of the page's section that the actor may open; none where it has no section.

    Args:
        actor: who reads.
        path: of the page.
        headquarters: the path of that place.
    """
    return tuple(
        NavItem(href, label, icon, _is_at(path, href))
        for href, label, icon, permission in TABS.get(home_of(path), ())
        if (actor.may_at(permission, headquarters) if href in OF_THE_WHOLE_CHAIN else actor.may(permission))
    )


def _is_at(path: str, href: str) -> bool:
    return path == href or path.startswith(f"{href}/")
