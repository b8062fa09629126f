"""The first rows of a file as they would be stored, and what is wrong with them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from files.columns import Mapping
from files.heads import Head, Misread
from files.imports import Source
from files.lines import RETURN, SALE, Line, heads, lines
from files.reports import REASONS
from files.tables import Table

ROWS = 12
HEADS_LOOKED_AT = 20_000
UNKNOWN = Head()


@dataclass(frozen=True)
class Shown:
    """One row; `problem` is why it would be skipped, "" when it would be stored."""

    number: int
    problem: str
    remark: str
    line: Line
    head: Head

    @property
    def ordered_at(self) -> datetime | None:
        return datetime.fromtimestamp(self.head.at, UTC) if self.head.at else None

    @property
    def buyer(self) -> str:
        """Who bought, as far as is needed to see that the right column was taken."""
        known = self.head.unionid or self.head.openid or self.head.buyer_id or self.head.phone or ""
        return known if len(known) <= 4 or "*" in known else f"{known[:3]}…{known[-2:]}"


def preview(source: Source, mapping: Mapping) -> list[Shown]:
    """The first rows. Raises `FileRefused`."""
    table = Table(source.lines, mapping.encoding, mapping.delimiter, is_glance=True)
    first = list(islice(lines(table, mapping), ROWS))
    known: dict[str, Head] = {}
    if mapping.orders_file and source.orders:
        other = Table(source.orders, mapping.encoding, mapping.delimiter, is_glance=True)
        wanted = {line.head.order_no for line in first}
        for _, head in islice(heads(other, mapping), HEADS_LOOKED_AT):
            if not isinstance(head, Misread) and head.order_no in wanted:
                known[head.order_no] = head
    return [_shown(line, mapping, known) for line in first]


def _shown(line: Line, mapping: Mapping, known: dict[str, Head]) -> Shown:
    head = known.get(line.head.order_no, UNKNOWN) if mapping.orders_file else line.head
    problem = "" if line.kind in (SALE, RETURN) else REASONS.get(line.kind, line.kind)
    if not problem and head is UNKNOWN:
        problem = REASONS["no_order"]
    return Shown(line.number, problem, line.remark or "", line, head)
