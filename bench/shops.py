"""A shop as the bench plays it: its key, its signed requests, and the orders and events it sends."""

import json
import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config import Database, Security, Settings
from crm import shops
from crm.signing import signature
from migrations import migrate
from runtime import Runtime

SHOP, KEY, SECRET = "小满", "benchkey", "benchsecret"
CUSTOMERS = 2_000


def runtime_of(url: str, folder: str) -> Runtime:
    """On a database with the newest tables, and with the shop in it."""
    security = Security(master_key_file=str(Path(folder) / "master.key"))
    runtime = Runtime(Settings(database=Database(url=url), security=security))
    migrate(runtime.engine)
    with runtime.transaction() as session:
        if shops.live_key(session, KEY) is None:
            sealed = runtime.vault.seal(SECRET)
            shops.add_key(session, SHOP, key=KEY, secret_sealed=sealed, now=runtime.now())
    return runtime


def signed(target: str, body: bytes) -> bytes:
    """A whole HTTP request, signed now."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(12)
    proof = signature(SECRET, method="POST", target=target, timestamp=timestamp, nonce=nonce, body=body)
    head = (
        f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Huitou-Key: {KEY}\r\nX-Huitou-Timestamp: {timestamp}\r\nX-Huitou-Nonce: {nonce}\r\n"
        f"X-Huitou-Signature: {proof}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def orders_body(numbers: range, rng: random.Random) -> bytes:
    """Two lines an order in the mean; a third know a unionid, the others a buyer id; half have a phone."""
    return json.dumps({"shop": SHOP, "orders": [order(number, rng) for number in numbers]}).encode()


def order(number: int, rng: random.Random) -> dict[str, Any]:
    made = datetime.now(UTC) - timedelta(minutes=number % 100_000 + 10)
    who = rng.randrange(CUSTOMERS)
    items = [
        {"sku": f"SKU{rng.randrange(300)}", "name": "婴儿湿巾", "quantity": rng.randrange(1, 4), "price_fen": 1990}
        for _ in range(rng.randrange(1, 4))
    ]
    total = sum(item["quantity"] * item["price_fen"] for item in items)  # type: ignore[operator]
    names = {"unionid": f"o{who}"} if who % 3 == 0 else {"buyer_id": f"b{who}"}
    phone = {"phone": f"138{who:08d}"} if number % 2 else {}
    return {
        "order_no": f"{number:012d}", "status": "paid", "created_at": made.isoformat(), "paid_at": made.isoformat(),
        "total_fen": total, "discount_fen": 0, "paid_fen": total, "refunded_fen": 0, "items": items,
        "updated_at": made.isoformat(),
    } | names | phone  # fmt: skip


def events_body(numbers: range, rng: random.Random) -> bytes:
    """What people do in a mini-program: mostly looking, several things about one product."""
    return json.dumps({"shop": SHOP, "events": [_event(number, rng) for number in numbers]}).encode()


def _event(number: int, rng: random.Random) -> dict[str, Any]:
    who = (number // 10) % CUSTOMERS  # ten in a row are one visit
    about = {"sku": f"SKU{(number // 3) % 300}", "dwell_seconds": rng.randrange(60)}
    kind = ("enter", "view", "view", "view", "view", "view", "view", "favourite", "view", "cart")[number % 10]
    at = datetime.now(UTC) - timedelta(seconds=number % 3_000_000)
    return {
        "id": f"e{number}", "kind": kind, "unionid": f"o{who}", "at": at.isoformat(),
        "props": {"scene": "1011"} if kind == "enter" else {},
    } | ({} if kind == "enter" else about)  # fmt: skip
