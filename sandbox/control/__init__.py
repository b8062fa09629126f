"""The JSON calls under `/sandbox/`: everything the pages do, and everything a test needs (docs/sandbox.md)."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from sandbox.control import (
    acquisition,
    apps,
    chats,
    client,
    directory,
    groups,
    load,
    many,
    mass,
    people,
    robots,
    setup,
    tags,
    transfers,
    truth,
    wechat,
)
from sandbox.impossible import Impossible


def _impossible(error: Impossible) -> ResponseReturnValue:
    return jsonify(error=error.code, message=error.message), error.status


def _invalid(error: ValidationError) -> ResponseReturnValue:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return jsonify(error="bad_request", message=f"{place}: {first['msg']}" if place else first["msg"]), 400


def _http(error: HTTPException) -> ResponseReturnValue:
    return jsonify(error=error.name.lower().replace(" ", "_"), message=error.description), error.code or 500


blueprint = Blueprint("control", __name__, url_prefix="/sandbox")
for part in (
    setup,
    load,
    many,
    directory,
    tags,
    people,
    chats,
    groups,
    acquisition,
    mass,
    robots,
    apps,
    client,
    truth,
    transfers,
    wechat,
):
    blueprint.register_blueprint(part.blueprint)
blueprint.register_error_handler(Impossible, _impossible)
blueprint.register_error_handler(ValidationError, _invalid)
blueprint.register_error_handler(HTTPException, _http)
