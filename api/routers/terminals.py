"""Keys of terminals."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from api.dependencies import At, Parts, requires
from api.schemas.places import IssuedKeyOut, TerminalKeyOut
from api.strict_json import api_router
from regulars.security import terminal_keys
from regulars.security.actor import Actor
from regulars.security.policy import Permission

router = api_router("terminals")
Manager = Annotated[Actor, Depends(requires(Permission.TERMINAL_KEY_MANAGE))]


@router.get("/terminals/{terminal_id}/keys")
async def list_keys(parts: Parts, actor: Manager, terminal_id: UUID) -> list[TerminalKeyOut]:
    """All keys of a terminal, oldest first, without their secrets."""
    async with parts.database.read() as session:
        found = await terminal_keys.list_keys(session, terminal_id, actor.scope)
    return [TerminalKeyOut.of(key) for key in found]


@router.post("/terminals/{terminal_id}/keys", status_code=201)
async def issue_key(parts: Parts, actor: Manager, at: At, terminal_id: UUID) -> IssuedKeyOut:
    """Give a terminal a key, shown this once. Two may be live, so that tills can change over."""
    pepper = parts.settings.secrets.terminal_key_pepper
    async with parts.database.begin() as session:
        return IssuedKeyOut.of(await terminal_keys.issue_key(session, terminal_id, pepper, actor, at))


@router.delete("/terminals/{terminal_id}/keys/{key_id}", status_code=204)
async def revoke_key(parts: Parts, actor: Manager, at: At, terminal_id: UUID, key_id: str) -> None:
    """Make a key useless within a second."""
    async with parts.database.begin() as session:
        await terminal_keys.revoke_key(session, terminal_id, key_id, actor, at)
