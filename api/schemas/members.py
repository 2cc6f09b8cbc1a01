"""Members on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from api.schemas.base import In, Out, Reasoned
from api.schemas.times import Day
from regulars.analytics.member_list import MemberRow
from regulars.analytics.totals import MemberTotals
from regulars.lifecycle.tag_ending import REASON_LENGTH_MAX
from regulars.members.domain import UNSET, Member, NewMember, ProfileChange
from regulars.members.tagging import still_held

Attribute = StrictBool | StrictInt | StrictStr
Attributes = Annotated[dict[str, Attribute], Field(default_factory=dict, max_length=50)]
Tags = Annotated[tuple[str, ...], Field(max_length=20)]


class MemberIn(In):
    """A person to be enrolled."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "王芳",
                    "phone": "138 0013 8000",
                    "home_store_code": "S1",
                    "birthday": "1990-05-17",
                    "locale": "zh",
                    "tags": ["newsletter"],
                    "references": ["app-884213"],
                    "attributes": {"household": 3},
                    "consents": {"sms": True, "phone_call": False},
                }
            ]
        }
    )

    name: str
    phone: str | None = None
    home_store_code: Annotated[str | None, Field(description="Left out by a terminal: its own store.")] = None
    birthday: Day | None = None
    gender: str | None = None
    locale: str | None = None
    tags: Tags = ()
    references: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    attributes: Attributes
    consents: Annotated[dict[str, StrictBool], Field(default_factory=dict, max_length=10)]

    def to_domain(self, member_id: UUID, home_store_id: UUID, at: datetime) -> NewMember:
        return NewMember(
            id=member_id,
            name=self.name,
            home_store_id=home_store_id,
            enrolled_at=at,
            phone=self.phone,
            birthday=self.birthday,
            gender=self.gender,
            locale=self.locale,
            tags=self.tags,
            references=self.references,
            attributes=self.attributes,
            consents=self.consents,
        )


class MemberChangeIn(In):
    """New values of a profile: what is left out stays, null removes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "139 0013 9000", "birthday": None}]})

    name: str = ""
    phone: str | None = None
    birthday: Day | None = None
    gender: str | None = None
    locale: str | None = None
    tags: Tags = ()
    attributes: Attributes

    def to_domain(self) -> ProfileChange:
        given = self.model_fields_set
        return ProfileChange(
            name=self.name if "name" in given else UNSET,
            phone=self.phone if "phone" in given else UNSET,
            birthday=self.birthday if "birthday" in given else UNSET,
            gender=self.gender if "gender" in given else UNSET,
            locale=self.locale if "locale" in given else UNSET,
            tags=self.tags if "tags" in given else UNSET,
            attributes=dict(self.attributes) if "attributes" in given else UNSET,
        )


class ConsentsIn(In):
    """What a member agrees or objects to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"consents": {"sms": False}, "source": "desk"}]}
    )

    consents: Annotated[dict[str, StrictBool], Field(min_length=1, max_length=10)]
    source: str


class ReferenceIn(In):
    """A member's name in an outside system."""

    reference: str


class RevealIn(In):
    """Why somebody needs to see a whole telephone number."""

    reason: Annotated[str, Field(max_length=500)]


class TagEndIn(Reasoned):
    """Which tag that rules gave shall hold no longer."""

    tag: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Annotated[str | None, Field(max_length=REASON_LENGTH_MAX, description="For the audit.")] = None


class PhoneOut(Out):
    """A whole telephone number."""

    phone: str | None


class ConsentOut(Out):
    """What a member last said about one purpose."""

    purpose: str
    granted: bool
    at: datetime
    source: str


class StandingOut(Out):
    """Where a member stands."""

    tier: str
    stage: str
    frozen: bool
    balances: Annotated[dict[str, int], Field(description="What is owned, pending points included.")]
    pending_points: Annotated[int, Field(description="What of the points cannot be used yet.")]
    points_owed: Annotated[int, Field(description="A debt, which what is earned next pays.")]
    purchases: int
    sales_minor: int
    points_earned: int
    last_purchase_at: datetime | None


class EnrolledOut(Out):
    """A member who has just joined."""

    id: UUID
    number: str
    home_store_id: UUID


class FoundMemberOut(Out):
    """A member as a till sees one who shows a number, a phone or a card."""

    id: UUID
    number: str
    name: str
    phone_last4: str | None
    standing: StandingOut | None

    @classmethod
    def of(cls, member: Member, totals: MemberTotals | None) -> Self:
        return cls(
            id=member.id,
            number=member.number,
            name=member.name,
            phone_last4=member.phone_last4,
            standing=_standing(totals),
        )


class RuleTagOut(Out):
    """A tag that a rule gave; without `until` it has no end."""

    tag: str
    until: datetime | None


class MemberOut(FoundMemberOut):
    """A member as the chain's people see one; the phone only by its last four digits."""

    birthday: date | None
    gender: str | None
    locale: str | None
    home_store_id: UUID
    tags: list[str]
    tags_by_rules: list[RuleTagOut]
    attributes: dict[str, object]
    references: list[str]
    consents: list[ConsentOut]
    enrolled_at: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, member: Member, totals: MemberTotals | None, at: datetime) -> Self:  # type: ignore[override]
        return cls(
            id=member.id,
            number=member.number,
            name=member.name,
            phone_last4=member.phone_last4,
            standing=_standing(totals),
            birthday=member.birthday,
            gender=member.gender,
            locale=member.locale,
            home_store_id=member.home_store_id,
            tags=list(member.tags),
            tags_by_rules=[
                RuleTagOut(tag=tag, until=until)
                for tag, until in still_held(member.rule_tags, member.tags, at).items()
            ],
            attributes=dict(member.attributes),
            references=list(member.references),
            consents=[ConsentOut.model_validate(consent) for consent in member.consents],
            enrolled_at=member.enrolled_at,
            recorded_at=member.recorded_at,
        )


class MemberRowOut(Out):
    """One line of the member list."""

    id: UUID
    number: str
    name: str
    phone_last4: str | None
    home_store: str
    tier: str
    stage: Literal["joined", "active", "at_risk", "lapsed"]
    frozen: bool
    points: int
    spend_365d_minor: int
    last_purchase_at: datetime | None

    @classmethod
    def of(cls, row: MemberRow) -> Self:
        return cls.model_validate(row)


class MemberPageOut(Out):
    """Members, newest first."""

    items: list[MemberRowOut]
    next_before: Annotated[UUID | None, Field(description="Give this as `before` for the next page.")] = None


def _standing(totals: MemberTotals | None) -> StandingOut | None:
    return None if totals is None else StandingOut.model_validate(totals)
