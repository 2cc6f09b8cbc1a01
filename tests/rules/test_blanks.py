"""A blank pack of each kind is green and has nothing to complain of."""

import json
from typing import get_args

import pytest

from regulars.rules.blanks import blank_text
from regulars.rules.canonical import canonical
from regulars.rules.checker import examine
from regulars.rules.domain import PackKind


@pytest.mark.parametrize("kind", get_args(PackKind))
def test_a_blank_pack_is_green_without_a_warning(kind: PackKind) -> None:
    text = blank_text(kind)
    report = examine(text)
    assert [(found.code, found.pointer, found.en) for found in report.findings] == []
    assert report.cases
    assert report.pack is not None
    assert report.pack.kind == kind
    assert canonical(json.loads(text)) == text
