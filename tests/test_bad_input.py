"""Every route meets a table of junk, from a stranger and from somebody signed in: a clear refusal, never a 500."""

import json
import logging
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Audit, Inbox, MassMessage, Order
from models.database import is_sqlite
from tests.callbacks import Callbacks
from tests.mall.conftest import new_shop, shop  # noqa: F401
from tests.sidebar.conftest import Seat

MANY = "9" * 5000
NAMES = [
    "\0", "😀", "\u202egnp.exe", "%00", "%ed%a0%80", "%ff%fe", "..%2f..%2fetc%2fpasswd", "'; DROP TABLE x;--",
    "a" * 3000,
]  # fmt: skip
NUMBERS = ["0", "-1", "1e3", "1.5", "٣", str(2**63 - 1), str(2**63), str(2**64), MANY, "NaN", "0x10", "%201", "+1"]
QUERIES = [  # two in one where no door reads both
    "", "before=&token=" + "a" * 5000, "before=-1&url=http://[::1", f"before={2**63}&url=file:///etc/passwd&kind=agent",
    f"before={MANY}&next=//evil.example", "down_to=9&down_to=8&code=a&state=b", "q=%00", "q=%ed%a0%80", "token=%00",
    "result=%00", "result=nonsense&msg_signature=%ff&timestamp=&nonce=", "only[]=x&part=head", "state=nonsense",
    "action='&=&=&;", "&".join("a=1" for _ in range(500)),
]  # fmt: skip
JSON: list[Any] = [
    "", "{", "[]", "null", '{"a": 1}', '{"a": 1, "a": 2}', "[" * 100_000, '{"batch_id": NaN}',
    '{"occasion": "\\ud800"}',
    '{"batch_id": 1e400, "occasion": "12345678"}', '{"batch_id": -1, "occasion": "12345678"}',
    '{"batch_id": true, "occasion": "12345678"}', f'{{"batch_id": {2**63}, "occasion": "12345678"}}',
    f'{{"batch_id": {MANY}, "occasion": "12345678"}}', '{"batch_id": 1, "occasion": "1234\\u00005678"}',
    f'{{"batch_id": {"9" * 4000}, "occasion": "12345678"}}', '{"outcome": "sent", "reason": "%s"}' % ("x" * 70_000),
    b"\xff\xfe{}", '{"shop": 1, "orders": {}}', json.dumps({f"k{n}": n for n in range(5000)}),
]  # fmt: skip
FORMS = [
    "login=a&login=b", "login=%00&password=%00", "login=%ed%a0%80&password=%ff", "a=1&" * 1500,
    "mode=stopped&extra=1", "name=x&login=%F0%9F%98%80&role=x",
    "ids=" + "x" * 30_000, "mode=live&confirm=%00", "old=x&new=y",
    "name=&value=-1&total=1e9&per_customer=x&valid_days=",
    "name=x&audience_id=1&text=x&attachments=" + "[" * 20_000,
    "name=x&audience_id=1&text=x&attachments=[{}]&action=save",
    "name=x&audience_id=9223372036854775808&text=x&attachments=[]&action=schedule&when=once&on=9999-12-31&at=23:59",
    "name=x&tags_all=9223372036854775808&days_least=999999999&revision=-1", "action=resume", "action[]=pause",
    "staff_id=9223372036854775807", "name=x&attachments=[{\"kind\":\"image\",\"media\":9223372036854775808}]&text=x",
    "name=x&value=%D9%A3&threshold=0&total=" + "9" * 12 + "&per_customer=1&valid_days=1",
]  # fmt: skip
FILE = b'--x\r\nContent-Disposition: form-data; name="login"; filename="a"\r\n\r\nx\r\n--x--\r\n'
OTHERS = [
    (None, None), ("{}", "text/plain"), (FILE, "multipart/form-data; boundary=x"), (b"junk", "multipart/form-data"),
    (b"<xml><Encrypt>x</Encrypt></xml>", "text/xml"), (b"x" * 10_000_000, "application/json"),
]  # fmt: skip
HEADERS = [
    {"Accept": "text/html"},
    {"HX-Request": "true"},
    {"Accept": ";q=x,,", "Accept-Language": "\xff", "X-Forwarded-For": "x", "Content-Length": "x"},
    {"X-HTTP-Method-Override": "DELETE", "Cookie": "huitou_console=junk; huitou_staff=.eJ; huitou_language=\xff"},
]


