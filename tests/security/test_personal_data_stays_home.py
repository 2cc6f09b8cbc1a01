"""Names, telephone numbers and birthdays stay in the tables made for them, whatever happens to a request.

People with unmistakable details go through a whole running stack: they join, buy, are frozen, are refused,
and meet a database that breaks. Then everything that others may read is searched for them.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import httpx
import psutil
import pytest
from faults.stack_world import StackWorld, open_stack
from member_world import until
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from regulars.db.base import metadata
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from workflows.messages import workflow_id

HOMES = {"member", "operator"}
"""The only tables in which a name or a birthday may stand; a telephone number stands in none, but sealed."""


@dataclass(frozen=True)
class Person:
    """Somebody whose details occur nowhere by chance."""

    name: str
    phone: str
    birthday: str

    @property
    def digits(self) -> str:
        return "".join(filter(str.isdigit, self.phone))

    @property
    def spellings(self) -> dict[str, list[bytes]]:
        """Each detail in the ways in which it might be written down, as bytes."""
        national = self.digits[1:]
        apart = f"{national[:3]} {national[3:6]} {national[6:]}"
        return {
            "phone": [text.encode() for text in (self.digits, national, apart, apart.replace(" ", "-"))],
            "name": [
                self.name.encode(),
                json.dumps(self.name)[1:-1].encode(),
                repr(self.name.encode()).encode(),
            ],
            "birthday": [self.birthday.encode(), repr(tuple(map(int, self.birthday.split("-")))).encode()],
        }


ZSOFIA = Person("Zsófia Quáxley-Őrült", "+1 212 555 0147", "1987-11-23")
LUXIN = Person("欧阳鹭昕", "+1 646 555 0199", "1962-02-28")
NOBODY = Person("Qwyllýn Nemo", "+1 917 555 0163", "1971-07-19")  # is refused, and never becomes a member
PEOPLE = (ZSOFIA, LUXIN, NOBODY)


def betrayed(content: bytes, *details: str) -> list[str]:
    """What of anybody stands in the content; every detail unless some are named."""
    return [
        f"{detail} of {person.name}"
        for person in PEOPLE
        for detail, spellings in person.spellings.items()
        if (not details or detail in details) and any(spelling in content for spelling in spellings)
    ]


def test_the_search_finds_what_it_looks_for() -> None:
    for person in PEOPLE:
        for spellings in person.spellings.values():
            for spelling in spellings:
                assert len(betrayed(b"... " + spelling + b" ...")) == 1, spelling


@dataclass
class Life:
    """What the people went through.

    Attributes:
        members: ids by name.
        refusals: what the API answered whom it refused or failed.
        titles: how processes called themselves meanwhile.
        pending: what Temporal told of an activity while it failed.
    """

    stack: StackWorld
    members: dict[str, UUID]
    refusals: list[httpx.Response]
    titles: bytes = b""
    pending: bytes = b""


@pytest.fixture(scope="module")
async def life(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Life]:
    """A stack in which all of it has happened, still running."""
    async with open_stack(tmp_path_factory.mktemp("stack") / "data") as stack:
        lived = Life(stack, {}, [])
        await live(lived)
        yield lived


async def live(lived: Life) -> None:
    async with lived.stack.client(None) as desk, lived.stack.client("east-1-t1") as till:
        await join(lived, desk)
        await be_refused(lived, desk, till)
        await buy(lived, till)
        await be_frozen(lived, desk)
        await be_looked_at(lived, desk)
        await meet_a_broken_database(lived, desk, till)
    lived.titles = "\n".join(titles()).encode()
    await lived.stack.heal()


async def join(lived: Life, desk: httpx.AsyncClient) -> None:
    body = {"name": ZSOFIA.name, "phone": ZSOFIA.phone, "birthday": ZSOFIA.birthday}
    joined = await desk.post("/v1/members", json={**body, "home_store_code": "east-1"})
    assert joined.status_code == 201, joined.text
    lived.members[ZSOFIA.name] = UUID(joined.json()["id"])
    store = str(lived.stack.chain.stores["east-1"])
    form = {"name": LUXIN.name, "phone": LUXIN.phone, "birthday": LUXIN.birthday, "store": store}
    enrolled = await desk.post("/members/enrol", data=form)
    assert enrolled.status_code == 303, enrolled.text
    lived.members[LUXIN.name] = UUID(enrolled.headers["location"].split("/")[2].split("?")[0])


async def be_refused(lived: Life, desk: httpx.AsyncClient, till: httpx.AsyncClient) -> None:
    nobody = {"name": NOBODY.name, "phone": NOBODY.phone, "birthday": NOBODY.birthday}
    member = lived.members[ZSOFIA.name]
    for body in (
        {**nobody, "phone": ZSOFIA.phone, "home_store_code": "east-1"},
        {**nobody, "home_store_code": NOBODY.name},
        {**nobody, "home_store_code": "east-1", NOBODY.name: NOBODY.phone},
        {**nobody, "home_store_code": "east-1", "birthday": f"{NOBODY.birthday}T25:00"},
        {**nobody, "home_store_code": "east-1", "phone": f"{NOBODY.phone} {NOBODY.name}"},
        {**nobody, "home_store_code": "east-1", "gender": NOBODY.name, "locale": NOBODY.phone},
        {**nobody, "home_store_code": "east-1", "tags": [NOBODY.name] * 30, "references": [NOBODY.phone]},
        {**nobody, "home_store_code": "east-1", "consents": {NOBODY.name: True}},
        {**nobody, "home_store_code": "east-1", "attributes": {NOBODY.name: NOBODY.phone}},
        {**nobody, "home_store_code": "east-1", "name": NOBODY.name * 40},
    ):
        lived.refusals.append(await desk.post("/v1/members", json=body))
    lived.refusals += [
        await desk.post("/v1/members", content=json.dumps(nobody)[:-5]),
        await desk.patch(f"/v1/members/{member}", json={"phone": LUXIN.phone}),
        await desk.patch(f"/v1/members/{NOBODY.digits}", json={"name": NOBODY.name}),
        await desk.get(f"/v1/members/{NOBODY.phone}"),
        await desk.get(f"/v1/members/lookup/{NOBODY.name}"),
        await desk.get("/v1/members", params={"stage": NOBODY.name, "before": NOBODY.phone}),
        await desk.post("/v1/session", json={"login": NOBODY.name, "password": NOBODY.phone}),
        await till.post("/v1/quotes", json={"member": NOBODY.phone, "lines": [LINE]}),
        await till.post("/v1/purchases", json={**basket(), "member": NOBODY.phone}, headers=key()),
        await till.post("/v1/purchases", json={**basket(), "cashier": [NOBODY.name]}, headers=key()),
        await till.post("/v1/purchases", json={**basket(), "occurred_at": NOBODY.birthday}, headers=key()),
    ]
    for answer in lived.refusals:
        assert 400 <= answer.status_code < 500, (answer.request.url, answer.request.content, answer.text)
    for form in ({**nobody, "store": NOBODY.phone}, {**nobody, "birthday": NOBODY.name}):
        assert (await desk.post("/members/enrol", data=form)).status_code == 422


LINE = {"line": 1, "sku": "851057", "department": "GROCERY", "list_minor": 1_000}


def basket() -> dict[str, object]:
    return {"receipt_no": str(new_id()), "occurred_at": clock.now().isoformat(), "lines": [LINE]}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


async def buy(lived: Life, till: httpx.AsyncClient) -> None:
    for person in (ZSOFIA, LUXIN):
        for _ in range(3):
            bought = await till.post(
                "/v1/purchases", json={**basket(), "member": person.phone}, headers=key()
            )
            assert bought.status_code == 201, bought.text
    lived.titles += "\n".join(titles()).encode()
    await lived.stack.heal()


async def be_frozen(lived: Life, desk: httpx.AsyncClient) -> None:
    """By the member's workflow: the administrator is one of those who operate on workflows."""
    for name, member in lived.members.items():
        order = {"reason": "other", "note": f"{name} asked for it"}
        frozen = await desk.post(f"/v1/members/{member}/freeze", json=order)
        assert frozen.status_code == 200, frozen.text
        assert (await desk.post(f"/v1/members/{member}/unfreeze", json={})).status_code == 200


