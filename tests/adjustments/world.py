"""Somebody asks for adjustments in a small chain, and somebody decides."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from small_chain import MONDAY, SmallChain
from sqlalchemy import text

from regulars.adjustments import service
from regulars.adjustments.domain import Adjustment, Wish
from regulars.kernel.ids import new_id
from regulars.rules.live import LivePacks
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Role
from regulars.security.policy import Permission

DAY = timedelta(days=1)
NOW = MONDAY + 10 * DAY


@dataclass
class Adjusting:
    """Asks and decides in the small chain; each act is a transaction of its own."""

    chain: SmallChain
    people: dict[str, Actor] = field(default_factory=dict)

    def person(self, role: str, place: str = "HQ") -> Actor:
        at = self.chain.desk.places.by_code(place)
        grant = Grant(Role(role), at.id, at.path)
        return Actor("operator", str(new_id()), role, (grant,))

    async def ask(self, member: UUID, points: int | None, actor: Actor, **wish: object) -> Adjustment:
        values = {"id": new_id(), "reason": "goodwill", "note": "for the wait", **wish}
        at = values.pop("at", NOW)
        wanted = Wish(member_id=member, points=points, **values)  # type: ignore[arg-type]
        asker = actor if actor.kind == "command" else actor.admitted(Permission.ADJUSTMENT_REQUEST)
        async with self.chain.database.begin() as session:
            return await service.request_adjustment(
                session,
                LivePacks(),
                self.chain.desk.places,
                wanted,
                asker,
                at,  # type: ignore[arg-type]
            )

    async def approve(self, adjustment: Adjustment, actor: Actor, *, at: object = NOW) -> Adjustment:
        async with self.chain.database.begin() as session:
            return await service.approve(
                session,
                LivePacks(),
                self.chain.desk.places,
                adjustment.id,
                replace(actor, scope=actor.scope_for(Permission.ADJUSTMENT_READ)),
                at,  # type: ignore[arg-type]
                "seen",
            )

    async def figures(self, member: UUID) -> tuple[int, int]:
        """Points owned, and owed."""
        async with self.chain.database.read() as session:
            row = (
                await session.execute(
                    text("select amount, owed from balance where account_id = :m and unit = 'points'"),
                    {"m": member},
                )
            ).first()
        return (row.amount, row.owed) if row else (0, 0)
