"""Every night: what customers spent, worked out a second time in another way."""

from crm import totals_check
from runtime import Runtime


class TotalsDiffer(Exception):
    """Some customer's totals do not follow the definitions; the audit row names them."""


def check_totals(runtime: Runtime) -> int:
    """Check every customer with orders, 500 a reading; returns how many. Raises `TotalsDiffer` after reporting."""
    checked, after_id, different = 0, 0, []
    while True:
        with runtime.reading() as session:
            page = totals_check.page(session, after_id=after_id)
        if page is None:
            break
        after_id, checked = page.last_id, checked + page.checked
        different += page.different
    with runtime.reading() as session:
        odd = totals_check.oddities(session)
    with runtime.transaction() as session:
        totals_check.report(session, different, odd, checked=checked, now=runtime.now())
    if different or odd.refunded_beyond_paid:
        raise TotalsDiffer
    return checked
