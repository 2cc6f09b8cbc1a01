"""A real chain beside its model: every act happens in both, and what they answer must be equal."""

import asyncio
import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from invariants.model import Member
from invariants.pack_texts import pack_text
from invariants.packs import Packs
from invariants.till import Item, Sale, offer, receipt
from small_chain import ACTOR, KEYS, SmallChain, line
from sqlalchemy import text

from regulars.entrypoints.verifying import verify
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.lifecycle import repository as standings
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.domain import LifecycleEvent
from regulars.lifecycle.enrolment import enrol
from regulars.lifecycle.following_up import follow_up
from regulars.lifecycle.freezing import Order, freeze, unfreeze
from regulars.members.domain import NewMember
from regulars.members.service import MemberRules
from regulars.outbox.domain import MemberNews
from regulars.outbox.errors import TemporalAway
from regulars.outbox.relay import Relay
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket, Discount
from regulars.purchases.errors import AlreadyAttributed, AttributionTooLate, IdempotencyMismatch
from regulars.purchases.posting import post_purchases
from regulars.purchases.quoting import quote
from regulars.rules import service as rules
from regulars.security.scope import EVERYWHERE

KEY = b"q" * 32
CLAIM_WITHIN = timedelta(days=30)


@dataclass
class Door:
    """Temporal's door: open it takes every message, closed it takes none."""

    heard: list[MemberNews] = field(default_factory=list)
    closed: bool = False

    async def tell(self, news: MemberNews) -> None:
        if self.closed:
            raise TemporalAway("closed")
        self.heard.append(news)

    async def answers(self) -> bool:
        return not self.closed


@dataclass
class Written:
    """A purchase that stands: as handed in, as meant, whose it is, and the receipt that its till got."""

    basket: Basket
    sale: Sale
    owner: UUID | None
    answer: Recorded


