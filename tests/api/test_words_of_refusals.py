"""Every refusal says in the reader's language what is wrong and what to do: no English within the Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

import regulars
from api.error_table import ROWS
from api.errors import problem_of
from api.input_words import has_words, input_words
from api.language import Language
from api.sayings import SAYINGS, STATES, UNSAID, in_chinese
from api.schemas.releases import HaltIn, ResumeIn, ScheduleIn, SubmitIn
from api.schemas.times import Instant
from regulars.custom_fields.errors import CustomFieldInvalid
from regulars.kernel.errors import FieldProblem
from regulars.releases.errors import ReleasePlacesInvalid, ReleaseStateWrong
from regulars.undoing.errors import UndoStateWrong

NAMES = {
    *("ASCII", "CNY", "CSV", "IANA", "ISO", "Infinity", "Asia", "JSON", "NaN", "Shanghai", "UTF", "UUID"),
    *(
        "MB",
        "application",
        "com",
        "d",
        "date",
        "example",
        "false",
        "https",
        "json",
        "null",
        "true",
        "zh",
        "en",
    ),
    *("S", "T", "expected", "operator", "revision", "save_id", "version", "boolean", "choice", "integer"),
    *("member", "money_minor", "product", "store"),
}
"""What stays as it is in a Chinese sentence: names, codes, and how something is written."""
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def words_in(chinese: str) -> set[str]:
    """The Latin words of a sentence, values that are put in left out."""
    plain = re.sub(r"\{[^}]*\}|“[^”]*”|[0-9][0-9a-f-]{7,}", "", chinese)
    return {word for word in re.findall(r"[A-Za-z_]{2,}|[A-Za-z]", plain) if word not in NAMES}


@pytest.mark.parametrize("code", sorted(ROWS))
def test_no_row_has_english_in_its_chinese(code: str) -> None:
    assert words_in(ROWS[code].zh) == set()
    assert ROWS[code].zh.endswith(("。", "}"))


def test_every_kind_of_wrong_input_has_words_in_both_languages() -> None:
    numbers = dict.fromkeys(("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length"), 1_000)
    context = numbers | {"pattern": "^1$", "expected": "'1' or '2'"}
    for kind in get_args(ErrorType):
        chinese, english = (input_words(kind, context, one) for one in LANGUAGES)
        assert chinese.endswith("。"), kind
        assert words_in(chinese) == set(), kind
        assert english, kind
    assert sum(map(has_words, get_args(ErrorType))) > 60
    assert input_words("literal_error", context, "zh") == "请从以下选项中选择：1、2。"


@pytest.mark.parametrize(
    ("shape", "body", "field", "chinese", "english"),
    [
        (SubmitIn, {"code": "a", "place_ids": []}, "place_ids", "不能留空，请填写。", "is empty"),
        (SubmitIn, {"code": "a", "place_ids": ["x"]}, "place_ids[0]", "请填写编号（UUID）", "write an id"),
        (SubmitIn, {"code": "a" * 41, "place_ids": []}, "code", "最多填写 40 个字符。", "at most 40"),
        (SubmitIn, {"place_ids": []}, "code", "必须填写。", "required"),
        (HaltIn, {"step": "1", "reason": "why"}, "step", "请填写整数。", "write a whole number"),
        (HaltIn, {"step": 0, "reason": "why"}, "step", "不能小于 1。", "must be at least 1"),
        (HaltIn, {"step": 1, "words": "why"}, "words", "请改用“reason”。", "send “reason” instead"),
        (ResumeIn, {"step": 1, "start": "now"}, "start", "没有这个字段，请检查拼写。", "check the spelling"),
        (ScheduleIn, {"steps": {}}, "steps", "请填写列表（[…]）。", "write a list"),
        (Instant, 17, "", "请完整写出，如 2026-11-20", "write it out"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_what_to_do(
    shape: Any, body: object, field: str, chinese: str, english: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(shape).validate_python(body)
    error = RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in refused.value.errors()])
    for language, words in zip(LANGUAGES, (chinese, english), strict=True):
        told = problem_of(error, language)
        found = {one.field: one.message for one in told.errors}
        assert words in found[field]
        assert words in told.detail


def test_neither_revision_nor_version_wins_over_the_other() -> None:
    both = {"code": "a", "place_ids": ["0192d3a0-0000-7000-8000-000000000001"], "revision": 1, "version": 1}
    with pytest.raises(ValidationError) as refused:
        SubmitIn.model_validate(both)
    told = problem_of(RequestValidationError(refused.value.errors()), "zh")
    assert told.detail == "version：revision 和 version 只填其中一个。"


def test_states_and_sentences_of_ours_are_chinese_in_a_chinese_refusal() -> None:
    wrong = ReleaseStateWrong("live", ["in_review", "approved"])
    said = problem_of(wrong, "zh").detail
    assert said == "这次发布目前的状态是“生效中”，只有“待审批、已批准”时才能这样做。"
    assert "live" in problem_of(wrong, "en").detail
    assert "进行中" in problem_of(UndoStateWrong("running", ["paused"]), "zh").detail
    places = ReleasePlacesInvalid("the release has no step 7", field="step")
    assert problem_of(places, "zh").detail == "发布的机构有误：发布计划里没有第 7 步，请查看计划。"
    field = CustomFieldInvalid("a field of the chain: there is none yet", field="values.x")
    assert problem_of(field, "zh").detail.endswith("已有的自定义字段：目前还没有。")
    assert UNSAID in problem_of(FieldProblem("something new", field="x"), "zh").detail


def test_every_state_that_a_refusal_can_name_is_a_chinese_word() -> None:
    from regulars.adjustments import domain as adjustments
    from regulars.bulk_actions import domain as bulk_actions
    from regulars.rehearsal import domain as rehearsal
    from regulars.releases import domain as releases
    from regulars.undoing import domain as undoing

    kinds = (
        *(releases.ReleaseState, releases.PlaceStage, rehearsal.State, undoing.UndoState),
        *(adjustments.AdjustmentState, bulk_actions.BulkState),
    )
    assert {state for kind in kinds for state in get_args(kind)} <= set(STATES)


SAYERS = {
    "CustomFieldInvalid",
    "CustomValueInvalid",
    "ReleasePlacesInvalid",
    "BasketInvalid",
    "AttributeInvalid",
}
SAID_BY = {"fault_of", "_expected", "need"}
SAID_IN = {"wanted", "message", "kinds"}


def sentences() -> Iterator[tuple[str, str]]:
    """Every sentence that code gives to an error whose row says it in Chinese, with {} for its values."""
    for file in sorted(Path(regulars.__file__).parent.rglob("*.py")):
        if "entrypoints" in file.parts:  # commands speak English
            continue
        tree = ast.parse(file.read_text())
        if not SAYERS & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
            continue
        for found in texts_of(tree):
            if re.search(r"[a-z]{3} ", found):
                yield file.name, found


def texts_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SAYERS and node.args:
            yield from text_of(node.args[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "need":
            yield from text_of(node.args[1])
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in SAID_IN:
            yield from text_of(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name in SAID_BY:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from text_of(inner.value)


def text_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from text_of(node.body)
        yield from text_of(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
        yield "".join(str(part) for part in parts)


def test_every_sentence_of_ours_that_a_row_puts_in_has_its_chinese() -> None:
    found = list(sentences())
    assert len(found) > 20
    assert [each for each in found if in_chinese(each[1]) is None] == []
    for chinese in SAYINGS.values():
        assert words_in(chinese) == set()
