"""What the checker is given and says, on the wire."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out
from api.schemas.packs import FindingOut, PackText
from regulars.kernel.codes import CODE_LENGTH_MAX
from regulars.rules.cases import CaseResult
from regulars.rules.checker import Report
from regulars.rules.findings import Finding


class CheckIn(In):
    """A pack's text, and where it would go live."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": '{"code": "spring", "kind": "earning", "rules": []}'}]}
    )

    text: PackText
    code: Annotated[
        str | None,
        Field(
            max_length=CODE_LENGTH_MAX, description="The pack whose draft it is; the text must say the same."
        ),
    ] = None
    place_id: Annotated[
        UUID | None, Field(description="Compare it with what is live there; left out: look at it alone.")
    ] = None


class DifferenceOut(Out):
    """What a case expected and did not get, as JSON texts."""

    what: str
    expected: str
    got: str


class CaseOut(Out):
    """One case as it ran."""

    name_zh: str
    name_en: str
    passed: bool
    differences: list[DifferenceOut]

    @classmethod
    def of(cls, result: CaseResult) -> Self:
        return cls.model_validate(result)


class CheckOut(Out):
    """What is to be said of a pack. Errors stand in the way of publishing, warnings do not."""

    green: bool
    findings: list[FindingOut]
    conflicts: Annotated[list[FindingOut], Field(description="With packs that are live at the place.")]
    cases: Annotated[list[CaseOut], Field(description="Empty where something else is wrong.")]

    @classmethod
    def of(cls, report: Report, met: tuple[Finding, ...]) -> Self:
        return cls(
            green=report.green,
            findings=[FindingOut.of(found) for found in report.findings],
            conflicts=[FindingOut.of(found) for found in met],
            cases=[CaseOut.of(result) for result in report.cases],
        )
