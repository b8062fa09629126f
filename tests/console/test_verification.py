"""Files by which a platform sees that the domain is ours, and what staff brought."""

import io

import pytest

NAME = "WW_verify_AbCdEfGh12345678.txt"


def upload(here, name=NAME, content=b"AbCdEfGh12345678"):
    fields = {"file": (io.BytesIO(content), name)}
    return here.post("/console/verification", fields, page="/console/account", content_type="multipart/form-data")


def test_a_file_is_served_at_the_root_as_it_was_uploaded_until_it_is_deleted(app, signed_in):
    here, anyone = signed_in("developer"), app.test_client()
    before = anyone.get(f"/{NAME}").status_code
    assert upload(here).status_code == 303
    served = anyone.get(f"/{NAME}")

    assert (before, served.status_code, served.data) == (404, 200, b"AbCdEfGh12345678")
    assert served.mimetype == "text/plain"
    here.post("/console/verification/1/delete", page="/console/account")
    assert anyone.get(f"/{NAME}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../WW_verify_AbCdEfGh12345678.txt", b"AbCdEfGh12345678"),
        ("WW_verify_AbCdEfGh12345678.html", b"AbCdEfGh12345678"),
        ("index.txt", b"AbCdEfGh12345678"),
        (NAME, b"<script>alert(1)</script>"),
        (NAME, b"A" * 4000),
        (NAME, b"\xff\xfe"),
    ],
)
def test_anything_else_is_refused(app, signed_in, name, content):
    assert upload(signed_in("developer"), name, content).status_code == 422


def test_a_manager_sees_the_figures_of_their_own_department(make, signed_in):
    make.staff("lan", name="林岚", department_wecom_ids=[2])
    make.staff("mei", name="周梅", department_wecom_ids=[1])
    make.touch("sent", kind="words", userid="lan", external_userid="wm1")

    page = signed_in("manager", department_wecom_id=2).get("/console/staff-figures").get_data(as_text=True)

    assert "林岚" in page
    assert "周梅" not in page
