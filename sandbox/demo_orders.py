"""Two years of the demo shop's orders, in the form a shop posts them."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.demo_goods import CATEGORIES, of_category
from sandbox.demo_people import Person, Place, people

CHINA = timezone(timedelta(hours=8))
SPAN_DAYS = 729
# Chances of 1, 2, 3 … pieces in somebody's first, second and later orders: 1.1, 1.6 and 2.5 on average.
PIECES = ((91, 8, 1), (55, 32, 11, 2), (22, 33, 25, 13, 7))
HOURS = (1, 0, 0, 0, 0, 0, 1, 2, 4, 5, 6, 6, 7, 6, 4, 4, 4, 4, 5, 8, 12, 13, 9, 4)
NEVER_PAID = 0.017
SENT_BACK = 0.012
PARTLY_REFUNDED = 0.03

Order = dict[str, Any]


def orders(seed: int, now: datetime) -> Iterator[Order]:
    """Every order up to `now`, oldest first.

    `total_fen` is the goods at full price; paid = total - discount + shipping, or 0 when never paid.
    """
    rng = random.Random(f"{seed}/orders")
    now = now.astimezone(CHINA).replace(microsecond=0)
    drafts = [draft for person in people(seed) for draft in _drafts(rng, person, now)]
    drafts.sort(key=lambda draft: draft["created_at"])
    for number, draft in enumerate(drafts):
        yield {"order_no": f"{draft['created_at']:%Y%m%d%H%M}{number:06d}", **_written(draft)}


def _drafts(rng: random.Random, person: Person, now: datetime) -> Iterator[Order]:
    """Their good orders, and besides them now and then one never paid or sent back whole."""
    for nth, created in enumerate(_moments(rng, person.orders, now)):
        order = _basket(rng, person, nth) | _buyer(rng, person)
        yield _paid(rng, order, created, now, partly_refunded=rng.random() < PARTLY_REFUNDED)
        if rng.random() < NEVER_PAID:
            yield _never_paid(order, created - timedelta(minutes=rng.randint(20, 90)), now)
        if rng.random() < SENT_BACK and now - created > timedelta(days=30):
            yield _sent_back(rng, order, created + timedelta(days=rng.randint(1, 12)), now)


def _moments(rng: random.Random, count: int, now: datetime) -> list[datetime]:
    """When somebody ordered: at their own rhythm, in the evening more than in the morning."""
    if not count:
        return []
    rhythm = rng.triangular(18, 75, 32)
    gaps = [max(2.0, rhythm * rng.lognormvariate(0, 0.45)) for _ in range(count - 1)]
    squeeze = min(1.0, 0.94 * SPAN_DAYS / max(sum(gaps), 1))
    slack = SPAN_DAYS - sum(gaps) * squeeze
    first = _first_day(rng, now, slack)
    days = [first + sum(gaps[:n]) * squeeze for n in range(count)]
    return [_clock(rng, now - timedelta(days=SPAN_DAYS - day), now) for day in days]


def _first_day(rng: random.Random, now: datetime, slack: float) -> float:
    """Later is likelier (the shop grows), and a sale's days are likelier than others."""
    for _ in range(3):
        day = slack * math.sqrt(rng.random())
        date = now - timedelta(days=SPAN_DAYS - day)
        if (date.month, date.day) in {(11, d) for d in range(1, 12)} | {(6, d) for d in range(8, 19)}:
            break
        if rng.random() < 0.5:
            break
    return day


def _clock(rng: random.Random, day: datetime, now: datetime) -> datetime:
    [hour] = rng.choices(range(24), HOURS)
    moment = day.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60))
    return moment if moment < now - timedelta(minutes=30) else moment - timedelta(days=1)


