"""How fast staff answer their customers: one question a member and night."""

import logging
from functools import partial

from crm import staff_days
from runtime import Runtime
from wecom.errors import Permanent

log = logging.getLogger(__name__)


def read_staff_days(runtime: Runtime) -> int:
    """Read the days that are over and not on record, 30 a member at most; returns how many were new.

    One whom WeCom does not tell about is passed over; whatever may pass ends the run, and the next night goes on.
    """
    if not runtime.settings.wecom.corp_id:
        return 0
    new = 0
    with runtime.reading() as session:
        missing = staff_days.missing(session, now=runtime.now())
    for staff_id, userid, first, last in missing:
        try:
            days = runtime.wecom.staff_days(userid, staff_days.midnight(first), staff_days.midnight(last))
        except Permanent as problem:
            log.warning("days of a member of staff could not be read: %s", problem.errcode)
            continue
        new += runtime.in_transaction(partial(staff_days.store, staff_id=staff_id, shown=days))
    return new
