"""A saved segment, the list of them and its history, as the pages show them."""

from collections.abc import Sequence

from regulars.security.actor import Actor
from regulars.security.policy import Permission
from regulars.segments.saved_repository import Seen
from rules_ui.contexts.editor import Remark
from rules_ui.contexts.segments import SegmentLine, SegmentPage, VersionLine
from rules_ui.i18n import Speech
from rules_ui.segment_form import Builder, examine, readable, remarks_of, said_in_both, text_of
from rules_ui.version_marks import Names

A_PAGE = 20
VERSIONS_SHOWN = 20


def saved_line(seen: Seen, names: Names, say: Speech) -> SegmentLine:
    """A segment in the list."""
    version = seen.version
    return SegmentLine(
        href=f"/segments/{version.code}",
        count_href=f"/segments/{version.code}/count",
        title=_title(seen, say),
        code=version.code,
        place=names.places.get(version.place_id, seen.place_code),
        version=version.version,
        saved_at=version.created_at,
        saved_by=names.of(version.created_by, say),
    )


def page_of(
    seen: Seen,
    newest: int,
    versions: Sequence[Seen],
    names: Names,
    builder: Builder,
    actor: Actor,
) -> SegmentPage:
    """One version with the history.

    Args:
        seen: the version.
        newest: number of the newest one.
        versions: of the history, one more than is shown where there are more.
        names: what people and places are called.
        builder: the reader's words for conditions.
        actor: who reads.
    """
    version, say = seen.version, builder.say
    examined = examine(text_of(version.when), builder.catalogue)
    may_edit = actor.may_at(Permission.SEGMENT_EDIT, seen.place_path)
    at = f"/segments/{version.code}"
    asked = "" if version.version == newest else f"?version={version.version}"
    shown = versions[:VERSIONS_SHOWN]
    return SegmentPage(
        id=version.id,
        title=_title(seen, say),
        code=version.code,
        place=names.places.get(version.place_id, seen.place_code),
        version=version.version,
        newest=version.version == newest,
        description=version.description,
        said=said_in_both(examined, builder),
        condition=readable(text_of(version.when)),
        remarks=tuple(Remark("bad", said) for said in remarks_of(examined, builder)),
        count_href=f"{at}/count?sample=1&version={version.version}",
        edit_href=f"{at}/edit{asked}" if may_edit else "",
        copy_href=f"/new-segment?copy={version.code}" if actor.may(Permission.SEGMENT_EDIT) else "",
        versions=tuple(
            VersionLine(
                f"{at}?version={each.version.version}",
                each.version.version,
                each.version.created_at,
                names.of(each.version.created_by, say),
                each.version.reason or "",
                each.version.version == version.version,
            )
            for each in shown
        ),
        older_href=f"{at}?before={shown[-1].version.version}" if len(versions) > VERSIONS_SHOWN else None,
    )


def _title(seen: Seen, say: Speech) -> str:
    return seen.version.title_zh if say.language == "zh" else seen.version.title_en
