"""Questions asked together travel together; an answer belongs to who asked."""

import asyncio
from collections.abc import Sequence

import pytest

from regulars.db.gathering import ASKED_TOGETHER_MAX, Gathering


class Library:
    """Answers slowly, and remembers what it was asked at once."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.gathering = Gathering(self.answer)

    async def answer(self, questions: Sequence[str]) -> dict[str, int]:
        self.asked.append(list(questions))
        await self.open.wait()
        if "broken" in questions:
            raise ConnectionError("the library burns")
        return {question: len(question) for question in questions if question != "unknown"}


async def test_questions_asked_meanwhile_travel_together() -> None:
    library = Library()
    asking = [asyncio.create_task(library.gathering.answer_to(text)) for text in ("a", "bb", "bb", "unknown")]
    await asyncio.sleep(0.01)
    asking += [asyncio.create_task(library.gathering.answer_to(text)) for text in ("a", "cccc")]
    await asyncio.sleep(0.01)
    library.open.set()
    assert await asyncio.gather(*asking) == [1, 2, 2, None, 1, 4]
    assert library.asked == [["a", "bb", "unknown"], ["a", "cccc"]]


async def test_a_failure_reaches_everybody_who_asked_and_nobody_later() -> None:
    library = Library()
    library.open.set()
    questions = [library.gathering.answer_to(text) for text in ("broken", "a")]
    failures = await asyncio.gather(*questions, return_exceptions=True)
    assert [type(failure) for failure in failures] == [ConnectionError, ConnectionError]
    assert await library.gathering.answer_to("a") == 1


async def test_one_who_leaves_takes_no_answer_from_the_others() -> None:
    library = Library()
    leaving = asyncio.create_task(library.gathering.answer_to("a"))
    staying = asyncio.create_task(library.gathering.answer_to("a"))
    await asyncio.sleep(0.01)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    library.open.set()
    assert await staying == 1


async def test_no_more_than_a_statement_bears_are_asked_at_once() -> None:
    library = Library()
    library.open.set()
    texts = [str(number) for number in range(ASKED_TOGETHER_MAX + 1)]
    assert len(await asyncio.gather(*(library.gathering.answer_to(text) for text in texts))) == len(texts)
    assert [len(asked) for asked in library.asked] == [ASKED_TOGETHER_MAX, 1]
