"""Sentences for what the analysis of a pack finds: rules that cannot hold, that collide, that no case covers."""
# ruff: noqa: E501 — a table of words, one row a line, reads best as it is

# fmt: off
ERRORS: dict[str, tuple[str, str]] = {
    # one rule
    "rule_never_holds": ("规则“{rule}”的条件互相矛盾，永远不会生效：{why}。请放宽其中一个条件。",
                         "The conditions of “{rule}” contradict each other, so it never applies: {why}. Relax one of them."),
    "condition_never_true": ("这个条件永远不成立：{why}。请改正或删除这条规则。",
                             "This condition is never true: {why}. Mend it, or remove the rule."),
    # the chain's own fields
    "case_custom_unknown": ("没有名为“{name}”的自定义字段。可用：{choices}。", "The chain has no field “{name}” of its own. Use one of: {choices}."),
    "case_custom_wrong": ("自定义字段“{name}”的取值不对：应为{expected}。", "The value of “{name}” does not fit: it must be {expected}."),
    # with other packs
    "group_pick_differs": ("叠加组“{group}”在已发布的“{other}”里取“{theirs}”，这里取“{ours}”。请统一取法，或换一个组名。",
                           "The group “{group}” picks “{theirs}” in the live pack “{other}”, here “{ours}”. Use the same, or another name."),
    "second_of_kind": ("“{other}”已经是生效的{kind}规则包。一家门店同时只有一个起作用，请停用它，或修改它的新版本。",
                       "“{other}” is a live {kind} pack already, and in a store only one counts: switch it off, or change it by a new version."),
}
WARNINGS: dict[str, tuple[str, str]] = {
    "condition_always_true": ("这个条件永远成立：{why}。可以删除，或检查数字。",
                              "This condition is always true: {why}. Remove it, or check its numbers."),
    "condition_covered": ("这个条件已经包含在第 {other} 个条件里。可以删除。",
                          "This condition follows from condition {other}. It can go."),
    "rule_shadowed": ("同组里“{other}”在它成立时总会成立，而且给得更多，所以规则“{rule}”从不生效。请删除它，或收窄“{other}”的条件。",
                      "Whenever “{rule}” holds, “{other}” of the same group holds and gives more, so “{rule}” never counts. Remove it, or narrow “{other}”."),
    "rules_alike": ("规则“{rule}”和“{other}”完全相同，会给两次。请合并，或确认是有意的。",
                    "“{rule}” and “{other}” say the same, so it is given twice. Merge them, or be sure that you mean it."),
    "no_line_selected": ("没有明细能满足这个条件：{why}。它选不中任何明细，请改正或删除。",
                         "No line can ever fulfil this: {why}. It selects nothing; mend it or remove it."),
    "edge_without_case": ("没有用例正好落在规则“{rule}”的门槛 {path} = {value} 上。请补一个用例。",
                          "No case stands on the edge of “{rule}”, {path} = {value}. Add one there."),
    "path_retired": ("字段“{path}”已停用。规则照常运行，请尽快改用其他字段。",
                     "The field “{path}” is retired. The rule goes on; move it to another field."),
    # with other packs
    "multipliers_meet": ("“{rule}”和已发布的“{other}”可能同时成立，倍率会相乘到 {product}。如果只想取高者，请在两条规则里写同一个叠加组；规则包自带叠加方式的，请收窄条件。",
                         "“{rule}” and “{other}”, which is live, can hold at once and multiply to {product}. If only the better one should count, name one group in both; where a pack has stacking of its own, narrow the conditions."),
    "discounts_meet": ("“{rule}”和已发布的“{other}”可能同时打折。如果只想取高者，请在两条规则里写同一个叠加组；规则包自带叠加方式的，请收窄条件。",
                       "“{rule}” and “{other}”, which is live, can both take something off. If only the better one should count, name one group in both; where a pack has stacking of its own, narrow the conditions."),
    "earnings_meet": ("“{rule}”和已发布的“{other}”可能按同样的金额各给一份积分，会员两份都得。如果不是这个意思，请收窄其中一个的条件，或把两条规则放进同一个规则包。",
                      "“{rule}” and “{other}”, which is live, can both give points for the same amounts, and members get both. If you do not mean that, narrow the conditions of one, or put both rules into one pack."),
    "tier_not_live": ("已发布的“{other}”里没有等级“{tier}”，没有会员会是这个等级。请改正拼写，或先发布有这个等级的规则包。",
                      "“{other}”, which is live, has no tier “{tier}”, so no member is in it. Mend its spelling, or release the tiers first."),
    "tier_missing": ("已发布的“{other}”用到等级“{tier}”，这里没有，发布后没有会员会是这个等级。请保留它，或修改那个规则包。",
                     "“{other}”, which is live, names the tier “{tier}”, which is not here: no member will be in it. Keep the tier, or change that pack."),
    "tier_nowhere_live": ("目前生效的规则包里都没有等级“{tier}”，不会有会员升到这个等级。请改正拼写，或先发布有这个等级的规则包。",
                          "No pack that is live has a tier “{tier}”, so nobody comes into it. Mend its spelling, or release the tiers first."),
    "refused_by_live": ("已发布的“{other}”的规则“{rule}”在这个规则包生效时总是拒绝它，所以它不会给任何东西。请调整其中一个的条件。",
                        "Whenever this pack gives something, “{rule}” of the live pack “{other}” refuses it, so it gives nothing. Change the conditions of one of them."),
    "refuses_live": ("已发布的“{other}”生效时，规则“{rule}”总是拒绝它，它将不再给任何东西。请收窄条件，或确认是有意的。",
                     "Whenever “{other}”, which is live, gives something, “{rule}” refuses it, so it will give nothing more. Narrow its conditions, or be sure that you mean it."),
    "replaces_live": ("已有同代码的版本“{other}”生效。发布后它会被替换。", "“{other}” of the same code is live. Publishing replaces it."),
}
# fmt: on
