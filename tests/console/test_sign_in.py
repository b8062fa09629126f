"""Who gets into the console, and how they get out again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from crm import users
from models import Audit, OneTimeLink, User
from tests.console.conftest import text_of
from tests.factories import PASSWORD


@pytest.fixture
def link(runtime: Any) -> Any:
    """A one-time link's token: for this user, or for the first owner."""

    def new(user: User | None = None, token: str = "token-of-a-link") -> str:
        with runtime.transaction() as session:
            users.new_link(session, runtime.vault.digest(token), user=user, now=runtime.now())
        return token

    return new


def owner_fields(token: str, **more: str) -> dict[str, str]:
    return {"token": token, "login": "Zhou.Lan", "name": "周岚", "password": PASSWORD} | more


def test_the_first_owner_comes_in_by_a_link_and_then_by_password(visitor, browser, link, make):
    answer = visitor.post("/console/first", owner_fields(link()))

    assert answer.headers["Location"] == "/console/"
    assert "周岚" in text_of(visitor.get("/console/"))
    assert [(user.login, user.role) for user in make.rows(User)] == [("zhou.lan", "owner")]
    elsewhere = browser()
    assert elsewhere.sign_in("ZHOU.LAN").status_code == 303
    assert elsewhere.get("/console/").status_code == 200


def test_a_link_is_good_once(visitor, browser, link, make):
    token = link()
    visitor.post("/console/first", owner_fields(token))

    again = browser().post("/console/first", owner_fields(token, login="other"))

    assert again.status_code == 403
    assert len(make.rows(User)) == 1


def test_a_link_ends_after_a_day(visitor, link, clock, make):
    token = link()
    clock.tick(hours=24, seconds=1)

    assert visitor.get(f"/console/enter?token={token}").status_code == 403
    assert visitor.post("/console/first", owner_fields(token)).status_code == 403
    assert make.rows(User) == []


def test_a_first_owners_link_makes_no_second_owner(visitor, link, make):
    make.user()

    assert visitor.post("/console/first", owner_fields(link())).status_code == 403
    assert len(make.rows(User)) == 1


def test_opening_a_link_does_not_spend_it_but_its_button_does(visitor, browser, link, make):
    user = make.user("demo", name="老板")
    token = link(user)

    page = text_of(visitor.get(f"/console/enter?token={token}"))
    visitor.get(f"/console/enter?token={token}")

    assert "以 老板 进入" in page
    assert make.rows(OneTimeLink)[0].used_at is None
    assert visitor.post("/console/enter", {"token": token}).status_code == 303
    assert "老板" in text_of(visitor.get("/console/"))
    assert browser().post("/console/enter", {"token": token}).status_code == 403


def test_an_invited_colleague_chooses_a_password_by_their_link(signed_in, browser, make):
    owner = signed_in()
    page = owner.post("/console/users", {"login": "lin", "name": "小林", "role": "operator"}).get_data(as_text=True)
    token = page.split("token=")[1].split('"')[0]
    invited = browser()

    assert invited.sign_in("lin", "").status_code == 401
    assert invited.post("/console/enter", {"token": token, "password": "short"}).status_code == 422
    assert invited.post("/console/enter", {"token": token, "password": "long enough for me"}).status_code == 303
    assert "小林" in text_of(invited.get("/console/"))
    assert browser().sign_in("lin", "long enough for me").status_code == 303


def test_a_wrong_password_an_unknown_login_and_a_closed_account_look_the_same(visitor, make):
    make.user("lan")
    make.user("gone", disabled_at=make.runtime.now())

    answers = [
        text_of(visitor.sign_in(login, password)).replace(login, "")
        for login, password in [("lan", "not the password"), ("nobody", PASSWORD), ("gone", PASSWORD)]
    ]

    assert answers[0] == answers[1] == answers[2]
    assert "登录名或密码不对" in answers[0]


def test_the_sixth_failure_from_one_address_waits_a_quarter_of_an_hour(visitor, make, clock):
    make.user("lan")
    for _ in range(5):
        assert visitor.sign_in("lan", "guess guess guess").status_code == 401

    assert visitor.sign_in("lan").status_code == 429  # even the right one: nobody learns which it was
    assert "15 分钟后再试" in text_of(visitor.sign_in("lan"))
    clock.tick(minutes=15, seconds=1)
    assert visitor.sign_in("lan").status_code == 303


def test_a_stranger_who_guesses_does_not_lock_out_the_owner_where_they_work(browser, make):
    make.user("lan")
    assert browser("198.51.100.9").sign_in("lan").status_code == 303
    for host in range(4):
        for _ in range(5):
            assert browser(f"203.0.113.{host}").sign_in("lan", "guess guess guess").status_code == 401

    assert browser("203.0.113.99").sign_in("lan").status_code == 429
    assert browser("198.51.100.9").sign_in("lan").status_code == 303


def test_one_address_cannot_try_many_logins(browser, make):
    for number in range(20):
        assert browser("2001:db8:0:1::1").sign_in(f"login{number}").status_code == 401

    assert browser("2001:db8:0:1:ffff::2").sign_in("login20").status_code == 429  # the same /64
    assert browser("2001:db8:0:2::1").sign_in("login20").status_code == 401


def test_a_right_password_does_not_count_as_a_failure(browser, make):
    make.user("lan")

    for _ in range(8):
        assert browser().sign_in("lan").status_code == 303