@dataclass
class World:
    """The chain and the model, at one time."""

    chain: SmallChain
    now: datetime
    packs: Packs
    members: dict[UUID, Member] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    door: Door = field(default_factory=Door)
    relay: Relay = field(init=False)

    def __post_init__(self) -> None:
        self.relay = Relay(self.chain.database, self.door, "relay", now=lambda: self.now)
        desk = self.chain.desk
        self.bulk = Desk(desk.places, desk.packs, desk.new_id, bulk=True)

    # Members.

    async def enrol(self, store: str, ago: timedelta, *, staff: bool) -> None:
        enrolled_at = self.now - ago
        home, tags = self.chain.stores[store], ("staff",) if staff else ()
        new = NewMember(id=new_id(), name="Wei", home_store_id=home, enrolled_at=enrolled_at, tags=tags)
        places = self.chain.desk.places
        async with self.chain.database.begin() as session:
            await places.refresh(session)
            await enrol(session, new, MemberRules.of(places.chain, KEYS), places, ACTOR, self.now)
        self.members[new.id] = Member(self.packs, store, enrolled_at, care_from=self.now, staff=staff)

    async def pass_time(self, member_ids: Iterable[UUID]) -> None:
        """Do what the members' workflows do when something is due."""
        for member_id in member_ids:
            async with self.chain.database.begin() as session:
                desk = self.chain.desk
                await lifecycle.advance(session, desk.packs, desk.places, [member_id], self.now, self.now)
                await follow_up(session, [member_id], self.now)
            self.members[member_id].advance(self.now)

    async def freeze(self, member_id: UUID) -> None:
        """Freeze a member, or lift the freeze."""
        member, desk = self.members[member_id], self.chain.desk
        order = Order(new_id(), member_id, "command", "tests", EVERYWHERE)
        lift = member.frozen
        async with self.chain.database.begin() as session:
            if lift:
                await unfreeze(session, desk.packs, desk.places, order, self.now)
            else:
                await freeze(session, desk.packs, desk.places, order, "other", self.now)
        member.freeze(self.now, "unfrozen" if lift else "frozen")

    # Purchases.

    def basket(self, member_id: UUID | None, sale: Sale, **changes: object) -> Basket:
        till = {"east-1": "east-1-t1", "east-2": "east-2-t1", "west-1": "west-1-t1"}[sale.store]
        places = {"terminal_id": self.chain.tills[till], "store_id": self.chain.stores[sale.store]}
        lines = [_line(item) for item in sale.items]
        return self.chain.basket(member_id, *lines, occurred_at=sale.at, **places | changes)

    async def post(self, baskets: Sequence[Basket], *, bulk: bool = False) -> list[Recorded]:
        desk = self.bulk if bulk else self.chain.desk
        answers = await post_purchases(self.chain.database, desk, baskets, self.now)
        return [_recorded(answer) for answer in answers]

    def count(self, member_id: UUID | None, sale: Sale, basket: Basket, answer: Recorded) -> None:
        """Let the model sell too: both receipts are equal."""
        assert not answer.replayed
        self.written.append(Written(basket, sale, member_id, answer))
        if member_id is None:
            differs = ["discount_differs"] if sale.charged() else []
            assert_told(answer, receipt(sale, 0, None, differs))
            return
        self.sell_to(self.members[member_id], sale, answer)

    def sell_to(self, member: Member, sale: Sale, answer: Recorded) -> None:
        assert_told(answer, member.buy(sale))
        read = answer.evaluation["facts"]["member"]
        assert {name: read[name] for name in member.read} == member.read

    async def sell(self, sales: Sequence[tuple[UUID | None, Sale]], *, bulk: bool = False) -> None:
        """One list, in one transaction; the second of a member sees the first."""
        extra = [
            {"imported_as": f"cj-{new_id()}"} if bulk else {"idempotency_key": str(new_id())} for _ in sales
        ]
        baskets = [self.basket(m, sale, **more) for (m, sale), more in zip(sales, extra, strict=True)]
        for (m, sale), basket, answer in zip(
            sales, baskets, await self.post(baskets, bulk=bulk), strict=True
        ):
            self.count(m, sale, basket, answer)

    async def sell_at_once(self, sales: Sequence[tuple[UUID, Sale]]) -> None:
        """From as many tills at once, each of which asks twice; the receipts tell who came first."""
        baskets = [self.basket(member_id, sale) for member_id, sale in sales]
        answers = await asyncio.gather(*(self.post([basket]) for basket in (*baskets, *baskets)))
        first, again = answers[: len(sales)], answers[len(sales) :]
        assert [a.receipt_text for (a,) in first] == [a.receipt_text for (a,) in again]
        together = [
            (answer.receipt["member"]["seq"], number, replace(answer, replayed=False))
            for number, (answer,) in enumerate(first)
        ]
        for _, number, answer in sorted(together, key=lambda one: one[:2]):
            self.count(*sales[number], baskets[number], answer)

    async def quote_then_sell(self, member_id: UUID, sale: Sale) -> None:
        """What a quote promises is what the purchase then gives."""
        member = copy.deepcopy(self.members[member_id], {id(self.packs): self.packs})
        read_at = max(sale.at, self.now, member.told_to)
        member.advance(read_at)
        sale = replace(sale, at=read_at)
        offered = offer(self.packs, sale, member.tier_at(read_at), staff=member.staff)
        charged = replace(sale, items=tuple(_charged(item, offered) for item in sale.items))
        desk = self.chain.desk
        async with self.chain.database.read() as session:
            promise = await quote(session, desk, self.basket(member_id, sale), KEY, CLAIM_WITHIN, self.now)
        assert {d.line: d.discounts for d in promise.lines} == {
            d.line: d.discounts for d in map(_line, charged.items)
        }
        assert _told(promise.outcome) == member.buy(charged)
        await self.sell([(member_id, charged)])

    async def replay(self, one: Written) -> None:
        """The same again is the same to the byte; the same key for anything else is refused."""
        before = await self.rows()
        (again,) = await self.post([replace(one.basket, idempotency_key=str(new_id()))])
        assert again.replayed
        assert again.receipt_text == one.answer.receipt_text
        assert again.evaluation == one.answer.evaluation
        others = [replace(one.basket, cashier="another", idempotency_key=None)]
        if one.basket.idempotency_key is not None:
            others.append(replace(one.basket, receipt_no=f"{new_id()}"))
        for other in others:
            (refused,) = await post_purchases(self.chain.database, self.chain.desk, [other], self.now)
            assert isinstance(refused, IdempotencyMismatch), refused
        assert await self.rows() == before

    async def claim(self, one: Written, member_id: UUID) -> None:
        """Give a purchase to a member afterwards: once, while the window is open."""
        error: type[RegularsError] | None = None
        if one.owner is not None:
            error = AlreadyAttributed
        elif self.now - one.sale.at > CLAIM_WITHIN:
            error = AttributionTooLate
        if error is not None:
            with pytest.raises(error):
                await self.attribute(one, member_id)
            return
        answer = await self.attribute(one, member_id)
        one.owner = member_id
        self.sell_to(self.members[member_id], one.sale, answer)

    async def attribute(self, one: Written, member_id: UUID) -> Recorded:
        desk, purchase_id = self.chain.desk, one.answer.purchase_id
        async with self.chain.database.begin() as session:
            return await attribute_purchase(session, desk, purchase_id, member_id, ACTOR, self.now)

    # Packs.

    async def publish(self, code: str, variant: int, place: str, live_from: datetime) -> None:
        numbers, document = pack_text(code, variant)
        async with self.chain.database.begin() as session:
            made = await rules.publish(
                session,
                document,
                place_id=self._place(place),
                live_from=live_from,
                actor=ACTOR,
                at=self.now,
            )
        assert made.version == self.packs.publish(code, numbers, place, live_from)

    async def roll_back(self, code: str, version: int | None, place: str, live_from: datetime) -> None:
        """Put an earlier version live again, or switch the pack off."""
        async with self.chain.database.begin() as session:
            await rules.activate(
                session,
                code,
                version,
                place_id=self._place(place),
                live_from=live_from,
                actor=ACTOR,
                at=self.now,
            )
        self.packs.activate(code, version, place, live_from)

    def _place(self, code: str) -> UUID:
        return self.chain.hq if code == "HQ" else self.chain.stores[code]

    # What must hold.

    async def rows(self) -> Sequence[Any]:
        """How much there is of everything that is only ever added to."""
        counted = ("purchase", "ledger_entry", "posting", "lot", "lifecycle_event", "outbox", "audit_entry")
        counts = ", ".join(f"(select count(*) from {table})" for table in counted)
        async with self.chain.database.read() as session:
            return (await session.execute(text(f"select {counts}"))).one()

    async def standings_agree(self) -> None:
        """Cheap: every member's standing, read in one statement, is the model's."""
        async with self.chain.database.read() as session:
            found = await standings.peek(session, list(self.members))
        for member_id, member in self.members.items():
            standing, balance = found[member_id].standing, found[member_id].points_balance
            kept = (
                *(standing.tier, standing.stage, standing.frozen_at is not None, balance),
                *(standing.last_seq, standing.visits, standing.spend_minor, standing.points_earned),
                *(standing.advanced_to, standing.tier_year_ends_at, standing.next_revisit_at),
            )
            assert kept == (
                *(member.tier, member.stage, member.frozen, member.balance),
                *(len(member.bought), len(member.bought), sum(s for _, s in member.bought), member.earned),
                *(member.told_to, member.year_ends_at, member.revisit_at),
            )

    async def all_agrees(self) -> None:
        """Dear: books, events, tasks, messages and every stored receipt."""
        await self.books_agree()
        await self.all_is_told()
        await self.receipts_stand()

    async def books_agree(self) -> None:
        """Time told up to now, every book is balanced, and every member's story is the model's."""
        await self.pass_time(self.members)
        await self.standings_agree()
        report = await verify(self.chain.database)
        assert report.ok, [found for result in report.results for found in result.differences]
        async with self.chain.database.read() as session:
            events = await standings.events_of(session, list(self.members))
            found = await standings.peek(session, list(self.members))
            tasks = (await session.execute(text("select count(*) from care_task"))).scalar_one()
            legs = (await session.execute(text(LEGS))).all()
        for member_id, member in self.members.items():
            assert [_plain(event) for event in events[member_id]] == member.told()
            assert found[member_id].standing.next_due_at == member.next_due_at
        assert tasks == sum(
            word.kind == "revisit_due" and word.worked for m in self.members.values() for word in m.words
        )
        assert all(total == 0 for _, total in legs)

    async def all_is_told(self) -> None:
        """One message row for each change, once the door is open; nothing is left."""
        self.door.closed = False
        while await self.relay.run_round():
            pass
        heard = dict.fromkeys(self.members, 0)
        for news in self.door.heard:
            heard[news.member_id] += news.changes
        assert heard == {member_id: member.changes for member_id, member in self.members.items()}
        last = {news.member_id: news.seq for news in self.door.heard}
        assert last == {member_id: len(member.bought) for member_id, member in self.members.items()}

    async def receipts_stand(self) -> None:
        """Every purchase handed in once more, in one list: nothing changes, and each gets its receipt."""
        before = await self.rows()
        answers = await self.post([one.basket for one in self.written]) if self.written else []
        assert [a.receipt_text for a in answers] == [one.answer.receipt_text for one in self.written]
        assert await self.rows() == before


