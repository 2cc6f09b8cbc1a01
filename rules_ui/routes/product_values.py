"""Products' values: what is set, a table to download, and a table that sets more."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.datastructures import UploadFile
from starlette.requests import Request

from api.dependencies import requires
from api.sayings import UNSAID, in_chinese
from regulars.custom_fields import products
from regulars.custom_fields.domain import LONGEST_PRODUCT_CODE, MOST_PROBLEMS, CustomField, Value
from regulars.custom_fields.files import Fault, columns_of
from regulars.custom_fields.products import Loaded
from regulars.kernel.errors import RegularsError
from regulars.kernel.spreadsheet import line_of
from regulars.rules.catalogue import Catalogue
from regulars.rules.chain_catalogue import catalogue_of
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui import fact_view
from rules_ui.contexts.fields import Column, FaultLine, Outcome, ProductLine, ProductValuesPage
from rules_ui.field_rights import for_the_whole_chain, may_define
from rules_ui.i18n import N_, Speech
from rules_ui.troubles import troubles_of
from rules_ui.ui import Pages, Ui, go

PRODUCTS_SHOWN: Final = 50
_MOST_WANTED: Final = 50
_MARK: Final = "\ufeff"
"""Spreadsheets take a table for UTF-8 by it."""
_FILE: Final = "file"

router = APIRouter(prefix="/fields/products")
CatalogueReader = Annotated[Actor, Depends(requires(Permission.PACK_READ))]
Author = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]


@router.get("", response_class=HTMLResponse)
async def list_products(
    request: Request,
    ui: Pages,
    actor: CatalogueReader,
    q: Annotated[str, Query(max_length=2_000)] = "",
    after: Annotated[str, Query(max_length=LONGEST_PRODUCT_CODE)] = "",
    loaded: Annotated[int | None, Query(ge=0, le=10_000_000)] = None,
    changed: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    told = None if loaded is None else Outcome("good", _loaded(loaded, changed, say))
    return await _show(request, ui, actor, words=q.strip(), after=after, outcome=told)


@router.post("", response_model=None)
async def load_products(request: Request, ui: Pages, actor: Author) -> Response:
    """Set values by a table: all of it, or nothing where one cell is wrong."""
    async with request.form() as form:
        await for_the_whole_chain(ui, actor)
        file, check = form.get(_FILE), bool(form.get("check"))
        content = await file.read() if isinstance(file, UploadFile) and file.filename else None
    say = ui.speech(request, actor)
    if content is None:
        return await _show(request, ui, actor, outcome=Outcome("bad", say.text(N_("Choose a file first."))))
    try:
        async with ui.container.database.begin() as session:
            found = await products.load_file(session, content, actor, say.now, as_json=False, dry_run=check)
    except RegularsError as error:
        wrong = [FaultLine("", each.field, each.message) for each in troubles_of(error, say.language)]
        return await _show(request, ui, actor, outcome=Outcome("bad", say.text(_NOTHING_SET), wrong))
    if found.faults or check:
        return await _show(request, ui, actor, outcome=_outcome(found, say))
    return go(_address({"loaded": found.products, "changed": len(found.changed)}))


@router.get("/template.csv")
async def template(ui: Pages, actor: CatalogueReader) -> Response:
    del actor
    async with ui.container.database.read() as session:
        columns = columns_of(await products.product_fields(session))
    return Response(f"{_MARK}{line_of(columns)}\r\n", headers=_as_file("product-values-template.csv"))


@router.get("/export.csv")
async def export(ui: Pages, actor: CatalogueReader) -> StreamingResponse:
    del actor
    return StreamingResponse(_lines(ui), headers=_as_file("product-values.csv"))


_NOTHING_SET: Final = N_("Nothing was set. Mend these cells, then upload the file again.")


async def _lines(ui: Ui) -> AsyncIterator[str]:
    mark = _MARK
    async with ui.container.database.read() as session:
        async for line in products.export_table(session):
            yield f"{mark}{line}\r\n"
            mark = ""


def _as_file(name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }


async def _show(
    request: Request,
    ui: Ui,
    actor: Actor,
    *,
    words: str = "",
    after: str = "",
    outcome: Outcome | None = None,
) -> HTMLResponse:
    say = ui.speech(request, actor)
    wanted = re.split(r"[\s,，、;；]+", words)[:_MOST_WANTED] if words else []
    async with ui.container.database.read() as session:
        fields = await products.product_fields(session)
        known = await catalogue_of(session)
        found = await products.list_product_values(session, wanted, after=after, limit=PRODUCTS_SHOWN + 1)
    page = found[:PRODUCTS_SHOWN]
    asked = {"q": words} if words else {}
    view = ProductValuesPage(
        words=words,
        products=tuple(
            ProductLine(each.product_code, _values(each.set, known, say), each.set_at) for each in page
        ),
        next=_address(asked | {"after": page[-1].product_code}) if len(found) > PRODUCTS_SHOWN else None,
        first=_address(asked) if after else None,
        columns=tuple(_column(field, say) for field in fields.values() if field.retired_at is None),
        outcome=outcome,
        most=say.decimal(ui.container.settings.request_limit_bytes * 10 >> 20, 1),
        may_load=may_define(ui, actor),
    )
    bad = outcome is not None and outcome.tone == "bad"
    return ui.page(request, actor, view, say, status=422 if bad else 200)


def _address(asked: Mapping[str, object]) -> str:
    return f"/fields/products?{urlencode(asked)}"


def _values(held: Mapping[str, Value], known: Catalogue, say: Speech) -> tuple[tuple[str, str], ...]:
    return tuple(
        (fact_view.name_of(fact, say), fact_view.value_of(fact, held[code], say))
        for code, fact in known.product.items()
        if code in held
    )


def _column(field: CustomField, say: Speech) -> Column:
    match field.type:
        case "choice":
            words = N_(" (%(words)s)")
            wanted = say.text(N_(", ")).join(
                each.value + say.text(words, words=each.zh if say.language == "zh" else each.en)
                for each in field.choices
            )
        case "boolean":
            wanted = say.text(N_("true or false; 是 or 否 will do too"))
        case "money_minor":
            wanted = say.text(
                N_("the amount in the smallest unit: 500 is %(amount)s"), amount=say.amount(500)
            )
        case "date":
            wanted = say.text(N_("a day such as 2026-11-22"))
        case _:
            low, high = say.number(field.low), say.number(field.high)
            wanted = say.text(N_("a whole number from %(low)s to %(high)s"), low=low, high=high)
    return Column(field.code, field.title_zh if say.language == "zh" else field.title_en, wanted)


def _outcome(found: Loaded, say: Speech) -> Outcome:
    if not found.faults:
        told = say.ngettext(
            "Nothing wrong with it: %(num)s product. Nothing was set yet.",
            "Nothing wrong with it: %(num)s products. Nothing was set yet.",
            found.products,
        )
        return Outcome("good", told)
    lines = [_fault_line(fault, say) for fault in found.faults]
    return Outcome("bad", say.text(_NOTHING_SET), lines, more=len(lines) >= MOST_PROBLEMS)


def _fault_line(fault: Fault, say: Speech) -> FaultLine:
    row = say.text(N_("Row %(number)s"), number=fault.row) if fault.row else say.text(N_("The file"))
    column = "" if fault.field in ("row", "file") else fault.field
    wanted = fault.wanted if say.language == "en" else in_chinese(fault.wanted) or UNSAID
    return FaultLine(row, column, wanted)


def _loaded(loaded: int, changed: int, say: Speech) -> str:
    if not changed:
        return say.ngettext(
            "%(num)s product read; it was so already.",
            "%(num)s products read; all of them were so already.",
            loaded,
        )
    return say.ngettext(
        "%(num)s product read, %(changed)s changed. Purchases from now on see it.",
        "%(num)s products read, %(changed)s changed. Purchases from now on see it.",
        loaded,
        changed=say.number(changed),
    )
