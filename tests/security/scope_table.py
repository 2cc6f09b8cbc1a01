"""Who sees what from where: for every route what it answers at its own place and above, and what elsewhere.

The thing that a route is about lies at the store east-1. Somebody with the permission stands at that store,
at its branch or at headquarters (`inside`), or at the sibling store or in the other branch (`outside`).
Whoever lacks the permission is answered 403 wherever he stands.
"""

from dataclasses import dataclass
from typing import Any

HIDDEN = 404
"""Out of scope answers as if it did not exist."""


@dataclass(frozen=True)
class Row:
    """One route.

    Attributes:
        inside: the answer's status where the thing is in scope, the first time it is asked.
        outside: the status where it is not.
        json: the body of a route of the API; names in braces stand for ids of the things at east-1.
        form: the fields of a page's form.
        lists: a text of east-1 that the answer shows inside; outside it shows nothing of east-1 at all.
    """

    inside: int
    outside: int
    json: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    lists: str | None = None


MEMBER_NAME, STORE_NAME, OPERATOR_NAME, RECEIPT_NO = "Lin Eastone", "East-1", "Li Eastone", "EASTONE-77"
PUBLISHED_BECAUSE = "only for Eastone"
TEMPLATE = "thanks-of-eastone"
DRAFT_TEXT = '{"code": "silver-saturday"}'
FOREIGN = (MEMBER_NAME, STORE_NAME, OPERATOR_NAME, RECEIPT_NO, PUBLISHED_BECAUSE)
"""What no answer may show to somebody outside."""

