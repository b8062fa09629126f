"""What stands for 称呼, 商品 and 门店 in words to one customer."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import customers
from crm.order_history import COUNTS
from crm.phrases import straight
from models.contact import Contact
from models.order import Order, OrderLine
from models.staff import Department, Staff


def of(session: Session, staff: Staff, contact: Contact, *, business: str) -> dict[str, str]:
    """称呼: the member's remark, else the WeChat name. 商品: what was bought last. 门店: the member's department.

    An unknown one is empty; three statements.
    """
    return {
        "称呼": straight(customers.remark_of(session, staff, contact) or contact.name),
        "商品": straight(_last_bought(session, contact.customer_id)),
        "门店": _store_of(session, staff) or business,
    }


def _last_bought(session: Session, customer_id: int) -> str:
    query = (
        select(OrderLine.name)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.customer_id == customer_id, COUNTS)
        .order_by(Order.ordered_at.desc(), Order.id.desc(), OrderLine.position)
        .limit(1)
    )
    return session.scalar(query) or ""


def _store_of(session: Session, staff: Staff) -> str:
    """The department they stand in; the corp itself is no store."""
    query = select(Department.wecom_id, Department.name).where(
        Department.wecom_id.in_(staff.department_wecom_ids), Department.parent_wecom_id != 0
    )
    names = {row.wecom_id: row.name for row in session.execute(query)}
    return next((names[number] for number in staff.department_wecom_ids if number in names), "")
