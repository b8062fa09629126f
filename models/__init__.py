"""The records: one module per noun; import them all so that `Base.metadata` is whole."""

from models.audit import Audit
from models.base import Base
from models.channel import Channel
from models.contact import Contact, Follow
from models.coupon import Coupon, CouponBatch
from models.customer import Customer, Identity, IdentityLink
from models.gate import Gate
from models.inbox import Inbox
from models.order import Order, OrderLine
from models.shop import Nonce, Shop, SigningKey
from models.staff import Department, Staff
from models.tag import Tag, TagAssignment
from models.token import Token
from models.touch import Touch
from models.user import OneTimeLink, User

__all__ = [
    "Audit",
    "Base",
    "Channel",
    "Contact",
    "Coupon",
    "CouponBatch",
    "Customer",
    "Department",
    "Follow",
    "Gate",
    "Identity",
    "IdentityLink",
    "Inbox",
    "Nonce",
    "OneTimeLink",
    "Order",
    "OrderLine",
    "Shop",
    "SigningKey",
    "Staff",
    "Tag",
    "TagAssignment",
    "Token",
    "Touch",
    "User",
]
