"""Reading what a caller sent: size, type, encoding, duplicate keys and shape, each refusal naming what was expected."""

import json
import re
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from crm.errors import BadInput, TooLarge

Model = TypeVar("Model", bound=BaseModel)
MOST_KEYS = 64  # of one object; every key too many is an error of its own, and a million of them take the machine
MAY_BE_UNSTORABLE = re.compile(rb"\\u(0000|[dD][89a-fA-F])")  # JSON has no other way to write a NUL or half a pair
LONGEST_NAME = 100  # of a field that is named in a refusal: unknown ones are the caller's own words

SENTENCES = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "string_type": "应为文字",
    "list_type": "应为列表",
    "bool_type": "应为 true 或 false",
    "model_type": "应为一个对象",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "literal_error": "应为 {expected} 之一",
    "string_pattern_mismatch": "写法不对",
    "string_too_long": "最多 {max_length} 个字符",
    "string_too_short": "最少 {min_length} 个字符",
    "too_long": "最多 {max_length} 项",
    "too_short": "最少 {min_length} 项",
}


class Form(BaseModel):
    """A body: unknown keys and wrong types are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def read_json(*, limit: int = 64 * 1024) -> Any:
    """The JSON body of this request. Raises `TooLarge` or `BadInput`."""
    return parse_json(read_bytes(limit=limit, content_type="application/json"))


def read_form(model: type[Model], *, limit: int = 64 * 1024) -> Model:
    """The JSON body of this request as `model`."""
    return fit(model, read_json(limit=limit))


def read_fields(model: type[Model], *, boxes: str = "") -> Model:
    """The fields of a page's form as `model`, whose fields are texts.

    The boxes `group-7`, `group-12` that are ticked come as one field `group`: "7,12".
    """
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data") or request.files:
        raise BadInput("请从页面上提交")
    fields: dict[str, str] = {}
    for name, values in request.form.lists():
        if name == "csrf_token":
            continue
        if len(values) != 1:
            raise BadInput("同一项出现了两次", field=name[:64])
        kind, _, number = name.partition("-")
        if boxes and kind == boxes:
            fields[boxes] = f"{fields[boxes]},{number}" if boxes in fields else number
        else:
            fields[name] = values[0]
    _refuse_unstorable(fields)
    return fit(model, fields)


def read_bytes(*, limit: int, content_type: str | None = None) -> bytes:
    if content_type is not None and request.mimetype != content_type:
        raise BadInput("Content-Type: 应为 %(type)s", field="Content-Type", type=content_type)
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge("最多 %(n)s KB", n=limit // 1024)
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge("最多 %(n)s KB", n=limit // 1024)
    return body


def parse_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate keys, no NaN, no NUL characters, no lone surrogates."""
    try:
        parsed = json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError:
        raise BadInput("请求内容应为 UTF-8 编码的 JSON") from None
    except (json.JSONDecodeError, RecursionError):
        raise BadInput("请求内容不是 JSON") from None
    except ValueError as problem:  # an integer of thousands of digits, too
        raise BadInput(str(problem) if isinstance(problem, _Refusal) else "数字太长") from None
    if MAY_BE_UNSTORABLE.search(body):
        _refuse_unstorable(parsed)
    return parsed


def fit(model: type[Model], value: Any, **context: Any) -> Model:
    """`value` as `model`, whose validators may look at `context`; raises `BadInput` naming the first misfit."""
    try:
        return model.model_validate(value, context=context)
    except ValidationError as problem:
        error = problem.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in error["loc"])[:LONGEST_NAME]
        raise BadInput(f"{field}: {sentence(error)}" if field else sentence(error), field=field or None) from None


def sentence(error: Any) -> str:
    """What was expected, in a clerk's words where we have them. Never repeats the input."""
    words = SENTENCES.get(error["type"])
    return words.format(**error.get("ctx", {})) if words else str(error["msg"]).removeprefix("Value error, ")


class _Refusal(ValueError):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise _Refusal(f"一个对象里最多 {MOST_KEYS} 个键")
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Refusal("同一个键出现了两次")
    return made


def _refuse_constant(name: str) -> None:
    raise _Refusal(f"{name} 不是 JSON")


def _refuse_unstorable(value: Any) -> None:
    """PostgreSQL cannot keep a NUL, nobody can keep half a surrogate pair."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item or not _is_whole(item):
                raise BadInput("文字里有不能保存的字符（NUL 或半个字符）")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
