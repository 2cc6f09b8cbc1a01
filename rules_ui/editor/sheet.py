"""What the builders of the form share: the pack's values, the chain's words, what the checker said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from regulars.rules.canonical import laid_out
from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.checker import Report
from regulars.rules.findings import Finding
from regulars.rules.model import Pack
from regulars.rules.wording import Wording
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Control, OptionGroup, Remark
from rules_ui.editor.bench import groups_named
from rules_ui.editor.code_places import CodePlaces
from rules_ui.editor.nodes import Literally, Operand, Parameter, Relation, Scope
from rules_ui.editor.parsing import Reader
from rules_ui.editor.slots import Offered
from rules_ui.editor.values import Unit, is_day, said_number, shown, unit_of, unit_of_parameter, with_word
from rules_ui.i18n import N_, Speech

RELATIONS: Mapping[str, tuple[tuple[Relation, str], ...]] = {
    "integer": (
        ("eq", N_("is")),
        ("ne", N_("is not")),
        ("ge", N_("is at least")),
        ("gt", N_("is more than")),
        ("le", N_("is at most")),
        ("lt", N_("is less than")),
        ("between", N_("is between")),
        ("one_of", N_("is one of")),
        ("none_of", N_("is none of")),
    ),
    "text": (
        ("eq", N_("is")),
        ("ne", N_("is not")),
        ("one_of", N_("is one of")),
        ("none_of", N_("is none of")),
    ),
    "boolean": (("yes", N_("holds")), ("no", N_("does not hold"))),
    "text_list": (("has", N_("contains")), ("has_not", N_("does not contain"))),
}
"""What can be asked of a fact, by its type."""


_FACTS: Mapping[str, str] = {
    "member": N_("Member"),
    "purchase": N_("Purchase"),
    "line": N_("Line of the purchase"),
    "store": N_("Store"),
    "calendar": N_("Day and time"),
}
_OWN_FACTS: Mapping[str, str] = {
    "member": N_("Own facts of members"),
    "line": N_("Own facts of products"),
    "store": N_("Own facts of stores"),
}


MOST_SHOWN: Final = 40
"""Of more places only the upper ones are shown, and what is chosen; the others are typed."""
MOST_SUGGESTED: Final = 500


@dataclass(frozen=True, slots=True)
class Offers:
    """What the chain offers where a pack names something: codes and names.

    Attributes:
        places: those above stores first.
        upper: how many of the places are no stores.
    """

    places: tuple[Choice, ...] = ()
    tiers: tuple[Choice, ...] = ()
    upper: int = 0

    @property
    def suggested(self) -> tuple[Choice, ...]:
        """Places that are too many to be shown at each rule: so many of them are suggested while typing."""
        return self.places[:MOST_SUGGESTED] if len(self.places) > MOST_SHOWN else ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One draft as it is to be shown.

    Attributes:
        document: the values of its text.
        report: what the checker says of it.
        code: where its places stand in the text.
        placed: number of each finding that has been shown, and the id of the element beside which.
        used: ids that were given by `once`.
    """

    document: Mapping[str, Any]
    report: Report
    catalogue: Catalogue
    offers: Offers
    say: Speech
    code: CodePlaces
    placed: dict[int, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @property
    def pack(self) -> Pack | None:
        return self.report.pack

    @property
    def parameters(self) -> Mapping[str, Any]:
        held = self.document.get("parameters")
        return held if isinstance(held, dict) else {}

    @property
    def reader(self) -> Reader:
        return Reader(self.catalogue, frozenset(self.parameters))

    def text(self, message: str, **values: object) -> str:
        return self.say.text(message, **values)

    @staticmethod
    def raw(value: object) -> str:
        """What stands in a place as code; nothing where nothing does."""
        return "" if value is None else laid_out(value)

    def words(self, tree: object, pointer: str, scope: Scope) -> str:
        """A condition as a sentence; nothing where the checker finds it wrong."""
        if self.pack is None or self.wrong(pointer):
            return ""
        wording = Wording(
            self.say.language,
            self.pack,
            self.say.money.exponent,
            {tier.value: tier.label for tier in self.offers.tiers},
            in_line=scope == "line",
            catalogue=self.catalogue,
            currency=self.say.money.currency,
        )
        return wording.words(tree)

    def wrong(self, pointer: str) -> bool:
        """Whether the checker finds an error in a place or in what lies in it."""
        return any(
            found.severity == "error" and (found.pointer + "/").startswith(pointer + "/")
            for found in self.report.findings
        )

    def remarks(self, pointer: str, *, below: bool = False, beside: str = "") -> tuple[Remark, ...]:
        """What the checker says of a place and nobody has shown yet.

        Args:
            pointer: of the place.
            below: of all that lies in it as well.
            beside: id of the element that shows it; the place's own where none is given.
        """
        found = []
        for number, each in enumerate(self.report.findings):
            inside = each.pointer == pointer or (below and each.pointer.startswith(f"{pointer}/"))
            if inside and number not in self.placed:
                self.placed[number] = beside or element_id(pointer)
                found.append(self.remark(each))
        return tuple(found)

    def remark(self, found: Finding, href: str = "") -> Remark:
        """A finding in the reader's words."""
        said = found.zh if self.say.language == "zh" else found.en
        line = self.code.lines_of(found.pointer)[0] if found.pointer else 0
        return Remark("bad" if found.severity == "error" else "warn", said, href, line)

    def once(self, id_: str) -> str:
        """An id for a field that may stand in several places: the first of them keeps it."""
        free = id_
        while free in self.used:
            free = f"{free}-again"
        self.used.add(free)
        return free

    def line_of(self, pointer: str) -> int:
        """Where a place begins in the code."""
        return self.code.lines_of(pointer)[0]

    def facts(self, scope: Scope, chosen: Field) -> tuple[OptionGroup, ...]:
        """All facts that a condition can be about, by what they are facts of, in the catalogue's order."""
        known = self.catalogue.lines if scope == "line" else self.catalogue.document
        kind = str(self.document.get("kind"))
        groups: dict[str, list[Choice]] = {}
        for fact in known.values():
            if fact.type != "lines" and ((kind in fact.kinds and not fact.retired) or fact is chosen):
                said = Choice(fact.path, self._name(fact), fact.path == chosen.path)
                groups.setdefault(_group_of(fact, scope), []).append(said)
        return tuple(OptionGroup(self.text(label), tuple(options)) for label, options in groups.items())

    def named(self, field: Field) -> str:
        """A fact's name."""
        return field.zh if self.say.language == "zh" else field.en

    def _name(self, field: Field) -> str:
        said = self.named(field)
        return said[:1].upper() + said[1:]

    def relations(self, type_: str, chosen: Relation) -> tuple[Choice, ...]:
        """What can be asked of a fact of a type."""
        return tuple(Choice(code, self.text(said), code == chosen) for code, said in RELATIONS[type_])

    def offered(self, what: Offered) -> tuple[Choice, ...]:
        """What the pack or the chain offers for a slot."""
        if what == "places":
            return self.offers.places
        if what == "groups":
            return tuple(Choice(code, code) for code in groups_named(self.document))
        if what != "tiers":
            return ()
        own = self.document.get("tiers")
        if isinstance(own, list) and own:
            return tuple(
                Choice(str(tier.get("code")), self.titled(tier.get("title")))
                for tier in own
                if isinstance(tier, dict)
            )
        return self.offers.tiers

    def titled(self, words: object) -> str:
        """A title in the reader's language, whatever the text holds in its place."""
        said = words.get(self.say.language) if isinstance(words, dict) else None
        return said if isinstance(said, str) else ""

    def operand(self, at: str, do: str, name: str, label: str, value: Operand, field: Field) -> Control:
        """A field for a value beside a fact."""
        unit = unit_of(field)
        if isinstance(value, Literally) and field.options:
            return self.choice(at, do, name, label, str(value.value), self.options(field))
        if isinstance(value, Literally) and field.path == "member.tier":
            return self.choice(at, do, name, label, str(value.value), self.offered("tiers"))
        if isinstance(value, Literally) and isinstance(value.value, str):
            return Control(at, do, name, element_id(at, f"{do}-{name}"), label, "text", value.value)
        return self.number(at, do, name, label, value, unit)

    def options(self, field: Field) -> tuple[Choice, ...]:
        return tuple(
            Choice(str(option.value), option.zh if self.say.language == "zh" else option.en)
            for option in field.options
        )

    def choice(
        self, at: str, do: str, name: str, label: str, value: str, options: Sequence[Choice]
    ) -> Control:
        """A list of options; a value that is not among them stays, as the chosen one."""
        known = [Choice(each.value, each.label, each.value == value) for each in options]
        if not any(each.chosen for each in known):
            said = self.text(N_("%(value)s (not on the list)"), value=value) if value else ""
            known.insert(0, Choice(value, said or "—", chosen=True))
        return Control(at, do, name, element_id(at, f"{do}-{name}"), label, "choice", value, tuple(known))

    def number(
        self,
        at: str,
        do: str,
        name: str,
        label: str,
        value: Operand | None,
        unit: Unit,
        *,
        optional: bool = False,
    ) -> Control:
        """A field for a number, or for the parameter that stands for it."""
        before, after = self.around(unit)
        if isinstance(value, Parameter):
            held = self.parameters.get(value.name)
            title = self.titled(held.get("title")) if isinstance(held, dict) else ""
            options = self._parameters(value.name)
            return Control(
                at,
                do,
                name,
                element_id(at, f"{do}-{name}"),
                label or title,
                "choice",
                f"={value.name}",
                options,
            )
        literal = value.value if value is not None and isinstance(value.value, int) else None
        exponent = self.say.money.exponent
        if unit == "yyyymmdd" and literal is not None and is_day(literal):
            return Control(
                at, do, name, element_id(at, f"{do}-{name}"), label, "date", shown(literal, unit, exponent)
            )
        plain: Unit = "plain" if unit == "yyyymmdd" else unit
        typed = "" if literal is None else shown(literal, plain, exponent)
        return Control(
            at,
            do,
            name,
            element_id(at, f"{do}-{name}"),
            label,
            "number",
            typed,
            self._parameters(""),
            before,
            after,
            optional,
        )

    def _parameters(self, chosen: str) -> tuple[Choice, ...]:
        named = [
            Choice(f"={name}", self._said_parameter(one), name == chosen)
            for name, one in self.parameters.items()
            if isinstance(one, dict)
        ]
        unnamed = N_("a fixed number") if chosen else N_("Parameter…")
        return (Choice("", self.text(unnamed), chosen=not chosen), *named) if named else ()

    def _said_parameter(self, one: Mapping[str, Any]) -> str:
        type_, value = one.get("type"), one.get("value")
        if type(value) is not int or not isinstance(type_, str):
            return self.titled(one.get("title"))
        unit = unit_of_parameter(type_)  # type: ignore[arg-type]  # an unknown one is plain
        number = with_word(said_number(value, unit, self.say), self.word_of(one, unit))
        return self.text(N_("%(title)s (%(value)s)"), title=self.titled(one.get("title")), value=number)

    def word_of(self, one: Mapping[str, Any], unit: Unit) -> str:
        """What a parameter's number counts: "days", or what the pack calls it; "" where its sign says it."""
        if unit == "days":
            return self.around(unit)[1]
        own = one.get("unit")
        return own if unit == "plain" and isinstance(own, str) else ""

    def around(self, unit: Unit) -> tuple[str, str]:
        """What stands left and right of a number."""
        match unit:
            case "minor":
                return self.say.currency_sign, ""
            case "bps" | "percent":
                return "", "%"
            case "days":
                return "", self.text(N_("days"))
            case "times":
                return "×", ""
            case _:
                return "", ""


def _group_of(fact: Field, scope: Scope) -> str:
    """The heading under which a fact stands."""
    owner = "line" if scope == "line" else fact.path.partition(".")[0]
    return (_OWN_FACTS if fact.custom else _FACTS)[owner]


def element_id(pointer: str, name: str = "") -> str:
    """An id for the element of a place, the same as long as the place is."""
    clean = "".join(
        c if c.isascii() and c.isalnum() else f"_{ord(c):x}" if c != "/" else "-" for c in pointer
    )
    return f"e{clean}-{name}" if name else f"e{clean}"
