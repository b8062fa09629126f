"""Uploads: what may be kept, told by its content, and how it is served again."""

import io

import pytest
import requests

from app import create_app
from models import Media
from web import serve_in_thread

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 100
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 100
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 100
MOV = b"\0\0\0\x18ftypqt  " + b"\0" * 100
MB = 1024 * 1024


def send(here, kind, content, name="周末鲜花.png", **more):
    fields = {"kind": kind, "file": (io.BytesIO(content), name)} | more
    return here.post("/console/media", fields, page="/console/account", headers={"Accept": "application/json"})


@pytest.mark.parametrize(
    ("kind", "content", "mime"),
    [("image", PNG, "image/png"), ("image", JPEG, "image/jpeg"), ("video", MP4, "video/mp4"),
     ("file", b"%PDF-1.7 ", "application/octet-stream")],
)  # fmt: skip
def test_what_was_sent_comes_back_as_it_was(signed_in, kind, content, mime):
    here = signed_in("operator")

    sent = send(here, kind, content)
    back = here.get(sent.json["url"])

    assert (sent.status_code, sent.json["size"]) == (201, len(content))
    assert (back.mimetype, back.get_data()) == (mime, content)
    assert back.headers["X-Content-Type-Options"] == "nosniff"
    assert back.headers["Content-Disposition"].startswith("inline" if kind == "image" else "attachment")


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("image", b"GIF89a" + b"x" * 50, "只能是 PNG 或 JPG"), ("image", b"<svg onload=alert(1)>", "只能是 PNG 或 JPG"),
        ("image", PNG[:8] + b"x" * 50, "只能是 PNG 或 JPG"), ("image", PNG + b"x" * 10 * MB, "最多 10 MB"),
        ("video", MOV, "只能是 MP4"), ("video", b"x" * 50, "只能是 MP4"), ("video", MP4 + b"x" * 10 * MB, "最多 10 MB"),
        ("file", b"", "是空的"), ("file", b"12345", "是空的"), ("file", b"x" * (20 * MB + 1), "最多 20 MB"),
        ("voice", PNG, "没有这种附件"), ("\0", PNG, "没有这种附件"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_in_words(signed_in, make, kind, content, words):
    answer = send(signed_in("operator"), kind, content)

    assert answer.status_code in (413, 422)
    assert words in answer.json["message"]
    assert make.rows(Media) == []


@pytest.mark.parametrize(
    "fields",
    [{"more": "1"}, {"file2": b"one too many"}, {"file": "no file"}],
)
def test_a_form_that_is_not_the_pages_is_refused(signed_in, make, fields):
    more = {name: (io.BytesIO(value), "a") if isinstance(value, bytes) else value for name, value in fields.items()}

    answer = send(signed_in("operator"), "image", PNG, **more)

    assert answer.status_code == 422
    assert make.rows(Media) == []


def test_the_same_file_is_kept_once(signed_in, make):
    here = signed_in("operator")

    ids = {send(here, "image", PNG, name).json["id"] for name in ("a.png", "b.png")}

    assert len(ids) == len(make.rows(Media)) == 1
    assert send(here, "file", PNG).json["id"] not in ids


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\\\照片\\\\花.png", "花.png"), ("\u202egnp.exe", "gnp.exe"),
        ("\u200ea\u2028b.png", "ab.png"), (".png", "image.png"),
        ("长" * 300 + ".png", "长" * 96 + ".png"), ("长" * 300, "长" * 100), ("<img src=x>.png", "<img src=x>.png"),
    ],
)  # fmt: skip
def test_a_name_is_a_name_only(signed_in, given, kept):
    here = signed_in("operator")

    answer = send(here, "image", PNG, given)

    assert answer.json["name"] == kept
    back = here.get(answer.json["url"])
    assert back.headers["Content-Disposition"].isascii()


def test_a_large_picture_is_taken_with_a_warning(signed_in):
    here = signed_in("operator")

    assert send(here, "image", PNG).json["warning"] == ""
    assert "2 MB" in send(here, "image", PNG + b"x" * 3 * MB).json["warning"]


@pytest.mark.parametrize("role", ["developer", "finance", "manager"])
def test_only_who_makes_pushes_uploads(signed_in, make, role):
    sent = send(signed_in("operator"), "image", PNG)
    other = signed_in(role)

    assert send(other, "image", PNG).status_code == 403
    assert other.get(sent.json["url"]).status_code == (200 if role == "manager" else 403)
    assert len(make.rows(Media)) == 1


def test_without_its_token_nothing_is_kept(signed_in, make):
    here = signed_in("operator")

    fields = {"kind": "image", "file": (io.BytesIO(PNG), "a.png")}
    assert here.client.post("/console/media", data=fields, headers={"Accept": "application/json"}).status_code == 400
    assert make.rows(Media) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_large_file_passes_the_server_for_who_is_signed_in_and_on_this_path_alone(runtime, signed_in, make):
    here = signed_in("operator")
    token = here.token("/console/account")
    cookie = {"huitou_console": here.client.get_cookie("huitou_console", path="/console").value}
    server = serve_in_thread(create_app(runtime))
    accept = {"Accept": "application/json"}

    def post(path, size, cookies):
        files = {"file": ("a.zip", b"PK" + b"x" * (size - 2))}
        data = {"kind": "file", "csrf_token": token}
        return requests.post(server.url + path, data=data, files=files, cookies=cookies, headers=accept, timeout=30)

    try:
        assert post("/console/media", 20 * MB, cookie).status_code == 201
        assert post("/console/media", 21 * MB, cookie).status_code == 413
        assert post("/console/media", 20 * MB, {}).status_code == 413
        assert post("/console/coupons", 9 * MB, cookie).status_code == 413
    finally:
        server.close()
    assert [row.size for row in make.rows(Media)] == [20 * MB]
