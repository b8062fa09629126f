"""What shops send in versions: of each the newest stays, whatever order they come in and however often."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.bulk import insert_new, select_among, stored
from models.order import Order
from models.product import Product

Result = Literal["accepted", "unchanged", "stale"]
Versioned = type[Order] | type[Product]
Name = InstrumentedAttribute[str]


class Kept(NamedTuple):
    """What became of each row and its id, by the shop's name for it; `new` are the names nobody knew before."""

    results: dict[str, Result]
    ids: dict[str, int]
    new: set[str]


def keep_newest(
    session: Session, table: Versioned, name: Name, shop_id: int, rows: Mapping[str, dict[str, Any]]
) -> Kept:
    """Insert or update by the shop's name for each row.

    The newer `changed_at` wins and, of two versions of one moment, the larger fingerprint.
    """
    results: dict[str, Result] = {}
    known = _known(session, table, name, shop_id, rows)
    missing = sorted(rows.keys() - known.keys())
    ids = insert_new(session, table, name.key, [rows[each] for each in missing])
    new, dialect = set(ids), session.get_bind().dialect.name
    results.update(dict.fromkeys(ids, "accepted"))
    # what is missing now was stored by another process meanwhile
    known |= _known(session, table, name, shop_id, [each for each in missing if each not in ids])
    changed = []
    for each, (row_id, *version) in known.items():
        ids[each] = row_id
        sent = [stored(rows[each]["changed_at"], dialect), rows[each]["fingerprint"]]
        results[each] = "unchanged" if sent == version else "stale" if sent < version else "accepted"
        if results[each] == "accepted":
            changed.append(rows[each] | {"row_id": row_id})
    if changed:
        plain: Any = table.__table__
        session.connection().execute(update(plain).where(plain.c.id == bindparam("row_id")), changed)
    return Kept(results, ids, new)


def _known(
    session: Session, table: Versioned, name: Name, shop_id: int, names: Iterable[str]
) -> dict[str, tuple[int, Any, str]]:
    """Id and version, as the driver has it, of what we have, locked until the transaction ends."""
    wanted = list(names)
    if not wanted:
        return {}
    sql = (
        f"SELECT {name.key}, id, changed_at, fingerprint FROM {table.__tablename__}"  # noqa: S608
        f" WHERE shop_id = ? AND {name.key}"
    )
    rows = select_among(session, sql, [shop_id], wanted, locked=f"ORDER BY {name.key} FOR UPDATE")
    return {each: (row_id, changed_at, fingerprint) for each, row_id, changed_at, fingerprint in rows}
