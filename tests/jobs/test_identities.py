from sqlalchemy import update

from jobs.identities import rebuild_customers
from models import Contact, Customer, Identity


def test_customers_that_went_wrong_are_derived_anew_and_a_second_time_nothing_is_wrong(runtime, make):
    contact = make.contact()
    stranger = make.identity("unionid", "o-stranger")
    with runtime.transaction() as session:
        session.execute(
            update(Identity).where(Identity.id == contact.identity_id).values(customer_id=stranger.customer_id)
        )

    moved = [rebuild_customers(runtime) for _ in range(2)]

    assert moved == [1, 0]
    owners = {identity.id: identity.customer_id for identity in make.rows(Identity)}
    assert len(set(owners.values())) == 2
    assert make.rows(Contact)[0].customer_id == owners[contact.identity_id]
    assert set(owners.values()) <= {customer.id for customer in make.rows(Customer)}
