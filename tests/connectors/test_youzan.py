"""Youzan: pushes, pulls and look-ups against a stand-in that knows its documentation only."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from crm import platform_messages, platforms
from jobs.platform_buyers import ask_unionids
from jobs.platform_pulls import pull_orders
from jobs.platforms import apply_platform_messages
from jobs.retention import forget_old
from jobs.worker import Worker
from models import Identity, Order, OrderLine, PlatformAccount, PlatformMessage
from tests.apps import until
from tests.connectors.conftest import StandIn

CREDENTIALS = {"client_id": "c1", "client_secret": "s3cret", "kdt_id": "56232"}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(moment):
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def trade(tid="E1", *, at: datetime, status="WAIT_SELLER_SEND_GOODS", refund_state=0, refunds=(), **more: Any):
    """13.00 of goods and 2.00 of freight, 5.18 off: 9.82 paid; the documentation's own example."""
    lines = [
        {"oid": "1526023707817967901", "item_id": 1, "sku_id": 0, "outer_sku_id": "WIPES", "title": "湿巾", "num": 2,
         "price": "4.00", "total_fee": "8.00", "payment": "6.00"},
        {"oid": "1526023707817967902", "item_id": 2, "sku_id": 7, "title": "试用装", "num": 1, "price": "5.00",
         "total_fee": "5.00", "payment": "3.82"},
    ]  # fmt: skip
    paid = {} if status == "WAIT_BUYER_PAY" else {"pay_time": local(at)}
    info = {"tid": tid, "status": status, "refund_state": refund_state, "created": local(at - timedelta(minutes=1)),
            "update_time": local(at), "consign_time": "", **paid}  # fmt: skip
    full = {
        "order_info": info | more.pop("info", {}),
        "buyer_info": {"yz_open_id": "yz-b1", "buyer_phone": "13812345678-1234"},
        "address_info": {"receiver_tel": "138****5678"},
        "pay_info": {"total_fee": "13.00", "post_fee": "2.00", "payment": "9.82"},
        "orders": lines,
    }
    return {"full_order_info": full | more, "refund_order": list(refunds), "delivery_order": []}


class YouzanStandIn(StandIn):
    """Tokens by the silent grant; lists sorted by the moment of change, 100 a page; errors of three layers, all 200."""

    def __init__(self) -> None:
        super().__init__()
        self.trades: dict[str, Any] = {}
        self.unionids: dict[str, str] = {}
        self.token = "t1"

    def add(self, *trades: Any) -> None:
        for each in trades:
            self.trades[each["full_order_info"]["order_info"]["tid"]] = each

    def reply(self, path, query, body):
        asked = json.loads(body)
        self.asked.append((path, asked))
        if path == "/auth/token":
            assert (asked["authorize_type"], asked["grant_id"]) == ("silent", "56232")
            if asked["client_secret"] != "s3cret":
                return 200, {"success": False, "code": 1000, "data": None, "message": "s3cret?"}
            until = int((datetime.now(UTC) + timedelta(days=3650)).timestamp() * 1000)
            return 200, {"success": True, "code": 200, "data": {"access_token": self.token, "expires": until}}
        if query.get("access_token") != self.token:
            return 200, {"gw_err_resp": {"err_code": 4203, "err_msg": "Token 不存在"}}
        said = getattr(self, path.split("/")[2].replace(".", "_"))(asked)
        if said is None:
            return 200, {"code": 5000, "success": False, "message": "trade not found", "data": {"refund_order": []}}
        return 200, {"code": 200, "success": True, "data": said, "message": "successful"}

    def youzan_trade_get(self, asked):
        return self.trades.get(asked["tid"])

    def youzan_trades_sold_get(self, asked):
        def changed(each):
            return each["full_order_info"]["order_info"]["update_time"]

        inside = [
            each for each in self.trades.values() if asked["start_update"] <= changed(each) <= asked["end_update"]
        ]
        inside.sort(key=changed)
        start = (asked["page_no"] - 1) * asked["page_size"]
        return {"total_results": len(inside), "full_order_info_list": inside[start : start + asked["page_size"]]}

    def youzan_users_info_query(self, asked):
        known = self.unionids.get(asked["yz_open_id"])
        return {"user_list": [{"primitive_info": {"yz_open_id": asked["yz_open_id"], "union_id": known}}]}


@pytest.fixture
def youzan(stand_in) -> Any:
    return stand_in(YouzanStandIn)


