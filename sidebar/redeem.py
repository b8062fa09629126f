"""A coupon at the till: staff scan or type its code, see what it is worth, and take it with one tap."""

from flask import g, render_template
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_fields
from crm import audits, claims, coupon_uses
from crm.errors import Conflict, NotFound, TooMany
from models.coupon import Coupon, CouponBatch
from runtime import runtime
from sidebar.door import blueprint, staff_only

LOOKS = 600  # a day: a till is busy, somebody who tries codes is busier


class CodeForm(Form):
    code: str = Field(min_length=1, max_length=80)


@blueprint.get("/redeem")
@staff_only
def redeem_page() -> ResponseReturnValue:
    return _page()


@blueprint.post("/redeem/look")
@staff_only
def look_at_coupon() -> ResponseReturnValue:
    """What a code is worth, and whether it is good; takes nothing. 429 after so many looks a day."""
    form, now = read_fields(CodeForm), runtime().now()
    _take_look()
    try:
        with runtime().reading() as session:
            coupon, batch = coupon_uses.found(session, form.code, hold=False)
        coupon_uses.refuse_unless_good(coupon, batch, at=now)
    except (NotFound, Conflict) as refusal:
        return _page(typed=form.code, refusal=refusal.key), refusal.status
    return _page(coupon, batch, typed=coupon.code)


@blueprint.post("/redeem")
@staff_only
def redeem_coupon() -> ResponseReturnValue:
    """Take it: once, whoever else is at it. 429 as for looking, 409 with words when somebody was first."""
    form, now = read_fields(CodeForm), runtime().now()
    _take_look()
    try:
        with runtime().transaction() as session:
            coupon, batch = coupon_uses.redeem(session, form.code, by=g.staff, used_at=now, now=now)
            audits.note(
                session, actor=g.actor, action="coupon.redeem", subject=f"customer:{coupon.customer_id}", now=now,
                coupon=coupon.id, batch=batch.id,
            )  # fmt: skip
    except (NotFound, Conflict) as refusal:
        return _page(typed=form.code, refusal=refusal.key), refusal.status
    return _page(coupon, batch, is_taken=True)


def _take_look() -> None:
    """Looking or taking: codes of other systems may be easy to guess."""
    on_day = runtime().now().astimezone(runtime().zone).date()
    with runtime().transaction() as session:
        has_look = claims.take_try(session, f"redeem:{g.staff.id}", on_day=on_day, most=LOOKS)
    if not has_look:
        raise TooMany("今天看得太多了，明天再来")


def _page(
    coupon: Coupon | None = None, batch: CouponBatch | None = None, *, typed: str = "", refusal: str = "",
    is_taken: bool = False,
) -> str:  # fmt: skip
    facts = {"coupon": coupon, "batch": batch, "typed": typed, "refusal": refusal, "is_taken": is_taken}
    return render_template("sidebar/redeem.html", **facts)
