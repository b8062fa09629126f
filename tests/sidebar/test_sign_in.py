"""Staff sign in through WeCom; nobody else comes in, and nobody is sent anywhere else."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from callers import Window
from models import Staff
from sidebar.limits import MINUTE


@pytest.fixture
def corp(sandbox):
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "店", "parentid": 0}],
            "staff": [{"userid": "Lan", "name": "兰", "department": [1]}],
        },
    )


def ask(client):
    return client.get("/sidebar/", headers={"Accept": "text/html"})


def come_back(client, query):
    return client.get("/sidebar/signed-in", query_string=query)


def test_a_page_without_a_session_goes_to_wecom_and_comes_back_signed_in(make, corp, client, authorize):
    make.staff("lan")

    sent = ask(client)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}
    back = come_back(client, authorize(sent.headers["Location"], "Lan"))

    assert sent.status_code == 302
    assert sent.headers["Location"].endswith("#wechat_redirect")
    assert asked["redirect_uri"] == "http://localhost/sidebar/signed-in"
    assert (asked["response_type"], asked["scope"]) == ("code", "snsapi_base")
    assert asked["state"].isalnum()
    assert (back.status_code, back.headers["Location"]) == (302, "/sidebar/")
    assert ask(client).status_code == 200


def test_the_session_after_signing_in_is_a_new_one(make, corp, client, authorize):
    make.staff("lan")
    ask(client)
    with client.session_transaction("/sidebar/") as session:
        session["csrf_token"] = "planted"
    sent = ask(client)

    come_back(client, authorize(sent.headers["Location"], "Lan"))

    with client.session_transaction("/sidebar/") as session:
        assert "csrf_token" not in session
        assert "states" not in session
        assert session.permanent


@pytest.mark.parametrize("state", ["", "guessed", "\u00e9"])
def test_a_state_this_browser_was_not_sent_out_with_is_refused(make, corp, client, authorize, state):
    make.staff("lan")
    query = authorize(ask(client).headers["Location"], "Lan")

    back = come_back(client, query | {"state": state})

    assert back.status_code == 400
    assert "再试一次" in back.text
    assert ask(client).status_code == 302


def test_a_state_and_a_code_are_good_once(make, corp, client, authorize):
    make.staff("lan")
    query = authorize(ask(client).headers["Location"], "Lan")
    come_back(client, query)

    same_state = come_back(client, query)
    other = parse_qs(urlsplit(authorize_again(client)).query)["state"][0]
    same_code = come_back(client, {"code": query["code"], "state": other})

    assert (same_state.status_code, same_code.status_code) == (400, 400)


def authorize_again(client):
    with client.session_transaction("/sidebar/") as session:
        session.clear()
    return ask(client).headers["Location"]


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"code": ""}, {"code": "x" * 600}, {"code": "nope"}])
def test_a_missing_or_wrong_code_gets_a_page_that_says_try_again(corp, client, query):
    state = parse_qs(urlsplit(ask(client).headers["Location"]).query)["state"][0]

    back = come_back(client, {"state": state} | query)

    assert back.status_code == 400
    assert "再试一次" in back.text


def test_codes_that_somebody_makes_up_do_not_use_up_the_corps_calls(app, corp, client):
    app.extensions["huitou_sidebar_sign_ins"] = Window(2, MINUTE)
    states = [parse_qs(urlsplit(ask(client).headers["Location"]).query)["state"][0] for _ in range(3)]

    answers = [come_back(client, {"state": state, "code": "made-up"}) for state in states]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_somebody_who_is_not_in_the_list_or_has_left_does_not_come_in(make, runtime, corp, client, authorize):
    unknown = come_back(client, authorize(ask(client).headers["Location"], "Lan"))
    make.staff("lan", left_at=runtime.now())
    left = come_back(client, authorize(ask(client).headers["Location"], "Lan"))

    assert (unknown.status_code, left.status_code) == (403, 403)
    assert "这里只给店里的同事用" in left.text
    assert ask(client).status_code == 302


@pytest.mark.parametrize(("silences", "status"), [(2, 302), (3, 503)])
def test_a_wecom_that_does_not_answer_is_asked_anew_twice_and_then_said(
    make, corp, client, authorize, sandbox, silences, status
):
    make.staff("lan")
    sandbox.faults({"on": "call", "path": "auth/getuserinfo", "http": 503, "times": silences})
    back = client.get("/sidebar/?to=wm1", headers={"Accept": "text/html"})
    for _ in range(3):
        back = come_back(client, authorize(back.headers["Location"], "Lan"))

    assert back.status_code == status
    assert back.headers.get("Location") == ("/sidebar/?to=wm1" if status == 302 else None)
    assert ("企业微信没有应答" in back.text) is (status == 503)


def test_a_session_ends_with_its_hours_and_with_the_job(make, runtime, clock, lan, seat):
    here = seat(lan)
    with runtime.transaction() as session:
        session.get(Staff, lan.id).left_at = runtime.now()
    gone = here.get("contacts/wm_x")
    with runtime.transaction() as session:
        session.get(Staff, lan.id).left_at = None
    back = here.get("contacts/wm_x")
    clock.tick(hours=13)
    late = here.get("contacts/wm_x")

    assert (gone.status_code, back.status_code, late.status_code) == (401, 403, 401)


def test_what_a_page_asks_for_is_told_that_nobody_is_signed_in(seat):
    nobody = seat()

    for path in ("contacts/wm_x", "customers/1/orders", "customers/1/coupons", "signature"):
        for part in (False, True):
            answer = nobody.get(path, part=part)
            assert answer.status_code == 401
            assert answer.json["error"] == "not_signed_in"


def test_the_hours_of_a_session_are_those_of_the_settings(runtime, clock, lan, seat):
    here = seat(lan)
    clock.tick(hours=runtime.settings.security.session_hours - 1)

    assert here.get("contacts/wm_x").status_code == 403
    assert timedelta(hours=runtime.settings.security.session_hours) == timedelta(hours=12)
