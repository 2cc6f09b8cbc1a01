"""Several people write one draft: the second sees the first's change, and nobody loses a word."""

import asyncio
import json

import pytest
from releases.conftest import NOW, PACK, ReleaseWorld, richer

from regulars.kernel.ids import new_id
from regulars.releases import drafts
from regulars.releases.drafting import NewSave
from regulars.releases.errors import (
    POINTERS_TOLD,
    DraftChanged,
    DraftCodeDiffers,
    DraftTextRefused,
    SaveIdUsed,
    UnknownDraft,
)
from regulars.rules.reading import MOST_BYTES
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters

TEXT = starter_text(PACK)


def other_title(text: str) -> str:
    return text.replace("Grocery classic points", "Points for groceries")


async def test_a_draft_may_be_wrong_and_says_how(world: ReleaseWorld) -> None:
    saved = await world.save('{"code": ')
    assert saved.result == "saved"
    assert [found.code for found in saved.report.findings] == ["not_json"]
    assert (await world.save(TEXT, based_on=1)).report.green


async def test_changes_of_different_things_are_brought_together(world: ReleaseWorld) -> None:
    await world.save(TEXT)
    await world.save(other_title(TEXT), "anna", based_on=1)
    merged = await world.save(richer(50), "bo", based_on=1)
    assert (merged.result, merged.theirs, merged.mine) == (
        "merged",
        ("/title/en",),
        ("/parameters/valid_days/value",),
    )
    assert merged.revision.line.revision == 3
    value = json.loads(merged.revision.text)
    assert value["title"]["en"] == "Points for groceries"
    assert value["parameters"]["valid_days"]["value"] == 750


def test_a_refused_save_names_the_first_places_and_counts_the_rest() -> None:
    places = [f"/rules/{n}" for n in range(POINTERS_TOLD + 7)]
    problem = DraftChanged(
        revision=2, saved_by="x", saved_at=NOW, changed=places, conflicts=places[:3], side_id="s"
    )
    assert problem.details["changed"] == places[:POINTERS_TOLD]
    assert (problem.details["changed_more"], problem.details["conflicts_more"]) == (7, 0)
    assert problem.details["conflicts"] == places[:3]


async def test_a_change_of_the_same_value_is_refused_and_kept(world: ReleaseWorld) -> None:
    await world.save(TEXT)
    await world.save(richer(50), "anna", based_on=1)
    refused = await world.save(richer(60), "bo", based_on=1)
    problem = drafts.refusal(refused)
    assert problem is not None
    assert problem.code == "draft_changed"
    anna = f"operator:{world.people['anna']}"
    assert problem.details["saved_by"] == anna
    assert problem.details["revision"] == 2
    assert problem.details["conflicts"] == ["/parameters/valid_days/value"]
    assert problem.details["changed"] == ["/parameters/valid_days/value"]
    assert refused.side is not None
    side = refused.side.id
    kept = await world.do(lambda s: drafts.get_save(s, PACK, side))
    assert kept.text == richer(60)
    newest = await world.do(lambda s: drafts.get_draft(s, PACK))
    assert newest.text == richer(50)


async def test_a_save_that_is_sent_twice_is_one(world: ReleaseWorld) -> None:
    first, second, third = new_id(), new_id(), new_id()
    await world.save(TEXT, save_id=first)
    assert (await world.save(TEXT, save_id=first)).result == "unchanged"
    await world.save(richer(50), based_on=1, save_id=second)
    assert (await world.save(richer(50), based_on=1, save_id=new_id())).result == "unchanged"
    for _ in range(2):
        assert (await world.save(richer(60), based_on=1, save_id=third)).result == "refused"
    lines = await world.do(lambda s: drafts.list_saves(s, PACK))
    assert [line.revision for line in lines] == [None, 2, 1]


async def test_the_id_of_a_save_is_good_for_one_text_of_one_pack(world: ReleaseWorld) -> None:
    first = new_id()
    await world.save(TEXT, save_id=first)
    with pytest.raises(SaveIdUsed):
        await world.save(richer(50), based_on=1, save_id=first)
    with pytest.raises(SaveIdUsed):
        await world.save(TEXT, code="silver-saturday", save_id=first)


