"""The links the command line prints."""

import json

import pytest
from click.testing import CliRunner

from app import create_app
from commands import cli
from models import User
from tests.factories import PASSWORD


@pytest.fixture
def run(settings, tmp_path):
    """`app.py VERB …` on this test's database."""
    quoted = json.dumps
    path = tmp_path / "config.toml"
    path.write_text(
        f"[database]\nurl = {quoted(settings.database.url)}\n"
        f"[security]\nmaster_key_file = {quoted(settings.security.master_key_file)}\n"
    )

    def call(*words: str):
        return CliRunner().invoke(cli, ["--config", str(path), *words], obj={"create_app": create_app})

    return call


def test_the_first_link_makes_the_owner(run, visitor, make):
    printed = run("sign-in-link")
    token = printed.output.strip().split("token=")[1]

    answer = visitor.post("/console/first", {"token": token, "login": "lan", "name": "周岚", "password": PASSWORD})

    assert (printed.exit_code, answer.status_code) == (0, 303)
    assert [user.role for user in make.rows(User)] == ["owner"]
    assert run("sign-in-link").exit_code == 2


def test_who_lost_their_password_chooses_another_by_a_link(run, signed_in, browser):
    here = signed_in()
    token = run("sign-in-link", here.user.login).output.strip().split("token=")[1]

    assert here.get("/console/").status_code == 303
    assert browser().sign_in(here.user.login).status_code == 401
    assert browser().post("/console/enter", {"token": token, "password": "another long one"}).status_code == 303
    assert browser().sign_in(here.user.login, "another long one").status_code == 303


def test_a_login_nobody_has_is_said(run, make):
    make.user()

    assert run("sign-in-link", "nobody").exit_code == 1
