"""Many callers' questions in one statement: what is asked while one is under way travels in the next."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")

ASKED_TOGETHER_MAX: Final = 500


class Gathering(Generic[Question, Answer]):
    """Asks for one process; nothing is remembered, every question sees what was committed before it."""

    def __init__(self, ask: Callable[[Sequence[Question]], Awaitable[Mapping[Question, Answer]]]) -> None:
        """How to ask.

        Args:
            ask: answers distinct questions; leaves out those that have no answer.
        """
        self._ask = ask
        self._waiting: dict[Question, asyncio.Future[Answer | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def answer_to(self, question: Question) -> Answer | None:
        """The answer, or None where there is none.

        Raises: whatever asking raised, to everybody who asked together.
        """
        answer = self._waiting.get(question)
        if answer is None:
            answer = self._waiting[question] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_until_quiet())
        return await asyncio.shield(answer)  # one caller who leaves takes no answer from the others

    async def _ask_until_quiet(self) -> None:
        try:
            while self._waiting:
                asked = dict(list(self._waiting.items())[:ASKED_TOGETHER_MAX])
                for question in asked:
                    del self._waiting[question]
                await self._settle(asked)
        finally:
            self._asking = None

    async def _settle(self, asked: Mapping[Question, asyncio.Future[Answer | None]]) -> None:
        try:
            found = await self._ask(list(asked))
        except asyncio.CancelledError:
            for answer in asked.values():
                answer.cancel()
            raise
        except Exception as error:  # it belongs to those who asked
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # seen, even where everybody who asked has left
        else:
            for question, answer in asked.items():
                answer.set_result(found.get(question))