LEGS = """
select unit, sum(amount) from (
  select unit, amount from balance
  union all select unit, case a.code when 'points_issued' then -amount else amount end
  from posting p join account a on a.kind = 'house' and a.id in (p.from_account_id, p.to_account_id)
) legs group by unit
"""


def assert_told(answer: Recorded, expected: dict[str, Any]) -> None:
    assert _told(answer.receipt) == expected


def _told(outcome: Any) -> dict[str, Any]:
    """A receipt with its instant read, and without the member's id."""
    expires_at, member = outcome["points_expire_at"], outcome["member"]
    return {
        **outcome,
        "points_expire_at": datetime.fromisoformat(expires_at) if expires_at else None,
        "member": {k: v for k, v in member.items() if k != "member_id"} if member else None,
    }


def _plain(event: LifecycleEvent) -> tuple[object, ...]:
    points = event.reason["points"] if event.kind == "points_expired" else 0
    return event.kind, event.effective_at, event.tier_to, event.stage_to, points, event.worked


def _recorded(answer: Recorded | RegularsError) -> Recorded:
    assert isinstance(answer, Recorded), answer
    return answer


def _charged(item: Item, offered: dict[tuple[int, str], int]) -> Item:
    ours = tuple((source, amount) for (number, source), amount in offered.items() if number == item.number)
    return replace(item, ours=ours)


def _line(item: Item) -> Any:
    discounts = [Discount("member_price", "chain", item.off_minor)] if item.off_minor else []
    discounts += [Discount(source, "chain", amount) for source, amount in item.ours]
    return line(
        item.sales_minor,
        item.department,
        line=item.number,
        list_minor=item.list_minor,
        discount_minor=item.list_minor - item.sales_minor,
        discounts=tuple(discounts),
    )
