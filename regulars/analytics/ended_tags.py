"""Tags of rules that somebody ended by hand, as lines of a member's story: by whom and why."""

from typing import Final

from sqlalchemy import BigInteger, Integer, Text, Uuid, and_, bindparam, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.db.base import Json
from regulars.security.tables import audit_entry, operator

TAG_ENDED: Final = "tag_ended"
_MEMBER: Final = bindparam("member_id", type_=Uuid)
_ID: Final = cast(audit_entry.c.subject_id, Uuid)
_BY_NAME: Final = func.coalesce(
    operator.c.display_name, audit_entry.c.actor_kind + ":" + audit_entry.c.actor_id
)

ENDED_TAGS: Final = (
    select(
        audit_entry.c.at,
        literal(4, Integer),
        audit_entry.c.id,
        literal(TAG_ENDED, Text),
        _ID,
        cast(null(), Uuid),
        cast(null(), Text),
        cast(null(), BigInteger),
        cast(null(), BigInteger),
        cast(null(), Integer),
        cast([], ARRAY(Text)),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        cast(
            func.jsonb_build_object(
                "tag",
                audit_entry.c.before["tags"][0].astext,
                "ordered_by",
                _BY_NAME,
                "why",
                audit_entry.c.reason,
            ),
            Json,
        ),
    )
    .select_from(
        audit_entry.outerjoin(
            operator,
            and_(
                audit_entry.c.actor_kind == "operator",
                cast(operator.c.id, Text) == audit_entry.c.actor_id,
            ),
        )
    )
    .where(
        audit_entry.c.subject_kind == "member",
        audit_entry.c.subject_id == cast(_MEMBER, Text),
        audit_entry.c.action == "member.end_tag",
    )
)
"""What `member_story` puts into a member's line of time."""
