"""Set-up calls: credentials, the callback address, the client, the clock, faults, reset."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.callbacks import CallbackRefused
from sandbox.clock import LATEST, next_moment
from sandbox.control.fault_forms import FaultsForm
from sandbox.control.forms import CallbackForm, ClientForm, ClockForm, CorpRulesForm, ResetForm
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.rules import rules, set_rules
from sandbox.transfers import settle

blueprint = Blueprint("setup", __name__)


@blueprint.get("/credentials")
def credentials() -> ResponseReturnValue:
    """What the app needs to know; `?app=` answers the contacts-sync app's, official account's or mini-program's."""
    mine, app = corp().credentials, request.args.get("app")
    if app in ("official", "mini"):
        return vars(mine.official if app == "official" else mine.mini)
    if app == "contacts":
        return {"corp_id": mine.corp_id, "secret": mine.contacts_secret}
    names = ("corp_id", "agent_id", "secret", "callback_token", "callback_aes_key")
    return {name: getattr(mine, name) for name in names}


@blueprint.get("/callback")
def callback() -> ResponseReturnValue:
    names = ("url", "pending", "waiting_for_clock", "delivered", "failed", "dropped", "slowest_seconds")
    return {name: getattr(corp().pusher, name) for name in names}


@blueprint.put("/callback")
def set_callback() -> ResponseReturnValue:
    form = read_form(CallbackForm)
    try:
        corp().set_callback(form.url)
    except CallbackRefused as refused:
        raise Impossible("callback_refused", str(refused), 400) from None
    return callback()


@blueprint.put("/client")
def set_client() -> ResponseReturnValue:
    form = read_form(ClientForm)
    with corp().state.writing():
        corp().state.set("client", form.model_dump())
    return client()


@blueprint.get("/client")
def client() -> ResponseReturnValue:
    empty: dict[str, Any] = {"sidebar_url": None, "start_url": None, "console_url": None, "forget_cookies": []}
    found: dict[str, Any] = corp().state.setting("client", empty)
    return found


@blueprint.get("/clock")
def clock() -> ResponseReturnValue:
    return _clock(corp())


@blueprint.put("/clock")
def set_clock() -> ResponseReturnValue:
    form = read_form(ClockForm)
    mine = corp()
    start = mine.clock.now() if form.now is None else form.now
    if not 0 <= start + (form.advance or 0) < LATEST:
        raise Impossible("out_of_time", "the calendar does not go that far", 400)
    if form.frozen is not None:
        mine.clock.freeze(form.frozen)
    if form.now is not None:
        mine.clock.move_to(form.now)
    if form.advance is not None:
        mine.clock.move_to(mine.clock.now() + form.advance)
    if form.to is not None:
        mine.clock.move_to(next_moment(mine.clock.now(), form.to.weekday, form.to.time))
    mine.keep_clock()
    with mine.state.writing():
        settle(mine)
    return _clock(mine)


@blueprint.get("/rules")
def shown_rules() -> ResponseReturnValue:
    return rules(corp())


@blueprint.put("/rules")
def change_rules() -> ResponseReturnValue:
    form = read_form(CorpRulesForm)
    with corp().state.writing():
        set_rules(corp(), **{name: getattr(form, name) for name in form.model_fields_set})
    return rules(corp())


@blueprint.get("/faults")
def faults() -> ResponseReturnValue:
    return {"faults": corp().faults.shown()}


@blueprint.put("/faults")
def set_faults() -> ResponseReturnValue:
    form = read_form(FaultsForm)
    mine = corp()
    mine.faults.replace([fault.spec() for fault in form.faults])
    if mine.faults.take_token():
        mine.withdraw_tokens()
    return faults()


@blueprint.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    corp().faults.replace([])
    return faults()


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    form = read_form(ResetForm)
    corp().reset(form.seed)
    return {"reset": True}


def _clock(mine: Corp) -> dict[str, Any]:
    return {"now": mine.clock.now(), "frozen": mine.clock.frozen, "offset": mine.clock.offset}
