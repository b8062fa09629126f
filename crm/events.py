"""What customers did, as shops, trackers and our own pages tell it: each event once, and what they add up to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm import identities
from crm.identities import Key
from models.customer import Identity
from models.database import changed, insert_many_if_absent, insert_or_add
from models.event import KINDS, LATEST, Behaviour, Event
from models.shop import Shop

BATCH_ROWS = 500
DAY_BEGINS = timedelta(hours=4)  # an evening ends when people sleep, not at midnight
NIGHT_BEGINS, NIGHT_ENDS = 18, 4
COUNTERS = (*KINDS.values(), "night_views", "dwell_seconds")
MOMENTS = ("last_at", *LATEST.values())
Result = Literal["accepted", "unchanged"]


class Incoming(NamedTuple):
    """One event, with the shop's day and whether it was night there: see `Incoming.at`."""

    event_id: str
    kind: str
    key: Key
    sku: str | None
    happened_at: datetime
    dwell_seconds: int | None
    props: dict[str, Any] | None
    on_day: date
    at_night: bool

    @classmethod
    def at(
        cls,
        zone: ZoneInfo,
        event_id: str,
        kind: str,
        key: Key,
        happened_at: datetime,
        *,
        sku: str | None = None,
        dwell_seconds: int | None = None,
        props: dict[str, Any] | None = None,
    ) -> Self:
        local = happened_at.astimezone(zone).replace(tzinfo=None)
        night = local.hour >= NIGHT_BEGINS or local.hour < NIGHT_ENDS
        day = (local - DAY_BEGINS).date()
        return cls(event_id, kind, key, sku, happened_at, dwell_seconds, props, day, night)


def batches(incoming: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """Cut into what one transaction may write: 500 rows, events and the days they add to. Identities come before."""
    batch: list[Incoming] = []
    days: set[tuple[Key, str | None, date]] = set()
    for event in incoming:
        day = (event.key, event.sku, event.on_day)
        if len(batch) + len(days) + (1 if day in days else 2) > BATCH_ROWS:
            yield batch
            batch, days = [], set()
        batch.append(event)
        days.add(day)
    if batch:
        yield batch


def known(session: Session, keys: Iterable[Key]) -> dict[Key, int]:
    """The identities of these names that are there, by id. None is locked: an event names no customer."""
    found: dict[Key, int] = {}
    columns = Identity.kind, Identity.scope, Identity.value, Identity.id
    for (kind, scope), some in groupby(sorted(set(keys)), key=lambda key: key[:2]):
        values = [key.value for key in some]
        named = select(*columns).where(Identity.kind == kind, Identity.scope == scope, Identity.value.in_(values))
        found |= {Key(*name): identity_id for *name, identity_id in session.execute(named)}
    return found


def store(session: Session, shop: Shop, batch: Sequence[Incoming], *, now: datetime) -> list[Result]:
    """Keep the events that are new, and add exactly these to their days; safe to repeat, in any order.

    An event is known by its id within its shop: one that is there already changes nothing.
    """
    ids = known(session, (event.key for event in batch))
    missing = {event.key for event in batch if event.key not in ids}
    if missing:
        found = identities.ensure_many(session, missing, now=now)
        ids |= {key: row.id for key, row in found.items()}
        gone = {key for key, row in found.items() if row.is_erased}
        batch = [event._replace(props=None) if event.key in gone else event for event in batch]
    first: dict[str, Incoming] = {}
    for event in batch:
        first.setdefault(event.event_id, event)
    rows = [_row(first[each], shop.id, ids, now) for each in sorted(first)]
    new = {each for (each,) in insert_many_if_absent(session, Event, rows, Event.event_id)}
    days = _days((event for event in first.values() if event.event_id in new), shop.id, ids)
    insert_or_add(
        session, Behaviour, [days[key] for key in sorted(days)],
        by=("identity_id", "shop_id", "sku", "on_day"), sums=COUNTERS, latest=MOMENTS,
    )  # fmt: skip
    results: list[Result] = []
    for event in batch:
        results.append("accepted" if event.event_id in new else "unchanged")
        new.discard(event.event_id)
    return results


def forget(session: Session, *, before: datetime, limit: int = BATCH_ROWS) -> int:
    """Delete the oldest events from before a moment, so many at a time; how many went. What they added up to stays."""
    oldest = select(Event.id).where(Event.happened_at < before).order_by(Event.happened_at).limit(limit)
    return changed(session, delete(Event).where(Event.id.in_(oldest)).execution_options(synchronize_session=False))


def _row(event: Incoming, shop_id: int, ids: Mapping[Key, int], now: datetime) -> dict[str, Any]:
    return {
        "shop_id": shop_id, "event_id": event.event_id, "identity_id": ids[event.key], "kind": event.kind,
        "sku": event.sku, "happened_at": event.happened_at, "dwell_seconds": event.dwell_seconds,
        "props": event.props, "stored_at": now,
    }  # fmt: skip


def _days(events: Iterable[Incoming], shop_id: int, ids: Mapping[Key, int]) -> dict[tuple[Any, ...], dict[str, Any]]:
    days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for event in events:
        named = ids[event.key], shop_id, event.sku or "", event.on_day
        day = days.get(named)
        if day is None:
            day = dict(zip(("identity_id", "shop_id", "sku", "on_day"), named, strict=True))
            day |= dict.fromkeys(COUNTERS, 0) | dict.fromkeys(MOMENTS)
            days[named] = day
        kind = event.kind.partition(":")[0]
        day[KINDS[kind]] += 1
        day["night_views"] += kind == "view" and event.at_night
        day["dwell_seconds"] += event.dwell_seconds or 0
        for moment in ("last_at", LATEST[kind]) if kind in LATEST else ("last_at",):
            if day[moment] is None or day[moment] < event.happened_at:
                day[moment] = event.happened_at
    return days
