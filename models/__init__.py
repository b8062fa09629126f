"""The records: one module per noun; import them all so that `Base.metadata` is whole."""

from models.acquisition import AcquisitionEvent
from models.audience import Audience
from models.audit import Audit
from models.base import Base
from models.channel import Channel
from models.consent import ClaimTry, Consent
from models.contact import Contact, Follow
from models.contact_edit import ContactEdit
from models.coupon import Coupon, CouponBatch, CouponCode, CouponLink, CouponUse
from models.customer import Customer, Identity, IdentityLink
from models.drop import DropEdition, DropSeries, DropStep, StaffMessage
from models.erasure import Erasure
from models.event import Behaviour, Event
from models.file_import import FileImport
from models.gate import Gate
from models.group import Group, GroupMember
from models.inbox import Inbox
from models.mass import MassMessage, MassRecipient, MassTask, MassTaskMember
from models.media import Media
from models.note import Note, ProfileField
from models.order import Order, OrderLine
from models.platform import PlatformAccount, PlatformBuyer, PlatformMessage
from models.product import Product
from models.product_share import ProductShare
from models.push import Push
from models.quick_reply import QuickReply
from models.quota import OtherDelivery, OtherMessage, Quota
from models.recommendation import HiddenProduct, ProductCycle, ProductPair
from models.schedule import JobRun, WorkerBeat
from models.shop import Nonce, Shop, SigningKey
from models.staff import Department, Staff
from models.staff_day import StaffDay
from models.sync import SyncRun
from models.tag import Tag, TagAssignment
from models.todo import Todo
from models.token import Token
from models.touch import Touch
from models.user import OneTimeLink, User
from models.verification import VerificationFile
from models.webhook import Webhook, WebhookDelivery

__all__ = [
    "AcquisitionEvent",
    "Audience",
    "Audit",
    "Base",
    "Behaviour",
    "Channel",
    "ClaimTry",
    "Consent",
    "Contact",
    "ContactEdit",
    "Coupon",
    "CouponBatch",
    "CouponCode",
    "CouponLink",
    "CouponUse",
    "Customer",
    "Department",
    "DropEdition",
    "DropSeries",
    "DropStep",
    "Erasure",
    "Event",
    "FileImport",
    "Follow",
    "Gate",
    "Group",
    "GroupMember",
    "HiddenProduct",
    "Identity",
    "IdentityLink",
    "Inbox",
    "JobRun",
    "MassMessage",
    "MassRecipient",
    "MassTask",
    "MassTaskMember",
    "Media",
    "Nonce",
    "Note",
    "OneTimeLink",
    "Order",
    "OrderLine",
    "OtherDelivery",
    "OtherMessage",
    "PlatformAccount",
    "PlatformBuyer",
    "PlatformMessage",
    "Product",
    "ProductCycle",
    "ProductPair",
    "ProductShare",
    "ProfileField",
    "Push",
    "QuickReply",
    "Quota",
    "Shop",
    "SigningKey",
    "Staff",
    "StaffDay",
    "StaffMessage",
    "SyncRun",
    "Tag",
    "TagAssignment",
    "Todo",
    "Token",
    "Touch",
    "User",
    "VerificationFile",
    "Webhook",
    "WebhookDelivery",
    "WorkerBeat",
]