class Somebody:
    """A browser; a signed-in one holds the tokens of both doors."""

    def __init__(self, client, tokens=None):
        self.client = client
        self.tokens = tokens or {}

    def open(self, path, method, *, headers=None, **more):
        token = self.tokens.get(path.split("/")[1], "")
        headers = {"Accept": "application/json", "X-CSRF-Token": token} | (headers or {})
        return self.client.open(path, method=method, headers=headers, **more)


@pytest.fixture
def signed_in(app, make, runtime):
    """Somebody who may everything at the console and follows a customer in the sidebar."""
    owner, lan = make.user("boss"), make.staff("lan")
    make.contact("wm1", followers=(lan,))
    make.coupon_batch()
    make.notice()
    now, push = runtime.now(), make.push()
    make._save(
        MassMessage(
            chat_type="single", push_id=push.id, slot=now, month="2026-11", text="", state="sending", created_at=now
        )
    )
    seat = Seat(app, lan)
    with seat.client.session_transaction("/console/") as session:
        session.update(user_id=owner.id, epoch=owner.epoch, at=runtime.now().timestamp())
    found = re.search(r'csrf_token" value="([^"]+)', seat.client.get("/console/account").text)
    assert found
    return Somebody(seat.client, {"sidebar": seat.token, "console": found[1]})


def attack(who, app, *, leave_out=()):
    """Send all of it to the doors where it matters who somebody is; what was answered wrongly.

    Headers, methods and bodies of other kinds never come as far as a database: they meet one of the two.
    """
    wrong = []
    is_one = is_sqlite(app.extensions["huitou"].engine)

    def go(rule, method, path, **more):
        answer = who.open(path, method, **more)
        if not is_well_refused(answer, rule, method):
            sent = {name: str(value)[:60] for name, value in more.items()}
            wrong.append((method, path[:80], sent, answer.status_code, answer.text[:80]))

    for rule in app.url_map.iter_rules():
        if rule.endpoint in leave_out or (who.tokens and rule.rule.split("/")[1] not in who.tokens):
            continue
        method = "POST" if "POST" in rule.methods else "GET"
        path = path_of(rule)
        for junk in NAMES if re.search(r"<\w+>", rule.rule) else NUMBERS if "<int" in rule.rule else []:
            go(rule, method, path_of(rule, junk))
        for query in QUERIES if method == "GET" else QUERIES[:3]:
            go(rule, method, path, query_string=query)
        for headers in HEADERS if is_one else HEADERS[:2]:
            go(rule, method, path, headers=headers)
        for other in ("HEAD", "OPTIONS", "PATCH", "TRACE", "DELETE") if is_one else ():
            go(rule, other, path)
        for data, content_type in bodies_for(rule, OTHERS if is_one else ()) if method == "POST" else OTHERS[:2]:
            go(rule, method, path, data=data, content_type=content_type)
    return wrong


def bodies_for(rule, others):
    """All of the kind this door reads, and a few of the other."""
    forms, texts = (FORMS, JSON[:4]) if rule.endpoint.startswith("console.") else (FORMS[:4], JSON)
    yield from others
    yield from ((body, "application/x-www-form-urlencoded") for body in forms)
    yield from ((body, "application/json") for body in texts)


def path_of(rule, junk=None):
    return re.sub(r"<(int:)?\w+>", lambda found: junk or ("1" if found[1] else "wm1"), rule.rule)


def is_well_refused(answer, rule, method):
    """Not a failure of ours; and what is refused says so in a page or in our own shape."""
    if answer.status_code >= 500 and rule.endpoint != "health.readyz":
        return answer.is_json and answer.json["error"] == "try_again"
    if answer.status_code < 400 or method == "HEAD" or rule.endpoint == "health.readyz":
        return True
    if answer.mimetype == "text/html":
        return "Traceback" not in answer.text
    if "HX-Redirect" in answer.headers:
        return True
    return answer.is_json and {"error", "message"} <= answer.json.keys() <= {"error", "message", "field"}


