"""Imports: a platform's export is uploaded, understood, tried and taken in."""

from collections.abc import Iterator
from typing import Any, Literal

from flask import Response, g, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, ValidationError

from bodies import Form, read_bytes, read_fields, read_form
from console import import_words, product_imports
from console.door import IMPORTS, blueprint, user_only
from console.inbox import number_asked
from crm import audits, file_imports, shops
from crm.errors import BadInput, Conflict, NotFound, RuleError
from files import columns, guesses
from files.columns import Mapping
from files.imports import source_of
from files.previews import preview
from files.refusals import FileRefused
from files.reports import REASONS
from files.tables import Table
from files.uploads import PIECE, Uploads
from models.file_import import FileImport
from runtime import ROOT, runtime

MAY_CHOOSE = ("draft", "checked", "stopped", "failed")


class NewFile(Form):
    name: str = Field(max_length=500)
    size: int = Field(ge=0)


class NewUpload(Form):
    kind: Literal["orders", "products"] = "orders"
    files: list[NewFile] = Field(min_length=1, max_length=2)


class Choice(Form):
    """Which column means what: a preset, or one column for each thing."""

    shop: str = Field(max_length=64)
    preset: str = Field("", max_length=64)
    order_no: str = Field("", max_length=200)
    name: str = Field("", max_length=200)
    sku: str = Field("", max_length=200)
    quantity: str = Field("", max_length=200)
    price: str = Field("", max_length=200)
    amount: str = Field("", max_length=200)
    ordered_at: str = Field("", max_length=200)
    status: str = Field("", max_length=200)
    paid: str = Field("", max_length=200)
    refunded: str = Field("", max_length=200)
    paid_at: str = Field("", max_length=200)
    completed_at: str = Field("", max_length=200)
    category: str = Field("", max_length=200)
    unionid: str = Field("", max_length=200)
    buyer_id: str = Field("", max_length=200)
    phone: str = Field("", max_length=200)


class Start(Form):
    how: str = Field(pattern="^(try|import)$")


def _uploads() -> Uploads:
    return Uploads(ROOT / runtime().settings.imports.folder)


def _row(import_id: int) -> FileImport:
    with runtime().reading() as session:
        return file_imports.one(session, import_id)


def _audit(session: Any, action: str, import_id: int, **more: Any) -> None:
    audits.note(session, actor=g.actor, action=action, subject=f"import:{import_id}", now=runtime().now(), **more)


@blueprint.get("/imports")
@user_only(*IMPORTS)
def imports_page() -> ResponseReturnValue:
    """Every import, the newest first, and the form for the next one."""
    with runtime().reading() as session:
        rows = file_imports.page(session, before=number_asked("before"))
    more, rows, now = len(rows) > file_imports.PAGE, rows[: file_imports.PAGE], runtime().now()
    lines = [{"row": row, "pill": import_words.pill(row), "took": import_words.took(row, now)} for row in rows]
    most = runtime().settings.imports.largest_mb
    return render_template("console/imports.html", here="imports", lines=lines, more=more, most=most, piece=PIECE)


@blueprint.post("/imports")
@user_only(*IMPORTS)
def begin_import() -> ResponseReturnValue:
    """Announce an upload: `{"kind", "files": [{"name", "size"}]}`; 201 with where its pieces go."""
    form = read_form(NewUpload)
    chosen = [(file.name, file.size) for file in form.files]
    most = runtime().settings.imports.largest_mb * 1024**2
    with runtime().transaction() as session:
        made = file_imports.begin(session, chosen, kind=form.kind, most_bytes=most, by=g.actor, now=runtime().now())
        _audit(session, "import.upload", made.id, size=sum(size for _, size in chosen))
    return {"id": made.id, "url": url_for("console.import_page", import_id=made.id)}, 201


@blueprint.post("/imports/<int:import_id>/files/<int:place>")
@user_only(*IMPORTS)
def add_piece(import_id: int, place: int) -> ResponseReturnValue:
    """The next piece of a file, beginning at byte `?at=`; answers how much of it is here. Straight to disk."""
    row = _row(import_id)
    if row.state != "uploading":
        raise Conflict("这个文件已经传完了")
    at = number_asked("at") or 0
    piece = read_bytes(limit=PIECE, content_type="application/octet-stream")
    return {"here": _uploads().add(row, place, at, piece)}


@blueprint.post("/imports/<int:import_id>/arrived")
@user_only(*IMPORTS)
def import_arrived(import_id: int) -> ResponseReturnValue:
    """Everything is here: guess what the columns mean."""
    row, uploads = _row(import_id), _uploads()
    if row.state != "uploading" or not uploads.is_whole(row):
        raise Conflict("文件还没传完。再选一次")
    preset, mapping = _guessed(row, uploads)
    with runtime().transaction() as session:
        shop = columns.preset(preset).shop if preset else runtime().settings.business.name
        file_imports.choose(session, import_id, shop=shop, preset=preset, mapping=mapping)
    return {"url": url_for("console.import_page", import_id=import_id)}


