"""The staged lines of one order, put together as the body a shop would send for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from files.columns import Mapping
from files.heads import BUYER, MOMENTS, MONEY
from files.lines import Staged
from models.order import STATUSES

UNPAID = ("created", "cancelled")


def order_of(lines: Sequence[Staged], mapping: Mapping) -> dict[str, Any]:
    """The lines of one order as the body a shop would send for it.

    An order whose lines carry two times was placed at the first. What it costs is the sum of its lines, and so is what
    was paid, unless the file says; it counts as paid when it was placed, unless the file says.
    """
    first = lines[0]
    placed, last = min(line.at for line in lines), max(max(line.at, line.changed_at or 0) for line in lines)
    goods = sum([line.quantity * line.price_fen for line in lines])
    paid, shipping, told_back = _told(lines, mapping) if mapping.tells_more else (None, 0, None)
    times = _times(lines) if mapping.tells_more else dict.fromkeys(MOMENTS)
    last = max(last, *(moment or 0 for moment in times.values()))
    cost = goods + shipping if paid is None else paid
    back = [_went_back(line, mapping) for line in lines]
    refunded = min(cost, sum(back) if told_back is None else told_back)
    status = first.status or "completed"
    is_paid = status not in UNPAID or (status == "cancelled" and times["paid_at"] is not None and cost > 0)
    if refunded and refunded == cost and is_paid:
        status = "refunded"
    if is_paid and times["paid_at"] is None:
        times["paid_at"] = placed
    if status == "completed" and times["completed_at"] is None:
        times["completed_at"] = placed if not first.status else times["received_at"]
    return {
        "order_no": first.order_no,
        "status": status,
        **{name: next((value for line in lines if (value := getattr(line, name))), None) for name in BUYER},
        "created_at": _moment(placed),
        **{name: None if moment is None else _moment(moment) for name, moment in times.items()},
        "total_fen": goods,
        "discount_fen": max(0, goods + shipping - cost),
        "shipping_fen": shipping,
        "paid_fen": cost if is_paid else 0,
        "refunded_fen": refunded if is_paid else 0,
        "items": [_item(position, line, fen) for position, (line, fen) in enumerate(zip(lines, back, strict=True), 1)],
        "updated_at": _moment(last) + _later(first.status, refunded),
    }


def _item(position: int, line: Staged, refunded: int) -> dict[str, Any]:
    return {
        "line_id": str(position),
        "sku": line.sku,
        "name": line.name,
        "category": line.category,
        "quantity": line.quantity,
        "price_fen": line.price_fen,
        "refunded_quantity": line.returned,
        "refunded_fen": refunded,
    }


def _told(lines: Sequence[Staged], mapping: Mapping) -> tuple[int | None, int, int | None]:
    """What was paid, for shipping, and what went back, as far as the file says it of the order."""
    paid, shipping, refunded = (
        _money([getattr(line, name) for line in lines], per_line=name in mapping.per_line) for name in MONEY
    )
    return paid, shipping or 0, refunded


def _money(each_says: Sequence[int | None], *, per_line: bool) -> int | None:
    """On each line the same, or a part of it; None when no line says anything."""
    said = [money for money in each_says if money is not None]
    if not said:
        return None
    return sum(said) if per_line else max(said)


def _times(lines: Sequence[Staged]) -> dict[str, int | None]:
    return {name: max((at for line in lines if (at := getattr(line, name))), default=None) for name in MOMENTS}


def _went_back(line: Staged, mapping: Mapping) -> int:
    """What was refunded of a line: by a return, or the whole of it because the file says so."""
    if line.refunded_fen or not line.returned:
        return line.refunded_fen
    if "paid" in mapping.per_line and line.paid is not None:
        return line.paid
    return line.quantity * line.price_fen


def _later(status: str, refunded: int) -> timedelta:
    """Exports name no moment of change: of two versions with the same times, the later state is the newer."""
    if not status:
        return timedelta()
    return timedelta(milliseconds=2 * STATUSES.index(status) + (1 if refunded else 0))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
