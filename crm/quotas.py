"""The ledger of how many mass messages each customer and group may still receive (本月还可收 n 条).

A row counts one target in one month of the shop's zone. Planned sends reserve, delivered ones commit, what failed is
released; what others sent counts, too. WeCom counts when a member confirms, so a delivery counts in the month it
happened, whatever month it was reserved in.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm import calendars, erased
from models.mass import MassMessage, MassRecipient
from models.quota import OtherDelivery, OtherMessage, Quota

HOLDING = ("planned", "created", "unknown")
"""The states of a recipient whose place is reserved: what nobody can tell may yet arrive."""


class Difference(NamedTuple):
    """Where the ledger does not say what the records add up to."""

    target: str
    column: str
    kept: int
    counted: int


def limit_of(month: str, per_month: int) -> int:
    """How many one target may receive in a month ("2026-11"): WeCom's, its days, unless the shop's setting is lower."""
    days = monthrange(*_year_and_month(month))[1]
    return min(per_month or days, days)


def left(session: Session, targets: Iterable[str], month: str, *, limit: int) -> dict[str, int]:
    """How many each of these may still receive; never below nothing."""
    wanted = list(targets)
    rows = session.execute(
        select(Quota.target, Quota.reserved + Quota.used + Quota.others).where(
            Quota.target.in_(wanted), Quota.month == month
        )
    )
    taken = dict(rows.all())
    return {target: max(limit - taken.get(target, 0), 0) for target in wanted}


def reserve(session: Session, targets: Iterable[str], month: str, *, limit: int) -> set[str]:
    """Take a place for each of these that has one left; those who got it. One statement, whoever else reserves."""
    free = Quota.reserved + Quota.used + Quota.others < limit
    return _add(session, Counter(set(targets)), month, "reserved", only_if=free) if limit > 0 else set()


def release(session: Session, targets: Iterable[str], month: str) -> None:
    """Give back the places reserved for these in that month."""
    session.execute(
        update(Quota)
        .where(Quota.target.in_(sorted(targets)), Quota.month == month, Quota.reserved > 0)
        .values(reserved=Quota.reserved - 1)
        .execution_options(synchronize_session=False)
    )


def commit(session: Session, sent_at: Mapping[str, datetime], month: str, *, zone: ZoneInfo) -> None:
    """These received ours, then: the place reserved in `month` becomes a use of the month it happened in."""
    release(session, sent_at, month)
    by_month: dict[str, Counter[str]] = {}
    for target, at in sent_at.items():
        by_month.setdefault(calendars.month_of(at, zone), Counter())[target] += 1
    for used_in, targets in sorted(by_month.items()):
        _add(session, targets, used_in, "used")


def count_others(session: Session, msgid: str, sent_at: Mapping[str, datetime], *, zone: ZoneInfo) -> int:
    """Count whom somebody else's mass message reached, each once a message; returns how many were new."""
    gone = erased.external_userids(session, sent_at)  # WeCom still calls them by name
    sent_at = {gone.get(target, target): at for target, at in sent_at.items()}
    rows = [{"msgid": msgid, "target": target, "sent_at": at} for target, at in sorted(sent_at.items())]
    fresh = _insert_absent(session, rows)
    by_month: dict[str, Counter[str]] = {}
    for target in fresh:
        by_month.setdefault(calendars.month_of(sent_at[target], zone), Counter())[target] += 1
    for month, targets in sorted(by_month.items()):
        _add(session, targets, month, "others")
    return len(fresh)


def not_theirs(session: Session, msgid: str, *, zone: ZoneInfo, limit: int = 250) -> int:
    """A mass message counted as somebody else's turns out ours: take back what was counted, so many at a time.

    Returns how many were taken back; the job `import_others` comes for the rest. Safe to repeat.
    """
    session.execute(delete(OtherMessage).where(OtherMessage.msgid == msgid))
    counted = session.execute(
        select(OtherDelivery.id, OtherDelivery.target, OtherDelivery.sent_at)
        .where(OtherDelivery.msgid == msgid)
        .order_by(OtherDelivery.target)
        .limit(limit)
        .with_for_update()
    ).all()
    by_month: dict[str, list[str]] = {}
    for row in counted:
        by_month.setdefault(calendars.month_of(row.sent_at, zone), []).append(row.target)
    for month, targets in sorted(by_month.items()):
        session.execute(
            update(Quota)
            .where(Quota.target.in_(targets), Quota.month == month, Quota.others > 0)
            .values(others=Quota.others - 1)
            .execution_options(synchronize_session=False)
        )
    session.execute(delete(OtherDelivery).where(OtherDelivery.id.in_([row.id for row in counted])))
    return len(counted)


def check_ledger(session: Session, month: str, *, zone: ZoneInfo) -> list[Difference]:
    """Where a month's ledger differs from recipients and deliveries; empty when it adds up. Reads the whole month."""
    begin, end = bounds(month, zone)
    mine = MassRecipient.target, func.count()
    reserved = (
        select(*mine)
        .join(MassMessage, MassMessage.id == MassRecipient.message_id)
        .where(MassMessage.month == month, MassRecipient.state.in_(HOLDING))
        .group_by(MassRecipient.target)
    )
    used = (
        select(*mine)
        .where(MassRecipient.state == "sent", MassRecipient.sent_at >= begin, MassRecipient.sent_at < end)
        .group_by(MassRecipient.target)
    )
    others = (
        select(OtherDelivery.target, func.count())
        .where(OtherDelivery.sent_at >= begin, OtherDelivery.sent_at < end)
        .group_by(OtherDelivery.target)
    )
    found: list[Difference] = []
    for column, query in (("reserved", reserved), ("used", used), ("others", others)):
        held = getattr(Quota, column)
        kept: dict[str, int] = dict(
            session.execute(select(Quota.target, held).where(Quota.month == month, held > 0)).all()
        )
        counted = dict(session.execute(query).all())
        found += [
            Difference(target, column, kept.get(target, 0), counted.get(target, 0))
            for target in sorted(kept.keys() | counted.keys())
            if kept.get(target, 0) != counted.get(target, 0)
        ]
    return found


def bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a month of the shop's zone, and of the next one."""
    year, number = _year_and_month(month)
    following = date(year + number // 12, number % 12 + 1, 1)
    begin, end = (calendars.at_local(day, "00:00", zone) for day in (date(year, number, 1), following))
    return begin.astimezone(UTC), end.astimezone(UTC)


def _year_and_month(month: str) -> tuple[int, int]:
    year, _, number = month.partition("-")
    return int(year), int(number)


def _add(session: Session, counts: Counter[str], month: str, column: str, *, only_if: Any = None) -> set[str]:
    """Count up for many targets in one statement, always in one order; those it was done for."""
    if not counts:
        return set()
    none = {"month": month, "reserved": 0, "used": 0, "others": 0}
    rows = [none | {"target": target, column: count} for target, count in sorted(counts.items())]
    statement = _insert(session)(Quota)
    more = getattr(Quota, column) + statement.excluded[column]
    upsert = statement.on_conflict_do_update(index_elements=["target", "month"], set_={column: more}, where=only_if)
    return set(session.scalars(upsert.returning(Quota.target), rows))


def _insert_absent(session: Session, rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    statement = _insert(session)(OtherDelivery).on_conflict_do_nothing().returning(OtherDelivery.target)
    return sorted(session.scalars(statement, rows))


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
