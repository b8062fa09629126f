"""What shops send in versions: of each the newest stays, whatever order they come in and however often."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.database import insert_many_if_absent
from models.order import Order
from models.product import Product

Result = Literal["accepted", "unchanged", "stale"]
Versioned = type[Order] | type[Product]
Name = InstrumentedAttribute[str]


def keep_newest(
    session: Session, table: Versioned, name: Name, shop_id: int, rows: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, Result], dict[str, int]]:
    """Insert or update by the shop's name for each row; the results and the row ids, both by that name.

    The newer `changed_at` wins and, of two versions of one moment, the larger fingerprint.
    """
    results: dict[str, Result] = {}
    known = _known(session, table, name, shop_id, rows)
    new = sorted(rows.keys() - known.keys())
    ids = dict(insert_many_if_absent(session, table, [rows[each] for each in new], name, table.id))
    results.update(dict.fromkeys(ids, "accepted"))
    # what is missing now was stored by another process meanwhile
    known |= _known(session, table, name, shop_id, [each for each in new if each not in ids])
    changed = []
    for each, (row_id, *version) in known.items():
        ids[each] = row_id
        sent = [rows[each]["changed_at"], rows[each]["fingerprint"]]
        results[each] = "unchanged" if sent == version else "stale" if sent < version else "accepted"
        if results[each] == "accepted":
            changed.append(rows[each] | {"row_id": row_id})
    if changed:
        stored: Any = table.__table__
        session.connection().execute(update(stored).where(stored.c.id == bindparam("row_id")), changed)
    return results, ids


def _known(
    session: Session, table: Versioned, name: Name, shop_id: int, names: Iterable[str]
) -> dict[str, tuple[int, datetime, str]]:
    """Id and version of what we have, locked until the transaction ends."""
    wanted = list(names)
    if not wanted:
        return {}
    rows = session.execute(
        select(name, table.id, table.changed_at, table.fingerprint)
        .where(table.shop_id == shop_id, name.in_(wanted))
        .order_by(name)
        .with_for_update()
    )
    return {each: (row_id, changed_at, fingerprint) for each, row_id, changed_at, fingerprint in rows}
