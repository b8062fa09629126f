"""Reading bodies: whatever does not fit is a refusal that names what was expected."""

import json

import pytest
from flask import Flask
from pydantic import Field

import bodies
from crm.errors import BadInput, TooLarge


class Gift(bodies.Form):
    name: str = Field(max_length=5)
    value_fen: int = Field(ge=0, le=1_000)
    tags: list[str] = Field(default=[], max_length=2)


@pytest.fixture
def read():
    """Read a JSON body as a `Gift`."""
    flask = Flask(__name__)

    def run(body: bytes | str, content_type: str = "application/json", limit: int = 1000) -> Gift:
        with flask.test_request_context("/", method="POST", data=body, content_type=content_type):
            return bodies.read_form(Gift, limit=limit)

    return run


@pytest.fixture
def read_fields():
    flask = Flask(__name__)

    def run(body: str, content_type: str = "application/x-www-form-urlencoded") -> "Login":
        with flask.test_request_context("/", method="POST", data=body, content_type=content_type):
            return bodies.read_fields(Login)

    return run


class Login(bodies.Form):
    login: str = Field(max_length=5)
    next: str = ""


def test_a_body_that_fits_is_read(read):
    assert read('{"name": "🌸 علي", "value_fen": 5}') == Gift(name="🌸 علي", value_fen=5)


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "3", '"x"', '{"name": "a"}', '{"name": "a", "value_fen": "5"}',
        '{"name": "a", "value_fen": 5.0}', '{"name": "a", "value_fen": true}', '{"name": "a", "value_fen": -1}',
        '{"name": "a", "value_fen": 5, "extra": 1}', '{"name": "a", "name": "b", "value_fen": 5}',
        '{"name": "a\\u0000", "value_fen": 5}', '{"name": "\\ud800", "value_fen": 5}', '{"name": null, "value_fen": 5}',
        '{"name": "a", "value_fen": NaN}', '{"name": "a", "value_fen": Infinity}',
        '{"name": "toolong", "value_fen": 5}',
        '{"name": "a", "value_fen": 5, "tags": ["a", "b", "c"]}', '{"name": "a", "value_fen": 5, "tags": "a"}',
        '{"name": "a", "value_fen": 5, "tags": ["\\u0000"]}', '{"na\\u0000me": "a"}', b"\xff\xfe", b'{"name": "\xff"}',
        '{"name": "a", "value_fen": ' + "9" * 400 + "}", "[" * 900,
    ],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_refused_in_words(read, body):
    with pytest.raises(BadInput) as refusal:
        read(body)

    assert refusal.value.message


def test_nesting_without_end_and_numbers_without_end_are_refused():
    for body in (b"[" * 200_000, b"9" * 5_000, b'{"a":' * 100_000):
        with pytest.raises(BadInput):
            bodies.parse_json(body)


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded", "text/json"])
def test_another_content_type_is_refused(read, content_type):
    with pytest.raises(BadInput) as refusal:
        read('{"name": "a", "value_fen": 5}', content_type)

    assert refusal.value.field == "Content-Type"


def test_more_than_the_limit_is_not_read(read):
    body = json.dumps({"name": "a", "value_fen": 5, "tags": ["x" * 1000]})

    with pytest.raises(TooLarge):
        read(body)


def test_the_refusal_names_the_field_and_never_repeats_the_input(read):
    with pytest.raises(BadInput) as refusal:
        read('{"name": "a", "value_fen": "13800138000"}')

    assert refusal.value.field == "value_fen"
    assert "13800138000" not in refusal.value.message


def test_a_forms_fields_are_texts(read_fields):
    assert read_fields("login=lan&csrf_token=x") == Login(login="lan")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("login=lan&login=lin", "application/x-www-form-urlencoded"),
        ("login=lan&extra=1", "application/x-www-form-urlencoded"),
        ("next=x", "application/x-www-form-urlencoded"),
        ("login=l%00n", "application/x-www-form-urlencoded"),
        ("login=toolong", "application/x-www-form-urlencoded"),
        ('{"login": "lan"}', "application/json"),
        ("login=lan", "text/plain"),
        (
            '--x\r\nContent-Disposition: form-data; name="login"; filename="a"\r\n\r\nlan\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_form_that_does_not_fit_is_refused(read_fields, body, content_type):
    with pytest.raises(BadInput):
        read_fields(body, content_type)


def test_more_keys_than_any_form_has_are_refused_before_each_becomes_an_error(read):
    with pytest.raises(BadInput, match="最多 64 个键"):
        read(json.dumps({f"k{n}": 0 for n in range(65)}))


def test_a_field_nobody_knows_is_named_in_short(read):
    with pytest.raises(BadInput) as refusal:
        read(json.dumps({"name": "a", "value_fen": 1, "很" * 200: 1}), limit=10_000)

    assert refusal.value.field == "很" * 100
    assert len(refusal.value.message) < 120
