"""WeChat's own shops (微信小店): events by its AES callback, orders by the time they changed. docs/connectors.md."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from connectors.documents import Document, dump, parse, required
from connectors.errors import BadPush, Misfit, Refused, Temporary, Throttled, Unauthorized
from connectors.outside import Outside
from connectors.shapes import ORDER, Failed, Page, PlatformItem, PlatformOrder, Push, Pushed, checked, discount
from connectors.tokens import Token, TokenRefused, Tokens
from connectors.wechat_callbacks import Callbacks

SECRETS = ("appid", "secret", "token", "aes_key")
PAGE = 20
TOKEN_CODES, THROTTLED_CODES, PASSING_CODES = {40001, 40014, 42001}, {45009, 45011}, {-1}
CREDENTIAL_CODES = {40013, 40125, 40164, 48001, 61004}
REFUND_DONE = {"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"}
STATUSES = {
    5: "created", 10: "created", 12: "paid", 13: "paid", 20: "paid", 21: "paid", 30: "shipped", 100: "completed",
    200: "cancelled", 250: "cancelled",
}  # fmt: skip
"""21 is shipped in part: until the last parcel is on its way the order counts as paid."""


class WechatShop:
    """One shop with its own appid."""

    def __init__(self, secrets: dict[str, str], outside: Outside) -> None:
        self._secrets, self._outside = secrets, outside
        name = f"wechat_shop:{secrets['appid']}:access"
        self._tokens = Tokens(outside.tokens, name, self._fetch_token, outside.now)

    def read_push(self, push: Push) -> Pushed:
        """An event, or the question with which WeChat checks our address."""
        callbacks = Callbacks(self._secrets.get("token", ""), self._secrets.get("aes_key", ""), self._secrets["appid"])
        if "echostr" in push.args and not push.body:
            return Pushed(
                "", "", b"", answer=callbacks.open(push.args["echostr"], push.args).decode("utf-8", "replace")
            )
        message = callbacks.open_body(push.body, push.args)
        try:
            kind = Document(parse(message).value).maybe_text("Event") or ""
        except Misfit:
            raise BadPush("message") from None
        return Pushed(hashlib.sha256(message).hexdigest(), kind[:64], message)

    def orders_of(self, kind: str, body: bytes) -> Page:
        """An event names its order; what the order is now is asked."""
        sent = parse(body)
        if kind == ORDER:
            return Page([self._order(sent)])
        if kind == "channels_ec_aftersale_update":
            order_no = sent.child("finder_shop_aftersale_status_update").text("order_id")
        elif kind.startswith("channels_ec_order_"):
            order_no = sent.child("order_info").text("order_id")
        else:
            return Page([])
        return Page([self._order(self._whole(order_no))])

    def pull(self, since: datetime, until: datetime, cursor: str | None) -> Page:
        asked = {
            "update_time_range": {"start_time": int(since.timestamp()), "end_time": int(until.timestamp())},
            "page_size": PAGE, "next_key": cursor or "",
        }  # fmt: skip
        answer = self._call("/channels/ec/order/list/get", asked)
        orders: list[PlatformOrder] = []
        failed: list[Failed] = []
        for order_no in answer.value.get("order_id_list") or []:
            whole = self._whole(str(order_no))
            try:
                orders.append(self._order(whole))
            except Misfit as problem:
                failed.append(Failed(dump(whole.value), problem.code))
        has_more = answer.value.get("has_more") is True
        return Page(orders, failed, answer.text("next_key", 1024) if has_more else None)

    def unionid_of(self, buyer_id: str) -> str | None:
        return None

    def _whole(self, order_no: str) -> Document:
        """The order with its after-sales: only those tell what was paid back."""
        order = self._call("/channels/ec/order/get", {"order_id": order_no}).child("order").value
        listed = Document(order).maybe_child("aftersale_detail").children("aftersale_order_list")
        aftersales = [
            self._call(
                "/channels/ec/aftersale/getaftersaleorder", {"after_sale_order_id": each.text("aftersale_order_id")}
            )
            .child("after_sale_order")
            .value
            for each in listed
        ]
        return Document({"order": order, "aftersales": aftersales})

    def _fetch_token(self) -> Token:
        asked = {"grant_type": "client_credential", "appid": self._secrets["appid"], "secret": self._secrets["secret"]}
        answer = self._outside.http.get(f"{self._outside.base_url}/cgi-bin/token", asked)
        code = answer.maybe_whole("errcode")
        if code in PASSING_CODES:
            raise Temporary(code)
        if code in THROTTLED_CODES:
            raise Throttled(code, 60)
        if code:
            raise Unauthorized(code)
        lasting = timedelta(seconds=answer.whole("expires_in"))
        return Token(answer.text("access_token", 1024), self._outside.now() + lasting)

    def _call(self, path: str, asked: dict[str, Any]) -> Document:
        def once(token: str) -> Document:
            return _accepted(self._outside.http.post(self._outside.base_url + path, asked, {"access_token": token}))

        return self._tokens.using(once)

    def _order(self, sent: Document) -> PlatformOrder:
        return checked(_order(sent), now=self._outside.now())


def _accepted(answer: Document) -> Document:
    code = answer.maybe_whole("errcode")
    if not code:
        return answer
    if code in TOKEN_CODES:
        raise TokenRefused
    if code in THROTTLED_CODES:
        raise Throttled(code, 60)
    if code in PASSING_CODES:
        raise Temporary(code)
    raise Unauthorized(code) if code in CREDENTIAL_CODES else Refused(code)


def _order(sent: Document) -> PlatformOrder:
    order, done = sent.child("order"), []
    for each in sent.children("aftersales"):
        if each.maybe_text("status") in REFUND_DONE:
            done.append(each)
    detail = order.child("order_detail")
    price, delivery = detail.child("price_info"), detail.maybe_child("delivery_info")
    paid_at = detail.maybe_child("pay_info").seconds("pay_time")
    shipping_fen, order_fen = price.maybe_whole("freight"), price.whole("order_price")
    total_fen, discount_fen = discount(price.whole("product_price"), shipping_fen, order_fen)
    paid_fen = order_fen if paid_at else 0
    refunded_fen = sum(each.child("refund_info").whole("amount") for each in done)
    created_at = required(order.seconds("create_time"), order.at("create_time"))
    changes = [order.seconds("update_time"), *(each.seconds("update_time") for each in done)]
    status = _status(order, is_refunded=0 < paid_fen <= refunded_fen)
    updated_at = max((moment for moment in changes if moment), default=created_at)
    return PlatformOrder(
        order_no=order.text("order_id", 64),
        status=status,
        unionid=order.maybe_text("unionid"),
        openid=order.maybe_text("openid"),
        buyer_id=None,
        phone=delivery.maybe_child("address_info").maybe_text("tel_number", 32),
        created_at=created_at,
        paid_at=paid_at,
        shipped_at=delivery.seconds("ship_done_time"),
        received_at=None,
        completed_at=updated_at if status == "completed" else None,
        total_fen=total_fen,
        discount_fen=discount_fen,
        shipping_fen=shipping_fen,
        paid_fen=paid_fen,
        refunded_fen=refunded_fen,
        items=tuple(_item(each, done) for each in detail.children("product_infos")),
        updated_at=updated_at,
    )


def _status(order: Document, *, is_refunded: bool) -> str:
    code = order.whole("status")
    if code not in STATUSES:
        raise order.misfit("status")
    return "refunded" if is_refunded and code in (100, 200) else STATUSES[code]


def _item(line: Document, done: list[Document]) -> PlatformItem:
    sku = line.maybe_text("sku_id")
    ours = [each for each in done if each.maybe_child("product_info").maybe_text("sku_id") == sku]
    quantity = line.whole("sku_cnt")
    return PlatformItem(
        line_id=sku,
        sku=line.maybe_text("sku_code") or sku or line.text("product_id"),
        name=line.name("title"),
        category=None,
        quantity=quantity,
        price_fen=line.whole("sale_price"),
        refunded_quantity=min(quantity, line.maybe_whole("finish_aftersale_sku_cnt")),
        refunded_fen=sum(each.child("refund_info").whole("amount") for each in ours),
    )
