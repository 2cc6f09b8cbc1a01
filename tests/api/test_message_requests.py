"""What a system that sends messages reads: requests in order, from where it left off."""

import httpx
from small_chain import MONDAY
from web_world import WebWorld

from regulars.kernel.ids import new_id
from regulars.messages.domain import NewRequest
from regulars.messages.service import ask_for
from regulars.rules.consequences import MessageAsked

PATH = "/v1/message-requests"


async def test_requests_are_read_on_from_the_last_one(world: WebWorld, admin: httpx.AsyncClient) -> None:
    chain = world.chain
    member, store = await chain.join(), chain.stores["east-1"]
    asked = [MessageAsked(text, (("spent", 500),), "care/1", "thank") for text in ("one", "two", "one")]
    async with chain.database.begin() as session:
        await ask_for(session, [NewRequest(member, new_id(), store, MONDAY, each) for each in asked], MONDAY)
    first = (await admin.get(PATH, params={"limit": 2})).json()
    assert [one["template"] for one in first["items"]] == ["one", "two"]
    assert first["items"][0].keys() == {
        "no",
        "id",
        "member_id",
        "purchase_id",
        "store_id",
        "template",
        "values",
        "pack_version",
        "rule_id",
        "occurred_at",
        "requested_at",
    }
    rest = (await admin.get(PATH, params={"after": first["next_after"]})).json()
    assert [one["values"] for one in rest["items"]] == [{"spent": 500}]
    last = (await admin.get(PATH, params={"after": rest["next_after"]})).json()
    assert last == {"items": [], "next_after": rest["next_after"]}
    twos = (await admin.get(PATH, params={"template": "two"})).json()
    assert [one["no"] for one in twos["items"]] == [first["items"][1]["no"]]
    for wrong in ({"template": "no code"}, {"after": -1}, {"limit": 501}):
        assert (await admin.get(PATH, params=wrong)).status_code == 422
    assert (await world.anybody.get(PATH)).status_code == 401
