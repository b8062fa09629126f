"""Contacts and follows come out the same whatever order the facts came in."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm import contacts, follows, identity_links, persons, phones
from crm.contacts import Add
from crm.identities import Key
from crm.identity_links import Fact
from models import Audit, Contact, Customer, Follow, IdentityLink, Order, TagAssignment
from tests.callbacks import contact_xml
from wecom.callbacks import parse
from wecom.types import CustomerDetail

START = datetime(2026, 11, 1, tzinfo=UTC)
LATER = START + timedelta(days=1)
NUMBERS = itertools.count(1)
MOMENTS = st.integers(0, 6)
FACTS = st.one_of(
    st.tuples(st.sampled_from(["add", "half", "del_by_staff", "del_by_customer"]), MOMENTS),
    st.tuples(st.just("shown"), MOMENTS, MOMENTS),  # when they were added, when we asked
)


def moment(number):
    return START + timedelta(minutes=number)


def event(change, external_userid, at, **more):
    return parse(contact_xml(change, "Lan", external_userid, at=at, **more).encode())


def detail(external_userid, *, added_at=START, unionid=None, **more):
    follow = {"userid": "lan", "createtime": int(added_at.timestamp())} | more
    contact = {"external_userid": external_userid, "name": "王明", "unionid": unionid}
    return CustomerDetail.model_validate({"external_contact": contact, "follow_user": [follow]})


def tell(session, fact, external_userid):
    what, number, *rest = fact
    at = moment(number)
    if what in ("add", "half"):
        change = "add_external_contact" if what == "add" else "add_half_external_contact"
        told = event(change, external_userid, at, State=f"code-{number}")
        contacts.added(session, [Add(told, None, what == "half", LATER)])
    elif what == "shown":
        asked_at = LATER + timedelta(minutes=rest[0])
        shown = detail(external_userid, added_at=at, state=f"code-{number}", remark=f"备注{rest[0]}")
        contacts.learn(session, [shown], at=asked_at)
    else:
        told = event("del_follow_user", external_userid, at)
        contacts.ended(session, told, by="staff" if what == "del_by_staff" else "customer", now=LATER)
    session.flush()
    session.expire_all()


def state_of(session, external_userid):
    [row] = session.execute(
        select(Follow).join(Contact, Contact.id == Follow.contact_id).where(Contact.external_userid == external_userid)
    ).scalars()
    return row.followed_at, row.is_half, row.ended_at, row.ended_by, row.state, row.remark, follows.history(row)


def expected(facts):
    """What the facts say, worked out another way: the last add and the last end, whichever is later."""
    adds = sorted((fact[1], fact[0] != "half") for fact in facts if fact[0] in ("add", "half", "shown"))
    ends = sorted((fact[1], fact[0].removeprefix("del_by_")) for fact in facts if fact[0].startswith("del"))
    is_open = bool(adds) and (not ends or adds[-1][0] > ends[-1][0])
    asked = [fact[2] for fact in facts if fact[0] == "shown"]
    return (
        moment(adds[-1][0]) if adds else datetime(1970, 1, 1, tzinfo=UTC),
        bool(adds) and not adds[-1][1],
        None if is_open else moment(ends[-1][0]),
        None if is_open else ends[-1][1],
        f"code-{adds[-1][0]}" if adds else "",
        f"备注{max(asked)}" if asked else "",
        sorted(
            {(moment(at), "added" if is_whole else "half", "") for at, is_whole in adds}
            | {(moment(at), "ended", by) for at, by in ends}
        ),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(FACTS, min_size=1, max_size=8), data=st.data())
def test_any_order_and_repetition_of_facts_gives_the_follow_they_tell_of(runtime, facts, data):
    repeated = facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))
    shuffled = data.draw(st.permutations(repeated))
    external_userid = f"wm{next(NUMBERS):030d}"

    with runtime.transaction() as session:
        for fact in shuffled:
            tell(session, fact, external_userid)

        assert state_of(session, external_userid) == expected(facts)


def test_an_older_answer_does_not_put_remark_and_name_back(runtime, make):
    with runtime.transaction() as session:
        contacts.learn(session, [detail("wm1", remark="新")], at=LATER)
        contacts.learn(session, [detail("wm1", remark="旧")], at=LATER - timedelta(seconds=1))

    assert make.rows(Follow)[0].remark == "新"
    assert make.rows(Contact)[0].known_at == LATER


def test_a_new_contact_of_a_known_person_joins_them_and_nobody_is_merged(runtime, make):
    order = make.order(make.identity("unionid", "o-1"))

    with runtime.transaction() as session:
        contacts.learn(session, [detail("wm1", unionid="o-1"), detail("wm2", unionid="o-2")], at=LATER)

    owners = {row.external_userid: row.customer_id for row in make.rows(Contact)}
    assert owners["wm1"] == order.customer_id
    assert owners["wm2"] != order.customer_id
    assert len(make.rows(IdentityLink)) == 2
    assert make.rows(Audit) == []
    with runtime.transaction() as session:
        assert persons.rebuild(session, now=LATER) == 0


def test_two_faces_of_one_person_are_one_customer(runtime, make):
    with runtime.transaction() as session:
        contacts.learn(session, [detail("wm1", unionid="o-1"), detail("wm2", unionid="o-1")], at=LATER)

    assert len({row.customer_id for row in make.rows(Contact)}) == 1


def test_a_contact_known_before_its_unionid_is_merged_with_whoever_had_it(runtime, make):
    make.order(make.identity("unionid", "o-1"))
    with runtime.transaction() as session:
        contacts.learn(session, [detail("wm1")], at=LATER)
        contacts.learn(session, [detail("wm1", unionid="o-1")], at=LATER + timedelta(seconds=1))

    assert make.rows(Order)[0].customer_id == make.rows(Contact)[0].customer_id
    assert len([row for row in make.rows(Customer) if row.merged_into_id]) == 1


def test_a_join_agrees_with_links_made_one_by_one(runtime, make):
    pairs = {Key("external_userid", "", f"wm{n}"): Key("unionid", "", f"o{n % 3}") for n in range(6)}
    facts = [Fact(one, other, "wecom_contact", LATER, "wecom", "system") for one, other in pairs.items()]
    make.identity("external_userid", "wm4")
    make.identity("unionid", "o0")

    with runtime.transaction() as session:
        joined = identity_links.state(session, facts, now=LATER)
        again = identity_links.state(session, facts, now=LATER)

        assert len(persons.partition(session)) == 3
        assert persons.rebuild(session, now=LATER) == 0
        assert {key: row.id for key, row in joined.items()} == {key: row.id for key, row in again.items()}
    assert len(make.rows(IdentityLink)) == 6


def test_tags_of_one_member_do_not_touch_anothers(runtime, make):
    tag = {"tag_id": "et1", "tag_name": "老客", "group_name": "层级", "type": 1}
    shown = CustomerDetail.model_validate(
        {
            "external_contact": {"external_userid": "wm1"},
            "follow_user": [{"userid": "lan", "tags": [tag]}, {"userid": "zhou", "tags": [tag]}],
        }
    )
    without = shown.model_copy(update={"follow_user": (shown.follow_user[0].model_copy(update={"tags": ()}),)})

    with runtime.transaction() as session:
        contacts.learn(session, [shown], at=LATER)
        assert session.query(TagAssignment).count() == 2
        contacts.learn(session, [without], at=LATER + timedelta(seconds=1))

    assert len(make.rows(TagAssignment)) == 1


def test_a_tag_id_nobody_has_named_is_left_out(runtime, make):
    with runtime.transaction() as session:
        contacts.learn(session, [detail("wm1", tag_id=["et-strategy"])], at=LATER)

    assert make.rows(TagAssignment) == []


def test_a_mobile_staff_noted_brings_the_orders_of_the_one_buyer_who_has_it(runtime, make):
    shop = make.shop()
    buyer = make.identity("buyer_id", "b1", shop.name)
    digest = phones.digest("13800138000", runtime.vault)
    order = make.order(buyer, shop, phone_digest=digest, buyer_id="b1")
    guest = make.order(None, shop, phone_digest=digest)
    virtual = detail("wm2", remark_mobiles=["13800138000-1234"])

    with runtime.transaction() as session:
        contacts.learn(session, [detail("wm1", remark_mobiles=["+86 138-0013-8000", "138****8000"]), virtual], at=LATER)
        mine = session.scalars(select(Contact).where(Contact.external_userid == "wm1")).one()
        owners = {row.id: row.customer_id for row in session.scalars(select(Order))}

    assert owners == {order.id: mine.customer_id, guest.id: mine.customer_id}


def test_a_mobile_a_third_person_has_as_well_brings_nothing(runtime, make):
    shop = make.shop()
    order = make.order(
        make.identity("buyer_id", "b1", shop.name), shop, phone_digest=phones.digest("13800138000", runtime.vault)
    )
    both = [detail(name, remark_mobiles=["13800138000"]) for name in ("wm1", "wm2")]

    with runtime.transaction() as session:
        contacts.learn(session, both[:1], at=LATER)
        contacts.learn(session, both[1:], at=LATER)
        owners = [row.customer_id for row in session.scalars(select(Order))]
        refusals = [row.refusal for row in session.scalars(select(IdentityLink))]

    assert owners == [order.customer_id]
    assert refusals == ["shared", "shared"]
