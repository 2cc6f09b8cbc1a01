"""Finds the lots of a version's points, reading a purchase again only where its entry has several."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.lifecycle.repository import recent_before
from regulars.organisation.places import Places
from regulars.purchases.member_record import member_recorded
from regulars.purchases.own_facts import as_recorded
from regulars.rules import service as rules
from regulars.rules.domain import (
    RECENT_FACTS,
    Award,
    CalendarFacts,
    Evaluation,
    PurchaseFacts,
    StoreFacts,
)
from regulars.rules.evaluator import PackSet
from regulars.undoing import effects_repository
from regulars.undoing.award_lots import AwardEntry, ReadPurchase, shares_by_award, shares_in_one
from regulars.undoing.domain import Item


class LotFinder:
    """The packs that read the purchases of one undo order, kept while its list is made."""

    def __init__(self, session: AsyncSession, places: Places, version: str) -> None:
        self._session = session
        self._places = places
        self._version = version
        self._sets: dict[tuple[str, ...], PackSet] = {}

    async def items(self, entries: Sequence[AwardEntry]) -> list[tuple[Item, int]]:
        """Each entry as an item with its lots, and what was taken back of it before."""
        several = [entry.cause_id for entry in entries if len(entry.lots) > 1]
        read = await effects_repository.read_purchases(self._session, several) if several else {}
        await self.complete(read, self._version)
        found = []
        for entry in entries:
            if len(entry.lots) == 1:
                shares = shares_in_one(entry)
            else:
                awards = await self._awards(read[entry.cause_id], entry.dated_by)
                shares = shares_by_award(entry, awards, self._version)
            found.append((entry.item(shares), entry.taken_before))
        return found

    async def _awards(self, bought: ReadPurchase, dated_by: Sequence[str]) -> Sequence[Award]:
        """What the same packs give for the same facts, with the dates of its points; what was given later
        was given by the version in the place of the pack's own, or dated by others that are named."""
        names = dict.fromkeys(dated_by or bought.evaluation["packs"])
        if not dated_by and self._version not in names:
            code = self._version.rpartition("/")[0]
            others = [name for name in names if name.rpartition("/")[0] != code]
            names = dict.fromkeys([*others, self._version])
        packs = await self.packs(tuple(names))
        return self.evaluate(bought, packs).awards

    async def complete(self, read: Mapping[UUID, ReadPurchase], version: str) -> None:
        """Add to records what a version asks for that was not kept: what members had done lately."""
        if not read or not (await self.packs((version,))).reads_recent:
            return
        members = {one: bought.evaluation["facts"]["member"] for one, bought in read.items()}
        lacking = [one for one, kept in members.items() if kept is not None and RECENT_FACTS[0] not in kept]
        for purchase_id, lately in (await recent_before(self._session, lacking)).items():
            members[purchase_id].update(lately)

    def evaluate(self, bought: ReadPurchase, packs: PackSet) -> Evaluation:
        """What some packs say of the facts that were recorded with a purchase, limits aside."""
        facts = bought.evaluation["facts"]
        own = as_recorded(facts.get("custom"))
        site = self._places.store(bought.store_id)
        return packs.evaluate(
            replace(member_recorded(facts["member"]), custom=own.member),
            PurchaseFacts(bought.sales_minor, bought.list_minor, bought.channel, bought.lines, own.products),
            StoreFacts(facts["store"]["code"], facts["store"]["branch"], site.above, site.zone, own.store),
            CalendarFacts(**facts["calendar"]),
            bought.occurred_at,
        )

    async def packs(self, names: tuple[str, ...]) -> PackSet:
        """Versions by their names, ready to run together."""
        found = self._sets.get(names)
        if found is None:
            versions = []
            for name in names:
                code, _, number = name.rpartition("/")
                versions.append((await rules.get_version(self._session, code, int(number))).version)
            found = self._sets[names] = PackSet(versions)
        return found