async def be_looked_at(lived: Life, desk: httpx.AsyncClient) -> None:
    for person in PEOPLE:
        for words in (person.name, person.phone):
            assert (await desk.get("/members", params={"q": words})).status_code == 200
            assert (await desk.get("/v1/members", params={"words": words})).status_code == 200
    for member in lived.members.values():
        page = await desk.get(f"/members/{member}")
        assert page.status_code == 200
        assert not betrayed(page.content, "phone")
    assert (await desk.get(f"/members/{NOBODY.name}")).status_code == 404


NEVER = "add constraint never check (false) not valid"


async def meet_a_broken_database(lived: Life, desk: httpx.AsyncClient, till: httpx.AsyncClient) -> None:
    nobody = {"name": NOBODY.name, "phone": NOBODY.phone, "birthday": NOBODY.birthday}
    zsofia = lived.members[ZSOFIA.name]
    url, failed = lived.stack.url, []
    for client in (desk, till):
        client.headers["Connection"] = "close"  # the server closes after a failure of its own
    async with broken(url, "member", NEVER, "drop constraint never"):
        failed += [
            await desk.post("/v1/members", json={**nobody, "home_store_code": "east-1"}),
            await desk.patch(f"/v1/members/{zsofia}", json={"name": LUXIN.name}),
        ]
    as_bytes = "alter column name type bytea using convert_to(name, 'UTF8')"
    as_text = "alter column name type text using convert_from(name, 'UTF8')"
    async with broken(url, "member", as_bytes, as_text):
        # The first attempts meet prepared statements, the later ones the driver's own refusal of the value.
        for _ in range(4):
            failed.append(await desk.post("/v1/members", json={**nobody, "home_store_code": "east-1"}))
    async with broken(
        url, "standing", "add constraint never check (false) not valid", "drop constraint never"
    ):
        failed += [
            await till.post("/v1/purchases", json={**basket(), "member": ZSOFIA.phone}, headers=key()),
            await desk.post(f"/v1/members/{zsofia}/freeze", json={"reason": "other", "note": ZSOFIA.name}),
        ]
        lived.pending = await failing(lived.stack, zsofia)
    for answer in failed:
        assert answer.status_code == 500, (answer.request.url, answer.text)
    lived.refusals += failed