def _basket(rng: random.Random, person: Person, nth: int) -> Order:
    chances = PIECES[min(nth, 2)]
    [pieces] = rng.choices(range(1, len(chances) + 1), chances)
    chosen: dict[str, dict[str, Any]] = {}
    for _ in range(pieces):
        liked = rng.random() < 0.85
        product = rng.choice(of_category(rng.choice(person.likes if liked else CATEGORIES)))
        if chosen and rng.random() < 0.4:  # one more of the same
            next(iter(chosen.values()))["quantity"] += 1
            continue
        line = chosen.setdefault(
            product.sku,
            {"sku": product.sku, "name": product.name, "category": product.category, "quantity": 0}
            | {"price_fen": product.price_fen},
        )
        line["quantity"] += 1
    items = [{"line_id": str(n), **line} for n, line in enumerate(chosen.values(), start=1)]
    total = sum(item["price_fen"] * item["quantity"] for item in items)
    discount = 0
    if total >= 9900 and rng.random() < 0.45:
        discount = 3000 if total >= 19900 else 1000
    shipping = 800 if total < 5900 and person.place is not Place.COUNTER else 0
    return {
        "items": items,
        "total_fen": total,
        "discount_fen": discount,
        "shipping_fen": shipping,
        "paid_fen": total - discount + shipping,
        "refunded_fen": 0,
    }


def _buyer(rng: random.Random, person: Person) -> Order:
    """What the place lets the shop know of the buyer."""
    if person.place is Place.WECHAT:
        return {"unionid": person.unionid, "openid": person.openid}
    if person.place is Place.ELSEWHERE:
        phone = {"phone": person.masked_phone} if rng.random() < 0.9 else {}
        return {"buyer_id": person.buyer_id, **phone}
    return {}


def _paid(rng: random.Random, order: Order, created: datetime, now: datetime, *, partly_refunded: bool) -> Order:
    paid = created + timedelta(seconds=rng.randint(15, 600))
    shipped = paid + timedelta(hours=rng.uniform(3, 30))
    received = shipped + timedelta(hours=rng.uniform(28, 96))
    moments = {"paid": paid, "shipped": shipped, "received": received, "completed": received + timedelta(days=7)}
    reached = {status: moment for status, moment in moments.items() if moment <= now}
    order = order | {f"{status}_at": moment for status, moment in reached.items()}
    order |= {"created_at": created, "status": list(reached)[-1], "updated_at": list(reached.values())[-1]}
    refunded = received + timedelta(hours=rng.uniform(4, 60))
    if partly_refunded and refunded <= now:
        item = order["items"][-1] | {"refunded_quantity": 1}
        item["refunded_fen"] = min(item["price_fen"], order["paid_fen"]) // 4 // 10 * 10
        order["items"] = [*order["items"][:-1], item]
        order |= {"refunded_fen": item["refunded_fen"], "updated_at": max(refunded, order["updated_at"])}
    return order


def _never_paid(order: Order, created: datetime, now: datetime) -> Order:
    """Still open for half an hour, then cancelled."""
    lapses = created + timedelta(minutes=30)
    closed = {"status": "cancelled", "updated_at": lapses} if lapses <= now else {"status": "created"}
    return order | {"paid_fen": 0, "created_at": created, "updated_at": created} | closed


def _sent_back(rng: random.Random, order: Order, created: datetime, now: datetime) -> Order:
    """Paid, received and refunded whole; the lines share what was paid."""
    order |= {"paid_fen": order["paid_fen"] - order["shipping_fen"], "shipping_fen": 0}
    order = _paid(rng, order, created, now, partly_refunded=False)
    for gone in ("completed_at", "received_at"):
        order.pop(gone, None)
    left = order["paid_fen"]
    items = []
    for item in order["items"]:
        share = min(left, item["price_fen"] * item["quantity"])
        items.append(item | {"refunded_quantity": item["quantity"], "refunded_fen": share})
        left -= share
    refunded = order["shipped_at"] + timedelta(days=rng.randint(2, 6))
    return order | {"items": items, "refunded_fen": order["paid_fen"], "status": "refunded", "updated_at": refunded}


def _written(order: Order) -> Order:
    return {
        key: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for key, value in order.items()
    }
