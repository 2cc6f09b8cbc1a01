"""A chain is backed up while its tills sell, is lost, and goes on in another place with nothing missing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from backup_world import NAMES, PHONES, enrol_the_named, make_keys, regulars
from small_chain import ACTOR, OPENED, SmallChain, open_small_chain
from sqlalchemy import text
from temporalio.client import Client, WorkflowExecutionStatus
from traces import traces
from web_world import PASSWORD

from regulars.analytics.totals import ChainTotals, read_totals
from regulars.db.session import Database, make_engine
from regulars.entrypoints.stack.parts import ALL_PARTS
from regulars.entrypoints.stack.ports import choose
from regulars.entrypoints.stack.running import Endpoints, running
from regulars.entrypoints.verifying import verify_url
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.outbox.service import measure_backlog
from regulars.secret_keys import FILE_NAME, SecretKeys
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.security.terminal_keys import issue_key
from regulars.settings import Settings, load_settings
from workflows.messages import STATE, workflow_id

PATIENCE_SECONDS: Final = 60
REFERENCES: Final = tuple(f"ref-{phone[-4:]}" for phone in PHONES)
REST_SECONDS: Final = 0.1
AT_LEAST_AFTERWARDS: Final = 12
SILENT: Final = "Somebody Who Buys Nothing"
_keys = count(1)


@dataclass(frozen=True, slots=True)
class Sale:
    """What a till sent, and the answer that it kept."""

    key: str
    body: dict[str, Any]
    receipt: dict[str, Any]
    acknowledged_at: datetime


@dataclass
class Story:
    """What is known on the day after the loss."""

    home: Path
    bearer: str
    members: dict[str, Any]
    sales: list[Sale]
    made: dict[str, Any]
    totals: ChainTotals
    tasks: int = 0
    restored: dict[str, Any] = field(default_factory=dict)

    @property
    def backup(self) -> Path:
        return Path(self.made["file"])

    @property
    def as_of(self) -> datetime:
        return datetime.fromisoformat(self.made["as_of"])


def settings_for(data_dir: Path) -> Settings:
    return load_settings(data_dir, port=choose({}, ("web",))["web"], disk_reserve_bytes=0)


@asynccontextmanager
async def opened(stack: Endpoints) -> AsyncIterator[Database]:
    database = Database(make_engine(stack.database_url, application="regulars-test", pool_size=2))
    try:
        yield database
    finally:
        await database.close()


def till(stack: Endpoints, bearer: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.AsyncClient(
        base_url=stack.web_url or "",
        headers=headers,
        timeout=30,
        trust_env=False,
        limits=httpx.Limits(max_connections=8),
    )


async def send(client: httpx.AsyncClient, key: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post("/v1/purchases", json=body, headers={"Idempotency-Key": key})


async def sell(client: httpx.AsyncClient, member: str, sales: list[Sale], stop: asyncio.Event) -> None:
    """Sell to one member until told to stop; every answer must be a receipt."""
    while not stop.is_set():
        number = next(_keys)
        lines = [{"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 1_000 + number}]
        body = {"receipt_no": f"{number:06d}", "occurred_at": clock.now().isoformat(), "lines": lines}
        body["member"] = member
        answer = await send(client, f"key-{number}", body)
        assert answer.status_code == 201, answer.text
        sales.append(Sale(f"key-{number}", body, answer.json(), clock.now()))
        await asyncio.sleep(REST_SECONDS)


async def send_again(client: httpx.AsyncClient, sales: list[Sale], as_of: datetime) -> None:
    """Send what one till sold, in its order; what was acknowledged before the backup has its old receipt."""
    for sale in sales:
        answer = await send(client, sale.key, sale.body)
        assert answer.is_success, answer.text
        assert answer.json() == sale.receipt or sale.acknowledged_at >= as_of


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await true():  # noqa: ASYNC110 — asks the database
            await asyncio.sleep(0.1)


async def reached(sales: list[Sale], enough: int) -> bool:
    return len(sales) >= enough


async def all_told(database: Database) -> bool:
    async with database.read() as session:
        return (await measure_backlog(session)).waiting == 0


async def totals_of(database: Database) -> ChainTotals:
    async with database.read() as session:
        return await read_totals(session)


async def tasks_in(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(text("select count(*) from care_task")) or 0)


async def appoint_anna(chain: SmallChain) -> None:
    async with chain.database.begin() as session:
        anna = NewOperator(new_id(), "anna", "Anna", PASSWORD, "zh", (RoleAt(Role.ADMIN, chain.hq),))
        await create_operator(session, anna, ACTOR, OPENED)


async def till_key(chain: SmallChain, keys: SecretKeys) -> str:
    async with chain.database.begin() as session:
        tills = chain.tills["east-1-t1"]
        return (await issue_key(session, tills, keys.terminal_key_pepper, ACTOR, OPENED)).bearer


async def founded(settings: Settings, keys: SecretKeys) -> tuple[SmallChain, str]:
    """A chain with its members, an operator, and a till's key."""
    async with running(settings, ("postgres",)) as stack, opened(stack) as database:
        chain = await open_small_chain(database)
        await enrol_the_named(chain)
        await chain.join(SILENT)
        await appoint_anna(chain)
        return chain, await till_key(chain, keys)


