"""Coupon batches: what can be given, how much of it is out and used, and a new one."""

import re

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_fields
from console.door import COUPONS, blueprint, user_only
from crm import audits, coupons, overviews
from crm.errors import BadInput, Conflict
from runtime import runtime

YUAN = re.compile(r"(\d{1,7})(?:\.(\d{1,2}))?", re.ASCII)


class NewBatch(Form):
    name: str = Field(max_length=64)
    value: str = Field(max_length=12)
    threshold: str = Field("", max_length=12)
    total: str = Field(max_length=12)
    per_customer: str = Field(max_length=12)
    valid_days: str = Field(max_length=12)


def fen(field: str, yuan: str) -> int:
    """15, 15.5, 15.50 → fen. Raises `BadInput` naming the field."""
    found = YUAN.fullmatch(yuan.strip().removeprefix("¥"))
    if found is None:
        raise BadInput("写成 15 或 15.50 这样的金额", field=field)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0") or 0)


def whole(field: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise BadInput("写一个整数", field=field)
    return int(text)


def _shown(**more: object) -> str:
    with runtime().reading() as session:
        batches, used = coupons.batches(session), overviews.used_by_batch(session)
    return render_template("console/coupons.html", here="coupons", batches=batches, used=used, **more)


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
        with runtime().transaction() as session:
            batch = coupons.create_batch(
                session,
                name=form.name,
                value_fen=fen("value", form.value),
                threshold_fen=fen("threshold", form.threshold or "0"),
                total=whole("total", form.total),
                per_customer=whole("per_customer", form.per_customer),
                valid_days=whole("valid_days", form.valid_days),
                now=now,
            )
            subject = f"coupon_batch:{batch.id}"
            audits.note(session, actor=g.actor, action="coupon_batch.create", subject=subject, now=now)
    except (BadInput, Conflict) as error:
        error.field = (error.field or "").removesuffix("_fen")  # the page's fields are in yuan
        return _shown(opened=True, form=form, error=error), error.status
    return redirect(url_for("console.coupons_page"), 303)


@blueprint.post("/coupons/<int:batch_id>/close")
@user_only("operator")
def close_batch(batch_id: int) -> ResponseReturnValue:
    """Offer it no longer; copies already given stay good."""
    now = runtime().now()
    with runtime().transaction() as session:
        coupons.close_batch(session, batch_id, now=now)
        subject = f"coupon_batch:{batch_id}"
        audits.note(session, actor=g.actor, action="coupon_batch.close", subject=subject, now=now)
    return redirect(url_for("console.coupons_page"), 303)
