"""What does not depend on each other, sent as one statement: a group's round trips are half its cost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver

_PARAMETER: Final = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Write:
    """Changes to one part of the database, and what they are given.

    Attributes:
        parts: of a WITH clause, each "name as (insert …)"; names are the write's own.
        arguments: for $1, $2, … of its parts.
        last: what to select once everything is written, e.g. a call; one of several writes at most has it.
    """

    parts: tuple[str, ...]
    arguments: Sequence[object]
    last: str = ""


async def write_together(session: AsyncSession, writes: Sequence[Write]) -> None:
    """Carry writes out as one statement.

    They see the database as it was before all of them, so no two may touch one row.

    Args:
        session: in a transaction.
        writes: in any order; none is allowed.
    Raises: what the driver raises; nothing of them is written then.
    """
    if not writes:
        return
    statement = _statement(tuple((write.parts, write.last, len(write.arguments)) for write in writes))
    arguments = [argument for write in writes for argument in write.arguments]
    await (await driver(session)).execute(statement, *arguments)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found out, in one row.

    Attributes:
        columns: expressions of one value each, e.g. "(select max(id) from …)".
        arguments: for $1, $2, … of them.
    """

    columns: tuple[str, ...]
    arguments: Sequence[object] = ()


async def ask_together(session: AsyncSession, questions: Sequence[Question]) -> list[tuple[Any, ...]]:
    """Ask questions in one statement.

    Args:
        session: in a transaction.
        questions: in any order, at least one. They see the database as it was before all of them: also where
            one has waited for a lock.
    Returns: the values of each one's columns.
    Raises: what the driver raises.
    """
    shape = tuple((question.columns, len(question.arguments)) for question in questions)
    arguments = [argument for question in questions for argument in question.arguments]
    row = await (await driver(session)).fetchrow(_asking(shape), *arguments)
    assert row is not None, "a select without from has one row"
    values = iter(row)
    return [tuple(islice(values, len(question.columns))) for question in questions]


@cache
def _asking(questions: tuple[tuple[tuple[str, ...], int], ...]) -> str:
    columns: list[str] = []
    passed = 0
    for own_columns, arguments in questions:
        columns += [_numbered_from(passed, column) for column in own_columns]
        passed += arguments
    return f"select {', '.join(columns)}"


@cache
def _statement(writes: tuple[tuple[tuple[str, ...], str, int], ...]) -> str:
    parts: list[str] = []
    last, passed = "", 0
    for own_parts, own_last, arguments in writes:
        parts += [_numbered_from(passed, part) for part in own_parts]
        last += _numbered_from(passed, own_last)
        passed += arguments
    return f"with {', '.join(parts)} select {last}"


def _numbered_from(passed: int, text: str) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + passed}", text)
