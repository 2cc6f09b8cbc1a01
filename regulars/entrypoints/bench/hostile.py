"""`bench hostile`: what each hostile pack takes at each door, and what tills wait while they come in."""

import asyncio
import gc
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import perf_counter, thread_time
from typing import Final
from urllib.parse import urlencode

import httpx

from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.hostile_packs import HOSTILE, Hostile, good_pack
from regulars.entrypoints.bench.loading import Loaded
from regulars.entrypoints.bench.measured import Bar, Measured, at_most, median
from regulars.entrypoints.bench.shops import Shop, founded
from regulars.entrypoints.commands.files import report_on
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.running import running
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rules.checker import Report, check, examine
from regulars.security.actor import Actor
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.settings import Settings

LIMIT_MS: Final = 100.0
TILL_LIMIT_MS: Final = 80.0
LOGIN: Final = "bench"
PASSWORD: Final = "everything here is gone at once"  # noqa: S105 — a chain that lives for minutes
TILLS: Final = 64
RATE: Final = 100.0
CODE: Final = "hostile-host"
_JSON: Final = {"Content-Type": "application/json"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
_REFUSED: Final = (400, 409, 413, 422)
_MS: Final = 1_000.0
NOTE: Final = (
    "Each bar is one hostile pack at the slowest of its doors, each the median of the rounds by the clock: "
    "check and file in this process (file: as `packs check FILE`), the others over HTTP until the answer is "
    "there: /v1/packs/check, PUT of a draft, and the code of the rule editor, which draws the page anew. "
    "cpu_ms is processor time, in this process only. tills: purchases at a fixed rate in open loop, alone "
    "and while senders put one hostile pack after the other through those doors."
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is tried."""

    rounds: int = 5
    members: int = 10_000
    seconds: float = 20.0
    rate: float = RATE
    senders: int = 2
    packs: Sequence[Hostile] = tuple(HOSTILE)


QUICK: Final = Sizes(rounds=1, members=200, seconds=2.0, packs=tuple(HOSTILE[::24]))


@dataclass(slots=True)
class Taken:
    """What one hostile pack took at each door, and what came of it.

    Attributes:
        cpu_ms: of the checker, in this process.
        said: by door, the status or the findings' codes.
    """

    doors_ms: dict[str, float] = field(default_factory=dict)
    cpu_ms: float = 0.0
    said: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Editor:
    """Somebody who may write packs, at the web part; and the revision that the draft is at."""

    client: httpx.AsyncClient
    csrf: str
    revision: int = 0

    def check(self, text: str) -> httpx.Request:
        """The checker over HTTP."""
        body = json.dumps({"text": text}).encode()
        return self.client.build_request("POST", "/v1/packs/check", content=body, headers=_JSON)

    def save(self, text: str) -> httpx.Request:
        """The text as the draft's newest revision."""
        body = json.dumps({"text": text, "based_on": self.revision}).encode()
        return self.client.build_request("PUT", f"/v1/packs/{CODE}/draft", content=body, headers=_JSON)

    def write(self, text: str) -> httpx.Request:
        """The text in the code box of the rule editor."""
        said = {"csrf_token": self.csrf, "based_on": self.revision, "do": "set-code", "at": "", "value": text}
        body = urlencode(said, errors="replace").encode()
        return self.client.build_request("POST", f"/packs/{CODE}/edit", content=body, headers=_FORM)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Ask; what was saved is what the next is based on."""
        answer = await self.client.send(request)
        if request.method == "PUT" and answer.is_success:
            self.revision = answer.json()["revision"]
        return answer

    async def look(self) -> None:
        """Learn the draft's newest revision."""
        answer = await self.client.get(f"/v1/packs/{CODE}/draft")
        self.revision = answer.json()["save"]["revision"] if answer.is_success else 0


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Try every hostile pack at every door, then beside tills.

    Args:
        settings: of an empty folder of the bench's own.
        quick: a few of the packs, once.
    """
    return await measure_sizes(settings, QUICK if quick else Sizes())


async def measure_sizes(settings: Settings, sizes: Sizes) -> Measured:
    """As `measure`, with sizes of one's own."""
    taken = {hostile.name: Taken() for hostile in sizes.packs}
    gc.collect()
    gc.freeze()  # as the web part does
    tell("At the checker …")
    for hostile in sizes.packs:
        at_checker(hostile, taken[hostile.name], sizes.rounds)
    async with (
        running(settings, ("postgres", "temporal")) as stack,
        founded(settings, stack, "chain", sizes.members) as shop,
        shop.open(),
        _editor(shop) as editor,
    ):
        tell("At the web's doors …")
        for hostile in sizes.packs:
            await _at_doors(hostile, taken[hostile.name], sizes.rounds, editor)
        alone = await _tills(shop, sizes)
        beside, sent = await _tills_beside(shop, sizes, editor)
    bars: dict[str, Bar] = {
        f"{name} ms": at_most(max(one.doors_ms.values()), LIMIT_MS) for name, one in taken.items()
    }
    bars["till_p99_ms_meanwhile"] = at_most(beside.tally.latency_ms["p99"], TILL_LIMIT_MS)
    return Measured(bars, _figures(sizes, taken, alone, beside, sent))


def _figures(
    sizes: Sizes, taken: Mapping[str, Taken], alone: Loaded, beside: Loaded, sent: int
) -> dict[str, object]:
    return {
        "note": NOTE,
        "rounds": sizes.rounds,
        "packs": {
            name: {
                "cpu_ms": round(one.cpu_ms, 2),
                "doors_ms": {door: round(ms, 2) for door, ms in one.doors_ms.items()},
                "said": one.said,
            }
            for name, one in taken.items()
        },
        "tills": {
            "rate_per_second": sizes.rate,
            "senders": sizes.senders,
            "hostile_packs_sent": sent,
            "alone": alone.figures(),
            "meanwhile": beside.figures(),
        },
    }


def at_checker(hostile: Hostile, taken: Taken, rounds: int) -> None:
    """Note what a pack takes at the checker and as a file. Raises: StackProblem: nothing is found wrong."""
    text = hostile.text()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        file.flush()
        doors: dict[str, Callable[[], Report]] = {
            "check": lambda: examine(text),
            "file": lambda: report_on(Path(file.name), check),
        }
        for door, act in doors.items():
            clocks = [_clocked(act) for _ in range(rounds)]
            taken.doors_ms[door] = median([wall for wall, _, _ in clocks])
            codes = {found.code for found in clocks[-1][2].findings}
            if not codes:
                raise StackProblem(f"Nothing was found wrong with: {hostile.name}.")
            taken.said[door] = ", ".join(sorted(codes))
            taken.cpu_ms = max(taken.cpu_ms, median([cpu for _, cpu, _ in clocks]))


def _clocked(act: Callable[[], Report]) -> tuple[float, float, Report]:
    wall, cpu = perf_counter(), thread_time()
    report = act()
    return _MS * (perf_counter() - wall), _MS * (thread_time() - cpu), report


async def _at_doors(hostile: Hostile, taken: Taken, rounds: int, editor: Editor) -> None:
    """Each round at each door; between two saves a good text is saved, so that none is an idle repetition."""
    text = as_text(hostile)
    for door, act in (
        ("http_check", editor.check),
        ("http_save", editor.save),
        ("http_editor", editor.write),
    ):
        clocks = []
        for _ in range(rounds):
            if door != "http_check":
                await editor.look()
                await editor.send(editor.save(json.dumps(good_pack())))
            request = act(text)  # what writing 50 MB out takes is the sender's time
            begun = perf_counter()
            answer = await editor.send(request)
            clocks.append(_MS * (perf_counter() - begun))
            taken.said[door] = _said(hostile, answer)
        taken.doors_ms[door] = median(clocks)


def as_text(hostile: Hostile) -> str:
    """The text as a program would send it, whatever it holds."""
    text = hostile.text()
    return text.decode("latin-1") if isinstance(text, bytes) else text


def _said(hostile: Hostile, answer: httpx.Response) -> str:
    """The status, where the answer is a clear one; findings are told with a success."""
    if not answer.is_success and answer.status_code not in _REFUSED:
        raise StackProblem(f"{hostile.name}: {answer.request.url.path} answered {answer.status_code}.")
    is_report = answer.is_success and answer.headers["content-type"] == "application/json"
    if is_report and answer.json()["green"]:
        raise StackProblem(f"{hostile.name}: {answer.request.url.path} found nothing wrong.")
    return str(answer.status_code)


async def _tills(shop: Shop, sizes: Sizes) -> Loaded:
    tell(f"Ringing up {sizes.rate:g} purchases a second …")
    return await shop.load(shop.order(TILLS, sizes.seconds, rate=sizes.rate, warm_up_seconds=2.0))


async def _tills_beside(shop: Shop, sizes: Sizes, editor: Editor) -> tuple[Loaded, int]:
    """What tills wait while hostile packs come in, and how many came."""
    sent = [0]
    texts = [as_text(hostile) for hostile in sizes.packs]
    senders = [
        asyncio.create_task(_send(editor, texts[number :: sizes.senders], sent))
        for number in range(sizes.senders)
    ]
    try:
        loaded = await _tills(shop, sizes)
    finally:
        for sender in senders:
            sender.cancel()
        ended = await asyncio.gather(*senders, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem
    return loaded, sent[0]


async def _send(editor: Editor, texts: Iterable[str], sent: list[int]) -> None:
    """One after the other at every door, for ever; a refusal is what they are for."""
    for text in cycle(texts):
        for door in (editor.check, editor.save, editor.write):
            await editor.send(door(text))
            sent[0] += 1


@asynccontextmanager
async def _editor(shop: Shop) -> AsyncIterator[Editor]:
    """Sign somebody in who may do everything with packs."""
    places = Places()
    async with shop.database.begin() as session:
        await places.refresh(session)
        everywhere = (RoleAt(Role.ADMIN, places.headquarters.id),)
        who = NewOperator(new_id(), LOGIN, "Bench", PASSWORD, "en", everywhere)
        await create_operator(session, who, Actor.command("bench"), now())
    origin = f"http://{shop.settings.host}:{shop.settings.port}"
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, timeout=60) as client:
        answer = await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})
        if answer.is_error:
            raise StackProblem(f"Nobody can sign in: {answer.status_code}.")
        csrf = answer.json()["csrf_token"]
        client.headers["X-CSRF-Token"] = csrf
        editor = Editor(client, csrf)
        await editor.send(editor.save(json.dumps(good_pack())))
        yield editor
