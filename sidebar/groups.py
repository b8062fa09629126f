"""Beside a group: totals, the members one follows, today's drop and its card."""

from typing import Any

from flask import g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, fit, read_form
from crm import group_drops, group_views, touches
from crm.group_drops import GroupDrop
from crm.group_views import A_PAGE, RECENT, Person
from runtime import runtime
from sidebar import sendings
from sidebar.door import blueprint, staff_only, wants_part

KIND = "group"


class Asked(Form):
    before: int | None = Field(None, ge=1, le=2**63 - 1)


class SendDrop(Form):
    occasion: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")  # made by the page, once per tap


@blueprint.get("/groups/<chat_id>")
@staff_only
def group_card(chat_id: str) -> ResponseReturnValue:
    """`{group, totals, drops, persons, recent, next_before}`: persons are those this member follows, others only count.

    `?before=` goes on with the persons. 403 for a group they are not in.
    """
    before = request.args.get("before", "")
    asked = fit(Asked, {"before": int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None})
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        group = group_views.seen_by(session, g.staff, chat_id)
        counted = group_views.totals(session, group, now=now)
        drops = group_drops.today(session, group, now=now, zone=zone)
        found = group_views.persons(session, group, g.staff, before=asked.before)
        recent = [person for _, person in group_views.persons(session, group, g.staff, since=now - RECENT)]
    persons, more = [person for _, person in found[:A_PAGE]], len(found) > A_PAGE
    next_before = found[A_PAGE - 1][0] if more else None
    if wants_part():
        facts = {"group": group, "totals": counted, "drops": drops, "recent": recent[:A_PAGE], "now": now}
        template = "sidebar/group_persons.html" if asked.before else "sidebar/group.html"
        answer = make_response(render_template(template, persons=persons, next_before=next_before, **facts))
    else:
        answer = make_response(
            {
                "group": {"chat_id": group.chat_id, "name": group.name, "members": group.members},
                "totals": vars(counted),
                "drops": [_drop_json(drop) for drop in drops],
                "persons": [_person_json(person) for person in persons],
                "recent": [_person_json(person) for person in recent[:A_PAGE]],
                "next_before": next_before,
            }
        )
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/groups/<chat_id>/drops/<int:edition_id>")
@staff_only
def send_drop(chat_id: str, edition_id: int) -> ResponseReturnValue:
    """Put the card of today's drop on record; the page hands `chat_message` to this group's chat.

    Body `{"occasion"}`; otherwise as everything sent by hand. 404 when the group has no such drop today.
    """
    form = read_form(SendDrop)
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        group = group_views.seen_by(session, g.staff, chat_id)
    verdict = runtime().gate([(g.staff.userid, group.chat_id)])
    key = f"group:{group.id}:{edition_id}:{g.staff.id}:{form.occasion}"
    with runtime().transaction() as session:
        group = group_views.seen_by(session, g.staff, chat_id)
        before = touches.by_key(session, key)
        if before is not None:
            return sendings.answer(before, send=False)
        drop = group_drops.one(session, group, edition_id, now=now, zone=zone)
        state = sendings.HELD_BACK.get(verdict, "trying")
        sealed = runtime().vault.seal(group_drops.words(drop, zone))
        touch, is_new = touches.begin_in_group(
            session, key=key, kind=KIND, chat_id=group.chat_id, staff=g.staff, state=state, text_sealed=sealed, now=now
        )
        send = is_new and state == "trying"
        if send:
            sendings.audit(session, touch, f"group:{group.id}")
        return sendings.answer(touch, send=send, chat_message=group_drops.chat_message(drop, zone))


@blueprint.context_processor
def group_words() -> dict[str, Any]:
    return {"drop_words": lambda drop: group_drops.words(drop, runtime().zone)}


def _person_json(person: Person) -> dict[str, Any]:
    return {
        "external_userid": person.contact.external_userid,
        "customer_id": person.contact.customer_id,
        "name": person.name,
        "joined_at": person.joined_at.isoformat(),
        "order_count": person.order_count,
    }


def _drop_json(drop: GroupDrop) -> dict[str, Any]:
    edition = drop.edition
    facts = {"id": edition.id, "name": drop.name, "number": edition.number, "product": edition.product}
    at = edition.launch_at.isoformat()
    return facts | {"price_fen": edition.price_fen, "launch_at": at, "state": drop.state, "sent": dict(drop.sent)}
