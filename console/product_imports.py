"""Files of products on the page of an import: which column is what, and the first rows."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from bodies import Form
from crm.errors import BadInput
from files.product_columns import Name, ProductColumns, ProductMapping, product_columns_of, product_mapping
from files.product_lines import product_lines
from files.tables import Table
from files.uploads import Uploads
from models.file_import import FileImport
from runtime import runtime

ROWS = 12


class ProductChoice(Form):
    """One column for each thing."""

    shop: str = Field(max_length=64)
    sku: Name = ""
    name: Name = ""
    category: Name = ""
    price: Name = ""
    image_url: Name = ""
    mini_program_path: Name = ""
    link_url: Name = ""
    share_text: Name = ""
    launch_on: Name = ""
    cycle_days: Name = ""
    care_note: Name = ""
    on_sale: Name = ""
    updated_at: Name = ""


def guessed(path: Path) -> dict[str, Any]:
    """The mapping that fits this file, as it is kept. Raises `FileRefused`."""
    return product_mapping(Table(path, is_glance=True).header(), runtime().settings.business.time_zone).model_dump()


def mapping(chosen: dict[str, str]) -> dict[str, Any]:
    """As it is kept. Raises `BadInput` when something is missing."""
    try:
        columns = ProductColumns.model_validate(chosen)
    except ValidationError:
        raise BadInput("商品编码、商品名、价格这几列都要选") from None
    return ProductMapping(columns=columns, time_zone=runtime().settings.business.time_zone).model_dump()


def look(row: FileImport, uploads: Uploads) -> Iterator[dict[str, Any]]:
    """What the page shows of the file, as far as it can be read. Raises `FileRefused`."""
    path = uploads.path(row, 0)
    header = [name for name in Table(path, is_glance=True).header() if name]
    yield {"header": header, "chosen": product_columns_of(header)}
    if row.mapping:
        known = ProductMapping.model_validate(row.mapping)
        yield {"chosen": known.columns.model_dump()}
        lines = product_lines(Table(path, is_glance=True), known, now=runtime().now())
        yield {"rows": list(islice(lines, ROWS))}
