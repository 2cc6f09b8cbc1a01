"""Whether cases stand on the edges of thresholds, where rules are most often wrong by one."""

import json
from collections.abc import Collection, Iterator, Mapping

from regulars.rules.analysis import condition_pointer
from regulars.rules.cases import facts_of
from regulars.rules.catalogue import Catalogue
from regulars.rules.constraints import Reader, conditions
from regulars.rules.findings import Finding, at, finding
from regulars.rules.model import Pack

_Facts = Mapping[str, Mapping[str, object]]


def check_edges(pack: Pack, catalogue: Catalogue, uncovered: Collection[str]) -> Iterator[Finding]:
    """A warning for each threshold of a condition on which no case stands.

    Args:
        pack: checked.
        catalogue: what it reads.
        uncovered: rules of which is said already that they have too few cases.
    """
    wanted = [edge for edge in _edges(pack, catalogue) if edge[2] not in uncovered]
    if not wanted:
        return
    seen: dict[str, set[object]] = {}
    for case in pack.cases:
        member, purchase, store, calendar, _ = facts_of(case.given, catalogue)
        groups = {"member": member, "purchase": purchase, "store": store, "calendar": calendar}
        for path in {path for path, _, _, _ in wanted}:
            group, _, name = path.partition(".")
            seen.setdefault(path, set()).add(_fact(groups[group], name))
    told: set[tuple[str, int]] = set()
    for path, value, rule, pointer in wanted:
        if value not in seen.get(path, ()) and (path, value) not in told:
            told.add((path, value))
            yield finding("edge_without_case", pointer, path=path, value=value, rule=rule)


def _edges(pack: Pack, catalogue: Catalogue) -> Iterator[tuple[str, int, str, str]]:
    reader = Reader(pack, catalogue.document)
    for index, rule in enumerate(pack.rules):
        for place, constraints in enumerate(conditions(reader, rule)):
            pointer = condition_pointer(rule, at("", "rules", index, "when"), place)
            for one in constraints:
                field = catalogue.document.get(one.path or "")
                if field is None or field.type != "integer" or one.values.among is not None:
                    continue
                low, high = one.values.low, one.values.high
                if low is not None and low > field.low + 1:  # “more than nothing” is no threshold
                    yield field.path, low, rule.id, pointer
                if high is not None and high < field.high:
                    yield field.path, high, rule.id, pointer


def _fact(group: object, name: str) -> object:
    first, _, code = name.partition(".")
    found = getattr(group, first)
    return json.loads(found).get(code) if code else found
