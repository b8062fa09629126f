"""Who is meant: each condition says yes to some and no to others; and audiences as two operators edit them."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from crm import audiences
from crm.audiences import Conditions
from crm.errors import BadInput, Conflict, NotFound
from models import Audience, Audit, Customer, Identity


@pytest.fixture
def meant(runtime):
    def ask(**conditions):
        with runtime.reading() as session:
            wanted = Conditions.model_validate(conditions)
            return set(session.scalars(audiences.matching(wanted, now=runtime.now())))

    return ask


@pytest.fixture
def save(runtime):
    def create(name="老客", by="user:1", **conditions):
        with runtime.transaction() as session:
            wanted = Conditions.model_validate(conditions)
            return audiences.create(session, name=name, conditions=wanted, by=by, now=runtime.now())

    return create


@pytest.fixture
def three(make):
    """Three contacts of one member of staff."""
    lan = make.staff("lan")
    return [make.contact(followers=(lan,)) for _ in range(3)]


def test_no_conditions_mean_everybody_also_those_without_a_contact(make, three, meant):
    guest = make.identity("buyer_id", "b1", "taobao")

    assert meant() == {each.customer_id for each in three} | {guest.customer_id}


def test_a_customer_who_became_another_is_not_meant_twice(make, three, meant, runtime):
    with runtime.transaction() as session:
        gone = session.get_one(Customer, three[2].customer_id)
        gone.merged_into_id, gone.merged_at = three[0].customer_id, runtime.now()

    assert meant() == {three[0].customer_id, three[1].customer_id}


def test_tags_all_any_and_none(make, three, meant):
    first, second, third = three
    baby, vip = make.tag("宝妈", carried_by=(first, second)), make.tag("大客", carried_by=(second, third))

    assert meant(tags_all=[baby.id, vip.id]) == {second.customer_id}
    assert meant(tags_any=[baby.id, vip.id]) == {each.customer_id for each in three}
    assert meant(tags_none=[baby.id]) == {third.customer_id}
    assert meant(tags_all=[vip.id], tags_none=[baby.id]) == {third.customer_id}


def test_spend_and_orders_by_the_house_definitions(make, three, meant):
    """Paid and not cancelled; refunds take away; an order refunded whole counts for nothing."""
    first, second, third = three
    for contact, fen, more in (
        (first, 10000, {}),
        (first, 5000, {"refunded_fen": 5000}),
        (second, 9999, {}),
        (second, 9999, {"status": "cancelled"}),
        (third, 50000, {"paid_at": None}),
    ):
        make.order(identity_of(make, contact), paid_fen=fen, **more)

    assert meant(spend_fen={"least": 10000}) == {first.customer_id}
    assert meant(spend_fen={"most": 9999}) == {second.customer_id, third.customer_id}
    assert meant(spend_fen={"least": 1, "most": 9999}) == {second.customer_id}
    assert meant(orders={"least": 1}) == {first.customer_id, second.customer_id}
    assert meant(orders={"least": 2}) == set()
    assert meant(orders={"most": 0}) == {third.customer_id}


def test_days_since_the_last_order_that_counts(make, three, meant, runtime):
    first, second, third = three
    for contact, days, more in ((first, 40, {}), (first, 30.5, {}), (second, 10, {}), (second, 1, {"paid_fen": 0})):
        at = runtime.now() - timedelta(days=days)
        make.order(identity_of(make, contact), ordered_at=at, paid_at=at, **more)

    assert meant(days_since_last={"least": 30}) == {first.customer_id}
    assert meant(days_since_last={"least": 31}) == set()
    assert meant(days_since_last={"most": 30}) == {first.customer_id, second.customer_id}
    assert meant(days_since_last={"most": 29}) == {second.customer_id}
    assert meant(days_since_last={"least": 10, "most": 10}) == {second.customer_id}
    assert third.customer_id not in meant(days_since_last={"least": 0})


def test_followed_by_any_of_these_now(make, meant, runtime):
    lan, mei = make.staff("lan"), make.staff("mei")
    mine, hers = make.contact(followers=(lan,)), make.contact(followers=(mei,))
    gone, half = make.contact(), make.contact()
    make.follow(gone, lan, ended_at=runtime.now(), ended_by="customer")
    make.follow(half, lan, is_half=True)

    assert meant(staff_ids=[lan.id]) == {mine.customer_id}
    assert meant(staff_ids=[lan.id, mei.id]) == {mine.customer_id, hers.customer_id}


@pytest.mark.parametrize(
    "conditions",
    [
        {"tag_all": [1]},
        {"spend_fen": {}},
        {"orders": {"least": 3, "most": 2}},
        {"orders": {"least": -1}},
        {"orders": {"least": "3"}},
        {"tags_all": list(range(101))},
    ],
)
def test_conditions_of_another_shape_are_refused(conditions):
    with pytest.raises(ValidationError):
        Conditions.model_validate(conditions)


def test_an_audience_is_kept_with_its_conditions_and_on_record(make, save):
    tag = make.tag("宝妈")

    kept = save(" 宝妈 ", tags_all=[tag.id])

    assert (kept.name, kept.conditions, kept.revision) == ("宝妈", {"tags_all": [tag.id]}, 1)
    assert [(row.action, row.actor, row.subject) for row in make.rows(Audit)] == [
        ("audience.create", "user:1", f"audience:{kept.id}")
    ]


def test_everybody_may_be_an_audience(save):
    assert save("大家").conditions == {}


def test_an_unknown_or_deleted_tag_and_an_unknown_colleague_are_named(make, save, runtime):
    gone = make.tag("旧", deleted_at=runtime.now())

    for field, wanted in (("tags_all", 99), ("tags_any", gone.id), ("tags_none", 98), ("staff_ids", 97)):
        with pytest.raises(BadInput, match=str(wanted)) as refusal:
            save(**{field: [wanted]})
        assert refusal.value.field == field


@pytest.mark.parametrize("name", ["", "  ", "长" * 31])
def test_a_name_has_1_to_30_letters(save, name):
    with pytest.raises(BadInput):
        save(name)


def test_a_name_is_taken_once(save):
    save("老客")

    with pytest.raises(Conflict):
        save("老客 ")


def test_the_second_of_two_operators_is_told_and_overwrites_nothing(make, save, runtime):
    kept = save("老客")

    def change(name, revision):
        with runtime.transaction() as session:
            return audiences.update(
                session, kept.id, revision=revision, name=name, conditions=Conditions(), by="user:2", now=runtime.now()
            )

    assert change("老顾客", 1).revision == 2
    with pytest.raises(Conflict, match="别人改过"):
        change("熟客", 1)

    assert [(row.name, row.revision) for row in make.rows(Audience)] == [("老顾客", 2)]
    assert change("老顾客", 2).revision == 3  # its own name is not taken


def test_an_audience_in_use_is_not_deleted(make, save, runtime):
    used, unused = save("老客"), save("新客")
    make.push(used)

    with runtime.transaction() as session:
        audiences.delete(session, unused.id, by="user:1", now=runtime.now())
    with pytest.raises(Conflict, match="1 个群发"), runtime.transaction() as session:
        audiences.delete(session, used.id, by="user:1", now=runtime.now())

    assert [row.name for row in make.rows(Audience)] == ["老客"]


def test_what_is_not_there_is_not_found(runtime):
    with runtime.transaction() as session:
        for call in (
            lambda: audiences.audience(session, 1),
            lambda: audiences.delete(session, 1, by="x", now=runtime.now()),
            lambda: audiences.update(
                session, 1, revision=1, name="a", conditions=Conditions(), by="x", now=runtime.now()
            ),
        ):
            with pytest.raises(NotFound):
                call()


def identity_of(make, contact):
    """The identity a contact came by, as orders are linked to it."""
    with make.runtime.reading() as session:
        return session.get_one(Identity, contact.identity_id)
