"""Any shop system that can post its orders: a mapping says where in its JSON our fields stand. docs/connectors.md."""

import base64
import hashlib
import hmac
import re
import tomllib
from datetime import UTC, datetime
from typing import Any

from connectors.documents import Document, dump, parse, required
from connectors.errors import BadPush, Misfit
from connectors.outside import Outside
from connectors.shapes import ORDER, Failed, Page, PlatformItem, PlatformOrder, Push, Pushed, checked

SECRETS = ("secret",)
FIELDS = {
    "order_no", "status", "unionid", "openid", "buyer_id", "phone", "created_at", "paid_at", "shipped_at",
    "received_at", "completed_at", "total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen",
    "updated_at",
}  # fmt: skip
ITEM_FIELDS = {"line_id", "sku", "name", "category", "quantity", "price_fen", "refunded_quantity", "refunded_fen"}
NEEDED, ITEM_NEEDED = (
    {"order_no", "status", "created_at", "paid_fen", "updated_at"},
    {"sku", "name", "quantity", "price_fen"},
)
STATUSES = {"created", "paid", "shipped", "received", "completed", "cancelled", "refunded"}
PATH = re.compile(r"[^.\s][^.]*(\.[^.]+)*")
CHOICES = {"money": ("yuan", "fen"), "time": ("iso", "local", "seconds", "milliseconds"), "encoding": ("hex", "base64")}


class BadMapping(Exception):
    """The mapping file is wrong; the message names the key."""


