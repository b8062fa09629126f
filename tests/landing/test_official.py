"""The official account's sign-in after a tap: the unionid of who agrees, and nobody in a snapshot page."""

import pytest
from pydantic import SecretStr

from config import OfficialAccount, Settings
from models import ClaimTry, Identity, IdentityLink
from runtime import Runtime
from tests.landing.conftest import query_of
from wecom.errors import CodeSpent, Temporary
from wecom.official_account import OfficialAccount as Gateway


@pytest.fixture
def known(sandbox):
    return sandbox.get("/sandbox/credentials", app="official")


@pytest.fixture
def settings(settings: Settings, known, sandbox):
    account = OfficialAccount(
        app_id=known["appid"], secret=SecretStr(known["secret"]), base_url=sandbox.url,
        authorize_url=f"{sandbox.url}/connect/oauth2/authorize",
    )  # fmt: skip
    return settings.model_copy(update={"official_account": account})


@pytest.fixture
def visitor(corp, sandbox, phone, make):
    """Somebody nobody has added, at the page for naming an order."""
    make.shop()
    opened = phone(sandbox.post("/sandbox/customers", {"unionid": "o6_su"})["external_userid"])
    opened.page = opened.open("/bind")
    return opened


def tap(visitor, **query):
    """The tap and the authorize page; where the browser comes back to."""
    return visitor.through(visitor.get("/landing/official?to=/bind").headers["Location"], **query)


def theirs(make):
    """The kinds of what is known of each customer."""
    found: dict[int, list[str]] = {}
    for row in make.rows(Identity):
        found.setdefault(row.customer_id, []).append(row.kind)
    return sorted(map(sorted, found.values()))


def test_a_tap_joins_the_unionid_to_whom_wecom_names_before_and_after_it(make, visitor):
    sent = visitor.get("/landing/official?to=/bind").headers["Location"]

    page = visitor.open(tap(visitor))

    assert "用微信登录" in visitor.page.text
    assert (query_of(sent)["scope"], "agentid" in query_of(sent)) == ("snsapi_userinfo", False)
    assert page.status_code == 200
    assert "用微信登录" not in page.text
    assert theirs(make) == [["openid", "unionid", "wecom_openid"]]
    assert {row.proof for row in make.rows(IdentityLink)} == {"official_account"}


def test_a_phone_that_changed_hands_between_the_sign_ins_joins_nobody(make, visitor, sandbox):
    back = visitor.get(tap(visitor)).headers["Location"]
    visitor.customer = sandbox.post("/sandbox/customers")["external_userid"]

    visitor.open(back)

    assert theirs(make) == [["openid", "unionid"]]


def test_a_tap_before_wecom_named_anybody_joins_whoever_has_the_phone_then_to_nobody(make, corp, sandbox, phone):
    make.shop()
    opened = phone(sandbox.post("/sandbox/customers", {"unionid": "o6_su"})["external_userid"])
    back = opened.get(tap(opened)).headers["Location"]
    opened.customer = sandbox.post("/sandbox/customers")["external_userid"]

    opened.open(back)
    opened.open("/bind")

    assert theirs(make) == [["openid", "unionid"]]


def test_a_snapshot_visitor_is_asked_for_a_tap_and_never_enters_the_graph(make, visitor):
    page = visitor.get(tap(visitor, sandbox_snapshot="1"))
    visitor.open("/bind")

    assert "使用完整服务" in page.text
    assert make.rows(Identity) == make.rows(IdentityLink) == []

    visitor.open(tap(visitor))
    assert theirs(make) == [["openid", "unionid", "wecom_openid"]]


def test_a_tap_gives_no_more_tries_at_naming_an_order(make, visitor, clock):
    clock.tick(minutes=11)
    visitor.get(tap(visitor))

    answer = visitor.post("/bind", order_no="T1", agree="yes")

    assert (answer.status_code, "放得太久" in answer.text) == (400, True)
    assert make.rows(ClaimTry) == []


def test_the_tap_leads_to_no_page_but_ours(visitor, phone):
    elsewhere = ("https://evil.example/", "//evil.example/p", "/\\evil.example", "/console/", "/p\nx", "")

    assert {visitor.get("/landing/official", query_string={"to": to}).status_code for to in elsewhere} == {422}
    assert phone(agent="Chrome").get("/landing/official?to=/bind").status_code == 404


def test_no_error_quotes_the_secret(known, sandbox, runtime: Runtime):
    gone = Gateway(
        base_url="http://127.0.0.1:9", app_id=known["appid"], secret=known["secret"],
        before_call=lambda: None, on_call=lambda *said: None,
    )  # fmt: skip

    assert runtime.official_account
    with pytest.raises(CodeSpent) as spent:
        runtime.official_account.visitor_by_code("nobodys-code")
    with pytest.raises(Temporary) as silent:
        gone.visitor_by_code("code-of-somebody")

    for error in (spent, silent):
        assert known["secret"] not in str(error.getrepr(style="long", showlocals=False)) + repr(error.value.__context__)
    assert known["secret"] not in repr(gone)


def test_it_calls_nobody_inside_a_transaction(runtime: Runtime):
    assert runtime.official_account
    with runtime.transaction(), pytest.raises(RuntimeError, match="a transaction is open"):
        runtime.official_account.visitor_by_code("code")
