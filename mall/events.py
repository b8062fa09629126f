"""`POST /mall/events`: a shop sends what customers did there."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from flask import g

from bodies import Form, fit
from crm import events, identities
from crm.events import Incoming
from mall import blueprint
from mall.event_forms import EventForm
from mall.intake import Intake, Records
from mall.signatures import shop_signed
from runtime import runtime

NEW_NAMES = 250  # each writes an identity and a customer


class EventsForm(Form):
    shop: str
    events: Records


@blueprint.post("/events")
@shop_signed
def receive_events() -> dict[str, Any]:
    """Store up to 1,000 events, or as many as the lines of 8 MB hold; safe to repeat, in any order.

    Body `{"shop", "events": […]}`; answers what became of each: accepted, unchanged (known by its id) or rejected.
    """
    now, shop, zone = runtime().now(), g.shop, runtime().zone
    earliest = now - timedelta(days=runtime().settings.retention.event_days)
    intake = Intake(
        "id",
        read=lambda sent: fit(EventForm, sent, now=now, earliest=earliest).incoming(shop, zone),
        batches=introduced,
        store=lambda session, batch: events.store(session, shop, batch, now=now),
    )
    return intake.receive(EventsForm, "events")


def introduced(incoming: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """The batches, each when everybody in it has an identity: those new to us in transactions of their own."""
    now = runtime().now()
    for batch in events.batches(incoming):
        keys = sorted({event.key for event in batch})
        with runtime().reading() as session:
            known = events.known(session, keys)
        missing = [key for key in keys if key not in known]
        for start in range(0, len(missing), NEW_NAMES):
            some = missing[start : start + NEW_NAMES]
            runtime().in_transaction(partial(identities.ensure_many, keys=some, now=now))
        yield batch