@pytest.fixture
def shop_id(connect, youzan, clock):
    return connect("youzan", url=youzan.url, since=clock() - timedelta(hours=6), **CREDENTIALS)


@pytest.fixture
def push(client, shop_id):
    """Sends a message as Youzan does, signed in the header or, as it used to be, in the body."""

    def send(message, *, kind="trade_TradePaid", header=True, secret="s3cret", **more):
        text = quote(json.dumps(message))
        sign = hashlib.md5(f"c1{text}{secret}".encode()).hexdigest()
        body = json.dumps({"client_id": "c1", "kdt_id": 56232, "type": kind, "msg": text, "sign": sign} | more).encode()
        signed = hashlib.md5(b"c1" + body + secret.encode()).hexdigest()
        headers = {"Event-Sign": signed, "Event-Type": kind} if header else {}
        return client.post(
            f"/mall/connect/youzan/{shop_id}", data=body, headers=headers, content_type="application/json"
        )

    return send


def test_a_pushed_order_is_answered_at_once_and_stored_by_the_job(push, runtime, make, clock, youzan):
    message = trade(at=clock())

    answers = [push(message), push(message, header=False), push(message)]

    assert [(answer.status_code, answer.json["msg"]) for answer in answers] == [(200, "success")] * 3
    assert make.rows(Order) == []
    assert apply_platform_messages(runtime) == 2  # signed as a whole, and by its message alone
    [order] = make.rows(Order)
    assert (order.order_no, order.status, order.buyer_id) == ("E1", "paid", "yz-b1")
    assert (order.total_fen, order.discount_fen, order.shipping_fen, order.paid_fen) == (1300, 518, 200, 982)
    assert (order.phone_kind, order.phone_digest) == ("virtual", None)
    assert [(line.sku, line.quantity, line.price_fen) for line in make.rows(OrderLine)] == [
        ("WIPES", 2, 400),
        ("7", 1, 500),
    ]
    assert {row.state for row in make.rows(PlatformMessage)} == {"applied"}
    assert [row.deliveries for row in make.rows(PlatformMessage)] == [2, 1]
    assert youzan.asked == []


def test_a_message_that_only_names_its_order_has_it_asked_for_after_a_while(push, runtime, make, clock, youzan):
    clock.freeze()
    refund = {"refund_id": "R", "refund_state": 60, "refund_fee": "3.82", "oids": ["1526023707817967902"],
              "refund_time": local(clock())}  # fmt: skip
    push({"tid": "E1"}, kind="trade_refund_RefundSuccess")

    assert apply_platform_messages(runtime) == 0
    clock.tick(seconds=31)
    youzan.answers_next = [(200, {"code": 5000, "success": False, "message": "trade not found"})]
    apply_platform_messages(runtime)
    [waiting] = make.rows(PlatformMessage)
    youzan.add(trade(at=clock(), refund_state=2, refunds=[refund]))
    clock.tick(seconds=61)
    apply_platform_messages(runtime)

    assert (waiting.state, waiting.reason) == ("waiting", "Refused 5000")
    [order] = make.rows(Order)
    assert (order.status, order.paid_fen, order.refunded_fen) == ("paid", 982, 382)
    assert [line.refunded_fen for line in make.rows(OrderLine)] == [0, 382]


def test_what_a_trade_counts_for_follows_its_state(shop_id, runtime, make, clock, youzan):
    told = {
        "a": ("TRADE_CLOSED", 12), "b": ("TRADE_CLOSED", 0), "c": ("WAIT_BUYER_PAY", 0),
        "d": ("WAIT_BUYER_CONFIRM_GOODS", 0), "e": ("TRADE_SUCCESS", 0),
    }  # fmt: skip
    at = clock() - timedelta(minutes=5)
    youzan.add(*(trade(tid, at=at, status=status, refund_state=state) for tid, (status, state) in told.items()))

    pull_orders(runtime)

    assert {order.order_no: (order.status, order.spend_fen) for order in make.rows(Order)} == {
        "a": ("refunded", 0), "b": ("cancelled", 0), "c": ("created", 0), "d": ("shipped", 982),
        "e": ("completed", 982),
    }  # fmt: skip


