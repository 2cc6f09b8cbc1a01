"""One load on a chain that is kept from run to run: for whoever works on the till's path and profiles it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import text

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.load import Order
from regulars.entrypoints.bench.loading import Loaded, run_load
from regulars.entrypoints.bench.population import MODEL, NAME, Chain, buyers, found, new_bearer, populate
from regulars.entrypoints.bench.processes import part_pids
from regulars.entrypoints.stack.parts import PartName
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.running import running
from regulars.kernel.clock import now
from regulars.kernel.ids import new_token
from regulars.settings import Settings, load_settings

PARTS: tuple[PartName, ...] = ("postgres", "temporal", "web")
_BUYERS_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try.

    Attributes:
        members: how many the chain is to have at least.
        hot: everything is bought by one member.
        rate: purchases a second, begun whatever the answers; None: as fast as the tills get answers.
    """

    tills: int
    seconds: float
    members: int
    hot: bool
    rate: float | None


async def try_load(data_dir: Path, trial: Trial) -> Loaded:
    """Load a bench's chain once.

    Args:
        data_dir: a stack that runs there is used as it is; else web and PostgreSQL are started for it.
    Raises: StackProblem: the folder holds a chain that is not a bench's; nothing is bought there.
    """
    settings = load_settings(data_dir)
    async with running(settings, ("postgres",)) as stack:  # web is not ready before there is a chain
        chain, members = await _prepare(settings, stack.database_url, trial)
    async with running(settings, PARTS) as stack:
        web = urlsplit(stack.web_url or f"http://127.0.0.1:{settings.port}")
        order = Order(
            web.hostname or "127.0.0.1",
            web.port or settings.port,
            chain.bearers,
            members,
            new_token(6),
            trial.tills,
            trial.seconds,
            rate=trial.rate,
        )
        tell(f"{trial.tills} tills, {trial.seconds:g} s …")
        return await run_load(order, part_pids(settings))


async def _prepare(settings: Settings, url: str, trial: Trial) -> tuple[Chain, list[str]]:
    database = Database(make_engine(url, application="regulars-bench", pool_size=2))
    try:
        chain = await _chain(database, settings)
        await populate(url, chain.model, trial.members)
        return chain, await buyers(database, 1 if trial.hot else min(trial.members, _BUYERS_MOST))
    finally:
        await database.close()


async def _chain(database: Database, settings: Settings) -> Chain:
    async with database.read() as session:
        name = await session.scalar(text("select name from chain"))
        model = await session.scalar(
            text("select member_id from member_reference where reference = :model"), {"model": MODEL}
        )
        tills = list(
            await session.scalars(text("select id from place where kind = 'terminal' order by code"))
        )
    if name is None:
        return await found(database, settings, now())
    if name != NAME or model is None:
        raise StackProblem("This chain is not a bench's, and a load would buy in it; name another folder.")
    await _forget_keys(database)
    bearers = [await new_bearer(database, settings, UUID(str(till)), now()) for till in tills]
    return Chain(bearers, UUID(str(model)))


async def _forget_keys(database: Database) -> None:
    """A till may have two keys, and nobody knows those of an earlier load any more."""
    async with database.begin() as session:
        await session.execute(text("delete from terminal_key"))
