"""Who is one person, decided from the facts alone: strong ones first, then the weak ones weighed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.identities import Key
from crm.identity_graph import CROWD, RANKS, STRONG, Edge, ordered, people

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LAN, MEI = Key("external_userid", "", "wm_lan"), Key("external_userid", "", "wm_mei")
U1, U2 = Key("unionid", "", "u1"), Key("unionid", "", "u2")
BUYER, OTHER_BUYER = Key("buyer_id", "taobao", "b1"), Key("buyer_id", "jd", "b2")
ORDER, PHONE = Key("order_no", "taobao", "A1"), Key("phone", "", "13800138000")
VISITOR = Key("wecom_openid", "", "ow1")


def edge(proof, one, other, after=0):
    return Edge(proof, NOW + timedelta(seconds=after), *ordered(one, other))


def are_one(found, *keys):
    return any(set(keys) <= members for members in found.sets)


def test_a_parcel_opened_before_the_add_leads_from_the_order_to_the_contact():
    facts = [edge("parcel", VISITOR, ORDER), edge("order", BUYER, ORDER), edge("wecom_oauth", VISITOR, LAN)]

    found = people([], facts)

    assert are_one(found, LAN, VISITOR, ORDER, BUYER)
    assert found.refused == {}


def test_whoever_opens_a_parcel_second_is_somebody_else_until_proven():
    first, second = edge("parcel", LAN, ORDER), edge("parcel", MEI, ORDER, after=1)

    found = people([], [second, first])

    assert found.refused == {second: "claimed"}
    assert are_one(found, LAN, ORDER)


def test_the_first_claim_of_an_order_stands_and_the_second_is_refused():
    first, second = edge("customer_claim", MEI, ORDER, after=5), edge("customer_claim", LAN, ORDER, after=9)
    typed = edge("staff_order", VISITOR, ORDER)

    found = people([], [second, typed, first, edge("order", BUYER, ORDER)])

    assert are_one(found, MEI, ORDER, BUYER)
    assert found.refused == {second: "claimed", typed: "claimed"}


def test_a_claim_joins_no_two_unionids():
    facts = [edge("wecom_contact", LAN, U1), edge("order", U2, ORDER), edge("customer_claim", LAN, ORDER)]

    found = people([], facts)

    assert found.refused == {facts[2]: "two_unionids"}
    assert not are_one(found, LAN, ORDER)


def test_a_claim_of_what_is_another_contacts_already_is_refused():
    facts = [edge("wecom_contact", LAN, U1), edge("order", U1, ORDER), edge("customer_claim", MEI, ORDER)]

    assert people([], facts).refused == {facts[2]: "claimed"}


def test_a_person_may_claim_what_was_theirs_already():
    facts = [edge("wecom_contact", LAN, U1), edge("order", U1, ORDER), edge("customer_claim", LAN, ORDER)]

    assert people([], facts).refused == {}


def test_a_phone_joins_the_two_people_who_have_it_and_nobody_when_there_are_three():
    two = [edge("phone", LAN, PHONE), edge("phone", BUYER, PHONE)]
    three = [*two, edge("phone", OTHER_BUYER, PHONE)]

    assert are_one(people([], two), LAN, BUYER)
    assert people([], three).refused == dict.fromkeys(three, "shared")


def test_a_phone_ten_thousand_people_have_says_nothing():
    facts = [edge("phone", Key("external_userid", "", f"wm{n}"), PHONE) for n in range(10_000)]

    found = people([], facts)

    assert set(found.refused.values()) == {"crowded"}
    assert len(found.sets) == 10_001


def test_a_buyer_id_that_means_guest_joins_nobody():
    facts = [edge("order_named", Key("unionid", "", f"u{n}"), BUYER) for n in range(CROWD + 1)]

    assert set(people([], facts).refused.values()) == {"crowded"}


def test_what_one_order_names_together_belongs_together_unless_it_is_two_people():
    first, second = edge("order_named", U1, BUYER), edge("order_named", U2, BUYER, after=1)

    found = people([], [second, first])

    assert are_one(found, U1, BUYER)
    assert found.refused == {second: "two_unionids"}


def test_an_operator_joins_whom_they_decide_to():
    assert are_one(people([], [edge("operator", U1, U2)]), U1, U2)


def test_a_stranger_stays_alone():
    assert people([MEI], [edge("wecom_contact", LAN, U1)]).sets[-1] in ({MEI}, {LAN, U1})
    assert not are_one(people([MEI], [edge("wecom_contact", LAN, U1)]), MEI, U1)


KEYS = [
    LAN,
    MEI,
    U1,
    U2,
    BUYER,
    OTHER_BUYER,
    VISITOR,
    ORDER,
    PHONE,
    Key("openid", "mini", "o1"),
    Key("pending_id", "", "p"),
]
PROOFS = sorted(STRONG | RANKS.keys())


@st.composite
def edges(draw):
    proof = draw(st.sampled_from(PROOFS))
    value = {"phone": PHONE, "parcel": ORDER, "customer_claim": ORDER, "staff_order": ORDER, "order": ORDER}.get(proof)
    other = value or draw(st.sampled_from(KEYS))
    one = draw(st.sampled_from([key for key in KEYS if key != other]))
    return edge(proof, one, other, after=draw(st.integers(0, 3)))


@settings(max_examples=600, deadline=None)
@given(facts=st.lists(edges(), min_size=1, max_size=14), data=st.data())
def test_any_order_and_repetition_of_edges_gives_the_same_people_and_refusals(facts, data):
    again = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))

    assert people(KEYS, facts) == people(reversed(KEYS), again)