API = {
    # places
    "GET /v1/places": Row(200, 200, lists=STORE_NAME),
    "GET /v1/places/{place_id}": Row(200, HIDDEN),
    "POST /v1/places": Row(
        201, 422, json={"parent_code": "east-1", "kind": "terminal", "code": "{fresh}", "name": "New"}
    ),
    "PATCH /v1/places/{place_id}": Row(200, HIDDEN, json={"cutoff_minutes": 60}),
    "POST /v1/places/{place_id}/close": Row(200, HIDDEN, json={"reason": "moved"}),
    # terminals
    "GET /v1/terminals/{terminal_id}/keys": Row(200, 200, lists="{key_id}"),
    "POST /v1/terminals/{terminal_id}/keys": Row(201, HIDDEN),
    "DELETE /v1/terminals/{terminal_id}/keys/{key_id}": Row(204, HIDDEN),
    # operators
    "GET /v1/operators": Row(200, 200, lists=OPERATOR_NAME),
    "GET /v1/operators/{operator_id}": Row(200, HIDDEN),
    "POST /v1/operators": Row(
        201,
        422,
        json={
            "login": "{fresh}",
            "display_name": "Fresh",
            "password": "correct horse battery",
            "roles": [{"role": "store", "place_id": "{store}"}],
        },
    ),
    "PUT /v1/operators/{operator_id}/roles": Row(
        200, HIDDEN, json={"roles": [{"role": "store", "place_id": "{store}"}]}
    ),
    "POST /v1/operators/{operator_id}/disable": Row(204, HIDDEN, json={"reason": "left"}),
    "POST /v1/operators/{operator_id}/enable": Row(204, HIDDEN, json={"reason": "back"}),
    # members
    "GET /v1/members": Row(200, 200, lists=MEMBER_NAME),
    "GET /v1/members/lookup/{reference}": Row(200, HIDDEN),
    "GET /v1/members/{member_id}": Row(200, HIDDEN),
    "POST /v1/members": Row(201, 422, json={"name": "New Member", "home_store_code": "east-1"}),
    "PATCH /v1/members/{member_id}": Row(200, HIDDEN, json={"birthday": "1990-05-17"}),
    "POST /v1/members/{member_id}/consents": Row(
        200, HIDDEN, json={"consents": {"sms": True}, "source": "desk"}
    ),
    "POST /v1/members/{member_id}/references": Row(200, HIDDEN, json={"reference": "{fresh}"}),
    "POST /v1/members/{member_id}/tags/end": Row(409, HIDDEN, json={"tag": "nobody-has-it"}),
    "POST /v1/members/{member_id}/phone-views": Row(200, HIDDEN, json={"reason": "revisit"}),
    "POST /v1/members/{member_id}/freeze": Row(200, HIDDEN, json={"reason": "other"}),
    "POST /v1/members/{member_id}/unfreeze": Row(200, HIDDEN, json={}),
    # follow-ups
    "GET /v1/care-tasks": Row(200, 200, lists="{task_id}"),
    "GET /v1/members/{member_id}/care-tasks": Row(200, 200, lists="{task_id}"),
    "POST /v1/care-tasks/{task_id}/close": Row(200, HIDDEN, json={"outcome": "reached"}),
    # purchases
    "POST /v1/quotes": Row(
        200, 403, json={"terminal": "east-1-t1", "lines": [{"line": 1, "sku": "1", "list_minor": 100}]}
    ),
    "POST /v1/quotes/explanation": Row(200, 403, json={"terminal": "east-1-t1"}),
    "GET /v1/purchases/{purchase_id}": Row(200, HIDDEN),
    "GET /v1/purchases/{purchase_id}/explanation": Row(200, HIDDEN),
    "GET /v1/members/{member_id}/events": Row(200, 200, lists="{event_id}"),
    "GET /v1/members/{member_id}/events/{event_id}/explanation": Row(200, HIDDEN),
    "POST /v1/purchases/{purchase_id}/attribution": Row(201, HIDDEN, json={"member": "{member_id}"}),
    # adjustments by hand are seen where their member is at home; {adjustment_id} waits, asked for by another
    "POST /v1/members/{member_id}/adjustments": Row(
        201, HIDDEN, json={"points": 5, "reason": "goodwill", "note": "for the wait"}
    ),
    "GET /v1/members/{member_id}/adjustment-allowance": Row(200, HIDDEN),
    "GET /v1/adjustments": Row(200, 200, lists="{adjustment_id}"),
    "GET /v1/adjustments/{adjustment_id}": Row(200, HIDDEN),
    "POST /v1/adjustments/{adjustment_id}/approve": Row(200, HIDDEN, json={}),
    "POST /v1/adjustments/{adjustment_id}/reject": Row(200, HIDDEN, json={"note": "not so"}),
    "POST /v1/adjustments/{adjustment_id}/withdraw": Row(HIDDEN, HIDDEN),  # somebody else's
    # messages
    "GET /v1/message-requests": Row(200, 200, lists=TEMPLATE),
    # segments; one that a place above has defined is there for all below it
    "POST /v1/segment-counts": Row(200, 200, json={"when": {"var": "member.known"}, "sample": 200}),
    "GET /v1/segments": Row(200, 200, lists="{segment}"),
    "PUT /v1/segments/{segment}": Row(
        200,
        422,
        json={
            "place": "east-1",
            "title": {"zh": "新", "en": "New"},
            "when": {"var": "member.frozen"},
            "based_on": 1,
        },
    ),
    "GET /v1/segments/{segment}": Row(200, HIDDEN),
    "GET /v1/segments/{segment}/versions": Row(200, HIDDEN),
    "POST /v1/segments/{segment}/count": Row(200, HIDDEN, json={"sample": 200}),
    "POST /v1/packs/check": Row(200, HIDDEN, json={"text": "{}", "place_id": "{store}"}),
    # the chain's own fields: everybody who may read packs sees them; values belong to their owners
    "GET /v1/field-catalogue": Row(200, 200),
    "GET /v1/custom-fields": Row(200, 200),
    "GET /v1/products/custom-values": Row(200, 200),
    "GET /v1/members/{member_id}/custom-values": Row(200, HIDDEN),
    "PATCH /v1/members/{member_id}/custom-values": Row(200, HIDDEN, json={"values": {"vip": True}}),
    # a till has no such values, but whoever may not see it must not learn that
    "GET /v1/places/{place_id}/custom-values": Row(422, HIDDEN),
    "PATCH /v1/places/{place_id}/custom-values": Row(422, HIDDEN, json={"values": {"vip": True}}),
    # Packs and drafts are the chain's; a release is seen where it goes live, above and below.
    "GET /v1/packs": Row(200, 200),
    "GET /v1/packs/{code}/versions": Row(200, 200),
    "GET /v1/packs/{code}/versions/{version}": Row(200, 200),
    "GET /v1/packs/{code}/limits": Row(200, 200),
    "GET /v1/packs/{code}/limits/{limit_code}/periods": Row(404, 404),
    "GET /v1/packs/{code}/activations": Row(200, 200, lists=PUBLISHED_BECAUSE),
    "GET /v1/drafts": Row(200, 200),
    "POST /v1/drafts": Row(201, 201, json={"text": DRAFT_TEXT}),  # as it stands: nothing is saved
    "GET /v1/packs/{code}/draft": Row(200, 200),
    "PUT /v1/packs/{code}/draft": Row(200, 200, json={"text": DRAFT_TEXT, "based_on": 1}),
    "GET /v1/packs/{code}/draft/saves": Row(200, 200),
    "GET /v1/packs/{code}/draft/saves/{save_id}": Row(200, 200),
    "POST /v1/packs/{code}/draft/saves/{save_id}/restore": Row(200, 200, json={"based_on": 1}),
    # rehearsals are seen at their place and above
    "POST /v1/rehearsals": Row(
        201, 422, json={"versions": [{"code": "{code}", "version": 1}], "place": "east-1"}
    ),
    "GET /v1/rehearsals": Row(200, 200, lists="{rehearsal_id}"),
    "GET /v1/rehearsals/{rehearsal_id}": Row(200, HIDDEN),
    "GET /v1/rehearsals/{rehearsal_id}/report": Row(409, HIDDEN),  # not finished
    "GET /v1/rehearsals/{rehearsal_id}/members": Row(409, HIDDEN),
    "POST /v1/rehearsals/{rehearsal_id}/cancel": Row(200, HIDDEN),
    "GET /v1/releases": Row(200, 200, lists="{release_id}"),
    "GET /v1/releases/waiting": Row(200, 200),
    "POST /v1/releases": Row(201, 403, json={"code": "{code}", "version": 1, "place_ids": ["{store}"]}),
    "GET /v1/releases/{release_id}": Row(200, HIDDEN),
    "GET /v1/releases/{release_id}/history": Row(200, HIDDEN),
    "POST /v1/releases/{release_id}/approve": Row(200, HIDDEN, json={}),
    "POST /v1/releases/{release_id}/reject": Row(200, HIDDEN, json={"reason": "not so"}),
    "POST /v1/releases/{release_id}/withdraw": Row(200, HIDDEN, json={}),
    "POST /v1/releases/{release_id}/cancel": Row(200, HIDDEN, json={"reason": "not now"}),
    # not approved, so 409; whoever may not see it must not learn that
    "POST /v1/releases/{release_id}/schedule": Row(409, HIDDEN, json={"steps": [{"place_ids": ["{store}"]}]}),
    "POST /v1/releases/{release_id}/halt": Row(409, HIDDEN, json={"step": 1, "reason": "wait"}),
    "POST /v1/releases/{release_id}/resume": Row(409, HIDDEN, json={"step": 1}),
    "POST /v1/releases/{release_id}/rollback": Row(409, HIDDEN, json={"reason": "too dear"}),
    "POST /v1/releases/{release_id}/retire": Row(409, HIDDEN, json={"reason": "season over"}),
    "GET /v1/release-policy": Row(200, 200),
    # undo orders are seen at their place and above; what they would list outside is nothing
    "GET /v1/packs/{code}/versions/{version}/effects": Row(200, 200),
    "POST /v1/undos": Row(
        201, 422, json={"code": "{code}", "version": 1, "place": "east-1", "policy": "let_be"}
    ),
    "GET /v1/undos": Row(200, 200, lists="{undo_id}"),
    "GET /v1/undos/{undo_id}": Row(200, HIDDEN),
    "GET /v1/undos/{undo_id}/items": Row(200, HIDDEN),
    # not prepared yet, so 409; whoever may not see it must not learn that
    "POST /v1/undos/{undo_id}/approve": Row(409, HIDDEN, json={"content_hash": 64 * "0"}),
    "POST /v1/undos/{undo_id}/reject": Row(409, HIDDEN, json={"reason": "not so"}),
    "POST /v1/undos/{undo_id}/pause": Row(409, HIDDEN),
    "POST /v1/undos/{undo_id}/resume": Row(409, HIDDEN),
    "POST /v1/undos/{undo_id}/cancel": Row(200, HIDDEN, json={"reason": "not now"}),
    # purchases in which a rule failed: what is out of sight is not listed, and a place there is unknown
    "GET /v1/recomputes": Row(200, 200),
    "GET /v1/recompute-policy": Row(200, 200),
    "POST /v1/recomputes/preview": Row(200, 422, json={"place": "east-1"}),
    "POST /v1/recomputes/run": Row(200, 422, json={"place": "east-1", "reason": "mended"}),
    # bulk actions are seen at their place and above; the planted one is a draft
    "POST /v1/bulk-actions": Row(
        201, 422, json={"kind": "retry", "place": "east-1", "member_ids": ["{member_id}"]}
    ),
    "GET /v1/bulk-actions": Row(200, 200, lists="{action_id}"),
    "GET /v1/bulk-actions/{action_id}": Row(200, HIDDEN),
    "GET /v1/bulk-actions/{action_id}/items": Row(200, HIDDEN),
    "POST /v1/bulk-actions/{action_id}/submit": Row(
        409, HIDDEN, json={"content_hash": 64 * "0", "reason": "mended"}
    ),
    "POST /v1/bulk-actions/{action_id}/approve": Row(409, HIDDEN, json={"content_hash": 64 * "0"}),
    "POST /v1/bulk-actions/{action_id}/reject": Row(409, HIDDEN, json={"reason": "not so"}),
    "POST /v1/bulk-actions/{action_id}/cancel": Row(200, HIDDEN, json={"reason": "not now"}),
    # oneself and what belongs to the whole chain
    "GET /v1/session": Row(200, 200),
}

