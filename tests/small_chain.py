"""A chain of two branches, three stores and four tills, for tests that need a whole one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

from regulars.db.session import Database
from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_id
from regulars.lifecycle.enrolment import enrol
from regulars.members.domain import NewMember
from regulars.members.phones import PhoneKeys
from regulars.members.service import MemberRules
from regulars.organisation.domain import NewPlace
from regulars.organisation.places import Places
from regulars.organisation.service import found_chain, open_places
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket, Discount, Line
from regulars.purchases.posting import post_purchases
from regulars.rules import service as rules
from regulars.rules.live import LivePacks
from regulars.security.actor import Actor

PACKS = Path(__file__).parent.parent / "rule_packs"
STARTER_PACKS = ("grocery-classic", "classic-tiers", "silver-saturday", "staff-excluded")
OPENED = datetime(2025, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)  # 10:00 in New York
ACTOR = Actor.command("tests")
KEYS = PhoneKeys(cipher=b"c" * 32, index=b"i" * 32)
_receipts = count(1)


@dataclass
class SmallChain:
    """A chain that tests buy in.

    Attributes:
        hq, stores, tills: ids by code: "east-1", "east-2", "west-1"; "east-1-t1", "east-1-t2", …
    """

    database: Database
    hq: UUID
    stores: dict[str, UUID]
    tills: dict[str, UUID]
    desk: Desk
    members: dict[str, UUID] = field(default_factory=dict)

    def copied_to(self, database: Database) -> "SmallChain":
        """The chain as it stands in a copy of its database, by parts that know nothing of the first."""
        return replace(self, database=database, desk=Desk(Places(), LivePacks(), new_id), members={})

    async def join(
        self,
        name: str = "Chen Jing",
        *,
        at: datetime = OPENED,
        store: str = "east-1",
        tags: Sequence[str] = (),
        phone: str | None = None,
        references: Sequence[str] = (),
    ) -> UUID:
        """Enrol a member and return the id."""
        new = NewMember(
            id=new_id(),
            name=name,
            home_store_id=self.stores[store],
            enrolled_at=at,
            phone=phone,
            tags=tuple(tags),
            references=tuple(references),
        )
        async with self.database.begin() as session:
            await self.desk.places.refresh(session)
            rules_of_members = MemberRules.of(self.desk.places.chain, KEYS)
            written = await enrol(session, new, rules_of_members, self.desk.places, ACTOR, at)
        self.members[name] = written.id
        return written.id

    def basket(self, member_id: UUID | None = None, *lines: Line, **changes: object) -> Basket:
        """A basket at the first till, its receipt number fresh unless given."""
        values: dict[str, object] = {
            "terminal_id": self.tills["east-1-t1"],
            "store_id": self.stores["east-1"],
            "receipt_no": f"{next(_receipts):06d}",
            "occurred_at": MONDAY,
            "lines": lines or (line(),),
            "member_id": member_id,
        } | changes
        occurred_at = values["occurred_at"]
        assert isinstance(occurred_at, datetime)
        values.setdefault("business_day", occurred_at.date())
        return Basket(**values)  # type: ignore[arg-type]

    async def post(self, *baskets: Basket, at: datetime | None = None) -> list[Recorded | RegularsError]:
        """Record baskets in one list, at the time of the latest unless said."""
        when = at or max(basket.occurred_at for basket in baskets)
        return await post_purchases(self.database, self.desk, baskets, when)

    async def buy(self, member_id: UUID | None = None, *lines: Line, **changes: object) -> Recorded:
        """Record one basket that must be taken."""
        (answer,) = await self.post(self.basket(member_id, *lines, **changes))
        assert isinstance(answer, Recorded), answer
        return answer

    async def publish(self, *codes: str, live_from: datetime = OPENED, place: UUID | None = None) -> None:
        """Publish starter packs."""
        for code in codes:
            text = (PACKS / code / "pack.json").read_text()
            async with self.database.begin() as session:
                await rules.publish(
                    session, text, place_id=place or self.hq, live_from=live_from, actor=ACTOR, at=OPENED
                )


async def open_small_chain(
    database: Database, packs: Sequence[str] = STARTER_PACKS, settings: Mapping[str, object] | None = None
) -> SmallChain:
    """Found the chain, open its places and publish packs, all live since `OPENED`."""
    hq = new_id()
    branches = [NewPlace(new_id(), "HQ", "branch", code, code.title()) for code in ("east", "west")]
    stores = {code: new_id() for code in ("east-1", "east-2", "west-1")}
    tills = {code: new_id() for code in ("east-1-t1", "east-1-t2", "east-2-t1", "west-1-t1")}
    async with database.begin() as session:
        await found_chain(
            session,
            place_id=hq,
            name="Test Grocers",
            currency="USD",
            time_zone="America/New_York",
            actor=ACTOR,
            at=OPENED,
            settings=settings,
        )
        places = [NewPlace(i, code.split("-")[0], "store", code, code.title()) for code, i in stores.items()]
        terminals = [NewPlace(i, code.rsplit("-", 1)[0], "terminal", code, code) for code, i in tills.items()]
        await open_places(session, [*branches, *places, *terminals], ACTOR, OPENED)
    chain = SmallChain(database, hq, stores, tills, Desk(Places(), LivePacks(), new_id))
    await chain.publish(*packs)
    return chain


def line(sales_minor: int = 1_000, department: str = "GROCERY", **changes: object) -> Line:
    """One line without discounts, numbered 1 unless said."""
    values: dict[str, object] = {
        "line": 1,
        "sku": "851057",
        "department": department,
        "kind": "goods",
        "quantity_milli": 1_000,
        "list_minor": sales_minor,
        "sales_minor": sales_minor,
        "discount_minor": 0,
        "promotional": False,
    } | changes
    return Line(**values)  # type: ignore[arg-type]


def lines(*parts: tuple[int, str]) -> tuple[Line, ...]:
    """Several lines: (sales_minor, department) each."""
    return tuple(line(sales, department, line=i) for i, (sales, department) in enumerate(parts, 1))


def discounted_line(list_minor: int, off_minor: int, department: str = "GROCERY", number: int = 1) -> Line:
    """A line with a member price."""
    return line(
        list_minor - off_minor,
        department,
        line=number,
        list_minor=list_minor,
        discount_minor=off_minor,
        discounts=(Discount("member_price", "chain", off_minor),),
    )
