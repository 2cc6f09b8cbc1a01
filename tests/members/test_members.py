"""Enrolling, finding and changing members on a real database."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from small_chain import ACTOR, KEYS, OPENED, SmallChain
from sqlalchemy import func, select

from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.kernel.ids import new_id
from regulars.ledger.tables import account
from regulars.lifecycle.enrolment import enrol, enrol_members
from regulars.lifecycle.tables import lifecycle_event, standing
from regulars.members import newcomers, service
from regulars.members.domain import NewMember, ProfileChange, is_member_number
from regulars.members.errors import PhoneUnreadable, UnknownMember
from regulars.members.lookup import MemberLookup
from regulars.members.newcomers import write_members
from regulars.members.phones import PhoneKeys
from regulars.members.service import MemberRules
from regulars.members.tables import member, member_consent
from regulars.organisation.service import close_place
from regulars.outbox.tables import outbox
from regulars.security.scope import EVERYWHERE, Scope
from regulars.security.tables import audit_entry

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
RULES = MemberRules(KEYS, {"phone_region": "US"})
PHONE = "(212) 555-0123"


def person(chain: SmallChain, **details: object) -> NewMember:
    new = NewMember(new_id(), "Chen Jing", chain.stores["east-1"], OPENED)
    return replace(new, **details)  # type: ignore[arg-type]


async def join(chain: SmallChain, *people: NewMember) -> list[newcomers.Written]:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
        return await enrol_members(session, people, RULES, chain.desk.places, ACTOR, AT)


async def join_one(chain: SmallChain, **details: object) -> newcomers.Written:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
        return await enrol(session, person(chain, **details), RULES, chain.desk.places, ACTOR, AT)


async def problems_of(chain: SmallChain, *people: NewMember) -> set[tuple[str | None, str]]:
    with pytest.raises(InvalidInput) as refusal:
        await join(chain, *people)
    return {(problem.field, problem.code) for problem in refusal.value.problems}


async def test_who_joins_gets_number_account_standing_event_and_outbox_row(chain: SmallChain) -> None:
    written = await join_one(chain, phone=PHONE, references=("cj-7",), consents={"sms": True})
    assert is_member_number(written.number)
    async with chain.database.begin() as session:
        kind = (await session.execute(select(account.c.kind).where(account.c.id == written.id))).scalar_one()
        stage = (await session.execute(select(standing.c.stage))).scalar_one()
        event = (await session.execute(select(lifecycle_event.c.kind))).scalar_one()
        news = (await session.execute(select(outbox.c.member_id))).scalar_one()
    assert (kind, stage, event, news) == ("member", "joined", "joined", written.id)


async def test_a_member_is_found_by_everything_that_names_one(chain: SmallChain) -> None:
    written = await join_one(chain, phone=PHONE, references=("cj-7", "app-1"))
    async with chain.database.begin() as session:
        for text in (
            str(written.id),
            written.number,
            "cj-7",
            "app-1",
            PHONE,
            "+1 212 555 0123",
            f" {written.number} ",
        ):
            found = await service.find_member(session, text, RULES, EVERYWHERE)
            assert found.id == written.id, text
            assert await MemberLookup(chain.database).find(text, RULES) == written.id
        for text in ("cj-8", "2125550124", "nonsense!", "", str(new_id()), "66000000000000"):
            with pytest.raises(UnknownMember):
                await service.find_member(session, text, RULES, EVERYWHERE)


async def test_a_member_is_hidden_outside_of_the_scope(chain: SmallChain) -> None:
    written = await join_one(chain, phone=PHONE)
    await chain.buy()
    west = Scope((chain.desk.places.by_code("west").path,))
    east = Scope((chain.desk.places.by_code("east").path,))
    async with chain.database.begin() as session:
        assert (await service.find_member(session, PHONE, RULES, east)).id == written.id
        with pytest.raises(UnknownMember):
            await service.find_member(session, PHONE, RULES, west)


async def test_the_phone_is_nowhere_in_plain(chain: SmallChain) -> None:
    await join_one(chain, phone=PHONE)
    async with chain.database.begin() as session:
        row = (await session.execute(select(member))).one()
    stored = b"".join(value for value in row if isinstance(value, bytes))
    assert b"2125550123" not in stored
    assert row.phone_last4 == "0123"


async def test_a_taken_phone_is_told_by_its_field(chain: SmallChain) -> None:
    await join_one(chain, phone=PHONE)
    with pytest.raises(InvalidInput) as refusal:
        await join_one(chain, phone="+1 (212) 555 0123")
    assert [(problem.field, problem.code) for problem in refusal.value.problems] == [("phone", "phone_taken")]


async def test_one_phone_at_two_desks_at_once_makes_one_member(chain: SmallChain) -> None:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)

    async def try_one() -> str:
        try:
            await join_one(chain, phone=PHONE)
        except InvalidInput as refusal:
            return refusal.problems[0].code
        return "joined"

    outcomes = await asyncio.gather(*(try_one() for _ in range(5)))
    assert sorted(outcomes) == ["joined"] + ["phone_taken"] * 4


async def test_all_problems_of_many_are_told_at_once_and_none_joins(chain: SmallChain) -> None:
    await join_one(chain, references=("cj-1",))
    found = await problems_of(
        chain,
        person(chain, name="", phone="12"),
        person(chain, phone=PHONE, references=("cj-1",)),
        person(chain, phone=PHONE),
        person(chain, references=("cj-2",)),
        person(chain, references=("cj-2", "7")),
        person(chain, home_store_id=chain.hq),
        person(chain, enrolled_at=AT + timedelta(days=1), birthday=date(1850, 1, 1)),
        person(chain, consents={"fax": True}, tags=("1d",), attributes={"x": 1.5}),
    )
    assert found == {
        ("members[0].name", "name_invalid"),
        ("members[0].phone", "phone_invalid"),
        ("members[1].references[0]", "reference_taken"),
        ("members[1].phone", "phone_taken"),
        ("members[2].phone", "phone_taken"),
        ("members[3].references[0]", "reference_taken"),
        ("members[4].references[0]", "reference_taken"),
        ("members[4].references[1]", "reference_invalid"),
        ("members[5].home_store_code", "home_store_unknown"),
        ("members[6].enrolled_at", "enrolled_in_future"),
        ("members[6].birthday", "birthday_invalid"),
        ("members[7].consents.fax", "choice_invalid"),
        ("members[7].tags[0]", "tag_invalid"),
        ("members[7].attributes.x", "attribute_invalid"),
    }
    async with chain.database.begin() as session:
        assert (await session.execute(select(func.count()).select_from(member))).scalar_one() == 1


async def test_nobody_joins_at_a_closed_store_or_outside_of_the_scope(chain: SmallChain) -> None:
    await join_one(chain)
    places = chain.desk.places
    east = Scope((places.by_code("east").path,))
    new = person(chain, home_store_id=chain.stores["west-1"])
    async with chain.database.begin() as session:
        with pytest.raises(InvalidInput):
            await write_members(session, [new], RULES, places, east, AT)
        await close_place(session, chain.tills["west-1-t1"], ACTOR, AT, "moved")
        await close_place(session, chain.stores["west-1"], ACTOR, AT, "moved")
    assert await problems_of(chain, person(chain, home_store_id=chain.stores["west-1"])) == {
        ("members[0].home_store_code", "home_store_unknown")
    }


async def test_a_whole_chain_of_members_joins_in_one_go(chain: SmallChain) -> None:
    people = [person(chain, references=(f"cj-{i}",), phone=f"+1212555{i:04}") for i in range(2_469)]
    written = await join(chain, *people)
    assert [one.id for one in written] == [one.id for one in people]
    assert len({one.number for one in written}) == 2_469
    async with chain.database.begin() as session:
        assert (await service.find_member(session, "cj-2468", RULES, EVERYWHERE)).id == people[-1].id
        bulk = (await session.execute(select(outbox.c.bulk).distinct())).scalars().all()
    assert bulk == [True]


async def test_a_number_that_is_taken_is_drawn_anew(chain: SmallChain) -> None:
    first = await join_one(chain)
    taken = int(first.number[2:13])
    draws = iter([taken, taken, 5, 5, 6])
    async with chain.database.begin() as session:
        written = await write_members(
            session,
            [person(chain), person(chain)],
            RULES,
            chain.desk.places,
            EVERYWHERE,
            AT,
            draw=lambda _: next(draws),
        )
    assert [int(one.number[2:13]) for one in written] == [6, 5]


async def test_a_profile_changes_where_it_is_told_to_and_nowhere_else(chain: SmallChain) -> None:
    written = await join_one(chain, phone=PHONE, birthday=date(1990, 5, 17), tags=("vip",))
    change = ProfileChange(name=" Chen Jing Wen ", birthday=None, attributes={"size": 3})
    async with chain.database.begin() as session:
        changed = await service.update_profile(session, written.id, change, RULES, ACTOR, AT)
    assert (changed.name, changed.birthday, changed.tags) == ("Chen Jing Wen", None, ("vip",))
    assert (changed.attributes, changed.phone_last4) == ({"size": 3}, "0123")
    async with chain.database.begin() as session:
        await service.update_profile(session, written.id, ProfileChange(phone=None), RULES, ACTOR, AT)
        with pytest.raises(UnknownMember):
            await service.find_member(session, PHONE, RULES, EVERYWHERE)


async def test_a_phone_moves_to_another_member_only_when_it_is_free(chain: SmallChain) -> None:
    first = await join_one(chain, phone=PHONE)
    second = await join_one(chain)
    take = ProfileChange(phone=PHONE)
    with pytest.raises(InvalidInput):
        async with chain.database.begin() as session:
            await service.update_profile(session, second.id, take, RULES, ACTOR, AT)
    async with chain.database.begin() as session:
        await service.update_profile(session, first.id, take, RULES, ACTOR, AT)
        await service.update_profile(session, first.id, ProfileChange(phone=None), RULES, ACTOR, AT)
        moved = await service.update_profile(session, second.id, take, RULES, ACTOR, AT)
    assert moved.phone_last4 == "0123"


async def test_two_members_who_take_one_phone_at_once_do_not_both_get_it(chain: SmallChain) -> None:
    both = [await join_one(chain) for _ in range(2)]

    async def take(one: newcomers.Written) -> str:
        try:
            async with chain.database.begin() as session:
                await service.update_profile(session, one.id, ProfileChange(phone=PHONE), RULES, ACTOR, AT)
        except InvalidInput as refusal:
            return refusal.problems[0].code
        return "taken"

    assert sorted(await asyncio.gather(*map(take, both))) == ["phone_taken", "taken"]


async def test_the_last_word_on_a_purpose_holds_and_earlier_ones_are_kept(chain: SmallChain) -> None:
    written = await join_one(chain, consents={"sms": True, "email": True})
    async with chain.database.begin() as session:
        await service.record_consents(session, written.id, {"sms": False}, "desk", ACTOR, AT)
        now = await service.get_member(session, written.id, EVERYWHERE)
        kept = (await session.execute(select(func.count()).select_from(member_consent))).scalar_one()
        with pytest.raises(InvalidInput):
            await service.record_consents(session, written.id, {"fax": True}, "", ACTOR, AT)
    assert {consent.purpose: (consent.granted, consent.source) for consent in now.consents} == {
        "sms": (False, "desk"),
        "email": (True, "enrolment"),
    }
    assert kept == 3


async def test_a_reference_belongs_to_one_member(chain: SmallChain) -> None:
    first, second = await join_one(chain), await join_one(chain)
    async with chain.database.begin() as session:
        for _ in range(2):
            known = await service.add_reference(session, first.id, "app-1", ACTOR, AT)
        assert known.references == ("app-1",)
        with pytest.raises(InvalidInput):
            await service.add_reference(session, second.id, "app-1", ACTOR, AT)


async def test_a_whole_phone_is_shown_for_a_reason_that_is_written_down(chain: SmallChain) -> None:
    written = await join_one(chain, phone=PHONE)
    other = MemberRules(PhoneKeys(b"x" * 32, KEYS.index), {})
    async with chain.database.begin() as session:
        shown = await service.reveal_phone(session, written.id, RULES, ACTOR, AT, "revisit")
        with pytest.raises(FieldProblem):
            await service.reveal_phone(session, written.id, RULES, ACTOR, AT, " ")
    assert shown == "+12125550123"
    with pytest.raises(PhoneUnreadable):
        async with chain.database.begin() as session:
            await service.reveal_phone(session, written.id, other, ACTOR, AT, "revisit")
    async with chain.database.begin() as session:
        rows = (await session.execute(select(audit_entry).order_by(audit_entry.c.id))).all()
    assert (rows[-1].action, rows[-1].reason) == ("member.reveal_phone", "revisit")
    assert "2125550123" not in str(rows)
    assert "Chen Jing" not in str(rows)