async def sell_around_a_backup(
    stack: Endpoints, bearer: str, data_dir: Path
) -> tuple[list[Sale], dict[str, Any]]:
    """Tills that sell before, while and after the backup is made by the command."""
    sales: list[Sale] = []
    stop = asyncio.Event()
    async with till(stack, bearer) as client, asyncio.TaskGroup() as group:
        for member in REFERENCES:  # a till each, so that each member's purchases have an order
            group.create_task(sell(client, member, sales, stop))
        await until(lambda: reached(sales, 2 * len(REFERENCES)))
        ran = await regulars("backup", "--data-dir", data_dir, "--to", data_dir.parent, "--json")
        made = ran.json()
        enough = len(sales) + AT_LEAST_AFTERWARDS
        await until(lambda: reached(sales, enough))
        stop.set()
    return sales, made


@pytest.fixture(scope="module")
async def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The chain's life until its machine is lost; only the backup and the keys remain."""
    home = tmp_path_factory.mktemp("chain")
    home.chmod(0o711)
    settings = settings_for(home / "data")
    chain, bearer = await founded(settings, make_keys(home / "data"))
    async with running(settings, ALL_PARTS) as stack, opened(stack) as database:
        await until(lambda: all_told(database))
        sales, made = await sell_around_a_backup(stack, bearer, home / "data")
        await until(lambda: all_told(database))
        made_of = await totals_of(database)
        tasks = await tasks_in(database)
    (home / "data" / FILE_NAME).rename(home / FILE_NAME)
    story = Story(home, bearer, dict(chain.members), sales, made, made_of, tasks)
    words = ("restore", story.backup, "--data-dir", home / "new", "--secrets", home / FILE_NAME, "--json")
    story.restored = (await regulars(*words)).json()
    return story


@pytest.fixture(scope="module")
async def second_life(story: Story) -> AsyncIterator[Endpoints]:
    """The restored chain, up again."""
    async with running(settings_for(story.home / "new"), ALL_PARTS) as stack:
        yield stack


def test_sales_went_on_before_during_and_after_the_backup(story: Story) -> None:
    taken = [sale for sale in story.sales if sale.acknowledged_at < story.as_of]
    held = story.made["rows"]["purchase"]
    assert 0 < len(taken) <= held < len(story.sales) == story.totals.purchases


def test_neither_the_backup_nor_any_log_names_anybody(story: Story) -> None:
    assert traces(story.backup.read_bytes(), [*NAMES, *PHONES, SILENT, story.bearer]) == set()
    assert [file.name for file in story.home.glob("*.unfinished")] == []
    logs = [*story.home.glob("*/logs/*")]
    assert {folder.parts[-3] for folder in logs} == {"data", "new"}
    assert set().union(*(traces(log.read_bytes(), [*NAMES, *PHONES, SILENT]) for log in logs)) == set()


def test_the_restore_is_as_of_the_backup_and_verified(story: Story) -> None:
    assert story.restored["ok"]
    assert story.restored["rows"] == story.made["rows"]
    assert story.restored["figures"] == story.made["figures"]
    assert story.restored["reopened"] == len(story.members)


async def test_what_was_acknowledged_before_the_backup_is_there(story: Story, second_life: Endpoints) -> None:
    async with opened(second_life) as database, database.read() as session:
        held = set((await session.execute(text("select receipt_no from purchase"))).scalars())
    assert len(held) == story.made["rows"]["purchase"]
    acknowledged = {sale.body["receipt_no"] for sale in story.sales if sale.acknowledged_at < story.as_of}
    assert acknowledged <= held <= {sale.body["receipt_no"] for sale in story.sales}


async def test_every_members_workflow_is_open_again_though_nobody_buys(
    story: Story, second_life: Endpoints
) -> None:
    client = await Client.connect(second_life.temporal_address or "")
    async with opened(second_life) as database:
        await until(lambda: all_told(database))
    for member_id in story.members.values():
        handle = client.get_workflow_handle(workflow_id(member_id))
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING

        async def has_looked(handle: Any = handle) -> bool:
            return bool((await handle.query(STATE))["looks"])

        await until(has_looked)


async def test_operators_sign_in_with_their_passwords(second_life: Endpoints) -> None:
    async with httpx.AsyncClient(base_url=second_life.web_url or "", trust_env=False) as client:
        body = {"login": "anna", "password": PASSWORD}
        assert (await client.post("/v1/session", json=body)).status_code == 201


async def test_tills_send_again_what_they_sold_and_the_chain_is_whole(
    story: Story, second_life: Endpoints
) -> None:
    async with till(second_life, story.bearer) as client, opened(second_life) as database:
        tills = [[sale for sale in story.sales if sale.body["member"] == name] for name in REFERENCES]
        await asyncio.gather(*(send_again(client, sales, story.as_of) for sales in tills))
        assert await totals_of(database) == story.totals
        once_more = await asyncio.gather(*(send(client, sale.key, sale.body) for sale in story.sales))
        assert {answer.is_success for answer in once_more} == {True}
        assert await totals_of(database) == story.totals
        await until(lambda: all_told(database))
        assert await tasks_in(database) == story.tasks
    report = await verify_url(second_life.database_url)
    assert report.ok, report
