"""Segments on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out
from api.schemas.packs import FindingOut
from regulars.segments.domain import (
    DESCRIPTION_MOST,
    SAMPLE_MOST,
    SEED_MOST,
    TITLE_MOST,
    Counted,
    Draft,
    Fact,
    Question,
    Way,
)
from regulars.segments.saved_repository import Seen

When = Annotated[
    Any, Field(description="JSON-logic over the member facts of the field catalogue; true or false.")
]
SampleSize = Annotated[int, Field(strict=True, ge=0, le=SAMPLE_MOST, description="How many members to show.")]
Seed = Annotated[
    int,
    Field(strict=True, ge=0, le=SEED_MOST, description="Which ones: the same seed shows the same members."),
]
_GOLD: dict[str, Any] = {
    "and": [
        {"in": [{"var": "member.tier"}, ["silver", "gold"]]},
        {">=": [{"var": "member.spend_365d_minor"}, 100_000]},
    ]
}


class AskIn(In):
    """How many members a condition holds for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"when": _GOLD, "sample": 20}]})

    when: When
    sample: SampleSize = 0
    seed: Seed = 0

    def question(self) -> Question:
        return Question(sample=self.sample, seed=self.seed)


class AskSavedIn(In):
    """How many members a saved segment holds for."""

    version: Annotated[
        int | None, Field(strict=True, ge=1, le=1 << 30, description="The newest where left out.")
    ] = None
    sample: SampleSize = 0
    seed: Seed = 0

    def question(self, within: str) -> Question:
        """Of members at home within the segment's place."""
        return Question(sample=self.sample, seed=self.seed, within=within)


class SampleMemberOut(Out):
    """A member who matches, by the facts that the condition reads."""

    member_id: UUID
    facts: dict[str, Fact]


class WhyRowsOut(Out):
    """What the database cannot decide exactly as the rules do."""

    pointer: Annotated[str, Field(description="JSON Pointer into the condition.")]
    part: Annotated[str, Field(description="The operator or fact.")]


class CountedOut(Out):
    """The answer, for members at home within your places."""

    as_of: Annotated[datetime, Field(description="The instant that all facts are of.")]
    undecided_members: Annotated[
        int,
        Field(
            description="Of the whole chain: time has something to decide about them that was due by then "
            "and not yet worked off, so their tier or stage may still change as of then."
        ),
    ]
    members: Annotated[int, Field(description="Members in sight.")]
    matching: int
    failed: Annotated[int, Field(description="Members for whom it could not be evaluated; none by SQL.")]
    way: Way
    why_rows: WhyRowsOut | None
    statement: Annotated[str | None, Field(description="The condition in SQL, parameters for values.")]
    remarks: Annotated[
        list[FindingOut],
        Field(description="What may be wrong with the condition, such as a tier that no live pack has."),
    ]
    sample: list[SampleMemberOut]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        return cls(
            as_of=counted.as_of,
            undecided_members=counted.undecided_members,
            members=counted.members,
            matching=counted.matching,
            failed=counted.failed,
            way=counted.way,
            why_rows=WhyRowsOut.model_validate(counted.refusal) if counted.refusal else None,
            statement=counted.statement,
            remarks=[FindingOut.of(each) for each in counted.remarks],
            sample=[SampleMemberOut(member_id=m.member_id, facts=dict(m.facts)) for m in counted.sample],
        )


class TitleIn(In):
    """A name in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=TITLE_MOST)]
    en: Annotated[str, Field(min_length=1, max_length=TITLE_MOST)]


class SegmentIn(In):
    """A segment to be saved: a new one, or the next version of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "place": "HQ",
                    "title": {"zh": "高价值会员", "en": "High-value members"},
                    "when": _GOLD,
                    "based_on": 0,
                }
            ]
        }
    )

    place: Annotated[str, Field(max_length=40, description="Code of the place whose members it speaks of.")]
    title: TitleIn
    description: Annotated[str, Field(max_length=DESCRIPTION_MOST)] = ""
    when: When
    based_on: Annotated[
        int,
        Field(
            strict=True,
            ge=0,
            le=1 << 30,
            description="The newest version that you have seen; 0: a new segment.",
        ),
    ]
    reason: Annotated[str | None, Field(max_length=500)] = None

    def draft(self, code: str) -> Draft:
        return Draft(code, self.place, self.title.zh, self.title.en, self.description, self.when)


class TitleOut(Out):
    """A name in both languages."""

    zh: str
    en: str


class SegmentOut(Out):
    """A version of a saved segment; it never changes."""

    code: str
    version: int
    place: str
    title: TitleOut
    description: str
    when: Any
    hash: Annotated[str, Field(description="SHA-256 of the content in its one text.")]
    created_at: datetime
    created_by: str
    reason: str | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        version = seen.version
        return cls(
            code=version.code,
            version=version.version,
            place=seen.place_code,
            title=TitleOut(zh=version.title_zh, en=version.title_en),
            description=version.description,
            when=version.when,
            hash=version.hash,
            created_at=version.created_at,
            created_by=version.created_by,
            reason=version.reason,
        )


class SegmentPageOut(Out):
    """Segments by code."""

    items: list[SegmentOut]
    next_after: Annotated[str | None, Field(description="Send it as `after` for the next page.")]
