"""A customer's personal information: what they agreed to, all of it in one file, erasing it; the record of it all."""

import io
from collections.abc import Iterator
from datetime import timedelta

from flask import Response, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, read_fields
from console.customers import may_export
from console.door import CUSTOMERS, OWNER, blueprint, user_only
from crm import audits, erasure_sweeps, erasures, exports, processing, scopes
from crm.errors import BadInput, Refused
from files.exports import write_rows
from models.customer import Customer
from runtime import runtime

SURE = "抹除"
PERIOD = timedelta(days=365)


class Sure(Form):
    sure: str = Field("", max_length=20)


def _theirs(session: Session, customer_id: int) -> Customer:
    if not may_export():
        raise Refused("你还不能导出和抹除客户资料。需要的话，请老板打开")
    return scopes.customer(session, scopes.of(session, g.user), customer_id)


@blueprint.get("/customers/<int:customer_id>/privacy")
@user_only(*CUSTOMERS)
def customer_privacy(customer_id: int) -> ResponseReturnValue:
    return _shown(customer_id)


def _shown(customer_id: int, error: BadInput | None = None) -> str:
    with runtime().reading() as session:
        customer = _theirs(session, customer_id)
        consents = exports.consents(session, customer.id)
        is_erased = erasures.is_erased(session, customer.id)
    return render_template(
        "console/customer_privacy.html", here="customers", customer=customer, consents=consents, is_erased=is_erased,
        error=error,
    )  # fmt: skip


@blueprint.post("/customers/<int:customer_id>/export")
@user_only(*CUSTOMERS)
def export_customer(customer_id: int) -> ResponseReturnValue:
    """One JSON file, written while it is read; on record before the first byte leaves."""
    run = runtime()
    with run.transaction() as session:
        customer = _theirs(session, customer_id)
        audits.note(session, actor=g.actor, action="customer.export", subject=f"customer:{customer.id}", now=run.now())
    pieces: Iterator[str] = exports.document(run.reading, customer.id, run.vault)
    return Response(
        pieces,
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="customer-{customer.id}.json"'},
    )


@blueprint.post("/customers/<int:customer_id>/erase")
@user_only(*CUSTOMERS)
def erase_customer(customer_id: int) -> ResponseReturnValue:
    """Only with the word typed in: nobody can take it back."""
    if read_fields(Sure).sure.strip() != SURE:
        error = BadInput("请输入「抹除」两个字，再按一次", field="sure")
        return _shown(customer_id, error), error.status
    run = runtime()

    def erase(session: Session) -> int:
        customer = _theirs(session, customer_id)
        erasures.erase(session, customer.id, by=g.actor, now=run.now())
        return customer.id

    erased_id = run.in_transaction(erase)
    erasure_sweeps.sweep(run.transaction, erased_id)
    return redirect(url_for("console.customer_privacy", customer_id=erased_id), 303)


@blueprint.post("/privacy/record")
@user_only(*OWNER)
def processing_record() -> ResponseReturnValue:
    """The record of processing of the last year, for whoever asks the shop for it."""
    run, now = runtime(), runtime().now()
    with run.transaction() as session:
        audits.note(session, actor=g.actor, action="privacy.record", now=now)
    with run.reading() as session:
        days = run.settings.retention.model_dump()
        lines = processing.record(session, days, since=now - PERIOD, until=now + timedelta(seconds=1))
    file = io.StringIO()
    write_rows(file, processing.HEADER, lines)
    return Response(
        file.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="processing-record.csv"'},
    )
