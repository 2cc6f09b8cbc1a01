"""What the checker can find wrong with a pack: for each code its severity and its sentences."""
# ruff: noqa: E501 — a table of words, one row a line, reads best as it is

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from regulars.rules import analysis_words

Severity = Literal["error", "warning"]
LONGEST_DETAIL = 80
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend, where it is, and what to do about it.

    Attributes:
        code: stable, snake_case; a key of `SENTENCES`.
        pointer: JSON Pointer (RFC 6901) into the pack; "" is the whole of it.
    """

    code: str
    severity: Severity
    pointer: str
    zh: str
    en: str


# fmt: off
_ERRORS: dict[str, tuple[str, str]] = {
    # reading
    "pack_too_large": ("规则包有 {size} 字节，上限 {limit} 字节。请拆成几个规则包。",
                       "The pack has {size} bytes, the limit is {limit}. Split it into several packs."),
    "not_utf8": ("文件不是 UTF-8 编码。请另存为 UTF-8。", "The text is not UTF-8. Save it as UTF-8."),
    "not_json": ("第 {line} 行第 {column} 列不是合法的 JSON。请检查括号、引号和逗号。",
                 "Line {line}, column {column} is not JSON. Check brackets, quotes and commas."),
    "too_deep": ("嵌套超过 {limit} 层。请把条件写得更平。", "Nested deeper than {limit} levels. Flatten the conditions."),
    "too_complex": ("规则包超过 {limit} 个值。请拆成几个规则包。",
                    "The pack has more than {limit} values. Split it into several packs."),
    "key_repeated": ("“{key}”在同一处写了两次。只保留一个。", "“{key}” stands twice in one object. Keep one of them."),
    "number_not_finite": ("不允许 {value}。请写整数。", "{value} is no number here. Write a whole number."),
    "number_too_large": ("数字 {value} 太大。请写绝对值小于 2^52 的整数。",
                         "The number {value} is too large. Write a whole number below 2^52."),
    "fraction_found": ("不允许小数 {value}。金额请以分为单位；比率和倍数请以万分之一为单位：1% 写 100，2 倍写 20000。",
                       "No fractions: {value}. Write money in minor units, rates and multiples in ten-thousandths: 1% is 100, double is 20000."),
    "text_unprintable": ("文字里有控制字符或残缺字符。请删除。", "The text has control or broken characters. Remove them."),
    # shape
    "field_missing": ("缺少“{field}”。请补上。", "“{field}” is missing. Add it."),
    "field_unknown": ("不认识“{field}”。请删除，或检查拼写。", "“{field}” is not known here. Remove it or mend its spelling."),
    "value_wrong": ("值不对：{problem}。", "The value is wrong: {problem}."),
    "integer_expected": ("这里要写整数。", "Write a whole number here."),
    "text_expected": ("这里要写文字（加引号）。", "Write a text in quotes here."),
    "boolean_expected": ("这里要写 true 或 false。", "Write true or false here."),
    "object_expected": ("这里要写 {{…}} 对象。", "Write an object {{…}} here."),
    "list_expected": ("这里要写 […] 列表。", "Write a list […] here."),
    "choice_expected": ("只能是：{choices}。", "Use one of: {choices}."),
    "value_too_small": ("不能小于 {limit}。", "Use at least {limit}."),
    "value_too_large": ("不能大于 {limit}。", "Use at most {limit}."),
    "text_empty": ("这里是空的。请填写文字。", "This is empty. Write a text."),
    "list_empty": ("这里是空的。请至少写一项。", "This is empty. Give at least one."),
    "text_length": ("文字长度应为 {low} 到 {high} 个字符。", "Use {low} to {high} characters."),
    "list_length": ("列表应有 {low} 到 {high} 项。", "Use {low} to {high} items."),
    "code_expected": ("代码只能用小写字母、数字和连字符，并以字母开头，如 grocery-classic。",
                      "Use small letters, digits and hyphens, beginning with a letter, such as grocery-classic."),
    "number_or_parameter_expected": ('这里要写整数，或 {{"param": "参数名"}}。',
                                     'Write a whole number, or {{"param": "name"}}.'),
    "wall_time_expected": ("时间要写成 2026-11-20T18:30（门店当地时间）。",
                           "Write the time as 2026-11-20T18:30, on the store's clock."),
    "date_expected": ("日期要写成 2026-12-01。", "Write the date as 2026-12-01."),
    "clock_expected": ("时刻要写成 08:00，一天的末尾写 24:00。", "Write the time as 08:00; 24:00 is the end of the day."),
    "part_empty": ("这里什么也没写。请至少写一项，或整个删除。", "Nothing stands here. Write at least one of its fields, or remove it."),
    "one_form_expected": ("每个折扣写且只写一种形式：{choices}。", "Give each discount exactly one form: {choices}."),
    "one_earning_expected": ("写“per”并用 amount 或 lines 说明按什么计算，或只写“points”。",
                             "Write per, with amount or lines to say of what, or points alone."),
    "one_expiry_expected": ("有效期只写一种：valid_days，或 expires 里的 after_days，或 expires 里的 at（可加 later）。",
                            "Say in one way when points end: valid_days, or in expires after_days, or at, which may have later."),
    "one_tag_expected": ("写且只写“give”（可加 for_days）或“end”。", "Write give, which may have for_days, or end alone."),
    "one_action_expected": ("每条规则写且只写一个动作：{choices}。", "Give each rule exactly one action: {choices}."),
    # pack
    "code_differs": ("草稿属于规则包“{pack}”，这里写的是“{found}”。请改成“{pack}”，或另存为“{found}”的草稿。",
                     "The draft is of the pack “{pack}”, here stands “{found}”. Write “{pack}”, or save it as the draft of “{found}”."),
    "action_wrong_kind": ("“{kind}”类规则包不能用动作“{action}”。可用：{choices}。",
                          "A pack of kind “{kind}” cannot use the action “{action}”. It can use: {choices}."),
    "tier_part_missing": ("这类规则包要写“{field}”。", "A pack of this kind needs “{field}”."),
    "tier_part_misplaced": ("只有等级或生命周期规则包才有“{field}”。请删除。", "Only a tier or lifecycle pack has “{field}”. Remove it."),
    "part_misplaced": ("“{kind}”类规则包没有“{field}”。请删除。", "A pack of kind “{kind}” has no “{field}”. Remove it."),
    "calendar_reversed": ("开始日期 {first} 晚于结束日期 {last}。请对调。",
                          "The first day {first} is after the last {last}. Swap them."),
    "hours_empty": ("开始和结束都是 {clock}，没有时间。全天请删除 hours。",
                    "Both ends are {clock}, which leaves no time. Remove hours for the whole day."),
    "value_above_other": ("“{field}”为 {value}，大于“{other}”的 {limit}。请改小。",
                          "“{field}” is {value}, more than the {limit} of “{other}”. Lower it."),
    "tax_of_list_price": ("税额是按销售金额算的，原价没有税额。请删除 tax，或改用销售金额。",
                          "The tax that the till tells is that of the sales price. Remove tax, or count the sales price."),
    "exclusions_bypassed": ("有排除明细时，逐行计算里不能读整单金额。请在逐行计算之外读取。",
                            "With exclusions, a sum over lines cannot read the whole basket. Read it outside of the sum."),
    "group_twice": ("规则和动作都写了 group。只保留规则的。", "The rule and its action both name a group. Keep that of the rule."),
    "group_missing": ("规则包有 stacking，但规则“{rule}”没有 group。请补上。",
                      "The pack has stacking, but the rule “{rule}” names no group. Give it one."),
    "group_not_stacked": ("stacking 里没有组“{group}”。请加进去，或换一个：{choices}。",
                          "The group “{group}” is not in stacking. Add it there, or use one of: {choices}."),
    "group_without_rule": ("没有规则属于组“{group}”。请删除，或检查拼写。", "No rule names the group “{group}”. Remove it or mend its spelling."),
    "place_unknown": ("没有代码为“{place}”的门店或分公司。请检查拼写。",
                      "There is no store or branch with the code “{place}”. Mend its spelling, or open the place first."),
    "limit_of_other_kind": ("“{kind}”类规则包不能限制“{of}”。可用：{choices}。",
                            "A pack of kind “{kind}” cannot limit “{of}”. It can limit: {choices}."),
    "rule_unknown": ("没有规则“{rule}”。请检查拼写。", "There is no rule “{rule}”. Mend its spelling."),
    "limit_of_other_action": ("规则“{rule}”不给积分也不给优惠，限额管不到它。请从限额里去掉。",
                              "The rule “{rule}” gives no points and no money, so no limit counts it. Take it out of the limit."),
    "id_repeated": ("“{value}”用了两次。请换一个。", "“{value}” is used twice. Choose another."),
    "order_repeated": ("顺序 {value} 用了两次。每条规则的顺序要不同。",
                       "The order {value} is used twice. Give each rule its own."),
    "parameter_unknown": ("没有名为“{name}”的参数。请在 parameters 里添加，或检查拼写。",
                          "There is no parameter “{name}”. Add it to parameters or mend its spelling."),
    "parameter_out_of_bounds": ("参数值 {value} 不在 {low} 到 {high} 之间。", "The value {value} is not between {low} and {high}."),
    "parameter_bounds_reversed": ("最小值 {low} 大于最大值 {high}。请对调。", "The minimum {low} is above the maximum {high}. Swap them."),
    "parameter_bounds_too_wide": ("“{type}”参数只能在 {low} 到 {high} 之间。请收窄上下限。",
                                  "A parameter of type “{type}” lies between {low} and {high}. Narrow its bounds."),
    "amount_out_of_bounds": ("“{field}”应在 {low} 到 {high} 之间，这里{found}。",
                             "“{field}” must lie between {low} and {high}; here it {found}."),
    "tier_unknown": ("没有名为“{tier}”的等级。可用：{choices}。", "There is no tier “{tier}”. Use one of: {choices}."),
    "tier_base_missing": ("最低等级的门槛应为 0。请把排位最低的等级门槛写成 0。",
                          "The lowest tier needs the threshold 0. Give the tier of the lowest rank the threshold 0."),
    "tier_base_code": ("最低等级的代码应为“{base}”：每位会员入会时都是这一级。请改代码，名称可以另起。",
                       "The lowest tier needs the code “{base}”, which every member begins with. Change the code; its title is free."),
    "tier_not_ascending": ("等级“{tier}”的门槛不高于下一级。门槛要随排位升高。",
                           "The threshold of “{tier}” is not above that of the tier below. Thresholds must rise with rank."),
    "tier_without_rule": ("没有规则能升到“{tier}”。请加一条 set_tier 规则。", "No rule leads to “{tier}”. Add a rule with set_tier."),
    "lapse_before_risk": ("流失天数 {lapse} 不大于预警天数 {risk}。请改大流失天数。",
                          "Lapse after {lapse} days is not later than at risk after {risk}. Raise the days until lapse."),
    # expressions
    "operator_unknown": ("不认识运算“{operator}”。可用：{choices}。", "The operator “{operator}” is not known. Use one of: {choices}."),
    "operator_refused": ("不允许运算“{operator}”。请改用{instead}。", "The operator “{operator}” is not allowed. Use {instead}."),
    "one_operator_expected": ("每个对象只写一个运算。", "Write exactly one operator in each object."),
    "path_expected": ('字段要写成 {{"var": "member.tier"}}。', 'Write a fact as {{"var": "member.tier"}}.'),
    "path_unknown": ("没有字段“{path}”。相近的有：{choices}。", "There is no fact “{path}”. Near it: {choices}."),
    "path_not_for_kind": ("“{kind}”类规则包不能读“{path}”。", "A pack of kind “{kind}” cannot read “{path}”."),
    "path_is_line_field": ("“{path}”是明细字段，只能在 filter、map、some、all、none 里逐行读取。",
                           "“{path}” belongs to a line: read it inside filter, map, some, all or none."),
    "path_outside_line": ('逐行处理时 var 只看得到明细。请写 {{"val": [[2], {path}]}}。',
                          'Inside a line, var sees only the line. Write {{"val": [[2], {path}]}}.'),
    "operand_count": ("“{operator}”需要 {expected} 个参数，这里有 {found} 个。",
                      "“{operator}” takes {expected} operands, here are {found}."),
    "operand_type": ("“{operator}”这里需要{expected}，实际是{found}。",
                     "“{operator}” needs {expected} here, this is {found}."),
    "types_differ": ("“{operator}”两边类型不同：{left}和{right}。",
                     "“{operator}” compares different types: {left} and {right}."),
    "option_unknown": ("“{path}”没有取值“{value}”。可用：{choices}。", "“{path}” is never “{value}”. Use one of: {choices}."),
    "literal_refused": ("这里不能写 {value}。请写字段、整数或文字；真假直接写条件或加“!”，列表只放同一类型的值。",
                        "{value} cannot stand here. Write a fact, a whole number or a text; for true or false the condition itself or its “!”; in a list values of one type."),
    "iterator_nested": ("逐行处理里不能再逐行处理。请拆开。", "No iteration inside an iteration. Take them apart."),
    "lines_expected": ("这里要写消费明细 purchase.lines，或对它的 filter。",
                       "Put the lines here: purchase.lines, or a filter of it."),
    "division_unrounded": ('除法要直接写在 floor 或 ceil 里，例如 {{"floor": [{{"/": [a, b]}}]}}。',
                           'Write a division directly inside floor or ceil, as {{"floor": [{{"/": [a, b]}}]}}.'),
    "rounding_without_division": ("{operator} 里要直接写除法。整数不用取整。",
                                  "{operator} takes a division. Whole numbers need no rounding."),
    "divisor_may_be_zero": ("除数可能是 {low}。请保证除数大于 0。", "The divisor may be {low}. Make sure that it is above 0."),
    "dividend_may_be_negative": ("被除数可能是负数 {low}。请先用 max 限制为 0。",
                                 "The dividend may be {low}. Keep it at 0 or above with max."),
    "number_may_overflow": ("结果可能达到 {high}，超过 2^52，无法精确计算。请缩小数字或参数上限。",
                            "The result may reach {high}, beyond 2^52, and would not be exact. Lower the numbers or bounds."),
    "engine_refuses": ("规则引擎不接受：{message}。", "The rule engine refuses it: {message}."),
    "pack_too_costly": ("规则包每单要做 {steps} 步运算，上限 {limit} 步。请减少逐行运算或拆成几个规则包。",
                        "The pack takes {steps} steps a purchase, the limit is {limit}. Use fewer sums over lines, or split it."),
    "cases_too_costly": ("运行全部用例要 {steps} 步运算，上限 {limit} 步。请减少用例或明细。",
                         "Running all cases takes {steps} steps, the limit is {limit}. Use fewer cases or lines."),
    # cases
    "no_cases": ("没有用例。请至少给每条规则写一个用例。", "There are no cases. Write at least one case for each rule."),
    "case_rule_unknown": ("没有规则“{rule}”。请检查拼写。", "There is no rule “{rule}”. Mend its spelling."),
    "case_expects_nothing": ("用例没有写期望结果。请写 expect。", "The case expects nothing. Say what it expects."),
    "case_expects_other_kind": ("“{kind}”类规则包的用例不能期望“{field}”。", "A case of kind “{kind}” cannot expect “{field}”."),
    "case_settings_many": ("用例里的参数取值有 {settings} 种组合，上限 {limit} 种。请让用例共用同样的取值。",
                           "The cases set parameters in {settings} different ways, the limit is {limit}. Let several cases share the same values."),
    "case_failed": ("用例“{name}”不通过：{what} 应为 {expected}，实际为 {got}。",
                    "The case “{name}” fails: {what} should be {expected}, it is {got}."),
}
_WARNINGS: dict[str, tuple[str, str]] = {
    "parameter_unused": ("参数“{name}”没有被使用。请删除，或在规则里引用。",
                         "The parameter “{name}” is not used. Remove it or use it in a rule."),
    "rule_without_case": ("没有用例让规则“{rule}”生效。请补一个。", "No case makes the rule “{rule}” apply. Add one."),
    "tier_rule_differs": ("升“{tier}”的规则没有用该等级的门槛，升级与保级会不一致。请用同一个参数。",
                          "The rule for “{tier}” does not ask for its threshold, so moving up and keeping differ. Use the same parameter."),
    "rule_never_fails": ("没有用例让规则“{rule}”不生效。请在边界上补一个。",
                         "No case makes the rule “{rule}” fail. Add one at its edge."),
    "more_findings": ("还有其他问题没有列出。请先改正上面的。", "There are more findings. Mend these first."),
}
# fmt: on

SENTENCES: Mapping[str, tuple[Severity, str, str]] = MappingProxyType(
    {code: ("error", *words) for code, words in (_ERRORS | analysis_words.ERRORS).items()}
    | {code: ("warning", *words) for code, words in (_WARNINGS | analysis_words.WARNINGS).items()}
)


def finding(code: str, pointer: str, **details: object) -> Finding:
    """A finding in words; long details are cut. A detail that is a pair is (Chinese, English)."""
    severity, zh, en = SENTENCES[code]
    in_zh, in_en = (
        {name: shorten(value[side] if isinstance(value, tuple) else value) for name, value in details.items()}
        for side in (0, 1)
    )
    if "choices" in in_zh:
        in_zh["choices"] = in_zh["choices"].replace(", ", "、")
    return Finding(code, severity, pointer, zh.format(**in_zh), en.format(**in_en))


def may_be(low: int, high: int) -> tuple[str, str]:
    """What a number is, or between what it lies, in both languages."""
    if low == high:
        return f"是 {low:,}", f"is {low:,}"
    return f"可能是 {low:,} 到 {high:,}", f"may be {low:,} to {high:,}"


def shorten(value: object) -> str:
    """A value as it may stand in a sentence: printable, and not longer than a sentence bears."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:,}"
    text = value if isinstance(value, str) else str(value)
    text = "".join(c if c.isprintable() else "�" for c in text[: LONGEST_DETAIL * 4])
    return text if len(text) <= LONGEST_DETAIL * 2 else text[:LONGEST_DETAIL] + "…"


def at(pointer: str, *steps: str | int) -> str:
    """The pointer to a child."""
    return pointer + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The first of them, and a word that there are more: errors then come first, so that none is lost."""
    unique = tuple(dict.fromkeys(findings))
    if len(unique) <= MOST_FINDINGS:
        return unique
    errors_first = sorted(unique, key=lambda found: found.severity != "error")
    return (*errors_first[:MOST_FINDINGS], finding("more_findings", ""))


def is_green(findings: Sequence[Finding]) -> bool:
    """Whether nothing stands in the way of publishing."""
    return all(f.severity != "error" for f in findings)
