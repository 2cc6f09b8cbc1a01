"""A pack that names a place which is not there cannot become a version."""

import json
from typing import Any

import pytest
from small_chain import ACTOR, OPENED, open_small_chain

from regulars.db.session import Database
from regulars.rules.chain_catalogue import examine_here
from regulars.rules.errors import PackNotGreen
from regulars.rules.service import create_version


def meant_for(pack: Any, *places: str, rule: Any = None) -> str:
    rules = [] if rule is None else [rule("base") | {"scope": {"places": ["HQ", "east-9"]}}]
    parts = {"rules": rules} if rules else {}
    return json.dumps(pack(scope={"places": list(places)}, **parts))


async def test_unknown_places_are_found_where_they_stand(database: Database, pack: Any, rule: Any) -> None:
    await open_small_chain(database, packs=())
    async with database.begin() as session:
        good = await examine_here(session, meant_for(pack, "HQ", "east", "west-1"))
        bad = await examine_here(session, meant_for(pack, "HQ", "east-1-t1", "East", rule=rule))
    assert good.green
    assert [(f.code, f.pointer) for f in bad.findings if f.severity == "error"] == [
        ("place_unknown", "/scope/places/1"),  # a till is no place that packs are for
        ("place_unknown", "/scope/places/2"),
        ("place_unknown", "/rules/0/scope/places/1"),
    ]
    assert "“East”" in bad.findings[-2].zh
    with pytest.raises(PackNotGreen):
        async with database.begin() as session:
            await create_version(session, meant_for(pack, "nowhere"), ACTOR, OPENED)
