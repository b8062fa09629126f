"""Jushuitan (聚水潭), an ERP: the orders of one of its shops by the time they changed. docs/connectors.md."""

import hashlib
import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from connectors.documents import Document, dump, parse, required
from connectors.errors import BadPush, Misfit, Refused, Temporary, Throttled, Unauthorized
from connectors.outside import Outside
from connectors.shapes import ORDER, Failed, Page, PlatformItem, PlatformOrder, Push, Pushed, checked, discount
from connectors.tokens import Token, TokenRefused, Tokens

SECRETS = ("app_key", "app_secret", "refresh_token", "shop_id")
PAGE, NUMBERS_AT_ONCE = 50, 20
TOKEN_CODES, THROTTLED_CODES, PASSING_CODES = {100}, {160, 199, 200}, {150}
CREDENTIAL_CODES = {10, 110, 170, 190}
REPLACED = {"Split", "Merged"}
PAID = {"Delivering", "Question", "WaitOuterSent", "WaitConfirm", "WaitFConfirm"}
SKIPPED_ITEMS = {"Merged", "Cancelled", "Replaced"}


class Jushuitan:
    """One shop of an ERP account; several shops of one account are several connections."""

    def __init__(self, secrets: dict[str, str], outside: Outside) -> None:
        self._secrets, self._outside = secrets, outside
        name = f"jushuitan:{secrets['app_key']}:{secrets['shop_id']}:access"
        self._tokens = Tokens(outside.tokens, name, self._fetch_token, outside.now)

    def read_push(self, push: Push) -> Pushed:
        raise BadPush("not_pushed")

    def orders_of(self, kind: str, body: bytes) -> Page:
        return Page([self._order(parse(body))] if kind == ORDER else [])

    def pull(self, since: datetime, until: datetime, cursor: str | None) -> Page:
        """Last page first, see `youzan`. A split order is several rows with one online number: all are asked for."""
        number = int(cursor or 1)
        asked = {
            "modified_begin": self._local(since), "modified_end": self._local(until), "page_index": number,
            "page_size": PAGE,
        }  # fmt: skip
        answer = self._query(asked)
        numbers = sorted({each.text("so_id", 64) for each in answer.children("orders")})
        orders: list[PlatformOrder] = []
        failed: list[Failed] = []
        for start in range(0, len(numbers), NUMBERS_AT_ONCE):
            for whole in self._wholes(numbers[start : start + NUMBERS_AT_ONCE]):
                try:
                    orders.append(self._order(whole))
                except Misfit as problem:
                    failed.append(Failed(dump(whole.value), problem.code))
        pages = answer.maybe_whole("page_count") or -(-answer.maybe_whole("data_count") // PAGE)
        following = number - 1 if cursor else (pages if pages > 1 else 0)
        return Page(orders, failed, str(following) if following else None)

    def unionid_of(self, buyer_id: str) -> str | None:
        return None

    def _wholes(self, numbers: list[str]) -> list[Document]:
        rows: dict[str, list[Any]] = defaultdict(list)
        page = 1
        while True:
            answer = self._query({"so_ids": numbers, "page_index": page, "page_size": PAGE})
            for each in answer.children("orders"):
                rows[each.text("so_id", 64)].append(each.value)
            if answer.value.get("has_next") is not True:
                return [Document({"rows": rows[number]}) for number in numbers if number in rows]
            page += 1

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._outside.zone):%Y-%m-%d %H:%M:%S}"

    def _query(self, asked: dict[str, Any]) -> Document:
        business = {"shop_id": int(self._secrets["shop_id"]), **asked}

        def once(token: str) -> Document:
            fields = self._signed({"access_token": token, "biz": json.dumps(business), "version": "2"})
            url = f"{self._outside.base_url}/open/orders/single/query"
            return _data(self._outside.http.post_form(url, fields))

        return self._tokens.using(once)

    def _fetch_token(self) -> Token:
        """The next token for the newest refresh token; the first one is what the administrator typed in."""
        name = f"jushuitan:{self._secrets['app_key']}:{self._secrets['shop_id']}:refresh"
        kept = self._outside.tokens.get(name)
        asked = {"grant_type": "refresh_token", "scope": "all"}
        asked["refresh_token"] = kept.value if kept is not None else self._secrets["refresh_token"]
        given = _data(
            self._outside.http.post_form(f"{self._outside.base_url}/openWeb/auth/refreshToken", self._signed(asked))
        )
        until = self._outside.now() + timedelta(seconds=given.whole("expires_in"))
        self._outside.tokens.put(name, Token(given.text("refresh_token", 512), until))
        return Token(given.text("access_token", 512), until)

    def _signed(self, fields: dict[str, str]) -> dict[str, str]:
        """Every field in the order of its name, name and value joined, the secret in front."""
        whole = fields | {
            "app_key": self._secrets["app_key"], "charset": "utf-8",
            "timestamp": str(int(self._outside.now().timestamp())),
        }  # fmt: skip
        joined = "".join(f"{name}{whole[name]}" for name in sorted(whole))
        digest = hashlib.md5((self._secrets["app_secret"] + joined).encode())  # noqa: S324 - the platform's own choice
        return whole | {"sign": digest.hexdigest()}

    def _order(self, sent: Document) -> PlatformOrder:
        return checked(_order(sent, self._outside), now=self._outside.now())


