"""Whatever the customers, wherever it breaks off, whoever merges meanwhile: everybody once, and the quota adds up."""

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm import identities, mass, quotas
from models import Audience, Contact, Follow, MassMessage, MassRecipient, MassTask, Push, Quota, Staff
from tests.people import join

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = "2026-11"
KINDS = ("open", "open", "open", "ended", "half")


class Over(Exception):
    """Rolls an example back."""


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
@example(seed=60)  # somebody passed by comes back
@example(seed=17)  # two of a chunk become one
def test_everybody_is_planned_once(runtime, seed):
    rng = random.Random(seed)
    customers = [[a_contact(rng) for _ in range(rng.randrange(3))] for _ in range(rng.randrange(2, 8))]
    steps = [a_step(rng) for _ in range(rng.randrange(7))]
    with suppress(Over), runtime.transaction() as session:
        world = build(session, customers, runtime.zone)
        joined = plan(session, world, steps, at_once=rng.randrange(1, 5))
        check(session, world, joined, runtime.zone)
        raise Over


def a_contact(rng):
    """Who follows them, since which minute; and whether others have used up their month."""
    followers = rng.sample(range(4), rng.choice([0, 1, 1, 2, 3]))
    return [(number, rng.randrange(3), rng.choice(KINDS)) for number in followers], rng.random() < 0.2


def a_step(rng):
    """What happens between two chunks: a worker dies, two write the same, or two customers turn out to be one."""
    return rng.choice(["killed", "twice", *[(rng.randrange(14), rng.randrange(14))] * 2])


def build(session, customers, zone):
    """The rows of an example; member 3 no longer serves."""
    staff = [Staff(userid=f"s{n}", userid_key=f"s{n}", name=f"同事{n}", created_at=NOW) for n in range(4)]
    for member in staff:
        member.serves_customers = member is not staff[3]
    audience = Audience(name="x", conditions={}, created_at=NOW, changed_at=NOW, changed_by="test")
    session.add_all([*staff, audience])
    session.flush()
    push = Push(
        name="x",
        audience_id=audience.id,
        text="我是{同事}",
        created_at=NOW,
        created_by="",
        changed_at=NOW,
        changed_by="",
    )
    session.add(push)
    session.flush()
    for n, theirs in enumerate(customers):
        if not theirs:  # known to a shop only, and older than the contacts that may turn out to be them
            identities.ensure(session, "unionid", "", f"guest{n}", now=NOW)
    people = [[_contact(session, staff, f"wm{n}-{m}", *contact) for m, contact in enumerate(theirs)]
              for n, theirs in enumerate(customers)]  # fmt: skip
    for theirs in people:
        for other in theirs[1:]:
            _link(session, theirs[0], other)
    full = {name: NOW for theirs in people for name, (_, is_full) in theirs if is_full}
    quotas.count_others(session, "others", full, zone=zone)
    message = mass.make(
        session, chat_type="single", push=push, slot=NOW, month=MONTH, text=push.text, attachments=[], conditions={},
        sentence="", now=NOW,
    )  # fmt: skip
    assert message is not None
    return SimpleNamespace(people=people, full=full, message_id=message.id, staff=staff)


def _contact(session, staff, name, follows, is_full):
    identity = identities.ensure(session, "external_userid", "", name, now=NOW)
    contact = Contact(external_userid=name, identity_id=identity.id, customer_id=identity.customer_id, created_at=NOW)
    session.add(contact)
    session.flush()
    can_send = []
    for number, minutes, kind in follows:
        at = NOW - timedelta(days=1) + timedelta(minutes=minutes)
        ended = at if kind == "ended" else None
        session.add(
            Follow(
                contact_id=contact.id, staff_id=staff[number].id, followed_at=at, changed_at=at, ended_at=ended,
                is_half=kind == "half",
            )
        )  # fmt: skip
        if kind == "open" and number != 3:
            can_send.append((-at.timestamp(), staff[number].id, contact.id))
    session.flush()
    return name, (can_send, is_full)


def _link(session, one, other):
    names = one[0], other[0]
    keys = [("unionid" if name.startswith("guest") else "external_userid", "", name) for name in names]
    pair = [identities.ensure(session, *key, now=NOW) for key in keys]
    join(session, *pair)


def plan(session, world, steps, at_once):
    """Plan to the end; before the last chunk things happen. Returns the names that merged."""
    everybody = [contact for theirs in world.people for contact in theirs]
    everybody += [(f"guest{n}",) for n, theirs in enumerate(world.people) if not theirs]
    joined, steps = set(), list(steps)
    while True:
        chunk = mass.next_chunk(session, world.message_id, limit=at_once)
        assert chunk is not None
        step = steps.pop() if steps else None
        if step == "killed":
            with suppress(Over), session.begin_nested():
                write(session, chunk)
                raise Over
            continue
        if isinstance(step, tuple) and everybody:
            one, other = (everybody[number % len(everybody)] for number in step)
            _link(session, one, other)
            joined |= {one[0], other[0]}
            if chunk.is_last:  # else what was read is out of date, and is written all the same
                continue
        more = write(session, chunk)
        if step == "twice":
            write(session, chunk)  # another planner had read the same
        if not more:
            return joined


def write(session, chunk):
    before = owners_of_recipients(session)
    more = mass.plan(session, chunk, limit=1, shop_name="小店", now=NOW)
    new = owners_of_recipients(session) - before
    assert not set(new) & set(before), "somebody was planned already"
    assert set(new.values()) <= {1}
    return more


def owners_of_recipients(session):
    of_contact = select(Contact.customer_id).join(MassRecipient, MassRecipient.contact_id == Contact.id)
    return Counter(session.scalars(of_contact))


def check(session, world, joined, zone):
    session.expire_all()
    message = session.get_one(MassMessage, world.message_id)
    rows = {row.target: row for row in session.scalars(select(MassRecipient))}
    tasks = {task.id: task for task in session.scalars(select(MassTask))}
    assert message.state == ("sending" if message.planned else "done")
    in_task = Counter(row.task_id for row in rows.values() if row.task_id)
    assert in_task == {task.id: task.size for task in tasks.values()}
    assert message.planned == sum(in_task.values())
    assert len({task.staff_id for task in tasks.values()}) == len(tasks)
    for row in rows.values():
        assert row.state == ("unreachable" if row.reason == mass.NO_SENDER else "planned" if row.task_id else "quota")
        assert (row.state == "planned") <= (row.target not in world.full)
        assert (row.state == "quota") <= (row.target in world.full)
    assert all(quota.reserved + quota.used + quota.others <= 1 for quota in session.scalars(select(Quota)))
    assert quotas.check_ledger(session, MONTH, zone=zone) == []
    owners = {contact.external_userid: contact.customer_id for contact in session.scalars(select(Contact))}
    assert {owners[target] for target in rows} == set(owners.values())  # nobody was passed by
    for theirs in world.people:
        names = {name for name, _ in theirs}
        if theirs and not names & joined:
            _expect(theirs, [rows[name] for name in names & rows.keys()], tasks, session)


def _expect(theirs, got, tasks, session):
    """Somebody who stayed one customer: one recipient, from the member who added them last."""
    [row] = got
    choices = sorted(choice for _, (can_send, _) in theirs for choice in can_send)
    if not choices:
        assert row.state == "unreachable"
        return
    _, staff_id, contact_id = choices[0]
    assert row.contact_id == contact_id
    if row.task_id:
        member = session.get_one(Staff, staff_id)
        task = tasks[row.task_id]
        assert (task.staff_id, task.userid, task.text) == (staff_id, member.userid, f"我是{member.name}")
