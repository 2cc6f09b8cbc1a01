"""Drafts, and rehearsals of one chain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from small_chain import ACTOR, MONDAY, PACKS, SmallChain

from regulars.kernel.ids import new_id
from regulars.rehearsal import service
from regulars.rehearsal.domain import Order, Rehearsal
from regulars.rehearsal.running import Means, run_rehearsal

DAY = timedelta(days=1)
LATER = MONDAY + timedelta(days=400)


def draft(code: str, **parameters: int) -> str:
    """A starter pack with other parameters."""
    document = orjson.loads((PACKS / code / "pack.json").read_bytes())
    for name, value in parameters.items():
        document["parameters"][name]["value"] = value
    return orjson.dumps(document).decode()


@dataclass
class Rehearsals:
    """Rehearsals of one chain, carried out in this process unless said."""

    chain: SmallChain
    at: datetime = LATER

    def means(self, processes: int = 0) -> Means:
        return Means(self.chain.database, lambda: self.at, processes)

    async def order(self, *texts: str, place: UUID | None = None, **changes: Any) -> Rehearsal:
        order = Order(texts, place or self.chain.hq, **changes)
        async with self.chain.database.begin() as session:
            return await service.order_rehearsal(session, new_id(), order, ACTOR, self.at)

    async def report(
        self, *texts: str, processes: int = 0, place: UUID | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Order a rehearsal, carry it out, and return its report."""
        ordered = await self.order(*texts, place=place, **changes)
        done = await run_rehearsal(self.means(processes), ordered.id)
        assert done.state == "finished", done
        assert done.report is not None
        return {part: told for part, told in done.report.items() if part != "work_ms"}