def errors_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_strangers_junk_is_refused_and_leaves_nothing(app, make, caplog):
    wrong = attack(Somebody(app.test_client()), app)

    assert wrong == []
    assert errors_in(caplog) == []
    assert make.rows(Inbox) == make.rows(Order) == make.rows(Audit) == []


def test_junk_from_somebody_signed_in_is_refused_too(app, signed_in, caplog):
    wrong = attack(signed_in, app, leave_out=("console.sign_out",))  # or the rest would be a stranger's

    assert wrong == []
    assert errors_in(caplog) == []
    assert signed_in.open("/console/", "GET").status_code == 200  # still signed in: junk met the real doors
    assert signed_in.open("/sidebar/contacts/wm1", "GET").status_code == 200


def test_a_rogue_shops_signed_junk_is_refused(shop, make):  # noqa: F811
    for body in [*JSON, b"x" * 10_000_000]:
        answer = shop.send(body if isinstance(body, bytes) else body.encode())

        assert 400 <= answer.status_code < 500, body[:80]
        assert {"error", "message"} <= answer.json.keys()
        assert len(answer.data) < 1000
    assert make.rows(Order) == []


# Whatever comes, in bounded numbers

FAST = settings(
    max_examples=80, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
TEXTS = st.text(max_size=30) | st.sampled_from(["\0", "\ud800", "٣", "=1+1", "<b>", "%s", "%(x)s", "\u202e", "x" * 300])
NUMBERS_ = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, 2**64, -1, 10**12, 10**13, 10**400])
MOMENTS = st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026-11-20"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS_ | TEXTS | MOMENTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ORDER: dict[str, Any] = {
    "order_no": "A1", "status": "paid", "unionid": "u1", "openid": "o1", "buyer_id": "b1", "phone": "13800138000",
    "created_at": "2020-11-20T20:15:00+08:00", "paid_at": "2020-11-20T20:15:00+08:00", "shipped_at": None,
    "received_at": None, "completed_at": None, "total_fen": 1, "discount_fen": 0, "shipping_fen": 0, "paid_fen": 1,
    "refunded_fen": 0, "coupon_codes": [], "claim_token": None, "updated_at": "2020-11-20T20:15:00+08:00",
    "items": [{"sku": "s", "name": "n", "quantity": 1, "price_fen": 1}],
}  # fmt: skip


@FAST
@given(changed=st.dictionaries(st.sampled_from(sorted(ORDER)) | TEXTS, VALUES, min_size=1, max_size=3))
def test_whatever_an_order_holds_it_is_taken_or_rejected(shop, changed):  # noqa: F811
    answer = shop.post(ORDER | changed, ORDER | {"order_no": "the good one"})

    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert answer.json["results"][1]["result"] in ("accepted", "unchanged")


@FAST
@given(body=VALUES)
def test_whatever_a_shop_signs_is_answered(shop, body):  # noqa: F811
    assert shop.send(json.dumps(body).encode()).status_code == 422


FIELDS = st.sampled_from(
    ["MsgType", "Event", "ChangeType", "MsgId", "CreateTime", "UserID", "ExternalUserID", "WelcomeCode", "State", "x"]
)


@FAST
@given(fields=st.dictionaries(FIELDS | TEXTS, VALUES | TEXTS, max_size=6), message=st.booleans())
def test_whatever_wecom_signs_is_stored_or_refused(client, sandbox, fields, message):
    fields |= {"MsgType": "text"} if message else {}

    answer = Callbacks(client, sandbox.credentials).post(json.dumps(fields))

    assert (answer.status_code, answer.text[:7]) == (200, "success") or answer.status_code == 400


MARKUP = st.text(max_size=200).map(lambda text: f"<xml>{text}</xml>".encode("utf-8", "replace"))


@FAST
@given(
    body=st.binary(max_size=200) | MARKUP,
    query=st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce"]), TEXTS),
)
def test_whatever_a_stranger_pushes_is_refused(client, body, query):
    query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}

    assert client.post("/bot/callback", data=body, query_string=query).status_code in (400, 403, 422)
