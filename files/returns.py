"""Returns in a file of sales: each refunds, in full, its buyer's latest earlier order that has the product."""

import sqlite3
from itertools import groupby

from files.lines import RETURN, SALE

REFUND = "refund"
BUYER = "COALESCE(unionid, openid, buyer_id)"


def place(db: sqlite3.Connection) -> None:
    """Note at the staged lines what the returns among them refund; one that fits nowhere is skipped."""
    returned = db.execute(
        f"SELECT number, sku, quantity, price_fen, at, {BUYER} AS buyer FROM line"  # noqa: S608
        " WHERE kind = ? ORDER BY at, number",
        (RETURN,),
    ).fetchall()
    if returned:
        db.execute(f"CREATE INDEX by_buyer ON line (kind, {BUYER}, sku, at)")
    for line in returned:
        db.execute("UPDATE line SET kind = ?, refunds = ? WHERE number = ?", (*_placed(db, line), line["number"]))


def _placed(db: sqlite3.Connection, returned: sqlite3.Row) -> tuple[str, str | None]:
    """What became of a return: refund and the order, or the reason to skip it."""
    if returned["buyer"] is None:
        return "return_of_guest", None
    bought = db.execute(
        "SELECT number, order_no, quantity - returned AS left, price_fen FROM line"  # noqa: S608
        f" WHERE kind = ? AND {BUYER} = ? AND sku = ? AND at <= ? ORDER BY at DESC, order_no, number",
        (SALE, returned["buyer"], returned["sku"], returned["at"]),
    ).fetchall()
    if not bought:
        return "return_without_order", None
    for order_no, lines in groupby(bought, key=lambda line: str(line["order_no"])):
        fitting = [line for line in lines if line["price_fen"] >= returned["price_fen"]]
        if sum(line["left"] for line in fitting) >= -returned["quantity"]:
            _refund(db, fitting, returned)
            return REFUND, order_no
    return "return_beyond_orders", None


def _refund(db: sqlite3.Connection, lines: list[sqlite3.Row], returned: sqlite3.Row) -> None:
    wanted = -returned["quantity"]
    for line in lines:
        pieces = min(wanted, line["left"])
        wanted -= pieces
        db.execute(
            "UPDATE line SET returned = returned + ?, refunded_fen = refunded_fen + ?,"
            " changed_at = MAX(?, COALESCE(changed_at, 0)) WHERE number = ?",
            (pieces, pieces * returned["price_fen"], returned["at"], line["number"]),
        )