def _data(answer: Document) -> Document:
    code = answer.whole("code")
    if not code:
        return answer.child("data")
    if code in TOKEN_CODES:
        raise TokenRefused
    if code in THROTTLED_CODES:
        raise Throttled(code, 60)
    if code in PASSING_CODES:
        raise Temporary(code)
    raise Unauthorized(code) if code in CREDENTIAL_CODES else Refused(code)


def _order(sent: Document, outside: Outside) -> PlatformOrder:
    """One online order out of its rows: what was split or merged is replaced by the rows it became."""
    rows, zone = sent.children("rows"), outside.zone
    live = [each for each in rows if each.maybe_text("status") not in REPLACED] or rows
    kept = [each for each in live if each.maybe_text("status") != "Cancelled"] or live
    first = kept[0] if kept else sent.child("rows")
    paid_at = min(filter(None, (each.local("pay_date", zone) for each in kept)), default=None)
    lines = [
        line for each in kept for line in each.children("items") if line.maybe_text("item_status") not in SKIPPED_ITEMS
    ]
    goods_fen = sum(line.yuan("price", rounded=True) * line.whole("qty") for line in lines)
    amounts = [each.yuan("paid_amount" if each.has("paid_amount") else "pay_amount") for each in kept]
    shipping_fen = sum(each.maybe_yuan("freight") for each in kept)
    total_fen, discount_fen = discount(goods_fen, shipping_fen, sum(amounts))
    paid_fen = sum(amounts) if paid_at else 0
    items = tuple(_item(each) for each in lines)
    refunded_fen = min(paid_fen, sum(item.refunded_fen for item in items))
    created_at = required(first.local("order_date", zone), first.at("order_date"))
    status = _status(kept, is_refunded=0 < paid_fen == refunded_fen)
    shipped = [each.local("send_date", zone) for each in kept]
    return PlatformOrder(
        order_no=first.text("so_id", 64),
        status=status,
        unionid=None,
        openid=None,
        buyer_id=_buyer(first),
        phone=first.maybe_text("receiver_mobile", 32) or first.maybe_text("receiver_phone", 32),
        created_at=created_at,
        paid_at=paid_at,
        shipped_at=max((each for each in shipped if each), default=None) if all(shipped) else None,
        received_at=None,
        completed_at=None,
        total_fen=total_fen,
        discount_fen=discount_fen,
        shipping_fen=shipping_fen,
        paid_fen=paid_fen,
        refunded_fen=refunded_fen,
        items=items,
        updated_at=max(filter(None, (each.local("modified", zone) for each in rows)), default=created_at),
    )


def _buyer(row: Document) -> str | None:
    """A name with stars stands for many people: it would join strangers."""
    nick = row.maybe_text("shop_buyer_id")
    return row.maybe_text("open_id") or (nick if nick and "*" not in nick else None)


def _status(rows: list[Document], *, is_refunded: bool) -> str:
    """As far as its last parcel is."""
    told = {_row_status(each) for each in rows}
    if is_refunded and told != {"cancelled"}:
        return "refunded"
    return next(status for status in ("created", "paid", "shipped", "completed", "cancelled") if status in told)


def _row_status(row: Document) -> str:
    told = row.text("status")
    if told == "Sent":
        return "completed" if (row.maybe_text("shop_status") or "").upper() == "TRADE_FINISHED" else "shipped"
    if told in PAID:
        return "paid"
    if told not in ("WaitPay", "Cancelled", *REPLACED):
        raise row.misfit("status")
    return "created" if told == "WaitPay" else "cancelled"


def _item(line: Document) -> PlatformItem:
    quantity = line.whole("qty")
    is_refunded = line.maybe_text("refund_status") == "success"
    return PlatformItem(
        line_id=line.maybe_text("oi_id", 64),
        sku=line.text("sku_id"),
        name=line.name("name"),
        category=None,
        quantity=quantity,
        price_fen=line.yuan("price", rounded=True),
        refunded_quantity=min(quantity, line.maybe_whole("refund_qty")) or (quantity if is_refunded else 0),
        refunded_fen=line.maybe_yuan("amount", rounded=True) if is_refunded else 0,
    )