PAGES = {
    "GET /": Row(200, 200),
    "GET /overview/live": Row(200, 200),
    "GET /places": Row(200, 200, lists=STORE_NAME),
    "POST /places": Row(
        303, 422, form={"parent": "east-1", "kind": "terminal", "code": "{fresh}", "name": "New"}
    ),
    "GET /places/{place_id}": Row(200, HIDDEN),
    "GET /places/suggested": Row(200, 200),
    "GET /places/{place_id}/below": Row(200, HIDDEN),
    "POST /places/{place_id}": Row(
        303, HIDDEN, form={"name": "New", "time_zone": "America/New_York", "cutoff": "00:00"}
    ),
    "POST /places/{place_id}/close": Row(303, HIDDEN, form={"reason": "moved"}),
    "POST /places/{place_id}/keys": Row(200, HIDDEN, form={}),
    "POST /places/{place_id}/keys/{key_id}/revoke": Row(303, HIDDEN, form={}),
    "GET /operators": Row(200, 200, lists=OPERATOR_NAME),
    "POST /operators": Row(
        303,
        422,
        form={
            "login": "{fresh}",
            "name": "Fresh",
            "password": "correct horse battery",
            "role": "store",
            "place": "{store}",
        },
    ),
    "GET /operators/{operator_id}": Row(200, HIDDEN),
    "POST /operators/{operator_id}/roles": Row(303, HIDDEN, form={"role": "store", "place": "{store}"}),
    "POST /operators/{operator_id}/password": Row(200, HIDDEN, form={}),
    "POST /operators/{operator_id}/sessions/end": Row(303, HIDDEN, form={}),
    "POST /operators/{operator_id}/disable": Row(303, HIDDEN, form={"reason": "left"}),
    "POST /operators/{operator_id}/enable": Row(303, HIDDEN, form={"reason": "back"}),
    "GET /audit": Row(200, 200, lists="{key_id}"),
    "GET /audit/export.csv": Row(200, 200, lists="{key_id}"),
    "GET /places/{store_id}/values": Row(200, HIDDEN),
    "POST /places/{store_id}/values": Row(303, HIDDEN, form={"own.format": "corner"}),
    "GET /fields": Row(200, 200),
    "GET /fields/{fact}": Row(200, 200),
    "GET /fields/products": Row(200, 200),
    "GET /fields/products/template.csv": Row(200, 200),
    "GET /fields/products/export.csv": Row(200, 200),
    "GET /settings": Row(200, 200),
    "GET /tiers": Row(200, 200),
    "GET /desk": Row(200, 200),
    "POST /desk": Row(303, 200, form={"q": "{member_id}"}),
    "GET /desk/members/{member_id}": Row(200, HIDDEN),
    "GET /desk/members/{member_id}/values": Row(200, HIDDEN),
    "POST /desk/members/{member_id}/values": Row(303, HIDDEN),
    "GET /members/{member_id}/values": Row(200, HIDDEN),
    "POST /members/{member_id}/values": Row(303, HIDDEN),
    "GET /desk/members/{member_id}/receipts/{purchase_id}": Row(404, HIDDEN),  # another member's
    "GET /desk/members/{member_id}/adjust": Row(200, HIDDEN),
    "POST /desk/members/{member_id}/adjust": Row(
        303,
        HIDDEN,
        form={"order": "{order}", "direction": "give", "points": "5", "reason": "other", "note": "why"},
    ),
    "GET /desk/adjustments": Row(200, 200, lists="{adjustment_id}"),
    "POST /desk/adjustments/{adjustment_id}/approve": Row(303, HIDDEN, form={}),
    "POST /desk/adjustments/{adjustment_id}/reject": Row(303, HIDDEN, form={"words": "not so"}),
    "POST /desk/adjustments/{adjustment_id}/withdraw": Row(HIDDEN, HIDDEN, form={}),  # somebody else's
    "GET /desk/enrol": Row(200, 200, lists=STORE_NAME),
    "POST /desk/enrol/begin": Row(200, 200, form={"phone": "+12125550000"}, lists=STORE_NAME),
    "POST /desk/enrol/check": Row(200, 200, form={"phone": "+12125550000"}),
    "POST /desk/enrol": Row(303, 422, form={"phone": "{fresh_phone}", "store": "{store}"}),
    "GET /members": Row(200, 200, lists=MEMBER_NAME),
    "GET /members/enrol": Row(200, 200, lists=STORE_NAME),
    "POST /members/enrol": Row(303, 422, form={"name": "New Member", "store": "{store}"}),
    "GET /members/{member_id}": Row(200, HIDDEN),
    "POST /members/{member_id}/tasks/{task_id}": Row(303, HIDDEN, form={"outcome": "reached"}),
    "POST /members/{member_id}/tags/end": Row(303, HIDDEN, form={"tag": "nobody-has-it"}),
    "POST /members/{member_id}/freeze": Row(303, HIDDEN, form={"order": "{order}", "reason": "other"}),
    "POST /members/{member_id}/unfreeze": Row(303, HIDDEN, form={"order": "{order}"}),
    "GET /purchases/{purchase_id}": Row(200, HIDDEN),
    # A pack is the chain's: everybody who may read it sees its versions, but not where others made them live.
    "GET /packs": Row(200, 200),
    "GET /packs/new": Row(200, 200),
    "POST /packs/new": Row(  # packs are the chain's, and this one is there
        422, 422, form={"begin": "blank:earning", "code": "{code}", "title_zh": "新", "title_en": "New"}
    ),
    "GET /packs/{code}": Row(200, 200, lists=PUBLISHED_BECAUSE),
    "GET /packs/{code}/preview": Row(200, 200),
    "GET /packs/{code}/edit": Row(200, 200),  # a draft has no place, as over the API
    "POST /packs/{code}/edit": Row(
        303, 303, form={"do": "set-code", "at": "", "value": DRAFT_TEXT, "based_on": "1"}
    ),
    "GET /packs/{code}/edit/saves": Row(200, 200),
    "GET /packs/{code}/edit/saves/{save_id}": Row(200, 200),
    "POST /packs/{code}/edit/saves/{save_id}": Row(303, 303, form={"based_on": "1"}),
    "GET /packs/{code}/versions/{version}": Row(200, 200, lists=PUBLISHED_BECAUSE),
    "POST /packs/{code}/versions/{version}": Row(303, 303, form={}),  # nothing typed: nothing saved
    "POST /packs/{code}/versions/{version}/publish": Row(
        303, 403, form={"place": "{store}", "reason": "a test"}
    ),
    "GET /packs/{code}/compare": Row(200, 200),
    "POST /packs/{code}/submit": Row(303, 403, form={"place": "{store}", "version": "1"}),
    "GET /releases": Row(200, 200),
    "GET /releases/{release_id}": Row(200, HIDDEN),
    "POST /releases/{release_id}/approve": Row(303, HIDDEN, form={}),
    "POST /releases/{release_id}/reject": Row(303, HIDDEN, form={"reason": "a test"}),
    "POST /releases/{release_id}/withdraw": Row(303, HIDDEN, form={}),
    "POST /releases/{release_id}/schedule": Row(409, HIDDEN, form={"places-1": "{store}"}),
    "POST /releases/{release_id}/halt": Row(409, HIDDEN, form={"step": "1", "reason": "a test"}),
    "POST /releases/{release_id}/resume": Row(409, HIDDEN, form={"step": "1"}),
    "POST /releases/{release_id}/cancel": Row(303, HIDDEN, form={"reason": "a test"}),
    "POST /releases/{release_id}/rollback": Row(409, HIDDEN, form={"reason": "a test"}),
    "POST /releases/{release_id}/retire": Row(409, HIDDEN, form={"reason": "a test"}),
    "GET /rehearsals": Row(200, 200),
    "POST /rehearsals": Row(303, 422, form={"code": "{code}", "version": "1", "place": "{store}"}),
    "GET /rehearsals/{rehearsal_id}": Row(200, HIDDEN),
    "GET /rehearsals/{rehearsal_id}/progress": Row(200, HIDDEN),
    "GET /rehearsals/{rehearsal_id}/members": Row(409, HIDDEN),
    "POST /rehearsals/{rehearsal_id}/cancel": Row(303, HIDDEN, form={}),
    "GET /ops": Row(200, 200),
    "GET /ops/live": Row(200, 200),
    "GET /ops/problems": Row(200, 200),
    "GET /ops/problems/workflows": Row(200, 200),
    "GET /ops/members/{member_id}/workflow": Row(200, HIDDEN),
    "GET /ops/releases": Row(200, 200),
    "GET /ops/releases/work": Row(200, 200),
    "GET /ops/actions": Row(200, 200, lists="{action_id}"),
    "POST /ops/actions": Row(303, 422, form={"kind": "retry", "place": "{store}", "member": "{member_id}"}),
    "GET /ops/actions/{action_id}": Row(200, HIDDEN),
    "GET /ops/actions/{action_id}/progress": Row(200, HIDDEN),
    "POST /ops/actions/{action_id}/submit": Row(422, HIDDEN, form={"reason": ""}),
    "POST /ops/actions/{action_id}/approve": Row(409, HIDDEN, form={}),
    "POST /ops/actions/{action_id}/reject": Row(409, HIDDEN, form={"reason": "a test"}),
    "POST /ops/actions/{action_id}/cancel": Row(303, HIDDEN, form={"reason": "a test"}),
    "GET /segments": Row(200, 200, lists="{segment}"),
    "POST /segments": Row(
        303,
        422,
        form={
            "code": "{fresh}",
            "place": "east-1",
            "title_zh": "新",
            "title_en": "New",
            "when": '{"var": "member.frozen"}',
        },
    ),
    "GET /new-segment": Row(200, 200),
    "POST /segment-form": Row(200, 200, form={"do": "set-code", "value": "true"}),
    "POST /segment-counts": Row(200, 200, form={"when": '{"var": "member.known"}'}, lists=STORE_NAME),
    "GET /segments/{segment}": Row(200, HIDDEN),
    "GET /segments/{segment}/edit": Row(200, HIDDEN),
    "GET /segments/{segment}/count": Row(200, HIDDEN),
    "GET /undos": Row(200, 200),
    "GET /packs/{code}/versions/{version}/undo": Row(200, 200),
    "POST /packs/{code}/versions/{version}/undo": Row(303, 422, form={"place": "{store}"}),
    "GET /undos/{undo_id}": Row(200, HIDDEN),
    "GET /undos/{undo_id}/progress": Row(200, HIDDEN),
    "POST /undos/{undo_id}/approve": Row(409, HIDDEN, form={}),
    "POST /undos/{undo_id}/reject": Row(409, HIDDEN, form={"reason": "a test"}),
    "POST /undos/{undo_id}/cancel": Row(303, HIDDEN, form={"reason": "a test"}),
    "POST /undos/{undo_id}/pause": Row(409, HIDDEN, form={}),
    "POST /undos/{undo_id}/resume": Row(409, HIDDEN, form={}),
}

