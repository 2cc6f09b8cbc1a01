"""Who may change the chain's own fields: they have no place, so it takes the right at headquarters."""

from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission
from rules_ui.ui import Ui


async def for_the_whole_chain(ui: Ui, actor: Actor) -> None:
    """Refuse whoever may not change what is the whole chain's.

    Raises: PermissionDenied.
    """
    await ui.refresh()
    if not may_define(ui, actor):
        raise PermissionDenied(Permission.PACK_EDIT)


def may_define(ui: Ui, actor: Actor) -> bool:
    """Whether the actor may change the chain's own fields and products' values."""
    return actor.may_at(Permission.PACK_EDIT, ui.container.places.headquarters.path)
