"""Coupon batches: what can be given, how far it came, and a new one."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bodies import read_fields
from console.coupon_forms import ON_THE_PAGE, NewBatch
from console.door import COUPONS, blueprint, user_only
from crm import audiences, audits, coupon_batches, coupon_links, coupon_reports
from crm.coupon_reports import Counts
from crm.errors import BadInput, Conflict, NotFound
from runtime import runtime

AT_ONCE = 50


def _shown(**more: object) -> str:
    with runtime().reading() as session:
        found = coupon_batches.batches(session, before=_before(), limit=AT_ONCE + 1)
        batches, more_before = found[:AT_ONCE], found[AT_ONCE - 1].id if len(found) > AT_ONCE else None
        counts = coupon_reports.counts(session, [batch.id for batch in batches], now=runtime().now())
        everybody = audiences.audiences(session)
    choices = [(each.id, each.name) for each in everybody]
    facts = {"batches": batches, "counts": counts, "nothing": Counts(), "now": runtime().now()}
    facts |= {"audience_choices": choices, "more_before": more_before}
    return render_template("console/coupons.html", here="coupons", **facts, **more)


def _before() -> int | None:
    number = request.args.get("before", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


@blueprint.get("/coupons")
@user_only(*COUPONS)
def coupons_page() -> ResponseReturnValue:
    return _shown(opened="new" in request.args)


@blueprint.post("/coupons")
@user_only("operator")
def create_batch() -> ResponseReturnValue:
    """A new batch; what does not fit comes back with the input kept."""
    form, now = read_fields(NewBatch), runtime().now()
    try:
        terms = form.terms()
        with runtime().transaction() as session:
            batch = coupon_batches.create_batch(session, terms, now=now)
            subject = f"coupon_batch:{batch.id}"
            audits.note(session, actor=g.actor, action="coupon_batch.create", subject=subject, now=now)
    except (BadInput, Conflict) as error:
        error.field = ON_THE_PAGE.get(error.field or "", error.field)
        return _shown(opened=True, form=form, error=error), error.status
    if batch.source == "pool":
        return redirect(url_for("console.coupon_batch", batch_id=batch.id), 303)
    return redirect(url_for("console.coupons_page"), 303)


@blueprint.get("/coupons/<int:batch_id>")
@user_only(*COUPONS)
def coupon_batch(batch_id: int) -> ResponseReturnValue:
    """One batch: its terms, how far its copies came, its codes, a link of its own."""
    added = request.args.get("added", "")
    return one_batch(batch_id, added=added if added.isascii() and added.isdigit() else "")


def one_batch(batch_id: int, **more: Any) -> str:
    now = runtime().now()
    with runtime().reading() as session:
        batch = coupon_batches.batch(session, batch_id)
        counts = coupon_reports.counts(session, [batch_id], now=now).get(batch_id, Counts())
        audience = audiences.audience(session, batch.audience_id) if batch.audience_id else None
        left = coupon_batches.codes_left(session).get(batch_id, 0)
    facts = {"batch": batch, "counts": counts, "audience": audience, "left": left, "now": now}
    return render_template("console/coupon_batch.html", here="coupons", **facts, **more)


@blueprint.post("/coupons/<int:batch_id>/close")
@user_only("operator")
def close_batch(batch_id: int) -> ResponseReturnValue:
    """Offer it no longer; copies already given stay good."""
    now = runtime().now()
    with runtime().transaction() as session:
        coupon_batches.close_batch(session, batch_id, now=now)
        subject = f"coupon_batch:{batch_id}"
        audits.note(session, actor=g.actor, action="coupon_batch.close", subject=subject, now=now)
    return redirect(url_for("console.coupons_page"), 303)


@blueprint.post("/coupons/<int:batch_id>/link")
@user_only("operator")
def make_link(batch_id: int) -> ResponseReturnValue:
    """A link anybody we know may claim a copy by; its token is shown this once."""
    now, token = runtime().now(), runtime().new_token()
    with runtime().transaction() as session:
        batch = coupon_batches.batch(session, batch_id)
        if batch.closed_at is not None:
            raise NotFound("这批券已经停发")
        coupon_links.add(session, runtime().vault.digest(token), batch_id=batch_id, coupon_id=None, now=now)
        subject = f"coupon_batch:{batch_id}"
        audits.note(session, actor=g.actor, action="coupon_batch.link", subject=subject, now=now)
    return one_batch(batch_id, link=f"{runtime().settings.landing_url}/c/{token}")
