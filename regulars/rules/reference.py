"""Documentation that is made from the rules' own definitions: the field catalogue and the pack's schema."""

import json
from collections.abc import Mapping, Sequence

from regulars.rules.catalogue import DOCUMENT_FIELDS, LINE_FIELDS, LINES_PATH, Field, Source
from regulars.rules.findings import SENTENCES
from regulars.rules.model import json_schema
from regulars.rules.operators import CHECKS

_HEAD = "Made by `python -m regulars.entrypoints.reference`; do not edit."
_OWN = "A chain adds fields of its own beside these: [custom-fields.md](custom-fields.md)."
_SOURCES: Mapping[Source, str] = {
    "member": "会员资料 what is kept with the member",
    "history": "消费历史 counted from the member's purchases",
    "till": "收银上传 sent by the till",
    "place": "门店资料 what is kept with the store",
    "calendar": "门店日历与时钟 the store's calendar and clock",
    "chain": "商品资料 what is kept with the product",
}
_GROUPS = (
    ("member", "Member 会员"),
    ("purchase", "Purchase 消费单"),
    ("store", "Store 门店"),
    ("calendar", "Calendar 日历（门店当地时间）"),
)


def fields_page() -> str:
    """docs/rules/fields.md."""
    parts = ["# Facts that rules can read 字段目录", "", _HEAD, "", _OWN, ""]
    for group, title in _GROUPS:
        fields = [f for path, f in DOCUMENT_FIELDS.items() if path.startswith(group + ".")]
        parts += [f"## {title}", "", *_table(fields), ""]
    parts += [
        f"## Line of `{LINES_PATH}` 明细",
        "",
        "Read inside `filter`, `map`, `some`, `all`, `none` over the lines. `var` sees the line only there;",
        'a fact of the document is `{"val": [[2], "member", "tier"]}`.',
        "",
        *_table(list(LINE_FIELDS.values())),
        "",
        "## Operators 运算",
        "",
        ", ".join(f"`{name}`" for name in sorted(CHECKS)) + ', `/` inside `floor` or `ceil`, `{"param": …}`.',
        "",
    ]
    return "\n".join(parts)


def schema_page() -> str:
    """docs/rules/pack.schema.json."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def findings_page() -> str:
    """docs/rules/findings.md."""
    rows = [
        f"| `{code}` | {severity} | {_plain(zh)} | {_plain(en)} |"
        for code, (severity, zh, en) in SENTENCES.items()
    ]
    return "\n".join(
        [
            "# What the checker can find 检查结果",
            "",
            _HEAD,
            "",
            "| code | severity | 中文 | English |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _table(fields: Sequence[Field]) -> list[str]:
    return [
        "| path | type | 名称 | name | meaning 说明 | values | source 来源 | packs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(field) for field in fields),
    ]


def _row(field: Field) -> str:
    kind = field.type if field.unit is None else f"{field.type} ({field.unit})"
    help_text = f"{field.help_zh} {field.help_en}"
    packs = ", ".join(sorted(field.kinds))
    names = f"{field.zh} | {field.en} | {help_text}"
    source = _SOURCES[field.source]
    return f"| `{field.path}` | {kind} | {names} | {_values(field)} | {source} | {packs} |"


def _values(field: Field) -> str:
    if field.options:
        return ", ".join(f"`{option.value}` {option.zh} {option.en}" for option in field.options)
    if field.type == "integer":
        return f"{field.low:,} to {field.high:,}; e.g. {field.example}"
    return f"e.g. `{json.dumps(field.example)}`"


def _plain(template: str) -> str:
    return template.replace("{{", "{").replace("}}", "}").replace("|", "\\|")