def _guessed(row: FileImport, uploads: Uploads) -> tuple[str, dict[str, Any]]:
    """The preset and the mapping that fit; what is missing, or wrong with the file, the page says."""
    preset = ""
    try:
        if row.kind == "products":
            return "", product_imports.guessed(uploads.path(row, 0))
        uploads.put_in_order(row, source_of([uploads.path(row, place) for place in range(len(row.files))]))
        header = Table(uploads.source(row).lines, is_glance=True).header()
        found = columns.guessed(header)
        preset = found.name if found else ""
        return preset, _mapping(preset, guesses.columns_of(header), "")
    except (FileRefused, BadInput):
        return preset, {}


def _mapping(preset: str, chosen: dict[str, str], shop: str) -> dict[str, Any]:
    """As it is kept. Raises `BadInput` when something is missing."""
    if preset:
        if preset not in columns.shipped():
            raise BadInput("没有这个预设", field="preset")
        return columns.preset(preset).model_dump()
    try:
        return guesses.mapping_of(chosen, shop=shop, zone=runtime().settings.business.time_zone).model_dump()
    except ValidationError:
        raise BadInput("订单号、商品、件数、下单时间这几列都要选") from None


@blueprint.get("/imports/<int:import_id>")
@user_only(*IMPORTS)
def import_page(import_id: int) -> ResponseReturnValue:
    """One import: what its columns mean with a look at the first rows, how far it is, what became of it."""
    return _page(_row(import_id))


def _page(row: FileImport, error: RuleError | None = None) -> str:
    uploads = _uploads()
    more: dict[str, Any] = {"header": [], "chosen": {}, "rows": [], "refused": ""}
    if row.state in MAY_CHOOSE and uploads.is_here(row):
        look = product_imports.look if row.kind == "products" else _look
        try:
            for part in look(row, uploads):
                more |= part
        except FileRefused as problem:
            more["refused"] = str(problem)
    with runtime().reading() as session:
        known_shops = shops.names(session)
    return render_template(
        "console/import.html", here="imports", row=row, error=error, shops=known_shops, words=import_words,
        presets=import_words.preset_titles(), fields=import_words.field_names(row.kind), reasons=REASONS,
        has_errors=uploads.errors(row).exists(), is_here=uploads.is_here(row), now=runtime().now(), **more,
    )  # fmt: skip


def _look(row: FileImport, uploads: Uploads) -> Iterator[dict[str, Any]]:
    """What the page shows of the file, as far as it can be read. Raises `FileRefused`."""
    source = uploads.source(row)
    header = [name for name in Table(source.lines, is_glance=True).header() if name]
    yield {"header": header, "chosen": guesses.columns_of(header)}
    if row.mapping:
        mapping = Mapping.model_validate(row.mapping)
        if not row.preset:
            yield {"chosen": guesses.chosen_in(mapping)}
        yield {"rows": preview(source, mapping)}


@blueprint.post("/imports/<int:import_id>")
@user_only(*IMPORTS)
def choose_columns(import_id: int) -> ResponseReturnValue:
    """Keep which column means what, and show the first rows again."""
    row = _row(import_id)
    form: Choice | product_imports.ProductChoice
    form = read_fields(product_imports.ProductChoice) if row.kind == "products" else read_fields(Choice)
    chosen = {name: value for name, value in form.model_dump().items() if name not in ("shop", "preset") and value}
    preset = form.preset if isinstance(form, Choice) else ""
    try:
        shops.check_name(form.shop)
        mapping = product_imports.mapping(chosen) if row.kind == "products" else _mapping(preset, chosen, form.shop)
        with runtime().transaction() as session:
            file_imports.choose(session, import_id, shop=form.shop, preset=preset, mapping=mapping)
            _audit(session, "import.choose", import_id)
    except BadInput as error:
        return _page(_row(import_id), error), error.status
    return redirect(url_for("console.import_page", import_id=import_id, _anchor="preview"), 303)


@blueprint.post("/imports/<int:import_id>/start")
@user_only(*IMPORTS)
def start_import(import_id: int) -> ResponseReturnValue:
    """Have it tried (nothing is stored), or taken in."""
    form = read_fields(Start)
    with runtime().transaction() as session:
        file_imports.ask(session, import_id, dry=form.how == "try")
        _audit(session, f"import.{form.how}", import_id)
    runtime().wake("imports")
    return redirect(url_for("console.import_page", import_id=import_id), 303)


@blueprint.post("/imports/<int:import_id>/stop")
@user_only(*IMPORTS)
def stop_import(import_id: int) -> ResponseReturnValue:
    with runtime().transaction() as session:
        file_imports.ask_to_stop(session, import_id, now=runtime().now())
        _audit(session, "import.stop", import_id)
    return redirect(url_for("console.import_page", import_id=import_id), 303)


@blueprint.get("/imports/<int:import_id>/errors")
@user_only(*IMPORTS)
def import_errors(import_id: int) -> ResponseReturnValue:
    """Every line that was, or would be, skipped, as CSV without formulas."""
    path = _uploads().errors(_row(import_id))
    if not path.exists():
        raise NotFound("没有出错的行，或文件已经清掉了")
    answer: Response = send_file(
        path, mimetype="text/csv", as_attachment=True, download_name=f"import-{import_id}-errors.csv"
    )
    return answer
