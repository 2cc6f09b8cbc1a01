"""How commands print what several of them find, in the language that the reader asks for."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from regulars.rules.findings import Finding

Spoken = Literal["zh", "en"]


def spoken(language: Spoken | None) -> Spoken:
    """The language that was asked for, else that of the machine."""
    return language or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en")


def finding_lines(findings: "Sequence[Finding]", language: Spoken | None) -> list[str]:
    """One line a finding: how grave, its code, where, and its sentence."""
    speaks = spoken(language)
    return [
        f"      {found.severity} {found.code} at {found.pointer or '/'}: "
        f"{found.zh if speaks == 'zh' else found.en}"
        for found in findings
    ]
