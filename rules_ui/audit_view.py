"""Tells the acts of the audit log in the reader's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Final
from uuid import UUID

from regulars.organisation.domain import Place
from regulars.organisation.errors import UnknownPlace
from regulars.organisation.places import Places
from regulars.security.actor import Actor
from regulars.security.audit_reading import AuditEntry
from regulars.security.policy import Permission
from rules_ui.audit_words import ACTS, FIELDS, SUBJECTS, VALUES
from rules_ui.contexts.audit import ActGroup, ActLine, Change, Thing
from rules_ui.contexts.base import Choice
from rules_ui.fact_view import address_of
from rules_ui.i18n import N_, Speech
from rules_ui.words import WORDS, word_for

LONGEST_VALUE: Final = 300
_ICONS: Final = {
    "operator": "id-badge-2",
    "terminal": "cash-register",
    "workflow": "clock",
    "command": "code",
}
_STATES: Final = {"release": "release", "undo": "undo", "rehearsal": "rehearsal", "care_task": "outcome"}
_PAGES: Final[Mapping[str, tuple[str, Permission]]] = {
    "member": ("/members/{}", Permission.MEMBER_READ),
    "purchase": ("/purchases/{}", Permission.PURCHASE_READ),
    "pack": ("/packs/{}", Permission.PACK_READ),
    "draft": ("/packs/{}", Permission.PACK_READ),
    "release": ("/releases/{}", Permission.PACK_READ),
    "rehearsal": ("/rehearsals/{}", Permission.PACK_READ),
    "undo": ("/undos/{}", Permission.PACK_READ),
    "bulk_action": ("/ops/actions/{}", Permission.WORKFLOW_OPERATE),
    "operator": ("/operators/{}", Permission.OPERATOR_READ),
    "place": ("/places/{}", Permission.PLACE_READ),
    "custom_field": ("/fields/{}", Permission.PACK_READ),
}
"""Where a thing is shown, and who may go there."""


@dataclass(frozen=True, slots=True)
class Teller:
    """What telling needs to know: the reader, the reader's language, and what places are called."""

    actor: Actor
    say: Speech
    places: Places

    def line(self, entry: AuditEntry) -> ActLine:
        """An act as a line of the log."""
        return ActLine(
            at=entry.at,
            who=self.who(entry),
            icon=_ICONS.get(entry.actor_kind, "info-circle"),
            what=self.what(entry),
            subject=self._subject(entry),
            place=self._place(entry.place_id),
            reason=entry.reason or "",
            changes=tuple(self._changes(entry)),
        )

    def what(self, entry: AuditEntry) -> str:
        """The act's sentence; its code where a later version of the product wrote it."""
        return self.say.text(ACTS.get(entry.action, entry.action))

    def who(self, entry: AuditEntry) -> str:
        """Who acted."""
        if entry.actor_kind == "operator":
            return entry.actor_name or entry.actor_id
        if entry.actor_kind == "terminal":
            till = self._known(_uuid(entry.actor_id))
            return self._named(till) if till else entry.actor_id
        if entry.actor_kind == "workflow":
            return self.say.text(N_("By itself, in due time"))
        return self.say.text(N_("Command line: %(name)s"), name=entry.actor_id)

    def place(self, entry: AuditEntry) -> str:
        """Where, for a file: the place's code."""
        place = self._known(entry.place_id)
        return place.code if place else ""

    def subject(self, entry: AuditEntry) -> str:
        """What was acted on."""
        return self._subject(entry).title

    def _subject(self, entry: AuditEntry) -> Thing:
        kind, identity = entry.subject_kind, entry.subject_id
        href, permission = _PAGES.get(kind, (None, None))
        if href is None or permission is None or not self.actor.may(permission):
            return Thing(self._title(entry), None)
        if kind == "custom_field":
            subject, _, code = identity.partition(".")
            return Thing(self._title(entry), href.format(address_of(subject, code)))
        return Thing(self._title(entry), href.format(identity.replace("/", "/versions/")))

    def _title(self, entry: AuditEntry) -> str:
        kind, identity = entry.subject_kind, entry.subject_id
        if kind == "operator":
            return entry.subject_name or identity
        if kind == "place" and (place := self._known(_uuid(identity))):
            return self._named(place)
        if kind == "chain":
            return self.places.chain.name
        version = (entry.after or {}).get("version")
        if kind in ("release", "undo") and isinstance(version, str):
            return version
        return identity if len(identity) < len(str(UUID(int=0))) else f"…{identity[-8:]}"

    def _place(self, place_id: UUID | None) -> Thing | None:
        place = self._known(place_id)
        if place is None or place.parent_id is None:
            return None
        seen = self.actor.may_at(Permission.PLACE_READ, place.path)
        return Thing(place.name, f"/places/{place.id}" if seen else None)

    def _known(self, place_id: UUID | None) -> Place | None:
        try:
            return self.places.get(place_id) if place_id else None
        except UnknownPlace:
            return None

    def _named(self, place: Place) -> str:
        return f"{place.name} · {place.code}" if place.name != place.code else place.name

    def _changes(self, entry: AuditEntry) -> Iterator[Change]:
        before, after = entry.before or {}, entry.after or {}
        for key in dict.fromkeys((*before, *after)):
            was, now = (self._value(entry, key, values.get(key)) for values in (before, after))
            if was != now:
                yield Change(self._field(entry, key), was, now)

    def _field(self, entry: AuditEntry, key: str) -> str:
        if key == "name" and entry.subject_kind == "place":
            return self.say.text(N_("Name of the place"))
        return self.say.text(FIELDS.get(key, key))

    def _value(self, entry: AuditEntry, key: str, value: object) -> str:
        if value is None or value == []:
            return ""
        if isinstance(value, int):
            return self._number(key, value)
        if isinstance(value, str):
            return self._text(entry, key, value)
        if isinstance(value, Sequence):
            return self._list(entry, key, value)
        if isinstance(value, Mapping):
            return self._pairs(entry, value)
        return _cut(dumps(value, ensure_ascii=False, sort_keys=True))

    def _number(self, key: str, value: int) -> str:
        if isinstance(value, bool):
            return self.say.text(N_("yes") if value else N_("no"))
        if key == "cutoff_minutes":
            return f"{value // 60:02}:{value % 60:02}"
        return self.say.amount(value) if key.endswith("_minor") else self.say.number(value)

    def _text(self, entry: AuditEntry, key: str, value: str) -> str:
        if key == "state" and value in WORDS.get(_STATES.get(entry.subject_kind, ""), {}):
            return self.say.text(word_for(_STATES[entry.subject_kind], value))
        if key == "outcome":
            return self.say.text(word_for("outcome", value))
        if key == "frozen_reason":
            return self.say.text(word_for("freeze", value))
        if key.endswith(("_at", "_from")) and (moment := _moment(value)):
            return self.say.moment(moment)
        return self.say.text(VALUES[value]) if value in VALUES else _cut(value)

    def _pairs(self, entry: AuditEntry, values: Mapping[str, object]) -> str:
        """Fields of the chain's own, by their codes; one without a value is left out."""
        told = ((key, self._value(entry, key, value)) for key, value in sorted(values.items()))
        separator = "、" if self.say.language == "zh" else ", "
        return _cut(separator.join(f"{key} = {value}" for key, value in told if value))

    def _list(self, entry: AuditEntry, key: str, values: Sequence[object]) -> str:
        separator = "、" if self.say.language == "zh" else ", "
        if key == "roles":
            return separator.join(self._role(each) for each in values if isinstance(each, Mapping))
        return _cut(separator.join(self._value(entry, "", each) for each in values))

    def _role(self, grant: Mapping[str, object]) -> str:
        place = self._known(_uuid(str(grant.get("place"))))
        role = self.say.text(word_for("role", str(grant.get("role"))))
        return self.say.text(N_("%(role)s at %(place)s"), role=role, place=place.name if place else "?")


def groups(chosen: str, say: Speech) -> tuple[ActGroup, ...]:
    """All acts to choose from, by what they are done to."""
    return tuple(
        ActGroup(
            title=say.text(title),
            whole=Choice(
                noun,
                say.text(N_("%(kind)s: everything"), kind=say.text(title)),
                chosen=noun == chosen,
            ),
            acts=tuple(
                Choice(action, say.text(told), chosen=action == chosen)
                for action, told in ACTS.items()
                if action.split(".")[0] == noun
            ),
        )
        for noun, title in SUBJECTS.items()
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