def test_a_window_is_pulled_page_by_page_once_though_orders_change_meanwhile(shop_id, runtime, make, clock, youzan):
    began = clock.freeze() - timedelta(hours=5)
    youzan.add(*(trade(f"E{n:03d}", at=began + timedelta(seconds=n)) for n in range(250)))

    pull_orders(runtime)
    first = youzan.trades["E000"]["full_order_info"]["order_info"]
    first["update_time"] = local(clock() + timedelta(minutes=1))  # leaves the window: all behind it move forward
    while pull_orders(runtime):
        pass
    pages = [asked["page_no"] for path, asked in youzan.asked if "sold" in path]
    clock.tick(minutes=5)
    pull_orders(runtime)

    assert pages == [1, 3, 2, 1]
    assert sorted(order.order_no for order in make.rows(Order)) == [f"E{n:03d}" for n in range(250)]
    [account] = make.rows(PlatformAccount)
    assert (account.cursor, account.window_until, account.last_error) == (None, None, "")
    assert account.pulled_until == clock().replace(microsecond=0)
    assert account.next_pull_at > clock()


def test_an_order_of_a_page_that_does_not_fit_is_kept_and_loses_no_other(shop_id, runtime, make, clock, youzan):
    youzan.add(trade("good", at=clock() - timedelta(hours=1)))
    youzan.add(trade("bad", at=clock() - timedelta(hours=1), pay_info={"total_fee": 13.5, "payment": "9.999"}))

    pull_orders(runtime)

    assert [order.order_no for order in make.rows(Order)] == ["good"]
    [kept] = make.rows(PlatformMessage)
    assert (kept.state, kept.reason) == ("failed", "字段不对：full_order_info.pay_info.payment")
    assert b"bad" in runtime.vault.open(kept.body_sealed)


def test_what_failed_comes_in_once_it_fits(shop_id, runtime, clock, youzan, replayed):
    """Created in two days, says the platform: refused until its clock or ours is mended."""
    early = {"created": local(clock() + timedelta(days=2))}
    youzan.add(trade(at=clock() - timedelta(hours=1), info=early))
    pull_orders(runtime)

    before = replayed(shop_id, "youzan")
    clock.tick(days=2)

    assert before == []
    assert replayed(shop_id, "youzan") == [("E1", "paid")]


def test_a_running_worker_applies_a_push_by_itself(push, runtime, make, clock):
    worker = Worker(runtime)
    worker.start()

    push(trade(at=clock()))
    until(lambda: [row.state for row in make.rows(PlatformMessage)] == ["applied"])
    worker.stop()

    assert len(make.rows(Order)) == 1


def test_two_workers_never_hold_one_message_or_account(push, runtime, clock, shop_id):
    push(trade(at=clock()))
    clock.freeze()

    for lease in (lambda s, now: list(platform_messages.lease_due(s, limit=9, now=now)), platforms_due):
        taken = []
        for _ in range(2):
            with runtime.transaction() as session:
                taken.append(bool(lease(session, runtime.now())))
        assert taken == [True, False]

    clock.tick(minutes=5)
    with runtime.transaction() as session:  # who held them has died
        assert platform_messages.lease_due(session, limit=9, now=runtime.now())
        assert platforms_due(session, runtime.now())


def platforms_due(session, now):
    return platforms.lease_due(session, now=now)


def test_nothing_is_asked_inside_a_transaction(shop_id, runtime, youzan, clock):
    connector = runtime.connector("youzan", CREDENTIALS)

    with runtime.reading(), pytest.raises(RuntimeError, match="a transaction is open"):
        connector.pull(clock() - timedelta(hours=1), clock(), None)

    assert youzan.asked == []


def test_secrets_and_texts_reach_no_log(shop_id, push, runtime, youzan, clock, caplog):
    caplog.set_level("DEBUG")
    youzan.answers_next = [(500, b"s3cret 13812345678")]
    pull_orders(runtime)
    youzan.close()
    clock.tick(seconds=30)
    pull_orders(runtime)
    push({"tid": "E1", "name": "s3cret"}, secret="other")

    assert "s3cret" not in caplog.text
    assert "access_token=" not in caplog.text


def test_old_messages_lose_their_text_and_then_go(push, runtime, make, clock):
    push(trade(at=clock()))
    apply_platform_messages(runtime)
    clock.tick(days=31)
    push(trade("E2", at=clock()))

    forget_old(runtime)
    kept = [row.body_sealed is not None for row in make.rows(PlatformMessage)]
    clock.tick(days=61)
    forget_old(runtime)

    assert kept == [False, True]
    assert [(row.state, row.body_sealed is not None) for row in make.rows(PlatformMessage)] == [("received", True)]


