"""Whether cases stand on the edges of thresholds, where rules are most often wrong by one."""

import json
from collections.abc import Collection, Iterator

from regulars.rules.analysis import condition_pointer
from regulars.rules.cases import Setting, facts_of, setting_of, settings_of
from regulars.rules.catalogue import Catalogue
from regulars.rules.constraints import Reader, conditions
from regulars.rules.findings import Finding, at, finding
from regulars.rules.model import Pack

_Edge = tuple[str, int, str, str, str]
"""Path, threshold, rule, pointer to the condition, and which end of it."""
_Place = tuple[str, str, str]
"""Path, pointer and end: the same edge whatever a setting makes its threshold."""


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
    stood = {edge for setting in settings_of(pack) for edge in _stood(pack, setting, catalogue)}
    told: set[tuple[str, int]] = set()
    for edge in wanted:
        path, value, rule, pointer, _ = edge
        if _place(edge) not in stood and (path, value) not in told:
            told.add((path, value))
            yield finding("edge_without_case", pointer, path=path, value=str(value), rule=rule)


def _stood(pack: Pack, setting: Setting, catalogue: Catalogue) -> Iterator[_Place]:
    """The edges, where the setting puts them, on which one of its cases stands."""
    edges = list(_edges(_set(pack, setting), catalogue))
    paths = {path for path, _, _, _, _ in edges}
    seen: dict[str, set[object]] = {path: set() for path in paths}
    for case in pack.cases:
        if setting_of(case) != setting:
            continue
        member, purchase, store, calendar, _ = facts_of(case.given, catalogue)
        groups = {"member": member, "purchase": purchase, "store": store, "calendar": calendar}
        for path in paths:
            group, _, name = path.partition(".")
            seen[path].add(_fact(groups[group], name))
    yield from (_place(edge) for edge in edges if edge[1] in seen[edge[0]])


def _set(pack: Pack, setting: Setting) -> Pack:
    changed = {name: pack.parameters[name].model_copy(update={"value": value}) for name, value in setting}
    return pack.model_copy(update={"parameters": pack.parameters | changed}) if setting else pack


def _place(edge: _Edge) -> _Place:
    path, _, _, pointer, side = edge
    return path, pointer, side


def _edges(pack: Pack, catalogue: Catalogue) -> Iterator[_Edge]:
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
                    yield field.path, low, rule.id, pointer, "low"
                if high is not None and high < field.high:
                    yield field.path, high, rule.id, pointer, "high"


def _fact(group: object, name: str) -> object:
    first, _, code = name.partition(".")
    found = getattr(group, first)
    return json.loads(found).get(code) if code else found