async def test_of_two_who_save_at_once_one_is_first_and_neither_is_lost(world: ReleaseWorld) -> None:
    await world.save(TEXT)
    both = await asyncio.gather(
        world.save(richer(50), "anna", based_on=1), world.save(richer(60), "bo", based_on=1)
    )
    assert sorted(saved.result for saved in both) == ["refused", "saved"]
    lines = await world.do(lambda s: drafts.list_saves(s, PACK))
    texts = [(await world.do(lambda s, id=line.id: drafts.get_save(s, PACK, id))).text for line in lines]
    assert {richer(50), richer(60)} <= set(texts)


async def test_two_who_begin_the_same_draft_are_told(world: ReleaseWorld) -> None:
    await world.save(TEXT, "anna")
    assert (await world.save(richer(50), "bo")).result == "refused"


async def test_every_save_can_be_gone_back_to(world: ReleaseWorld) -> None:
    first = await world.save(TEXT)
    await world.save("{}", based_on=1)
    back = await world.do(
        lambda s: drafts.restore_draft(
            s,
            PACK,
            save_id=first.revision.line.id,
            based_on=2,
            new_id=new_id(),
            actor=world.person("anna"),
            at=world.at,
        )
    )
    assert (back.revision.line.revision, back.revision.line.kind, back.revision.text) == (3, "restored", TEXT)
    lines = await world.do(lambda s: drafts.list_saves(s, PACK))
    assert [line.kind for line in lines] == ["restored", "saved", "saved"]


async def test_what_is_imported_is_exported_byte_for_byte(world: ReleaseWorld) -> None:
    odd = json.dumps(json.loads(TEXT), ensure_ascii=True, indent=5) + "\n\n"
    saved = await world.do(
        lambda s: drafts.import_draft(
            s, odd, new_id=new_id(), based_on=None, actor=world.person("anna"), at=world.at
        )
    )
    assert saved.revision.line.kind == "imported"
    assert (await world.do(lambda s: drafts.get_draft(s, PACK))).text == odd
    assert await world.live("east-1", world.at) == 1


async def test_a_file_that_names_no_pack_is_refused(world: ReleaseWorld) -> None:
    said = {
        "{}": "cannot be read",
        "[": "cannot be read",
        '{"code": "sample", "priority": 1.5}': "cannot be read",
        '{"code": "../etc"}': "the text says ../etc",
        '{"code": 7}': "cannot be read",
    }
    for text, why in said.items():
        with pytest.raises(DraftCodeDiffers, match=why):
            await world.do(
                lambda s, text=text: drafts.import_draft(
                    s, text, new_id=new_id(), based_on=None, actor=world.person("anna"), at=world.at
                )
            )


async def test_a_text_that_says_it_is_another_pack_is_red_at_once(world: ReleaseWorld) -> None:
    saved = await world.save(TEXT.replace(f'"code": "{PACK}"', '"code": "grocery-other"'))
    assert saved.result == "saved"
    assert [(found.code, found.pointer) for found in saved.report.findings] == [("code_differs", "/code")]
    again = await world.save(saved.revision.text, based_on=1)
    assert (again.result, again.report.green) == ("unchanged", False)


@pytest.mark.parametrize("text", ["x" * (MOST_BYTES + 1), "\0", "\ud800", "a\x1bb"])
async def test_what_cannot_be_kept_is_refused(world: ReleaseWorld, text: str) -> None:
    with pytest.raises(DraftTextRefused):
        await world.save(text)


async def test_a_revision_that_is_not_there_is_no_base(world: ReleaseWorld) -> None:
    with pytest.raises(UnknownDraft):
        await world.save(TEXT, based_on=7)
    with pytest.raises(UnknownDraft):
        await world.do(lambda s: drafts.get_draft(s, PACK))
    assert await world.do(lambda s: drafts.list_drafts(s)) == []


async def test_a_note_is_kept_with_the_save(world: ReleaseWorld) -> None:
    new = NewSave(new_id(), with_parameters(TEXT, {"valid_days": 800}), 0, note="  as talked about ")
    await world.do(lambda s: drafts.save_draft(s, PACK, new, world.person("anna"), world.at))
    (line,) = await world.do(lambda s: drafts.list_saves(s, PACK))
    assert line.note == "as talked about"
