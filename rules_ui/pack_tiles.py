"""Presents packs in the list: those that have versions, and those that are drafts only."""

from regulars.releases.drafting import DraftLine, Revision
from regulars.rules.domain import PackVersion
from regulars.rules.model import Pack
from regulars.rules.sentences import pack_of
from regulars.rules.stored import StoredVersion
from rules_ui.contexts.packs import PackTile
from rules_ui.i18n import LANGUAGES, N_, Speech
from rules_ui.rule_words import pack_words


def tile_of(
    newest: StoredVersion, live: PackVersion | None, draft: DraftLine | None, say: Speech
) -> PackTile:
    """A pack in the words of its live version, else of its newest.

    Args:
        draft: its draft, where the reader may see one.
    """
    pack = Pack.model_validate((live or newest.version).document)
    words = pack_words(pack, say)
    standing = say.text(N_("not live"))
    if live:
        standing = say.text(N_("version %(version)s is live"), version=live.version)
    begun = ""
    if draft:
        begun = say.text(
            N_("draft, save %(number)s, %(when)s"), number=draft.revision, when=say.ago(draft.updated_at)
        )
    return PackTile(
        href=f"/packs/{pack.code}",
        edit_href=f"/packs/{pack.code}/edit",
        code=pack.code,
        title=words.title,
        description=words.description,
        kind=pack.kind,
        live=standing,
        draft=begun,
        rules=len(pack.rules),
        cases=len(pack.cases),
    )


def draft_tile(draft: Revision, say: Speech) -> PackTile:
    """A pack that is a draft only; one that cannot be read goes by its code."""
    code = draft.line.code
    try:
        pack: Pack | None = pack_of(draft.text)
    except ValueError:
        pack = None
    locale = LANGUAGES[say.language]
    edit = f"/packs/{code}/edit"
    return PackTile(
        href=edit,
        edit_href=edit,
        code=code,
        title=pack.title.of(locale) if pack else code,
        description=pack.description.of(locale) if pack else "",
        kind=pack.kind if pack else "",
        live=say.text(N_("no version yet")),
        draft=say.text(
            N_("draft, save %(number)s, %(when)s"),
            number=draft.line.revision,
            when=say.ago(draft.line.saved_at),
        ),
        rules=len(pack.rules) if pack else 0,
        cases=len(pack.cases) if pack else 0,
    )
