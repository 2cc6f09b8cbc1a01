"""The one policy table: which roles may do what. Whatever is not here is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from regulars.security.domain import Role


class Permission(StrEnum):
    """One thing that may be allowed. Each route names exactly one."""

    SELF_READ = "self.read"
    OVERVIEW_READ = "overview.read"
    PLACE_READ = "place.read"
    PLACE_MANAGE = "place.manage"
    TERMINAL_KEY_MANAGE = "terminal_key.manage"
    OPERATOR_READ = "operator.read"
    OPERATOR_MANAGE = "operator.manage"
    MEMBER_LOOK_UP = "member.look_up"  # one member, by a reference that the asker already holds
    MEMBER_READ = "member.read"
    MEMBER_ENROL = "member.enrol"
    MEMBER_UPDATE = "member.update"
    MEMBER_PHONE_REVEAL = "member.phone_reveal"
    MEMBER_FREEZE = "member.freeze"
    ADJUSTMENT_READ = "adjustment.read"
    ADJUSTMENT_REQUEST = "adjustment.request"
    ADJUSTMENT_APPROVE = "adjustment.approve"
    CARE_TASK_READ = "care_task.read"
    CARE_TASK_CLOSE = "care_task.close"
    PURCHASE_QUOTE = "purchase.quote"
    PURCHASE_RECORD = "purchase.record"
    PURCHASE_READ = "purchase.read"
    PURCHASE_ATTRIBUTE = "purchase.attribute"
    PURCHASE_RECOMPUTE = "purchase.recompute"
    PACK_READ = "pack.read"
    PACK_EDIT = "pack.edit"
    PACK_PUBLISH = "pack.publish"
    PACK_APPROVE = "pack.approve"
    PACK_RELEASE = "pack.release"
    PACK_POLICY = "pack.policy"
    PACK_UNDO = "pack.undo"
    PACK_UNDO_APPROVE = "pack.undo_approve"
    SEGMENT_READ = "segment.read"
    SEGMENT_EDIT = "segment.edit"
    MESSAGE_READ = "message.read"
    AUDIT_READ = "audit.read"
    WORKFLOW_OPERATE = "workflow.operate"


_R = Role
_DESK: Final = frozenset({_R.STORE, _R.SERVICE_DESK})
_READERS: Final = frozenset({_R.MARKETING, _R.APPROVER, _R.OPS, _R.FINANCE, _R.ADMIN}) | _DESK
_TILL: Final = frozenset({_R.TERMINAL})

GRANTS: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.SELF_READ: frozenset(Role),
    Permission.OVERVIEW_READ: _READERS,
    Permission.PLACE_READ: _READERS,
    Permission.PLACE_MANAGE: frozenset({_R.ADMIN}),
    Permission.TERMINAL_KEY_MANAGE: frozenset({_R.ADMIN, _R.OPS}),
    Permission.OPERATOR_READ: frozenset({_R.ADMIN}),
    Permission.OPERATOR_MANAGE: frozenset({_R.ADMIN}),
    Permission.MEMBER_LOOK_UP: _READERS | _TILL,
    Permission.MEMBER_READ: _READERS,
    Permission.MEMBER_ENROL: _DESK | _TILL | {_R.ADMIN},
    Permission.MEMBER_UPDATE: _DESK | {_R.ADMIN},
    Permission.MEMBER_PHONE_REVEAL: _DESK,
    Permission.MEMBER_FREEZE: frozenset({_R.SERVICE_DESK, _R.OPS, _R.ADMIN}),
    Permission.ADJUSTMENT_READ: _DESK | {_R.APPROVER, _R.OPS, _R.FINANCE, _R.ADMIN},
    Permission.ADJUSTMENT_REQUEST: _DESK | {_R.ADMIN},
    Permission.ADJUSTMENT_APPROVE: frozenset({_R.APPROVER, _R.FINANCE, _R.ADMIN}),
    Permission.CARE_TASK_READ: _READERS,
    Permission.CARE_TASK_CLOSE: _DESK | {_R.ADMIN},
    Permission.PURCHASE_QUOTE: _DESK | _TILL | {_R.MARKETING, _R.ADMIN},
    Permission.PURCHASE_RECORD: _TILL,
    Permission.PURCHASE_READ: _READERS | _TILL,
    Permission.PURCHASE_ATTRIBUTE: _DESK | {_R.ADMIN},
    Permission.PURCHASE_RECOMPUTE: frozenset({_R.OPS, _R.FINANCE, _R.ADMIN}),
    Permission.PACK_READ: _READERS,
    Permission.PACK_EDIT: frozenset({_R.MARKETING, _R.ADMIN}),
    Permission.PACK_PUBLISH: frozenset({_R.MARKETING, _R.APPROVER, _R.ADMIN}),
    Permission.PACK_APPROVE: frozenset({_R.APPROVER, _R.ADMIN}),
    Permission.PACK_RELEASE: frozenset({_R.MARKETING, _R.APPROVER, _R.ADMIN}),
    Permission.PACK_POLICY: frozenset({_R.ADMIN}),
    Permission.PACK_UNDO: frozenset({_R.MARKETING, _R.OPS, _R.ADMIN}),
    Permission.PACK_UNDO_APPROVE: frozenset({_R.APPROVER, _R.FINANCE, _R.ADMIN}),
    Permission.SEGMENT_READ: _READERS,
    Permission.SEGMENT_EDIT: frozenset({_R.MARKETING, _R.ADMIN}),
    Permission.MESSAGE_READ: frozenset({_R.MARKETING, _R.OPS, _R.ADMIN}),
    Permission.AUDIT_READ: frozenset({_R.ADMIN, _R.FINANCE}),
    Permission.WORKFLOW_OPERATE: frozenset({_R.OPS, _R.ADMIN}),
}


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that have the permission; none where the table does not say."""
    return GRANTS.get(permission, frozenset())