ROWS = API | PAGES

CHAIN_WIDE = {
    "POST /v1/custom-fields": Row(
        201,
        403,
        json={
            "subject": "member",
            "code": "{fresh_code}",
            "type": "boolean",
            "title_zh": "贵宾",
            "title_en": "important",
        },
    ),
    "PATCH /v1/products/custom-values": Row(
        200, 403, json={"products": [{"product_code": "851057", "values": {"seasonal": True}}]}
    ),
    "PATCH /v1/custom-fields/{field_id}": Row(200, 403, json={"title_en": "changed"}),
    "POST /v1/custom-fields/{field_id}/retire": Row(200, 403),
    "GET /fields/new": Row(200, 403),
    "POST /fields": Row(
        303,
        403,
        form={
            "subject": "member",
            "code": "{fresh_code}",
            "type": "boolean",
            "title_zh": "贵宾",
            "title_en": "important",
        },
    ),
    "POST /fields/products": Row(422, 403, form={}),  # no file came with it
    "POST /fields/own/{field_id}": Row(303, 403, form={"title_zh": "将停用", "title_en": "retiring"}),
    "POST /fields/own/{field_id}/retire": Row(303, 403, form={}),
    "POST /settings": Row(303, 403, form={"approval": "direct", "rehearsal": "optional"}),
    "GET /system": Row(200, 403),
    "PUT /v1/recompute-policy": Row(200, 403, json={"points_alone": 500, "reason": "audit"}),
    "POST /v1/recompute-policy/approve": Row(409, 403, json={"points_alone": 500}),
    "POST /settings/recompute/approve": Row(422, 403, form={"points": "500"}),
    "POST /settings/recompute": Row(303, 403, form={"points_alone": "500", "recompute_reason": "audit"}),
    "PUT /v1/release-policy": Row(200, 403, json={"approval": "direct", "rehearsal": "optional"}),
}
"""Changes of what has no place: `inside` is headquarters alone, `outside` everywhere else."""