async def failing(stack: StackWorld, member: UUID) -> bytes:
    """What Temporal tells of the member's workflow once one of its activities has failed."""
    handle = (await stack.temporal()).get_workflow_handle(workflow_id(member))
    seen: list[bytes] = []

    async def failed() -> bool:
        told = (await handle.describe()).raw_description
        seen.append(told.SerializeToString())
        return any(activity.HasField("last_failure") for activity in told.pending_activities)

    await until(failed, within_s=60)
    return seen[-1]


@asynccontextmanager
async def broken(url: str, table: str, how: str, mended: str) -> AsyncIterator[None]:
    """A table that takes nothing for a while."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"alter table {table} {how}")
        yield
    finally:
        await connection.execute(f"alter table {table} {mended}")
        await connection.close()


def titles() -> Iterator[str]:
    """How every process of this machine calls itself."""
    for process in psutil.process_iter(["cmdline"]):
        yield " ".join(process.info["cmdline"] or ())


async def test_no_refusal_repeats_what_was_sent(life: Life) -> None:
    assert len(life.refusals) > 25
    for answer in life.refusals:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        # A name that somebody sent as the name of a field is told back: the caller must find the field.
        told = [found for found in betrayed(answer.content) if "name of Qwyll" not in found]
        assert told == [], (answer.request.method, answer.request.url.path, answer.text)


async def test_no_log_of_any_part_names_anybody(life: Life) -> None:
    logs = {path.name: path.read_bytes() for path in life.stack.settings.data_dir.glob("logs/*")}
    assert {"web.log", "worker.log", "relay.log", "postgres.log", "temporal.log"} <= set(logs)
    assert b"activity_failed" in logs["worker.log"]
    assert all(error in logs["web.log"] for error in (b"ProgrammingError", b"CheckViolationError"))
    assert b"never" in logs["postgres.log"]  # the constraint that failed is told, its row is not
    assert {name: betrayed(content) for name, content in logs.items() if betrayed(content)} == {}


async def test_temporal_knows_nobody(life: Life) -> None:
    client = await life.stack.temporal()
    seen = [history async for history in histories(client)]
    everything = b"\n".join(seen)
    assert str(life.members[ZSOFIA.name]).encode() in everything  # so that the search searches something
    assert betrayed(everything) == []
    kept = b"".join(
        path.read_bytes() for path in (life.stack.settings.data_dir / "temporal").rglob("*") if path.is_file()
    )
    assert workflow_id(life.members[ZSOFIA.name]).encode() in kept
    assert betrayed(kept) == []


async def histories(client: Client) -> AsyncIterator[bytes]:
    """Every event of every workflow, payloads decoded and failures as they are shown."""
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        yield str(execution.raw_info).encode()
        async for event in handle.fetch_history_events():
            yield event.SerializeToString()
            yield b"\n".join(payload.data for payload in payloads(event))


def payloads(message: object) -> Iterator[Payload]:
    """The payloads anywhere inside a protobuf message."""
    if isinstance(message, Payload):
        yield message
    elif isinstance(message, Mapping):
        for inner in message.values():
            yield from payloads(inner)
    elif hasattr(message, "ListFields"):
        for _, value in message.ListFields():
            yield from payloads(value)
    elif isinstance(message, list | tuple) or hasattr(message, "MergeFrom"):
        for inner in message:  # type: ignore[attr-defined]
            yield from payloads(inner)


async def test_an_activity_that_fails_tells_temporal_the_kind_of_failure_only(life: Life) -> None:
    assert b"CheckViolationError" in life.pending
    assert betrayed(life.pending) == []


async def test_only_the_tables_made_for_it_hold_personal_data(life: Life) -> None:
    connection = await asyncpg.connect(life.stack.url)
    try:
        found = {}
        for table in metadata.sorted_tables:
            rows = await connection.fetch(f"select t::text as row from {table.name} t")
            content = "\n".join(row["row"] for row in rows).encode()
            details = ("phone",) if table.name in HOMES else ()
            if table.name == "audit_entry":
                details = ("phone", "birthday")  # the reason is an operator's own words
                words = await connection.fetch("select before::text, after::text from audit_entry")
                assert betrayed("\n".join(map(str, words)).encode()) == []
            if told := betrayed(content, *details):
                found[table.name] = told
        assert found == {}
        asked = await connection.fetch("select query from pg_stat_activity")
        assert betrayed("\n".join(str(row["query"]) for row in asked).encode()) == []
    finally:
        await connection.close()


async def test_no_telephone_number_is_on_the_disk(life: Life) -> None:
    """Not in a table, an index, the write-ahead log, or a file of any other part."""
    found = {
        str(path): betrayed(path.read_bytes(), "phone")
        for path in life.stack.settings.data_dir.rglob("*")
        if path.is_file()
    }
    assert {path: told for path, told in found.items() if told} == {}


async def test_no_process_is_called_by_anybodys_name(life: Life) -> None:
    assert b"postgres" in life.titles
    assert betrayed(life.titles) == []
