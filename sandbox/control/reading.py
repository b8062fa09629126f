"""Reads a request's JSON body into a form."""

from typing import Any, TypeVar

from flask import request

from sandbox.control.forms import Form
from sandbox.impossible import Impossible

F = TypeVar("F", bound=Form)


def read_form(form: type[F]) -> F:
    """A missing body counts as an empty one. Raises `Impossible` or pydantic's `ValidationError`."""
    try:
        body: Any = request.get_json(force=True, silent=True) if request.get_data() else {}
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise Impossible("bad_json", "the body is not a JSON object", 400)
    return form.model_validate(body)
