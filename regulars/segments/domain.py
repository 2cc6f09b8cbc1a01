"""Segments: a condition on members, how it was decided for whom, and what was found."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from regulars.rules.findings import Finding, at
from regulars.rules.parts import CODE_PATTERN
from regulars.segments.errors import SegmentCodeInvalid, SegmentTextInvalid

Way = Literal["sql", "rows"]
Fact = str | int | bool | tuple[str, ...]

SAMPLE_MOST: Final = 200
CODE_MOST: Final = 60
TITLE_MOST: Final = 200
DESCRIPTION_MOST: Final = 2_000
_CODE: Final = re.compile(CODE_PATTERN)
SEED_MOST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that the checker took.

    Attributes:
        tree: JSON-logic; reads facts of members only.
        paths: the facts that it reads, sorted.
    """

    tree: object
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a condition runs row by row.

    Attributes:
        pointer: JSON Pointer into the condition.
        part: the operator or fact that SQL cannot decide exactly as the engine does.
    """

    pointer: str
    part: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a condition.

    Attributes:
        sample: how many members to show, 0 to `SAMPLE_MOST`.
        seed: which ones: the same seed shows the same members as long as they match.
        within: path of the place that a saved segment belongs to, or None: only members at home there count.
    """

    sample: int = 0
    seed: int = 0
    within: str | None = None


@dataclass(frozen=True, slots=True)
class SampleMember:
    """One member who matches, with the facts that the condition reads; nothing personal."""

    member_id: UUID
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer.

    Attributes:
        as_of: the instant that all facts are of.
        undecided_members: of the whole chain; time has something to decide about them that fell due by
            `as_of` and had not been worked off yet, so tier or stage may still change as of then.
        members: how many are in sight.
        matching: how many of them the condition holds for.
        failed: how many the condition could not be evaluated for; they do not match.
        way: decided by PostgreSQL in one statement, or row by row by the engine.
        refusal: why row by row; None where SQL decided.
        statement: the SQL condition with parameters in place of values; None row by row.
        looked_at: where only some of those who may match were decided, how many: `matching` and `failed` are
            estimated from them. None: both are exact.
        remarks: what may be wrong with the condition, though it could be counted; whoever asks adds them.
    """

    as_of: datetime
    undecided_members: int
    members: int
    matching: int
    failed: int
    way: Way
    refusal: Refusal | None
    statement: str | None
    sample: tuple[SampleMember, ...]
    looked_at: int | None = None
    remarks: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentVersion:
    """A saved segment; a version never changes.

    Attributes:
        place_id: whom it speaks of: members at home there and below.
        hash: SHA-256 of the content in its one text.
    """

    id: UUID
    code: str
    version: int
    place_id: UUID
    hash: str
    title_zh: str
    title_en: str
    description: str
    when: object
    created_at: datetime
    created_by: str
    reason: str | None


def path_of(tree: object) -> str | None:
    """The fact that an expression reads, or None where it is something else.

    Args:
        tree: any part of a condition.
    """
    if not isinstance(tree, dict) or len(tree) != 1:
        return None
    operator, steps = next(iter(tree.items()))
    if operator == "var" and isinstance(steps, str):
        return steps
    if operator == "val" and isinstance(steps, list) and steps and all(isinstance(s, str) for s in steps):
        return ".".join(steps)
    return None


def reads(tree: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Each fact that a condition reads, with the JSON Pointer to where.

    Args:
        tree: a condition that is not nested deeper than the reader allows.
        pointer: to the condition itself.
    """
    path = path_of(tree)
    if path is not None:
        yield path, pointer
    elif isinstance(tree, Mapping):
        for operator, operands in tree.items():
            yield from reads(operands, at(pointer, operator))
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        for index, member in enumerate(tree):
            yield from reads(member, at(pointer, index))


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to save.

    Attributes:
        place: code of the place that it belongs to.
        when: the condition, unchecked.
    """

    code: str
    place: str
    title_zh: str
    title_en: str
    description: str
    when: object

    def check(self) -> None:
        """Refuse a code or words that cannot be kept.

        Raises: SegmentCodeInvalid, SegmentTextInvalid.
        """
        if len(self.code) > CODE_MOST or not _CODE.fullmatch(self.code):
            raise SegmentCodeInvalid
        for field, words, minimum, maximum in (
            ("title.zh", self.title_zh, 1, TITLE_MOST),
            ("title.en", self.title_en, 1, TITLE_MOST),
            ("description", self.description, 0, DESCRIPTION_MOST),
        ):
            if not minimum <= len(words.strip()) or len(words) > maximum or "\0" in words:
                raise SegmentTextInvalid(field, minimum, maximum)
