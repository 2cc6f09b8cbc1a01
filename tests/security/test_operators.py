"""Appointing operators, who may appoint whom where, and what the policy and the scope say."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from regulars.db.session import Database
from regulars.kernel.errors import InvalidInput
from regulars.kernel.ids import new_id
from regulars.organisation.domain import NewPlace, Place
from regulars.organisation.service import found_chain, open_places
from regulars.security import audit, service
from regulars.security.actor import Actor
from regulars.security.domain import Grant, Operator, Role, RoleAt
from regulars.security.errors import LastAdmin, PermissionDenied, UnknownOperator
from regulars.security.policy import GRANTS, Permission
from regulars.security.scope import EVERYWHERE, NOWHERE, Scope
from regulars.security.service import NewOperator
from regulars.security.tables import audit_entry

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
COMMAND = Actor.command("tests")
Places = dict[str, Place]


@pytest.fixture
async def places(database: Database) -> Places:
    """HQ with an eastern and a western branch, a store each."""
    async with database.begin() as session:
        hq = await found_chain(
            session, place_id=new_id(), name="c", currency="CNY", time_zone="UTC", actor=COMMAND, at=AT
        )
        new = [
            NewPlace(new_id(), "HQ", "branch", "east", "East"),
            NewPlace(new_id(), "HQ", "branch", "west", "West"),
            NewPlace(new_id(), "east", "store", "east-1", "East 1"),
            NewPlace(new_id(), "west", "store", "west-1", "West 1"),
        ]
        opened = await open_places(session, new, COMMAND, AT)
    return {place.code: place for place in [hq, *opened]}


async def appoint(database: Database, login: str, *roles: RoleAt, actor: Actor = COMMAND) -> Operator:
    new = NewOperator(new_id(), login, login.title(), "correct horse battery", "zh", roles)
    async with database.begin() as session:
        return await service.create_operator(session, new, actor, AT)


def admin_at(place: Place) -> Actor:
    grant = Grant(Role.ADMIN, place.id, place.path)
    return Actor("operator", str(new_id()), "a", (grant,)).admitted(Permission.OPERATOR_MANAGE)


async def test_all_that_is_wrong_with_a_new_operator_is_told_at_once(
    database: Database, places: Places
) -> None:
    roles = (RoleAt(Role.STORE, new_id()), RoleAt(Role.TERMINAL, places["east-1"].id))
    new = NewOperator(new_id(), "No Good", " ", "short", "zh", roles)
    with pytest.raises(InvalidInput) as refusal:
        async with database.begin() as session:
            await service.create_operator(session, new, COMMAND, AT)
    assert {(problem.field, problem.code) for problem in refusal.value.problems} == {
        ("login", "login_invalid"),
        ("display_name", "display_name_invalid"),
        ("password", "password_too_weak"),
        ("roles[0].place", "role_place_unknown"),
        ("roles[1].role", "role_for_terminals"),
    }


async def test_a_login_is_given_once_even_at_once(database: Database, places: Places) -> None:
    async def try_one() -> str:
        try:
            await appoint(database, "li.na", RoleAt(Role.STORE, places["east-1"].id))
        except InvalidInput as refusal:
            return refusal.problems[0].code
        return "appointed"

    outcomes = await asyncio.gather(*(try_one() for _ in range(4)))
    assert sorted(outcomes) == ["appointed", "login_taken", "login_taken", "login_taken"]


async def test_a_branch_admin_manages_only_operators_wholly_below(database: Database, places: Places) -> None:
    below = await appoint(database, "below", RoleAt(Role.STORE, places["east-1"].id))
    both = await appoint(
        database, "both", RoleAt(Role.STORE, places["east-1"].id), RoleAt(Role.STORE, places["west-1"].id)
    )
    west = await appoint(database, "west", RoleAt(Role.STORE, places["west-1"].id))
    await appoint(database, "root", RoleAt(Role.ADMIN, places["HQ"].id))
    east_admin = admin_at(places["east"])
    with pytest.raises(InvalidInput):
        await appoint(database, "spy", RoleAt(Role.STORE, places["west-1"].id), actor=east_admin)
    async with database.begin() as session:
        await service.disable_operator(session, below.id, east_admin, AT, "left")
        await service.disable_operator(session, below.id, east_admin, AT, "left")
        with pytest.raises(PermissionDenied):
            await service.disable_operator(session, both.id, east_admin, AT, "left")
        with pytest.raises(UnknownOperator):
            await service.disable_operator(session, west.id, east_admin, AT, "left")
        seen = await service.list_operators(session, east_admin.scope)
    assert [(one.login, one.disabled_at) for one in seen] == [("below", AT), ("both", None)]


async def test_roles_are_replaced_as_a_whole(database: Database, places: Places) -> None:
    anna = await appoint(database, "anna", RoleAt(Role.STORE, places["east-1"].id))
    await appoint(database, "root", RoleAt(Role.ADMIN, places["HQ"].id))
    new = [RoleAt(Role.OPS, places["east"].id), RoleAt(Role.FINANCE, places["HQ"].id)]
    async with database.begin() as session:
        changed = await service.set_roles(session, anna.id, new, COMMAND, AT)
        with pytest.raises(InvalidInput):
            await service.set_roles(session, anna.id, [], COMMAND, AT)
    assert {(grant.role, grant.place_id) for grant in changed.grants} == {(r.role, r.place_id) for r in new}


async def test_the_last_administrator_of_the_chain_stays(database: Database, places: Places) -> None:
    root = await appoint(database, "root", RoleAt(Role.ADMIN, places["HQ"].id))
    for change in (
        lambda s: service.disable_operator(s, root.id, COMMAND, AT, "left"),
        lambda s: service.set_roles(s, root.id, [RoleAt(Role.OPS, places["HQ"].id)], COMMAND, AT),
    ):
        with pytest.raises(LastAdmin):
            async with database.begin() as session:
                await change(session)
    async with database.begin() as session:
        still = await service.get_operator(session, root.id, EVERYWHERE)
    assert still.disabled_at is None


async def test_two_administrators_who_disable_each_other_do_not_both_go(
    database: Database, places: Places
) -> None:
    both = [await appoint(database, name, RoleAt(Role.ADMIN, places["HQ"].id)) for name in ("anna", "bert")]

    async def disable(one: Operator) -> str:
        try:
            async with database.begin() as session:
                await service.disable_operator(session, one.id, COMMAND, AT, "left")
        except LastAdmin as refusal:
            return refusal.code
        return "disabled"

    assert sorted(await asyncio.gather(*map(disable, both))) == ["disabled", "last_admin"]


async def test_the_audit_says_what_changed_and_nothing_personal(database: Database, places: Places) -> None:
    anna = await appoint(database, "anna", RoleAt(Role.STORE, places["east-1"].id))
    async with database.begin() as session:
        await audit.record(
            session,
            actor_kind="operator",
            actor_id="1",
            action="operator.rename",
            subject_kind="operator",
            subject_id=str(anna.id),
            before={"display_name": "Anna Secret", "roles": []},
            at=AT,
        )
        rows = (await session.execute(select(audit_entry).order_by(audit_entry.c.id))).all()
    assert rows[-1].before == {"display_name": "changed", "roles": []}
    assert rows[-2].after == {"roles": [{"role": "store", "place": str(places["east-1"].id)}]}


def test_every_permission_stands_in_the_policy_and_an_unknown_role_has_none() -> None:
    assert set(GRANTS) == set(Permission)
    assert all(GRANTS.values())
    nobody = Actor("operator", "x", "x", ())
    assert not any(nobody.may(permission) for permission in Permission)
    with pytest.raises(PermissionDenied):
        nobody.admitted(Permission.SELF_READ)


def test_a_scope_covers_its_roots_and_what_lies_below_only() -> None:
    scope = Scope(("aa.bb",))
    assert scope.covers("aa.bb")
    assert scope.covers("aa.bb.cc")
    assert not scope.covers("aa")
    assert not scope.covers("aa.bbc")
    assert EVERYWHERE.covers("aa")
    assert not NOWHERE.covers("aa")
