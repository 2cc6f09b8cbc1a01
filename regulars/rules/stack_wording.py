"""Which rules of a pack count together, in words."""

from collections.abc import Mapping

from regulars.rules.model import Pack
from regulars.rules.stack_model import Choice, Stack
from regulars.rules.wording import Wording

_PICKS: Mapping[Choice, tuple[str, str]] = {
    "all": ("可同享", "together"),
    "first": ("只取排在最前的一项", "only the first"),
    "highest": ("只取最高的一项", "only the highest"),
    "lowest": ("只取最低的一项", "only the lowest"),
}


def stacking_sentence(pack: Pack, locale: str) -> str:
    """What a pack's `stacking` says, from the outside in.

    Args:
        pack: checked.
        locale: "zh…" for Chinese, else English.
    Returns: words with the rules' titles; empty where the pack says nothing of it.
    """
    if pack.stacking is None:
        return ""
    wording = Wording("zh" if locale.startswith("zh") else "en", pack)
    said = _said(wording, pack.stacking)
    return said[:1].upper() + said[1:]


def _said(wording: Wording, node: Stack | str) -> str:
    """A group; one that is a single rule is called by it."""
    if isinstance(node, str):
        usual: Choice = "all" if _earns(wording.pack, node) else "highest"
        pick, titles = usual, _titles(wording, node)
    else:
        pick = node.pick
        titles = _titles(wording, node.group) + [_said(wording, member) for member in node.members or ()]
    if len(titles) == 1:
        return titles[0]
    return wording.pick(
        f"{_PICKS[pick][0]}（{'；'.join(titles)}）", f"{_PICKS[pick][1]} ({'; '.join(titles)})"
    )


def _titles(wording: Wording, group: str) -> list[str]:
    rules = [rule for rule in wording.pack.rules_in_order() if rule.stacking_group == group]
    return [wording.pick(rule.title.zh, rule.title.en) for rule in rules]


def _earns(pack: Pack, group: str) -> bool:
    return any(rule.then.earn is not None for rule in pack.rules if rule.stacking_group == group)
