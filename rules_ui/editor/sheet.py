"""What the builders of the form share: the pack's values, the chain's words, what the checker said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.rules.catalogue import Catalogue, Field
from regulars.rules.checker import Report
from regulars.rules.findings import Finding
from regulars.rules.model import Pack
from regulars.rules.wording import Wording
from rules_ui.contexts.base import Choice
from rules_ui.contexts.editor import Control, Remark
from rules_ui.editor.nodes import Literally, Operand, Parameter, Relation, Scope
from rules_ui.editor.parsing import Reader
from rules_ui.editor.slots import Offered
from rules_ui.editor.values import Unit, is_day, shown, unit_of, unit_of_parameter
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


@dataclass(frozen=True, slots=True)
class Offers:
    """What the chain offers where a pack names something: codes and names."""

    places: tuple[Choice, ...] = ()
    tiers: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One draft as it is to be shown.

    Attributes:
        document: the values of its text.
        report: what the checker says of it.
        pack: where the text has a pack's shape.
    """

    document: Mapping[str, Any]
    report: Report
    catalogue: Catalogue
    offers: Offers
    say: Speech

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
        )
        return wording.words(tree)

    def wrong(self, pointer: str) -> bool:
        """Whether the checker finds an error in a place or in what lies in it."""
        return any(
            found.severity == "error" and (found.pointer + "/").startswith(pointer + "/")
            for found in self.report.findings
        )

    def remarks(self, pointer: str, *, below: bool = False) -> tuple[Remark, ...]:
        """What the checker says of a place, or of all that lies in it as well."""
        return tuple(
            self.remark(found)
            for found in self.report.findings
            if found.pointer == pointer or (below and found.pointer.startswith(f"{pointer}/"))
        )

    def remark(self, found: Finding) -> Remark:
        said = found.zh if self.say.language == "zh" else found.en
        return Remark("bad" if found.severity == "error" else "warn", said)

    def facts(self, scope: Scope, chosen: Field | None) -> tuple[Choice, ...]:
        """All facts that a condition can be about, in the catalogue's order."""
        known = self.catalogue.lines if scope == "line" else self.catalogue.document
        kind = self.document.get("kind")
        return tuple(
            Choice(field.path, self._name(field), chosen is not None and field.path == chosen.path)
            for field in known.values()
            if field.type != "lines" and ((kind in field.kinds and not field.retired) or field is chosen)
        )

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
        fixed = Choice("", self.text(N_("a fixed number")), chosen=not chosen)
        return (fixed, *named) if named else ()

    def _said_parameter(self, one: Mapping[str, Any]) -> str:
        type_, value = one.get("type"), one.get("value")
        if type(value) is not int or not isinstance(type_, str):
            return self.titled(one.get("title"))
        unit = unit_of_parameter(type_)  # type: ignore[arg-type]  # an unknown one is plain
        before, after = self.around(unit)
        number = f"{before}{shown(value, unit, self.say.money.exponent)}{after}"
        return self.text(N_("%(title)s (%(value)s)"), title=self.titled(one.get("title")), value=number)

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


def element_id(pointer: str, name: str = "") -> str:
    """An id for the element of a place, the same as long as the place is."""
    clean = "".join(
        c if c.isascii() and c.isalnum() else f"_{ord(c):x}" if c != "/" else "-" for c in pointer
    )
    return f"e{clean}-{name}" if name else f"e{clean}"
