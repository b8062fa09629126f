"""Planning a mass message: everybody in exactly one task, by the sender's rule, and nobody twice."""

from datetime import timedelta

import pytest

from crm import mass, pushes, quotas
from models import MassMessage, MassRecipient, MassTask, Quota


@pytest.fixture
def planned(runtime, make):
    """Makes a message to everybody and plans it to the end; the message."""

    def plan(limit=30, at_once=mass.AT_ONCE, **conditions):
        audience = make.audience(conditions=conditions)
        push = make.push(audience, state="scheduled", next_at=runtime.now(), text="您好，我是{同事}")
        with runtime.transaction() as session:
            [message] = pushes.start_due(session, now=runtime.now(), zone=runtime.zone)
        assert message.push_id == push.id
        finish(runtime, message.id, limit=limit, at_once=at_once)
        return make.rows(MassMessage)[-1]

    return plan


def finish(runtime, message_id, *, limit=30, at_once=mass.AT_ONCE):
    more = True
    while more:
        with runtime.reading() as session:
            chunk = mass.next_chunk(session, message_id, limit=at_once)
        assert chunk is not None
        with runtime.transaction() as session:
            more = mass.plan(session, chunk, limit=limit, shop_name="小店", now=runtime.now())


def test_everybody_gets_a_task_of_the_member_who_added_them_last(make, planned, runtime):
    lan, mei = make.staff("lan"), make.staff("mei")
    wang, li = make.contact(followers=(lan,)), make.contact(followers=(mei,))
    make.follow(wang, mei, followed_at=runtime.now() + timedelta(seconds=5))

    message = planned()

    assert (message.state, message.matched, message.planned) == ("sending", 2, 2)
    assert [(task.userid, task.number, task.size, task.text) for task in make.rows(MassTask)] == [
        ("mei", 1, 2, "您好，我是导购mei")
    ]
    assert {row.target for row in make.rows(MassRecipient)} == {wang.external_userid, li.external_userid}
    assert [(row.reserved, row.used) for row in make.rows(Quota)] == [(1, 0), (1, 0)]
    with runtime.reading() as session:
        assert quotas.check_ledger(session, message.month, zone=runtime.zone) == []