def test_a_try_is_audited_without_login_password_or_address(visitor, make):
    visitor.sign_in("secretlogin", "secretpassword")

    [row] = make.rows(Audit)
    assert (row.action, row.outcome) == ("sign_in", "wrong_password")
    assert not any(word in f"{row.subject}{row.details}" for word in ("secret", "203.0.113"))


def test_signing_in_begins_a_session_of_its_own(visitor, make):
    make.user("lan")
    before = visitor.token()
    visitor.sign_in("lan")

    assert visitor.token("/console/account") != before
    cookie = visitor.client.get_cookie("huitou_console", path="/console")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_signing_out_ends_a_copied_cookie_too(signed_in, browser):
    here, thief = signed_in(), browser()
    copied = here.client.get_cookie("huitou_console", path="/console")
    thief.client.set_cookie("huitou_console", copied.value, path="/console")
    assert thief.get("/console/").status_code == 200

    here.post("/console/sign-out", page="/console/account")

    assert here.get("/console/").status_code == 303
    assert thief.get("/console/").status_code == 303


def test_a_session_ends_after_its_hours(signed_in, clock, settings):
    here = signed_in()
    clock.tick(hours=settings.security.session_hours, seconds=-60)
    assert here.get("/console/").status_code == 200

    clock.tick(seconds=61)

    assert here.get("/console/").status_code == 303


def test_closing_an_account_ends_its_sessions(signed_in, browser):
    owner, colleague = signed_in(), signed_in("operator")

    owner.post(f"/console/users/{colleague.user.id}/disable", page="/console/account")

    assert colleague.get("/console/").status_code == 303
    assert browser().sign_in(colleague.user.login).status_code == 401
    assert owner.post(f"/console/users/{owner.user.id}/disable", page="/console/account").status_code == 409


def test_changing_the_password_ends_the_other_sessions_but_not_this(signed_in, browser, runtime):
    here = signed_in()
    there = browser()
    there.sign_in(here.user.login)
    fields = {"old": PASSWORD, "new": "another long password"}

    assert here.post("/console/account/password", fields, page="/console/account").status_code == 303

    assert here.get("/console/").status_code == 200
    assert there.get("/console/").status_code == 303
    assert browser().sign_in(here.user.login).status_code == 401
    assert browser().sign_in(here.user.login, "another long password").status_code == 303


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"old": "not this one", "new": "another long password"}, "现在的密码不对"),
        ({"old": PASSWORD, "new": "short"}, "密码至少 10 个字符"),
        ({"old": PASSWORD, "new": "x" * 201}, "密码最多 200 个字符"),
    ],
)
def test_a_password_change_says_what_does_not_fit(signed_in, fields, words):
    answer = signed_in().post("/console/account/password", fields, page="/console/account")

    assert answer.status_code == 422
    assert words in text_of(answer)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "/console/../../evil", "/console//evil.example",
        "/consolex", "javascript:alert(1)", "/sidebar/", "/console/\n//evil",
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(visitor, make, target):
    make.user("lan")

    answer = visitor.sign_in("lan", next=target)

    assert answer.headers["Location"] == "/console/"


def test_a_page_asked_for_before_signing_in_opens_after_it(visitor, make):
    make.user("lan")

    sent = visitor.get("/console/inbox?result=failed")

    assert sent.headers["Location"] == "/console/sign-in?next=/console/inbox?result%3Dfailed"
    assert visitor.sign_in("lan", next="/console/inbox?result=failed").headers["Location"].endswith("result=failed")


def test_a_form_without_its_token_changes_nothing(signed_in, make):
    here = signed_in()

    answer = here.client.post(
        "/console/users", data={"login": "x1", "name": "x", "role": "owner"}, headers={"Accept": "text/html"}
    )

    assert answer.status_code == 400
    assert len(make.rows(User)) == 1


def test_the_language_is_chosen_before_and_after_signing_in(visitor, make):
    make.user("lan")
    assert '<html lang="zh-CN">' in visitor.get("/console/sign-in").get_data(as_text=True)

    chosen = visitor.post("/console/language", {"language": "en", "back": "https://evil.example"})

    assert chosen.headers["Location"] == "/console/"
    assert '<html lang="en">' in visitor.get("/console/sign-in").get_data(as_text=True)
    visitor.sign_in("lan")
    assert make.rows(User)[0].language == "en"
    visitor.post("/console/language", {"language": "zh", "back": "/console/account"}, page="/console/account")
    assert make.rows(User)[0].language == "zh"
    assert visitor.post("/console/language", {"language": "xx"}, page="/console/account").status_code == 422


def test_a_user_put_back_by_hand_needs_the_epoch_of_their_session(signed_in, runtime):
    here = signed_in()
    with runtime.transaction() as session:
        session.execute(update(User).values(epoch=User.epoch + 1))

    assert here.get("/console/").status_code == 303


def test_failures_are_forgotten_by_the_window_not_by_the_clock_alone(visitor, make, clock):
    make.user("lan")
    for _ in range(5):
        visitor.sign_in("lan", "guess guess guess")
        clock.tick(minutes=4)

    assert timedelta(minutes=15) == users.WINDOW
    assert visitor.sign_in("lan").status_code == 303  # only three or four of them are young enough
