"""The nightly proof that what customers spent follows the definitions, refunds, cancellations and parcels included."""

import pytest
from sqlalchemy import update

from crm import orders
from jobs.totals import TotalsDiffer, check_totals
from models import Audit, Order


def test_totals_follow_the_definitions_and_the_proof_sees_it_when_they_do_not(runtime, make):
    anna, bert = make.identity("unionid", "oAnna"), make.identity("unionid", "oBert")
    make.order(anna, paid_fen=10000)
    make.order(anna, paid_fen=5000, refunded_fen=2000, status="shipped")  # refunded in part, sent in two parcels
    make.order(anna, paid_fen=3000, refunded_fen=3000, status="refunded")
    make.order(anna, paid_fen=7000, status="cancelled")  # cancelled after it was paid
    make.order(anna, paid_fen=0, paid_at=None, status="created")
    odd = make.order(bert, paid_fen=100)

    with runtime.reading() as session:
        totals = [orders.totals(session, each.customer_id)[:2] for each in (anna, bert)]
    assert totals == [(13000, 2), (100, 1)]
    assert check_totals(runtime) == 2

    with runtime.transaction() as session:  # a derived customer that is not the identity's
        session.execute(update(Order).where(Order.id == odd.id).values(customer_id=anna.customer_id))
    with pytest.raises(TotalsDiffer):
        check_totals(runtime)
    reports = [(row.outcome, row.details["checked"], row.details["customers"]) for row in make.rows(Audit)]
    assert reports == [("done", 2, []), ("different", 1, [anna.customer_id, bert.customer_id])]


def test_an_order_that_gave_back_more_than_was_paid_is_found(runtime, make):
    make.order(make.identity("unionid", "oAnna"), paid_fen=100, refunded_fen=101)

    with pytest.raises(TotalsDiffer):
        check_totals(runtime)

    assert make.rows(Audit)[0].details["refunded_beyond_paid"] == 1
