"""Youzan (有赞): pushed messages, orders by when they changed, which unionid a buyer has. docs/connectors.md."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from connectors.documents import Document, dump, parse, required
from connectors.errors import BadPush, Misfit, Refused, Temporary, Throttled, TooMany, Unauthorized
from connectors.outside import Outside
from connectors.shapes import (
    ORDER,
    Failed,
    Page,
    PlatformItem,
    PlatformOrder,
    Push,
    Pushed,
    checked,
    discount,
)
from connectors.tokens import Token, TokenRefused, Tokens

SECRETS = ("client_id", "client_secret", "kdt_id")
PAGE, MOST_PAGES = 100, 100
HEARD = '{"code":0,"msg":"success"}'
SETTLES_SECONDS = 30  # the platform's own look-ups lag behind its messages
TOKEN_CODES, THROTTLED_CODES = {4201, 4202, 4203}, {4101, 500100004, 123000042, 141500203}
PASSING_CODES = {5001, 106000001, 106100118}
REFUNDED, PARTLY_REFUNDED, REFUND_DONE = 12, 2, {"60", "SUCCESS"}
STATUSES = {
    "WAIT_BUYER_PAY": "created", "TRADE_PAID": "paid", "WAIT_CONFIRM": "paid", "WAIT_SELLER_SEND_GOODS": "paid",
    "WAIT_BUYER_CONFIRM_GOODS": "shipped", "TRADE_BUYER_SIGNED": "received", "TRADE_SUCCESS": "completed",
}  # fmt: skip


class Youzan:
    """One shop (kdt_id) of a self-built application."""

    def __init__(self, secrets: dict[str, str], outside: Outside) -> None:
        self._secrets, self._outside = secrets, outside
        name = f"youzan:{secrets['client_id']}:{secrets['kdt_id']}:access"
        self._tokens = Tokens(outside.tokens, name, self._fetch_token, outside.now)

    def read_push(self, push: Push) -> Pushed:
        """Signed as a whole by the header Event-Sign or, before there was one, `msg` alone by `sign` in the body."""
        try:
            sent = parse(push.body)
            signed = push.headers.get("event-sign")
            content = push.body if signed else sent.text("msg", 10**7).encode()
            signature = signed or sent.text("sign")
        except Misfit as problem:
            raise BadPush(problem.code) from None
        if not hmac.compare_digest(self._signature(content).encode(), signature.lower().encode("utf-8", "replace")):
            raise BadPush("sign")
        if str(sent.value.get("kdt_id") or self._secrets["kdt_id"]) != str(self._secrets["kdt_id"]):
            return Pushed("", "", b"", answer=HEARD, mimetype="application/json")  # another shop's of the application
        text = sent.value.get("msg")
        message = unquote_plus(text).encode("utf-8", "surrogatepass") if isinstance(text, str) else dump(text)
        key = hashlib.sha256(content).hexdigest()
        kind = str(sent.value.get("type") or push.headers.get("event-type") or "")[:64]
        wait = 0 if b'"full_order_info"' in message else SETTLES_SECONDS
        return Pushed(key, kind, message, wait, HEARD, "application/json")

    def orders_of(self, kind: str, body: bytes) -> Page:
        """A message's own order unless something was refunded, which it does not tell; else the one it names."""
        sent = parse(body)
        if kind == ORDER:
            return Page([self._order(sent)])
        if "trade" not in kind.lower():
            return Page([])
        if sent.has("full_order_info"):
            info = sent.child("full_order_info").child("order_info")
            if not info.maybe_whole("refund_state"):
                return Page([self._order(sent)])
            tid = info.text("tid")
        else:
            tid = sent.text("tid")
        return Page([self._order(self._call("youzan.trade.get", "4.0.2", {"tid": tid}))])

    def pull(self, since: datetime, until: datetime, cursor: str | None) -> Page:
        """Last page first: an order that changes meanwhile leaves the window, and what follows moves forward."""
        number = int(cursor or 1)
        asked = {
            "start_update": self._local(since), "end_update": self._local(until), "page_no": number, "page_size": PAGE,
        }  # fmt: skip
        answer = self._call("youzan.trades.sold.get", "4.0.4", asked)
        orders: list[PlatformOrder] = []
        failed: list[Failed] = []
        for each in answer.children("full_order_info_list"):
            try:
                orders.append(self._order(Document(each.value)))
            except Misfit as problem:
                failed.append(Failed(dump(each.value), problem.code))
        pages = -(-answer.maybe_whole("total_results") // PAGE)
        if pages > MOST_PAGES:
            raise TooMany(pages)
        following = number - 1 if cursor else (pages if pages > 1 else 0)
        return Page(orders, failed, str(following) if following else None)

    def unionid_of(self, buyer_id: str) -> str | None:
        """The unionid of a buyer's yz_open_id; None when the platform knows none, or more than one."""
        asked = {"yz_open_id": buyer_id, "result_type_list": [1, 2, 9]}
        answer = self._call("youzan.users.info.query", "1.0.1", asked)
        found = set()
        for user in answer.children("user_list"):
            for part in ("platform_info", "primitive_info"):
                found.add(user.maybe_child(part).maybe_text("union_id"))
        known = {unionid for unionid in found if unionid}
        return known.pop() if len(known) == 1 else None

    def _signature(self, content: bytes) -> str:
        joined = self._secrets["client_id"].encode() + content + self._secrets["client_secret"].encode()
        return hashlib.md5(joined).hexdigest()  # noqa: S324 - the platform's own choice

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._outside.zone):%Y-%m-%d %H:%M:%S}"

    def _fetch_token(self) -> Token:
        asked = {
            "authorize_type": "silent", "client_id": self._secrets["client_id"],
            "client_secret": self._secrets["client_secret"], "grant_id": self._secrets["kdt_id"], "refresh": True,
        }  # fmt: skip
        answer = self._outside.http.post(f"{self._outside.base_url}/auth/token", asked)
        if answer.value.get("success") is not True:
            raise Unauthorized(str(answer.value.get("code")))
        given = answer.child("data")
        return Token(given.text("access_token", 512), datetime.fromtimestamp(given.whole("expires") / 1000, UTC))

    def _call(self, api: str, version: str, asked: dict[str, Any]) -> Document:
        def once(token: str) -> Document:
            url = f"{self._outside.base_url}/api/{api}/{version}"
            return _data(self._outside.http.post(url, asked, {"access_token": token}))

        return self._tokens.using(once)

    def _order(self, sent: Document) -> PlatformOrder:
        return checked(_order(sent, self._outside), now=self._outside.now())


