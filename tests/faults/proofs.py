"""What must hold after every fault: acknowledged is kept, nothing is doubled, workflows and books agree."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from faults.stack_world import StackWorld
from faults.till_log import Sent, TillLog
from temporalio.client import Client
from temporalio.service import RPCError

from regulars.entrypoints.verifying import verify_url
from workflows.member_lifecycle import MemberLifecycleWorkflow
from workflows.messages import LifecycleState, workflow_id

AGREE_WITHIN_S = 60.0


@dataclass(slots=True)
class Proof:
    """What was found; all lists empty where all is well."""

    acknowledged: int = 0
    ambiguous: int = 0
    replays_identical: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    disagreeing: list[str] = field(default_factory=list)
    not_verified: list[str] = field(default_factory=list)
    members: int = 0

    @property
    def faults(self) -> list[str]:
        """Everything that should not be."""
        return [*self.lost, *self.doubled, *self.differing, *self.disagreeing, *self.not_verified]


_PURCHASES = """
select p.id, p.terminal_id, p.receipt_no, p.points, p.sales_minor, p.member_id,
       coalesce((select sum(g.amount) from ledger_entry e join posting g on g.entry_id = e.id
                 where e.kind = 'earn' and e.cause_id = p.id), 0)::bigint as posted,
       a.points as attributed_points
from purchase p left join purchase_attribution a on a.purchase_id = p.id
"""
_DOUBLED = """
select 'receipt ' || terminal_id || '/' || business_day || '/' || receipt_no as what
from purchase group by terminal_id, business_day, receipt_no, kind having count(*) > 1
union all
select 'earned twice: ' || cause_id from ledger_entry where kind = 'earn'
group by cause_id having count(*) > 1
union all
select 'numbers of ' || member_id || ' have gaps or doubles' from (
  select member_id, seq from purchase where member_id is not null
  union all select member_id, seq from purchase_attribution) numbered
group by member_id having count(distinct seq) <> count(*) or max(seq) <> count(*)
union all
select 'freeze carried out twice: ' || (reason->>'order') from lifecycle_event
where kind in ('frozen', 'unfrozen') group by reason->>'order' having count(*) > 1
union all
select 'follow-up opened twice: ' || event_id from care_task group by event_id having count(*) > 1
"""
_STANDINGS = "select member_id, last_seq, tier, stage, frozen_at, next_due_at from standing"


async def prove(url: str, log: TillLog, tills: Mapping[str, UUID], client: Client | None) -> Proof:
    """Compare what tills and desk know with the database, the workflows and the books.

    Args:
        url: of the database, which is up and whose outbox is empty.
        log: what was sent; every message in it has been seen through.
        tills: ids by code.
        client: Temporal's; None where no workflow runs.
    """
    purchases = log.purchases()
    proof = Proof(
        acknowledged=len(purchases),
        ambiguous=sum(one.ambiguous for one in log.sent),
        replays_identical=sum(one.replays for one in purchases),
        differing=list(log.surprises),
    )
    connection = await asyncpg.connect(url)
    try:
        await _compare_purchases(connection, proof, log, tills)
        await _compare_desk(connection, proof, log)
        proof.doubled += [row["what"] for row in await connection.fetch(_DOUBLED)]
        if client is not None:
            await _compare_workflows(connection, proof, client)
    finally:
        await connection.close()
    report = await verify_url(url)
    proof.not_verified = [str(one) for result in report.results for one in result.differences]
    return proof


async def prove_stack(world: StackWorld, log: TillLog) -> Proof:
    """The same for a whole stack that has healed."""
    return await prove(world.url, log, world.chain.tills, await world.temporal())


async def _compare_purchases(
    connection: asyncpg.Connection, proof: Proof, log: TillLog, tills: Mapping[str, UUID]
) -> None:
    kept = {str(row["id"]): row for row in await connection.fetch(_PURCHASES)}
    told: set[str] = set()
    for one in log.purchases():
        said = one.said
        told.add(said["purchase_id"])
        row = kept.get(said["purchase_id"])
        if row is None:
            proof.lost.append(f"{one.key} was acknowledged and is not there")
        elif not _is_same(row, said, one, tills):
            proof.differing.append(f"{one.key}: {dict(row)} is not what the receipt says")
    proof.doubled += [
        f"{row['receipt_no']} is there, unasked" for key, row in kept.items() if key not in told
    ]


def _is_same(row: Any, said: Mapping[str, Any], one: Sent, tills: Mapping[str, UUID]) -> bool:
    member = said["member"]
    posted = row["points"] if row["attributed_points"] is None else row["attributed_points"]
    same: bool = (
        row["terminal_id"] == tills[one.till or ""]
        and row["points"] == said["points"]
        and row["posted"] == posted
        and row["sales_minor"] == said["sales_minor"]
        and (str(row["member_id"]) if row["member_id"] else None) == (member and member["member_id"])
    )
    return same


async def _compare_desk(connection: asyncpg.Connection, proof: Proof, log: TillLog) -> None:
    enrolled = [one.key for one in log.sent if one.kind == "enrolment" and one.status is not None]
    found = await connection.fetch(
        "select reference from member_reference where reference = any($1)", enrolled
    )
    references = [row[0] for row in found]
    proof.lost += [f"{reference} was enrolled and is not there" for reference in {*enrolled} - {*references}]
    claimed = [one.path.split("/")[3] for one in log.sent if one.kind == "attribution"]
    given = await connection.fetch("select purchase_id::text from purchase_attribution")
    proof.lost += [f"attribution of {missing}" for missing in {*claimed} - {row[0] for row in given}]
    orders = sum(one.kind in ("freeze", "unfreeze") for one in log.sent)
    events = await connection.fetchval(
        "select count(*) from lifecycle_event where kind in ('frozen', 'unfrozen')"
    )
    if orders != events:
        proof.lost.append(f"{orders} freezes and unfreezes ordered, {events} carried out")


async def _compare_workflows(connection: asyncpg.Connection, proof: Proof, client: Client) -> None:
    """Ask every workflow until it agrees: it may still be looking, and a look may move the standing."""
    deadline = asyncio.get_running_loop().time() + AGREE_WITHIN_S
    found = await _differences(client, await connection.fetch(_STANDINGS))
    proof.members = len(found)
    while any(found) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.2)
        found = await _differences(client, await connection.fetch(_STANDINGS))
    proof.disagreeing = [difference for difference in found if difference]


async def _differences(client: Client, rows: Sequence[Any]) -> list[str | None]:
    """What members' workflows think otherwise than the database."""
    gate = asyncio.Semaphore(8)

    async def ask(row: Any) -> str | None:
        handle = client.get_workflow_handle_for(MemberLifecycleWorkflow.run, workflow_id(row["member_id"]))
        async with gate:
            try:
                return _difference(await handle.query(MemberLifecycleWorkflow.state), row)
            except RPCError as error:
                return f"{row['member_id']}: {error}"

    return await asyncio.gather(*(ask(row) for row in rows))


def _difference(state: LifecycleState, row: Any) -> str | None:
    """A due date may be remembered too early: the look at it puts that right, and changes nothing."""
    due = row["next_due_at"]
    on_time = due is None or (state.next_due_at is not None and state.next_due_at <= due)
    thought = (state.last_seq, state.tier, state.stage, state.frozen, state.must_look, on_time)
    known = (row["last_seq"], row["tier"], row["stage"], row["frozen_at"] is not None, False, True)
    return None if thought == known else f"workflow of {row['member_id']}: {thought}, database: {known}"
