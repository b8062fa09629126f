"""Which audiences somebody belongs to now."""

from datetime import datetime

from sqlalchemy import exists, literal, select, union_all
from sqlalchemy.orm import Session

from crm.audiences import Conditions, matching
from models.audience import Audience
from models.customer import Customer

AT_ONCE = 50


def audiences_of(session: Session, customer_id: int, *, now: datetime) -> list[str]:
    """The names of the audiences whose conditions this customer meets, a statement for every fifty there are."""
    all_of_them = session.execute(select(Audience.id, Audience.name, Audience.conditions).order_by(Audience.id)).all()
    found: set[int] = set()
    for start in range(0, len(all_of_them), AT_ONCE):
        asked = [
            select(literal(audience_id)).where(
                exists(matching(Conditions.model_validate(conditions), now=now).where(Customer.id == customer_id))
            )
            for audience_id, _, conditions in all_of_them[start : start + AT_ONCE]
        ]
        found |= set(session.scalars(union_all(*asked)))
    return [name for audience_id, name, _ in all_of_them if audience_id in found]