SAYS_NO = {
    "Throttled 4101": (3, (200, {"gw_err_resp": {"err_code": 4101, "err_msg": "访问频繁"}})),
    "Unauthorized 4204": (600, (200, {"gw_err_resp": {"err_code": 4204, "err_msg": "无权限"}})),
    "Temporary 502": (10, (502, b"<html>")),
    "Temporary not_json": (10, (200, b"<html>")),
    "字段不对：data.full_order_info_list": (
        1800, (200, {"success": True, "code": 200, "data": {"full_order_info_list": 5}}),
    ),
}  # fmt: skip


def test_an_error_pauses_by_its_class_and_loses_nothing(shop_id, runtime, make, clock, youzan):
    youzan.add(trade(at=clock.freeze() - timedelta(minutes=5)))
    [account], seen = make.rows(PlatformAccount), {}

    for seconds, said in SAYS_NO.values():
        with runtime.transaction() as session:
            platforms.pull_now(session, account, now=runtime.now())
        youzan.answers_next = [said]
        pull_orders(runtime)
        [account] = make.rows(PlatformAccount)
        seen[account.last_error] = (account.next_pull_at - clock()).total_seconds(), seconds * 2 ** (account.tries - 1)
        assert make.rows(Order) == []
    clock.tick(hours=2)
    pull_orders(runtime)

    assert list(seen) == list(SAYS_NO)
    assert [waited for waited, _ in seen.values()] == [min(most, 3600) for _, most in seen.values()]
    assert len(make.rows(Order)) == 1
    assert make.rows(PlatformAccount)[0].last_error == ""


def test_a_token_that_ended_early_is_fetched_again_once(shop_id, runtime, make, clock, youzan):
    pull_orders(runtime)
    youzan.token = "t2"
    youzan.add(trade(at=clock()))
    clock.tick(minutes=6)

    pull_orders(runtime)

    assert len(make.rows(Order)) == 1
    assert sum(path == "/auth/token" for path, _ in youzan.asked) == 2


def test_a_buyers_unionid_is_asked_for_once_and_joins_all_their_orders(shop_id, runtime, make, clock, youzan):
    contact = make.identity("unionid", "o-wang")
    youzan.unionids["yz-b1"] = "o-wang"
    youzan.add(trade("E1", at=clock() - timedelta(hours=1)), trade("E2", at=clock() - timedelta(minutes=2)))
    pull_orders(runtime)

    assert ask_unionids(runtime) == 1
    assert ask_unionids(runtime) == 0

    assert {order.customer_id for order in make.rows(Order)} == {contact.customer_id}
    assert {row.kind for row in make.rows(Identity)} == {"unionid", "buyer_id"}


def test_a_message_of_another_shop_of_the_application_is_heard_and_not_kept(push, make, clock):
    answer = push(trade(at=clock()), kdt_id=999)

    assert (answer.status_code, answer.json["msg"]) == (200, "success")
    assert make.rows(PlatformMessage) == []


def test_what_is_not_signed_is_refused_and_leaves_nothing(push, client, make, clock, shop_id):
    message = trade(at=clock())

    answers = [
        push(message, secret="other"),
        push(message, header=False, secret="other"),
        push(message, header=False, sign=5),
        client.post(f"/mall/connect/youzan/{shop_id}", data=b"\xff\x00 garbage"),
        client.post(f"/mall/connect/youzan/{shop_id}", data=b"{}", headers={"Event-Sign": "é"}),
        client.post("/mall/connect/youzan/999", data=b"{}"),
        client.post(f"/mall/connect/taobao/{shop_id}", data=b"{}"),
        client.get(f"/mall/connect/youzan/{shop_id}"),
    ]
    large = client.post(f"/mall/connect/youzan/{shop_id}", data=b" " * (1024 * 1024 + 1))

    assert {(answer.status_code, answer.json["error"]) for answer in answers} == {(401, "bad_signature")}
    assert large.status_code == 413
    assert make.rows(PlatformMessage) == []


def test_a_signed_message_of_a_wrong_shape_is_kept_and_its_field_named(push, runtime, make, clock):
    push(trade(at=clock(), orders="none"))
    push(trade("E2", at=clock(), info={"status": "NEW_STATE"}))
    push("not an object", kind="trade_TradeClose")
    push({"item": 1}, kind="ITEM_INFO")
    clock.tick(seconds=60)

    apply_platform_messages(runtime)

    assert [(row.state, row.reason) for row in make.rows(PlatformMessage)] == [
        ("failed", "字段不对：full_order_info.orders"),
        ("failed", "字段不对：full_order_info.order_info.status"),
        ("failed", "字段不对：body"),
        ("ignored", ""),
    ]
