"""The one table from error codes to statuses and words. A test keeps it complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.language import Language
from api.sayings import detail_in_chinese

_TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("请求有误", "Bad request"),
    401: ("请先登录", "Sign in first"),
    403: ("没有权限", "Not allowed"),
    404: ("未找到", "Not found"),
    405: ("请求方式不支持", "Method not allowed"),
    409: ("状态冲突", "Conflict"),
    413: ("内容过大", "Too large"),
    415: ("内容格式不支持", "Unsupported media type"),
    422: ("填写有误", "Invalid input"),
    429: ("操作过于频繁", "Too many requests"),
    500: ("系统出错", "Internal error"),
    503: ("暂时无法服务", "Temporarily unavailable"),
}


class _Details(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Row:
    """How one code is presented.

    Attributes:
        zh: the sentence in Chinese; `{name}` stands for a value of the error's details.
        en: the sentence in English where the error brings none of its own.
    """

    status: int
    zh: str
    en: str = ""

    def title(self, language: Language) -> str:
        """What kind of problem it is, by its status."""
        zh, en = _TITLES.get(self.status, _TITLES[400])
        return zh if language == "zh" else en

    def detail(self, language: Language, message: str, details: Mapping[str, object]) -> str:
        """The sentence in a language.

        Args:
            language: zh or en.
            message: the error's own English sentence, or "".
            details: the error's values.
        """
        if language == "zh":
            shown = {key: detail_in_chinese(key, value) for key, value in details.items()}
            said = detail_in_chinese("message", message)
            return self.zh.format_map(_Details({"message": said, **shown}))
        return message or self.en


ROWS: Final[Mapping[str, Row]] = {
    # the frame
    "regulars_error": Row(500, "系统出错，请稍后再试。", "Something went wrong; try again later."),
    "internal_error": Row(500, "系统出错，请稍后再试。", "Something went wrong; try again later."),
    "database_unavailable": Row(
        503, "数据库暂时无法使用，请稍后重试。", "The database cannot be used just now; try again."
    ),
    "bad_request": Row(400, "请求有误，请检查后重试。", "The request cannot be understood."),
    "not_found": Row(404, "没有这个地址。", "There is nothing at this address."),
    "method_not_allowed": Row(405, "这个地址不支持该请求方式。", "This address does not take this method."),
    "body_too_large": Row(413, "提交的内容过大。", "The request body is too large."),
    "unsupported_media_type": Row(415, "请以 application/json 提交。", "Send application/json."),
    "json_malformed": Row(400, "提交的内容不是有效的 UTF-8 JSON。", "The body is not valid UTF-8 JSON."),
    "json_too_deep": Row(400, "JSON 嵌套超过 32 层。", "The JSON is nested deeper than 32 levels."),
    "json_name_twice": Row(400, "JSON 对象里有重复的字段名。", "An object of the JSON has a name twice."),
    "json_not_finite": Row(400, "JSON 里不能有 NaN 或 Infinity。", "The JSON has NaN or Infinity."),
    "invalid_input": Row(422, "部分内容有误，请逐项更正。", "Some fields are wrong; correct each."),
    "invalid_settings": Row(500, "系统设置有误。", "Some settings cannot be used."),
    "field_invalid": Row(422, "内容不符合要求：{message}。", "The value is not valid."),
    "field_missing": Row(422, "必须填写。", "The field is required."),
    "field_unknown": Row(422, "没有这个字段，请检查拼写。", "There is no such field; check the spelling."),
    # security
    "not_signed_in": Row(401, "请先登录，或使用终端密钥。"),
    "sign_in_refused": Row(401, "登录名或密码不正确。"),
    "too_many_sign_ins": Row(429, "失败次数过多，请在 {retry_after_seconds} 秒后再试。"),
    "permission_denied": Row(403, "您的角色在这里没有此项权限。"),
    "csrf_refused": Row(403, "页面已过期，或请求来自其他网站；请刷新页面后重试。"),
    "https_required": Row(403, "请通过 https 登录，或在运行熟客的本机上登录。"),
    "unknown_operator": Row(404, "没有这位操作员。"),
    "login_invalid": Row(422, "请用 2 至 64 个小写字母、数字或 . _ @ -。"),
    "display_name_invalid": Row(422, "请填写 1 至 {maximum} 个字的姓名。"),
    "locale_unknown": Row(422, "请选择 zh 或 en。"),
    "role_for_terminals": Row(422, "这个角色只用于终端。"),
    "login_taken": Row(422, "该登录名已被使用，请换一个。"),
    "password_too_weak": Row(422, "密码须为 {minimum} 至 {maximum} 个字符，且不含登录名。"),
    "no_role": Row(422, "请至少授予一个角色。"),
    "role_place_unknown": Row(422, "您的管辖范围内没有这个机构。"),
    "last_admin": Row(409, "这是全连锁最后一位管理员，请先任命另一位。"),
    "too_many_terminal_keys": Row(409, "该终端已有 {limit} 把有效密钥，请先停用一把。"),
    "unknown_terminal": Row(404, "没有这个终端，或终端已关闭。"),
    "unknown_terminal_key": Row(404, "该终端没有这把密钥。"),
    # organisation
    "chain_exists": Row(409, "数据库里已经有连锁企业。"),
    "no_chain": Row(503, "连锁企业尚未建立。"),
    "place_code_invalid": Row(422, "代码须为 1 至 {maximum} 个字母、数字、- 或 _，以字母或数字开头。"),
    "place_name_invalid": Row(422, "请填写 1 至 {maximum} 个字的名称。"),
    "cutoff_invalid": Row(422, "请填写零点后的分钟数，0 至 1439。"),
    "parent_unknown": Row(422, "您的管辖范围内没有这个上级机构。"),
    "unknown_currency": Row(422, "请填写 ISO 4217 货币代码，如 CNY。"),
    "unknown_time_zone": Row(422, "请填写 IANA 时区名，如 Asia/Shanghai。"),
    "code_reads_as_time": Row(422, "这个代码会被规则当成时长或日期，请在前面加字母，如 S-1d。"),
    "place_code_taken": Row(422, "代码已被其他机构使用，请换一个。"),
    "wrong_parent": Row(422, "这类机构不能设在该上级之下。"),
    "unknown_place": Row(404, "没有这个机构，请查看机构列表。"),
    "place_closed": Row(409, "机构已关闭。"),
    "place_has_open_places": Row(409, "请先关闭其下属机构。"),
    # members
    "unknown_member": Row(404, "没有这位会员。"),
    "phone_invalid": Row(422, "请填写有效的电话号码；境外号码以 + 和国家代码开头。"),
    "phone_unreadable": Row(409, "现用的密钥无法打开这个号码，请联系管理员。"),
    "phone_taken": Row(409, "该号码已有会员使用，请直接查找那位会员。"),
    "reference_invalid": Row(422, "外部编号须以字母开头，最多 64 个字母、数字或 . _ : -。"),
    "tag_not_by_rules": Row(409, "该会员没有由规则打上的这个标签。"),
    "reference_taken": Row(409, "该外部编号已属于另一位会员。"),
    "name_invalid": Row(422, "请填写 1 至 {maximum} 个字的姓名。"),
    "birthday_invalid": Row(422, "请填写 1900 年至今天之间的日期。"),
    "tag_invalid": Row(422, "标签只能用字母、数字、- 或 _，最多 40 个，且不能像时长或日期。"),
    "too_many": Row(422, "最多 {maximum} 个。"),
    "attribute_invalid": Row(422, "属性值不符合要求，应为：{message}。"),
    "home_store_unknown": Row(422, "请选择您管辖范围内营业中的门店。"),
    "choice_invalid": Row(422, "请从以下选项中选择：{choices}。"),
    "reason_missing": Row(422, "请说明原因。"),
    "source_invalid": Row(422, "请用 1 至 {maximum} 个字说明来源，如门店柜台。"),
    "enrolled_in_future": Row(422, "入会时间不能晚于现在。"),
    # purchases
    "basket_invalid": Row(422, "消费单内容有误：{message}。"),
    "idempotency_mismatch": Row(409, "该单号或幂等键已用于另一份内容；内容不同时请用新的键。"),
    "terminal_needed": Row(422, "请填写营业中的终端代码。"),
    "member_not_known": Row(422, "没有会员使用这个卡号、外部编号或手机号；请重新查找，或先办理入会。"),
    "retry_key_needed": Row(422, "请附上 1 至 {maximum} 个字符的幂等键：每笔消费单生成一次，重试时不变。"),
    "occurred_in_future": Row(422, "消费时间晚于现在；请校准收银机时钟后重新提交。"),
    "occurred_too_long_ago": Row(422, "消费时间早于 {earliest}；请校准收银机时钟后重新提交。"),
    "purchase_held_up": Row(503, "这位会员正在别处处理，请稍后重发这笔消费单。"),
    "purchase_failed": Row(500, "这笔消费单未能记录；同批其他消费单不受影响。"),
    "business_day_far": Row(422, "营业日与消费时间不符；该时间属于营业日 {usual}。"),
    "member_unknown": Row(422, "没有这位会员，请重新查找。"),
    "purchase_unknown": Row(404, "没有这笔消费单。"),
    "already_attributed": Row(409, "这笔消费单已归属于一位会员。"),
    "attribution_too_late": Row(409, "已超过补登积分的期限。"),
    # lifecycle and care
    "already_frozen": Row(409, "会员已被冻结。"),
    "not_frozen": Row(409, "会员未被冻结。"),
    "freeze_reason_unknown": Row(422, "请从以下原因中选择：{allowed}。"),
    "event_unknown": Row(404, "没有这个会员事件。"),
    "record_unreadable": Row(500, "这笔消费单的评估记录无法读取，请联系管理员（{part}）。"),
    "task_unknown": Row(404, "没有这项回访任务。"),
    "task_closed": Row(409, "这项回访任务已由他人完成。"),
    "outcome_unknown": Row(422, "请从以下结果中选择：{allowed}。"),
    "note_too_long": Row(422, "备注请控制在 {limit} 字以内。"),
    # packs
    "pack_not_green": Row(422, "规则包检查不通过，有 {count} 处错误，第一处：{first_zh}"),
    "unknown_pack": Row(404, "没有规则包 {pack}。"),
    "parameter_invalid": Row(422, "规则包没有参数 {name}。"),
    "pointer_unknown": Row(422, "规则包里没有 {pointer}。请重新打开草稿，可能有同事刚改过。"),
    "pack_place_unknown": Row(422, "没有这个机构，无法在此发布规则包。"),
    "live_from_invalid": Row(422, "生效时间要带时区，如 2026-11-22T00:00:00+08:00。"),
    "unknown_draft": Row(404, "没有草稿 {draft}。"),
    "draft_changed": Row(409, "他人已先保存了第 {revision} 版；您的内容已另存，请合并后再保存。"),
    "save_id_used": Row(409, "这个 save_id 已用于另一次保存；每次保存请用新的，重试时不变。"),
    "draft_revision_old": Row(409, "草稿已是第 {revision} 版，请重新查看后再决定。"),
    "pack_code_taken": Row(409, "代码 {pack} 已有规则包使用，请换一个，例如 {free}。"),
    "draft_text_refused": Row(422, "草稿须为 UTF-8 文本，不含控制字符，且不超过 {limit} 字节。"),
    "draft_code_differs": Row(422, "草稿属于 {pack}，文本里写的是“{found}”；请改正代码，或先检查文本。"),
    "unknown_release": Row(404, "没有这次发布。"),
    "release_state_wrong": Row(409, "这次发布目前的状态是“{state}”，只有“{wanted}”时才能这样做。"),
    "own_release_approval": Row(403, "您参与编写了这个版本，须由他人审批。"),
    "approval_needs_person": Row(403, "须由一位操作员审批。"),
    "approval_required": Row(409, "本连锁规定先审批后生效；请把草稿提交审批。"),
    "rehearsal_required": Row(
        409, "{pack} 还没有覆盖全部生效范围的完成预演；本连锁规定先预演后审批，请先在该范围或其上级预演。"
    ),
    "start_invalid": Row(
        422,
        "{problem}“{said}”不可用：请写将来的时间，如 2026-12-01T08:00（各店当地时间）"
        "或 2026-12-01T08:00+08:00；结束须晚于开始。",
    ),
    "release_places_invalid": Row(422, "发布的机构有误：{problem}。"),
    "release_reason_missing": Row(422, "请用 2 至 {maximum} 个字说明原因。"),
    "version_rolled_back": Row(409, "{pack} 在这里已被撤回，不会再用；请改正后发布新版本。"),
    "unknown_limit": Row(404, "那里生效的版本没有限额 {limit}，请查看规则包的限额。"),
    "limit_subject_needed": Row(422, "这个限额按门店或会员计算，请指明您管辖的门店或会员。"),
    # segments
    "segment_not_green": Row(422, "条件有 {count} 处错误，第一处：{first_zh}"),
    "segment_too_slow": Row(503, "{seconds} 秒内未能判断全部会员，请改写条件或缩小机构范围。"),
    "features_not_ready": Row(503, "正在首次汇总会员特征，请一分钟后再试。"),
    "unknown_segment": Row(404, "没有会员分群 {segment}。"),
    "segment_code_invalid": Row(422, "代码须为 1 至 60 个小写字母或数字，以字母开头，词间用 - 或 _。"),
    "segment_text_invalid": Row(422, "请填写 {minimum} 至 {maximum} 个字。"),
    "segment_place_unknown": Row(422, "您的管辖范围内没有机构 {place}。"),
    "segment_changed": Row(409, "{segment} 已是第 {newest} 版，您改的是第 {based_on} 版；请查看后再保存。"),
    # workflows
    # rehearsals
    "unknown_rehearsal": Row(404, "没有这次预演。"),
    "nothing_to_rehearse": Row(422, "请至少给出一个要预演的规则包。"),
    "pack_given_twice": Row(422, "规则包 {pack} 给了两次，请只保留一个。"),
    "rehearsal_place_unknown": Row(422, "您的管辖范围内没有机构 {place}。"),
    "rehearsal_span_invalid": Row(422, "预演区间有误：起点须早于终点，终点不得晚于现在。"),
    "rehearsal_ended": Row(409, "预演已结束（{state}），不能取消。"),
    "rehearsal_not_finished": Row(409, "预演尚未完成（{state}），暂无报告。"),
    "rehearsal_busy": Row(503, "另一个预演正在进行，请等它结束或先取消它。"),
    "rehearsal_interrupted": Row(503, "预演中断，请重新发起。"),
    # undoing
    "unknown_undo": Row(404, "没有这张撤销单。"),
    "undo_place_unknown": Row(422, "您的管辖范围内没有机构 {place}。"),
    "undo_span_invalid": Row(422, "撤销区间有误：起点须早于终点，终点不得晚于现在。"),
    "undo_state_wrong": Row(409, "撤销单目前的状态是“{state}”，只有“{wanted}”时才能这样做。"),
    "undo_preview_differs": Row(409, "内容摘要与撤销单的预览不符，请重新查看后再决定。"),
    "own_undo_approval": Row(403, "撤销单由您提出，须由他人审批。"),
    "undo_needs_person": Row(403, "撤销须由操作员本人审批，请登录或用 --operator 指明。"),
    "undo_reason_missing": Row(422, "请说明原因，2 至 {maximum} 个字。"),
    # bulk actions
    "unknown_bulk_action": Row(404, "没有这个批量操作。"),
    "bulk_place_unknown": Row(422, "您的管辖范围内没有机构 {place}。"),
    "bulk_filter_empty": Row(422, "请说明针对哪些会员：名单、阶段、等级，或有事项逾期、有消息未被接收。"),
    "bulk_nothing_matches": Row(422, "该机构下没有符合条件的会员或消费单，请放宽条件。"),
    "bulk_state_wrong": Row(409, "批量操作目前的状态是“{state}”，只有“{wanted}”时才能这样做。"),
    "bulk_list_differs": Row(409, "内容摘要与名单不符，请重新查看后再决定。"),
    "own_bulk_approval": Row(403, "批量操作由您提出，须由他人审批。"),
    "bulk_reason_missing": Row(422, "请说明原因，2 至 {maximum} 个字。"),
    # recomputing
    "recompute_version_unfit": Row(
        422, "{version} 不是已发布的版本；请填写已上线的修正版本，每个规则包一个。"
    ),
    "recompute_place_unknown": Row(422, "您的管辖范围内没有机构 {place}。"),
    "recompute_bound_invalid": Row(422, "请填写 0 至 {maximum} 之间的积分数。"),
    "recompute_reason_missing": Row(422, "请用 2 至 {maximum} 个字说明原因。"),
    "recompute_bound_differs": Row(409, "调高额度的申请已有变化或已处理，请重新查看后再决定。"),
    "own_bound_approval": Row(403, "这项申请由您提出，须由另一位全连锁的管理员批准。"),
    "temporal_away": Row(503, "工作流服务暂时无法连接，请稍后重试。"),
    "message_refused": Row(409, "工作流没有接受这项操作。"),
    # adjustments
    "unknown_adjustment": Row(404, "没有这张积分调整单。"),
    "adjustment_points_invalid": Row(422, "请填写 1 至 {maximum} 分；扣减填负数。"),
    "adjustment_reason_unknown": Row(422, "请选择一项原因。"),
    "adjustment_note_missing": Row(422, "请用 2 至 {maximum} 个字说明原因。"),
    "adjustment_needs_person": Row(403, "积分调整须由操作员本人提出和审批，请登录。"),
    "adjustment_differs": Row(409, "这次申请此前已提交，内容不同；请查看该会员的调整记录。"),
    "adjustment_beyond_balance": Row(409, "会员可用积分只有 {available} 分，不能扣减 {points} 分。"),
    "adjustment_frozen": Row(409, "账户已冻结，不能增加积分；请先解冻。"),
    "adjustment_not_reversible": Row(409, "只有已入账且未冲正过的调整才能冲正，且只能冲正一次。"),
    "adjustment_state_wrong": Row(409, "这张调整单已处理（{state}），不能再决定。"),
    "own_adjustment_decision": Row(403, "这张调整单由您提出，须由他人审批。"),
    # custom fields
    "custom_field_invalid": Row(422, "自定义字段的内容不符合要求，应为：{wanted}。"),
    "custom_value_invalid": Row(422, "自定义字段的取值不符合要求，应为：{wanted}。"),
    "custom_field_taken": Row(422, "已有同名的自定义字段，请换一个代码。"),
    "too_many_custom_fields": Row(409, "每类对象最多 {limit} 个自定义字段。"),
    "unknown_custom_field": Row(404, "没有这个自定义字段。"),
}
