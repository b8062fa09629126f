"""Customers being handed over, and the customer's no."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox import transfers
from sandbox.control.forms import CustomerRef
from sandbox.control.lookups import find_customer
from sandbox.control.reading import read_form
from sandbox.corp import corp
from sandbox.transfer_records import Transfer

blueprint = Blueprint("transfers", __name__)


@blueprint.get("/transfers")
def running() -> ResponseReturnValue:
    """All of them, or those of one customer."""
    mine, named = corp(), request.args.get("external_userid")
    with mine.state.writing():
        transfers.settle(mine)
        found = mine.state.transfers.of_customer(named) if named else list(mine.state.transfers)
        return {"transfers": [_transfer_json(one) for one in found]}


@blueprint.post("/transfers/refuse")
def refuse() -> ResponseReturnValue:
    form, mine = read_form(CustomerRef), corp()
    with mine.state.writing():
        transfers.settle(mine)
        return _transfer_json(transfers.refuse(mine, find_customer(mine, form.external_userid).external_userid))


def _transfer_json(one: Transfer) -> dict[str, Any]:
    names = ("handover", "takeover", "external_userid", "resigned", "started_at", "status", "ended_at", "message")
    return {name: getattr(one, name) for name in names}
