"""What every door has in common: errors that tell nothing, and addresses that nobody else can make."""

import logging

import pytest
from sqlalchemy import text

NAME = "王老板的秘密"


@pytest.fixture
def signed_in(client, make, runtime):
    """A client whose browser is signed in at both doors."""
    owner, lan = make.user("boss", name=NAME), make.staff("lan")
    at = runtime.now().timestamp()
    with client.session_transaction("/console/") as session:
        session.update(user_id=owner.id, epoch=owner.epoch, at=at)
    with client.session_transaction("/sidebar/") as session:
        session.update(staff_id=lan.id, at=at)
    return client


def break_table(runtime, name):
    with runtime.transaction() as session:
        session.execute(text(f'ALTER TABLE "{name}" RENAME TO {name}_away'))


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("table", "path"),
    [
        ("gate", "/console/"),
        ("inbox", "/console/inbox"),
        ("user", "/console/"),
        ("follow", "/sidebar/contacts/wm_x"),
        ("audit", "/sidebar/contacts/wm_x"),
    ],
)
def test_a_failure_of_ours_is_a_number_and_a_line_without_content(signed_in, runtime, caplog, table, path, accept):
    break_table(runtime, table)

    answer = signed_in.get(path, headers={"Accept": accept})

    assert answer.status_code == 500
    assert "记下编号" in (answer.json["message"] if accept == "application/json" else answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    said = "\n".join(logging.Formatter().format(record) for record in caplog.records)
    assert sum(record.levelno >= logging.ERROR for record in caplog.records) == 1
    for secret in ("SELECT * FROM", "SELECT " + table, NAME, "wm_x", "no such table"):
        assert secret not in answer.text
        assert secret not in said


def test_the_bare_address_leads_to_the_console(client):
    answer = client.get("/", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/")


@pytest.mark.parametrize("path", ["/console", "/sidebar", "/console?next=/x"])
def test_a_missing_slash_leads_on_to_our_own_page_whatever_host_was_said(client, path):
    answer = client.get(path, headers={"Host": "evil.example"})

    bare, _, query = path.partition("?")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{bare}/" + (f"?{query}" if query else "")
    assert "evil.example" not in answer.text
