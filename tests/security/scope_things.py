"""The things that the routes are about, each made at the store east-1 under marks that can be looked for."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from security.scope_table import (
    DRAFT_TEXT,
    MEMBER_NAME,
    OPERATOR_NAME,
    PUBLISHED_BECAUSE,
    RECEIPT_NO,
    STORE_NAME,
    TEMPLATE,
)
from small_chain import ACTOR, MONDAY, OPENED
from sqlalchemy import bindparam, select
from web_world import WebWorld

from regulars.adjustments.domain import Wish as Adjusting
from regulars.adjustments.service import request_adjustment
from regulars.bulk_actions.domain import Filter
from regulars.bulk_actions.listing import Wish as Bulk
from regulars.bulk_actions.service import draw_up
from regulars.care.domain import CareDue
from regulars.care.service import open_tasks
from regulars.custom_fields.domain import CustomField
from regulars.custom_fields.service import define_field
from regulars.explanation.shelf import Shelf
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.lifecycle.tables import lifecycle_event
from regulars.messages.domain import NewRequest
from regulars.messages.service import ask_for
from regulars.organisation.domain import NewPlace
from regulars.organisation.service import open_places
from regulars.rehearsal.domain import Order
from regulars.rehearsal.service import order_rehearsal
from regulars.releases.drafting import NewSave
from regulars.releases.drafts import save_draft
from regulars.releases.review import Submission, submit
from regulars.rules import service as rules
from regulars.rules.consequences import MessageAsked
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.security import repository
from regulars.security.domain import Operator, Role, RoleAt
from regulars.security.terminal_keys import issue_key
from regulars.segments.domain import Draft
from regulars.segments.service import save_segment
from regulars.undoing.service import Wish, order_undo

PACK = "silver-saturday"
DRAFT_ID = UUID(int=0xD4AF7)
VIP = CustomField(new_id(), "member", "vip", "boolean", "贵宾", "important", default=False)
RETIRING = replace(VIP, id=new_id(), code="retiring")
SEASONAL = replace(VIP, id=new_id(), subject="product", code="seasonal")
_JOINED = select(lifecycle_event.c.id).where(lifecycle_event.c.member_id == bindparam("member_id"))


@dataclass
class Things:
    """Makes what the routes are about, all of it at the store east-1."""

    world: WebWorld
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def publish_there(self) -> None:
        """Have the store itself make a version live, so that the packs' pages have something of it."""
        async with self.world.chain.database.begin() as session:
            await rules.activate(
                session,
                PACK,
                1,
                place_id=self.world.chain.stores["east-1"],
                live_from=MONDAY,
                actor=ACTOR,
                at=MONDAY,
                reason=PUBLISHED_BECAUSE,
            )
            for own in (VIP, RETIRING, SEASONAL):
                await define_field(session, own, ACTOR, MONDAY)
            await save_draft(session, PACK, NewSave(DRAFT_ID, DRAFT_TEXT, 0), ACTOR, OPENED)

    async def fresh(self) -> dict[str, str]:
        """One new thing of each kind, by the name that the table has for it."""
        return await self.fresh_for("".join(MADE))

    async def fresh_for(self, *spoken: Any) -> dict[str, str]:
        """New things of the kinds that are named, and the names of the table that stand for nothing made."""
        number = next(self.numbers)
        known = {
            "{store}": str(self.world.chain.stores["east-1"]),
            "{code}": PACK,
            "{save_id}": str(DRAFT_ID),
            "{version}": "1",
            "{limit_code}": "none",
            "{order}": str(new_id()),
            "{fresh}": f"fresh-{number}",
            "{fresh_code}": f"fresh_{number}",
            "{fresh_phone}": f"+1646555{1000 + number}",
            "{field_id}": str(RETIRING.id),
            "{store_id}": str(self.world.chain.stores["east-1"]),
            "{fact}": "member.custom.vip",
        }
        named = set(re.findall(r"\{\w+\}", repr(spoken)))
        for names, make in MADE.items():
            if named & set(re.findall(r"\{\w+\}", names)):
                known |= await make(self, number, known)
        return known

    async def member(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        chain = self.world.chain
        member = await chain.join(MEMBER_NAME, phone=f"+1212555{1000 + number}")
        async with chain.database.begin() as session:
            event_id = (await session.execute(_JOINED, {"member_id": member})).scalars().one()
            await open_tasks(session, [CareDue(event_id, member, MONDAY - timedelta(minutes=number))], MONDAY)
        ids = {"{member_id}": member, "{reference}": member, "{task_id}": event_id, "{event_id}": event_id}
        return {name: str(each) for name, each in ids.items()}

    async def purchase(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        chain = self.world.chain
        await self.world.container.refresh_places()
        bought = await chain.buy(receipt_no=f"{RECEIPT_NO}-{number}", occurred_at=clock.now())
        if "{member_id}" in known:
            asked = MessageAsked(TEMPLATE, (), f"{PACK}/1", "thank")
            buyer, store = UUID(known["{member_id}"]), chain.stores["east-1"]
            async with chain.database.begin() as session:
                await ask_for(session, [NewRequest(buyer, bought.purchase_id, store, MONDAY, asked)], MONDAY)
        return {"{purchase_id}": str(bought.purchase_id)}

    async def till(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        till = NewPlace(new_id(), "east-1", "terminal", f"E1-{number}", f"{STORE_NAME} till {number}")
        pepper = self.world.container.settings.secrets.terminal_key_pepper
        async with self.world.chain.database.begin() as session:
            await open_places(session, [till], ACTOR, OPENED)
            issued = await issue_key(session, till.id, pepper, ACTOR, OPENED)
        place = str(till.id)
        return {"{place_id}": place, "{terminal_id}": place, "{key_id}": issued.key.key_id}

    async def operator(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        own = Operator(new_id(), f"own{number}", OPERATOR_NAME, "en", (), OPENED, None)
        store = RoleAt(Role.STORE, self.world.chain.stores["east-1"])
        async with self.world.chain.database.begin() as session:
            await repository.insert_operator(session, own, "no hash")
            await repository.replace_roles(session, own.id, [store], OPENED)
        return {"{operator_id}": str(own.id)}

    async def segment(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        segment = Draft(f"seg-{number}", "east-1", "甲", "A", "", {"var": "member.known"})
        async with self.world.chain.database.begin() as session:
            await save_segment(session, segment, ACTOR, OPENED, based_on=0)
        return {"{segment}": segment.code}

    async def release(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        wanted = Submission(new_id(), PACK, (self.world.chain.stores["east-1"],), version=1)
        async with self.world.chain.database.begin() as session:
            release = await submit(session, wanted, ACTOR, OPENED)
        return {"{release_id}": str(release.id)}

    async def rehearsal(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        order = Order((starter_text(PACK),), self.world.chain.stores["east-1"])
        earlier = MONDAY - timedelta(minutes=number)  # so that the first is on the first page
        async with self.world.chain.database.begin() as session:
            rehearsal = await order_rehearsal(session, new_id(), order, ACTOR, earlier)
        return {"{rehearsal_id}": str(rehearsal.id)}

    async def adjustment(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        member = UUID((known if "{member_id}" in known else await self.member(number, known))["{member_id}"])
        somebody = replace(ACTOR, kind="operator", id=str(new_id()))
        wish = Adjusting(new_id(), member, 7, "goodwill", "made for these tests")
        earlier = MONDAY - timedelta(minutes=number)
        places = self.world.container.places
        async with self.world.chain.database.begin() as session:
            made = await request_adjustment(session, LivePacks(), places, wish, somebody, earlier)
        return {"{adjustment_id}": str(made.id)}

    async def undo(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        wish = Wish(PACK, 1, self.world.chain.stores["east-1"], "let_be")
        places = self.world.container.places
        async with self.world.chain.database.begin() as session:
            undo = await order_undo(session, places, new_id(), wish, ACTOR, MONDAY)
        return {"{undo_id}": str(undo.id)}

    async def bulk_action(self, number: int, known: Mapping[str, str]) -> dict[str, str]:
        member = UUID((known if "{member_id}" in known else await self.member(number, known))["{member_id}"])
        wish = Bulk("retry", self.world.chain.stores["east-1"], Filter(member_ids=(member,)))
        places = self.world.container.places
        async with self.world.chain.database.begin() as session:
            bulk = await draw_up(session, places, Shelf(), new_id(), wish, ACTOR, MONDAY)
        return {"{action_id}": str(bulk.id)}


MADE: Mapping[str, Callable[[Things, int, Mapping[str, str]], Awaitable[dict[str, str]]]] = {
    "{member_id}{reference}{task_id}{event_id}": Things.member,
    "{purchase_id}": Things.purchase,
    "{place_id}{terminal_id}{key_id}": Things.till,
    "{operator_id}": Things.operator,
    "{segment}": Things.segment,
    "{release_id}": Things.release,
    "{rehearsal_id}": Things.rehearsal,
    "{adjustment_id}": Things.adjustment,
    "{undo_id}": Things.undo,
    "{action_id}": Things.bulk_action,
}
"""What makes the things of each kind, by the names that the table has for them; a member comes first."""
