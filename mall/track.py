"""`POST /mall/track`: what a customer's own page or mini-program says they do; who they are says its token."""

from datetime import timedelta
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from flask import Response, current_app, g, request
from pydantic import Field

from bodies import Form, fit, read_form
from callers import Daily, Window, anyone, declare, network_of
from crm import events, shops
from crm.errors import NotSignedIn, Refused
from crm.events import Incoming
from mall import blueprint
from mall.event_forms import Did
from mall.events import introduced
from mall.intake import Intake
from mall.tracker_tokens import Tracked, unseal
from models.shop import Shop
from runtime import runtime

SCRIPT = Path(__file__).parent / "tracker" / "huitou.js"
MINUTE = timedelta(minutes=1)
A_PERSON, AN_ADDRESS = 60, 600  # requests a minute; an address may be a whole office's
A_DAY = 5000  # events of a person: the days they add up to are kept for good


class TrackForm(Form):
    events: Annotated[list[Any], Field(max_length=100)]


class TrackedForm(Did):
    """One event; nobody is named in it."""

    kind: Literal["enter", "search", "view", "favourite", "cart", "share"]

    def incoming(self, tracked: Tracked) -> Incoming:
        """Its id is the person's own: nobody can use up another's, or the shop's."""
        event_id = f"track:{sha256(repr(tracked).encode()).hexdigest()[:16]}:{self.id}"
        return Incoming.at(
            runtime().zone, event_id, self.kind, tracked.key, self.at,
            sku=self.sku, dwell_seconds=self.dwell_seconds, props=self.props,
        )  # fmt: skip


def tracked_only(view: Any) -> Any:
    """Only with a token that is good: `g.tracked` is whom it speaks for, `g.shop` the shop that minted it."""

    @wraps(view)
    def checked() -> Any:
        now, address = runtime().now(), network_of(request.remote_addr)
        people, addresses = current_app.extensions.setdefault(
            "huitou_rates", (Window(A_PERSON, MINUTE), Window(AN_ADDRESS, MINUTE))
        )
        origin = request.headers.get("Origin")
        with runtime().reading() as session:
            g.origin = origin if origin and shops.lists_origin(session, origin) else None
        addresses.take(address, now=now)
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            raise NotSignedIn("缺少 Authorization: Bearer token")
        tracked = unseal(runtime().vault, token, now=now)
        with runtime().reading() as session:
            shop = session.get(Shop, tracked.shop_id)
        if shop is None or (origin is not None and origin not in shop.tracker_origins):
            raise Refused("这个网页不在店铺的名单上：app.py shop origins", field="Origin")
        people.take(tracked, now=now)
        g.shop, g.tracked = shop, tracked
        return view()

    return declare("customer")(checked)


@blueprint.post("/track", provide_automatic_options=False)
@tracked_only
def track() -> dict[str, Any]:
    """Store up to 100 events of the person the token speaks for; safe to repeat.

    Body `{"events": […]}`, at most 64 KB; the answer is that of `/mall/events`.
    """
    now, shop, tracked = runtime().now(), g.shop, g.tracked
    earliest = now - timedelta(days=runtime().settings.retention.event_days)
    intake = Intake(
        "id",
        read=lambda sent: fit(TrackedForm, sent, now=now, earliest=earliest).incoming(tracked),
        batches=introduced,
        store=lambda session, batch: events.store(session, shop, batch, now=now),
    )
    sent = read_form(TrackForm).events
    days: Daily = current_app.extensions.setdefault("huitou_days", Daily(A_DAY))
    days.take(tracked, len(sent), on_day=now.astimezone(runtime().zone).date())
    return intake.take(iter(sent))


@blueprint.route("/track", methods=["OPTIONS"], provide_automatic_options=False)
@anyone
def preflight() -> Response:
    """A browser asks whether a page of that origin may; any shop's list will do, the token says whose it must be."""
    origin = request.headers.get("Origin", "")
    with runtime().reading() as session:
        g.origin = origin if shops.lists_origin(session, origin) else None
    return Response(status=204)


@blueprint.get("/tracker/huitou.js")
@anyone
def tracker_script() -> Response:
    """The tracker for pages; a mini-program takes the file along."""
    answer = Response(SCRIPT.read_bytes(), mimetype="text/javascript")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@blueprint.after_request
def allow_origin(response: Response) -> Response:
    """Refusals, too: a page has to see that its token is over."""
    if request.path == "/mall/track":
        response.headers.add("Vary", "Origin")
        if g.get("origin"):
            response.headers["Access-Control-Allow-Origin"] = g.origin
            response.headers["Access-Control-Allow-Methods"] = "POST"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Max-Age"] = "600"
    return response