def _data(answer: Document) -> Document:
    """Three layers say no in three ways; all of them with HTTP 200."""
    gateway = answer.maybe_child("gw_err_resp")
    code = gateway.maybe_whole("err_code") or (0 if answer.value.get("success") is True else answer.maybe_whole("code"))
    if not code and answer.has("data"):
        return answer.child("data")
    if code in TOKEN_CODES:
        raise TokenRefused
    if code in THROTTLED_CODES:
        raise Throttled(code, 3)
    if code in PASSING_CODES:
        raise Temporary(code)
    raise Unauthorized(code) if code == 4204 else Refused(code or "empty")


def _order(sent: Document, outside: Outside) -> PlatformOrder:
    full, zone = sent.child("full_order_info"), outside.zone
    info, pay, buyer = full.child("order_info"), full.child("pay_info"), full.maybe_child("buyer_info")
    paid_at = info.local("pay_time", zone)
    payment, shipping_fen = pay.yuan("payment"), pay.maybe_yuan("post_fee")
    total_fen, discount_fen = discount(pay.yuan("total_fee"), shipping_fen, payment)
    paid_fen = payment if paid_at else 0
    state = info.maybe_whole("refund_state")
    done = [each for each in sent.children("refund_order") if each.maybe_text("refund_state") in REFUND_DONE]
    refunded_fen = paid_fen if state == REFUNDED else sum(each.yuan("refund_fee") for each in done)
    created_at = required(info.local("created", zone), info.at("created"))
    changes = [info.local("update_time", zone), *(each.local("refund_time", zone) for each in done)]
    return PlatformOrder(
        order_no=info.text("tid", 64),
        status=_status(info, is_refunded=state == REFUNDED and paid_fen > 0),
        unionid=None,
        openid=None,
        buyer_id=buyer.maybe_text("yz_open_id"),
        phone=buyer.maybe_text("buyer_phone", 32) or full.maybe_child("address_info").maybe_text("receiver_tel", 32),
        created_at=created_at,
        paid_at=paid_at,
        shipped_at=info.local("consign_time", zone),
        received_at=None,
        completed_at=info.local("success_time", zone),
        total_fen=total_fen,
        discount_fen=discount_fen,
        shipping_fen=shipping_fen,
        paid_fen=paid_fen,
        refunded_fen=refunded_fen,
        items=tuple(_item(each, done, is_refunded=state == REFUNDED) for each in full.children("orders")),
        updated_at=max(moment for moment in (created_at, *changes) if moment),
    )


def _status(info: Document, *, is_refunded: bool) -> str:
    """A closed trade was refunded as a whole, or cancelled; closed in part it goes on."""
    told = info.text("status")
    if told == "TRADE_CLOSED":
        return "refunded" if is_refunded else "cancelled"
    if told not in STATUSES:
        raise info.misfit("status")
    return STATUSES[told]


def _item(line: Document, done: list[Document], *, is_refunded: bool) -> PlatformItem:
    """A refund is a line's own when it names that line alone."""
    oid, quantity = line.text("oid", 64), line.whole("num")
    ours = [each for each in done if [str(named) for named in each.value.get("oids") or []] == [oid]]
    return PlatformItem(
        line_id=oid,
        sku=line.maybe_text("outer_sku_id") or line.maybe_text("outer_item_id") or _own_sku(line),
        name=line.name("title"),
        category=None,
        quantity=quantity,
        price_fen=line.yuan("price"),
        refunded_quantity=quantity if is_refunded else 0,
        refunded_fen=line.maybe_yuan("payment") if is_refunded else sum(each.yuan("refund_fee") for each in ours),
    )


def _own_sku(line: Document) -> str:
    sku = line.maybe_whole("sku_id")
    return str(sku) if sku else line.text("item_id")
