"""`POST /mall/coupons/redeem`: a shop's own till takes a coupon."""

from typing import Annotated, Any

from flask import g
from pydantic import Field, StringConstraints

from bodies import Form, fit, parse_json
from crm import audits, coupon_uses
from mall import blueprint
from mall.forms import Code, MaybeCode, Moment
from mall.signatures import shop_signed
from runtime import runtime

RequestId = Annotated[str, StringConstraints(min_length=8, max_length=64), Field(pattern=r"^[A-Za-z0-9._:-]+$")]


class RedeemForm(Form):
    code: Code
    request_id: RequestId
    at: Moment
    order_no: MaybeCode = None


@blueprint.post("/coupons/redeem")
@shop_signed
def redeem_coupon() -> dict[str, Any]:
    """Body `{"code", "request_id", "at", "order_no"?}`; answers `{"coupon": {…}}`, and the same for the same request.

    404 for a code nobody was given; 409 `already_used`, `not_good`, or `request_used`: then nothing was taken.
    """
    now, shop = runtime().now(), g.shop
    form = fit(RedeemForm, parse_json(g.body), now=now)
    with runtime().transaction() as session:
        coupon, batch = coupon_uses.redeem(
            session, form.code, by=shop, used_at=form.at, now=now, order_no=form.order_no, request_id=form.request_id
        )
        audits.note(
            session, actor=g.actor, action="coupon.redeem", subject=f"customer:{coupon.customer_id}", now=now,
            coupon=coupon.id, batch=batch.id,
        )  # fmt: skip
        assert coupon.used_at is not None
        return {
            "coupon": {
                "code": coupon.code,
                "batch": batch.name,
                "kind": batch.kind,
                "value_fen": coupon.value_fen,
                "pays_percent": batch.pays_percent,
                "gift": batch.gift,
                "threshold_fen": coupon.threshold_fen,
                "skus": batch.skus,
                "categories": batch.categories,
                "stackable": batch.stackable,
                "used_at": coupon.used_at.isoformat(),
            }
        }
