"""Draws one member's workflow: what it does, what it knows, what comes next, what happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.analytics.member_story import ExpiringPoints, MemberProfile, StoryItem
from regulars.rules.evaluator import PackSet
from rules_ui import telling
from rules_ui.contexts.base import Choice, Tone
from rules_ui.contexts.operations import PackLine, WorkflowPage, WorkflowStep
from rules_ui.i18n import N_, Speech
from rules_ui.ladder import ladder_of, titles_of
from rules_ui.names import title_of_version
from rules_ui.ops.problems import attempts_of
from rules_ui.ops.watch import Seen, Troubled
from rules_ui.ops.words import CAUSES, KINDS, error_words, step_words
from rules_ui.words import word_for


def draw_member(
    profile: MemberProfile,
    story: Sequence[StoryItem],
    expiring: ExpiringPoints | None,
    seen: Seen | None,
    packs: PackSet,
    temporal_href: str,
    say: Speech,
) -> WorkflowPage:
    """The page.

    Args:
        profile: whose.
        story: the latest of it, newest first.
        expiring: what expires next.
        seen: the workflow; None where Temporal does not answer.
        packs: live at the home store.
        temporal_href: "" for whoever may not see Temporal.
        say: the reader's language and clock.
    """
    tone, status = _status(seen, say)
    tiers = titles_of(ladder_of(packs.plan, say))
    kinds = ("retry", "tell", "restart", "unfreeze" if profile.frozen_at else "freeze")
    return WorkflowPage(
        member_id=profile.id,
        who=profile.name or profile.number,
        number=profile.number,
        tone=tone,
        status=status,
        trouble=_trouble(seen.trouble, say) if seen and seen.trouble else "",
        facts=tuple(_facts(profile, seen, tiers, say)),
        dues=tuple(_dues(profile, expiring, seen, say)),
        packs=tuple(
            PackLine(
                each.name,
                title_of_version(each, say),
                f"/packs/{each.code}/versions/{each.version}",
                say.text(word_for("pack_kind", each.kind)),
            )
            for each in sorted(packs.versions, key=lambda one: one.name)
        ),
        steps=tuple(_step(one, tiers, say) for one in story),
        temporal_href=temporal_href,
        actions=tuple(Choice(kind, say.text(KINDS[kind][0])) for kind in kinds),
        place_id=str(profile.home_store_id),
        as_of=say.now,
    )


def _status(seen: Seen | None, say: Speech) -> tuple[Tone, str]:
    if seen is None:
        return "bad", say.text(N_("Temporal does not answer just now; what the database knows is below."))
    if seen.status == "":
        return "warn", say.text(N_("No workflow has begun yet; one begins with the next change."))
    if seen.status != "running":
        return "warn", say.text(N_("The workflow has ended; one begins with the next change."))
    if seen.trouble is not None:
        return "bad", say.text(N_("The workflow runs, but something is wrong."))
    wakes = seen.state.next_due_at if seen.state else None
    if wakes is None:
        return "good", say.text(N_("The workflow runs and sleeps until something happens."))
    return "good", say.text(N_("The workflow runs and sleeps until %(when)s."), when=say.moment(wakes))


def _trouble(trouble: Troubled, say: Speech) -> str:
    title, why, _ = CAUSES[trouble.cause]
    told = [say.text(title, step=step_words(trouble.step, say)) if trouble.step else say.text(title)]
    if trouble.error:
        told.append(error_words(trouble.error, say))
    attempts = attempts_of(trouble, say)
    return " · ".join([*told, attempts] if attempts else told) + " — " + say.text(why)


def _facts(
    profile: MemberProfile, seen: Seen | None, tiers: Mapping[str, str], say: Speech
) -> list[tuple[str, str]]:
    facts = [
        (say.text(N_("Stage")), say.text(word_for("stage", profile.stage))),
        (say.text(N_("Tier")), telling.title_of(profile.tier, tiers, say)),
        (say.text(N_("Home store")), profile.home_store),
        (say.text(N_("Account")), say.text(N_("frozen") if profile.frozen_at else N_("earns"))),
    ]
    state = seen.state if seen else None
    if state is not None:
        heard = N_("signals: %(signals)s, changes: %(changes)s, last purchase no. %(seq)s")
        facts += [
            (
                say.text(N_("Last signals")),
                say.text(
                    heard,
                    signals=say.number(state.signals_heard),
                    changes=say.number(state.changes_heard),
                    seq=say.number(state.last_seq),
                ),
            ),
            (say.text(N_("Looks at the member")), say.number(state.looks)),
            (say.text(N_("Events it wrote")), say.number(state.events_written)),
        ]
        differs = state.tier is not None and (state.tier, state.stage) != (profile.tier, profile.stage)
        agrees = N_("no: it has not heard of the latest yet") if differs else N_("yes")
        facts.append((say.text(N_("Agrees with the database")), say.text(agrees)))
    return facts


def _dues(
    profile: MemberProfile, expiring: ExpiringPoints | None, seen: Seen | None, say: Speech
) -> list[tuple[str, datetime]]:
    known = [
        (N_("Something is decided next"), profile.next_due_at),
        (N_("Next revisit"), profile.next_revisit_at),
        (N_("Tier year ends"), profile.tier_year_ends_at),
        (N_("Points expire next"), expiring.at if expiring else None),
        (N_("The workflow's own alarm"), seen.state.next_due_at if seen and seen.state else None),
        (N_("It rests until"), seen.state.rest_until if seen and seen.state else None),
    ]
    return sorted(((say.text(what), at) for what, at in known if at is not None), key=lambda each: each[1])


def _step(one: StoryItem, tiers: Mapping[str, str], say: Speech) -> WorkflowStep:
    if one.kind == "purchase":
        what = say.ngettext("Purchase, %(num)s point", "Purchase, %(num)s points", one.points or 0)
        return WorkflowStep("receipt", "quiet", what, "", one.key.at)
    manner = telling.manner_of(one.kind)
    why = one.pack_version or ""
    return WorkflowStep(
        manner.icon, manner.mark, telling.title(one.kind, one.tier_to, tiers, say), why, one.key.at
    )