def read_mapping(text: str) -> dict[str, Any]:
    """A mapping file as what is kept. Raises `BadMapping`."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BadMapping(f"not TOML: {problem}") from None
    made = {
        "header": "X-Signature", "prefix": "", "encoding": "hex", "money": "yuan", "time": "iso", "orders": "",
        "items": "items",
    }  # fmt: skip
    order, item, status = (_paths(told, name) for name in ("order", "item", "status"))
    for key, value in told.items():
        if key in ("order", "item", "status"):
            continue
        if key not in made or not isinstance(value, str) or value not in CHOICES.get(key, (value,)):
            raise BadMapping(key)
        made[key] = value
    for name, has, may, needs in (("order", order, FIELDS, NEEDED), ("item", item, ITEM_FIELDS, ITEM_NEEDED)):
        for field in sorted((has.keys() - may) | (needs - has.keys())):
            raise BadMapping(f"{name}.{field}")
    for word, ours in status.items():
        if ours not in STATUSES:
            raise BadMapping(f"status.{word}")
    return made | {"order": order, "item": item, "status": status}


def _paths(told: dict[str, Any], name: str) -> dict[str, str]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise BadMapping(name)
    for key, value in table.items():
        if not isinstance(value, str) or not PATH.fullmatch(value):
            raise BadMapping(f"{name}.{key}")
    return table


class Generic:
    """One shop and its mapping; it is only ever pushed."""

    def __init__(self, secrets: dict[str, Any], outside: Outside) -> None:
        self._secret, self._mapping, self._outside = secrets["secret"], secrets["mapping"], outside

    def read_push(self, push: Push) -> Pushed:
        """Signed by HMAC-SHA256 of the body with the shared secret, in the header the mapping names."""
        mapping = self._mapping
        digest = hmac.new(self._secret.encode(), push.body, hashlib.sha256).digest()
        expected = digest.hex() if mapping["encoding"] == "hex" else base64.b64encode(digest).decode()
        given = push.headers.get(mapping["header"].lower(), "").removeprefix(mapping["prefix"])
        if mapping["encoding"] == "hex":
            given = given.lower()
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise BadPush("signature")
        key = hashlib.sha256(push.body).hexdigest()
        return Pushed(key, "generic", push.body, answer='{"ok":true}', mimetype="application/json")

    def orders_of(self, kind: str, body: bytes) -> Page:
        """All orders of a body; one that does not fit does not lose the others, unless it came alone."""
        if kind == ORDER:
            return Page([self._order(parse(body))])
        found: list[Any] = [parse(body).value]
        for step in filter(None, self._mapping["orders"].split(".")):
            found = [each.get(step) if isinstance(each, dict) else None for each in found]
        whole = found[0] if isinstance(found[0], list) else found
        orders, failed = [], []
        for number, each in enumerate(whole):
            try:
                orders.append(self._order(Document(each, f"{self._mapping['orders']}.{number}".lstrip("."))))
            except Misfit as problem:
                if len(whole) == 1:
                    raise
                failed.append(Failed(dump(each), problem.code))
        return Page(orders, failed)

    def pull(self, since: datetime, until: datetime, cursor: str | None) -> Page:
        return Page([])

    def unionid_of(self, buyer_id: str) -> str | None:
        return None

    def _order(self, sent: Document) -> PlatformOrder:
        mapping = self._mapping
        whole = _Reading(sent, mapping["order"], mapping, self._outside)
        values: dict[str, Any] = {name: whole.text(name, 128) for name in ("unionid", "openid", "buyer_id")}
        values |= {name: whole.moment(name) for name in FIELDS if name.endswith("_at")}
        values |= {name: whole.money(name) for name in FIELDS if name.endswith("_fen")}
        for name in ("created_at", "updated_at"):
            required(values[name], mapping["order"][name])
        told = whole.text("status", 64)
        values["status"] = mapping["status"].get(told, told)
        if values["status"] not in STATUSES:
            raise Misfit(mapping["order"]["status"])
        values["items"] = tuple(self._item(each) for each in whole.list(mapping["items"]))
        if "total_fen" not in mapping["order"]:
            values["total_fen"] = sum(item.price_fen * item.quantity for item in values["items"])
        order = PlatformOrder(order_no=whole.needed("order_no", 64), phone=whole.text("phone", 32), **values)
        return checked(order, now=self._outside.now())

    def _item(self, sent: Document) -> PlatformItem:
        line = _Reading(sent, self._mapping["item"], self._mapping, self._outside)
        return PlatformItem(
            line_id=line.text("line_id", 64),
            sku=line.needed("sku", 128),
            name=line.needed("name", 255),
            category=line.text("category", 128),
            quantity=line.whole("quantity"),
            price_fen=line.money("price_fen"),
            refunded_quantity=line.whole("refunded_quantity"),
            refunded_fen=line.money("refunded_fen"),
        )


class _Reading:
    """An object read through its paths; a field without a path, or without a value, is not there."""

    def __init__(self, sent: Document, paths: dict[str, str], mapping: dict[str, Any], outside: Outside) -> None:
        self._sent, self._paths, self._mapping, self._zone = sent, paths, mapping, outside.zone

    def _find(self, path: str) -> tuple[Document, str]:
        *steps, last = path.split(".")
        holder = self._sent
        for step in steps:
            holder = holder.maybe_child(step)
        return holder, last

    def _named(self, name: str) -> tuple[Document, str]:
        path = self._paths.get(name)
        return self._find(path) if path else (Document({}), name)

    def list(self, path: str) -> list[Document]:
        holder, last = self._find(path)
        return holder.children(last)

    def text(self, name: str, most: int) -> str | None:
        holder, last = self._named(name)
        return holder.maybe_text(last, most)

    def needed(self, name: str, most: int) -> str:
        holder, last = self._named(name)
        return holder.text(last, most)

    def whole(self, name: str) -> int:
        holder, last = self._named(name)
        return holder.maybe_whole(last)

    def money(self, name: str) -> int:
        holder, last = self._named(name)
        return holder.maybe_yuan(last) if self._mapping["money"] == "yuan" else holder.maybe_whole(last)

    def moment(self, name: str) -> datetime | None:
        holder, last = self._named(name)
        if self._mapping["time"] == "seconds":
            return holder.seconds(last)
        if self._mapping["time"] == "milliseconds":
            return Document({last: holder.maybe_whole(last) // 1000}, holder.path).seconds(last)
        if self._mapping["time"] == "local":
            return holder.local(last, self._zone)
        found = holder.maybe_text(last)
        try:
            moment = datetime.fromisoformat(found) if found else None
        except ValueError:
            raise holder.misfit(last) from None
        if moment is not None and moment.tzinfo is None:
            raise holder.misfit(last)
        return moment.astimezone(UTC) if moment else None