HEADQUARTERS_ONLY = {
    f"{method} {path}"
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    for path in ("/temporal", "/temporal/{path:path}")
}
"""Temporal's own pages know no places: who sees one workflow there sees them all."""

ELSEWHERE = {
    "POST /v1/purchases",  # only tills; see TILLS
    "DELETE /v1/session",  # end or change the asker's own session: tests/api/test_sessions.py
    "POST /v1/session/password",
    "POST /sign-out",
    "GET /account",  # the asker's own: tests/rules_ui/test_account_pages.py
    "POST /account/language",
    "POST /account/password",
    "POST /account/sessions/end",
}
"""Routes about nothing but the asker."""


@dataclass(frozen=True)
class TillRow:
    """What a till is answered, at the store that the thing belongs to and at others."""

    own: int
    other: int
    json: dict[str, Any] | None = None
    form: dict[str, str] | None = None


_BASKET = {"occurred_at": "2026-03-02T10:00:00-05:00", "lines": [{"line": 1, "sku": "1", "list_minor": 100}]}

TILLS = {
    # A shopper buys anywhere: what the till reads off a card or is told, it may look up in the whole chain.
    "GET /v1/members/lookup/{reference}": TillRow(200, 200),
    "POST /v1/quotes": TillRow(200, 200, json={"lines": _BASKET["lines"]}),
    # A purchase is the key's own till's, whatever the body says.
    "POST /v1/purchases": TillRow(201, 201, json={**_BASKET, "receipt_no": "{fresh}"}),
    "GET /v1/purchases/{purchase_id}": TillRow(200, HIDDEN),
    "GET /v1/purchases/{purchase_id}/explanation": TillRow(200, HIDDEN),
    "POST /v1/quotes/explanation": TillRow(200, 200, json={"lines": _BASKET["lines"]}),
    "POST /v1/members": TillRow(201, 422, json={"name": "New Member", "home_store_code": "east-1"}),
    "GET /v1/session": TillRow(200, 200),
    # The pages ask for the same permissions as the API.
    "GET /members/enrol": TillRow(200, 200),
    "GET /desk/enrol": TillRow(200, 200),
    "POST /desk/enrol/begin": TillRow(200, 200, form={}),
    "POST /desk/enrol/check": TillRow(200, 200, form={}),
    "POST /desk/enrol": TillRow(303, 422, form={"phone": "{fresh_phone}", "store": "{store}"}),
    "POST /members/enrol": TillRow(303, 422, form={"name": "New Member", "store": "{store}"}),
    "GET /purchases/{purchase_id}": TillRow(200, HIDDEN),
}
