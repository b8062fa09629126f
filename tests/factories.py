"""`make.staff()` and friends: rows that fill in what the test does not care about."""

import itertools
from datetime import timedelta
from typing import Any

import argon2
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from models import (
    Audience,
    Base,
    Channel,
    Contact,
    CouponBatch,
    Customer,
    Follow,
    Gate,
    Group,
    GroupMember,
    Identity,
    Inbox,
    JobRun,
    MassMessage,
    MassRecipient,
    MassTask,
    Order,
    OrderLine,
    OtherMessage,
    Product,
    Push,
    QuickReply,
    Shop,
    Staff,
    Tag,
    TagAssignment,
    Touch,
    User,
    WorkerBeat,
)
from runtime import Runtime, utc_now
from tests.sandboxes import Sandbox

PASSWORD = "correct horse battery"
HASHED = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # ours is slow


class Make:
    """Makes rows, each in a transaction of its own; returns them detached, with their ids."""

    def __init__(self, runtime: Runtime, sandbox: Sandbox) -> None:
        self.runtime = runtime
        self.sandbox = sandbox
        self._numbers = itertools.count(1)

    def _save(self, row: Any) -> Any:
        with self.runtime.transaction() as session:
            session.add(row)
        return row

    def _next(self) -> int:
        return next(self._numbers)

    def gate(self, mode: str, allow_list: tuple[str, ...] = ()) -> Gate:
        with self.runtime.transaction() as session:
            gate: Gate = session.merge(
                Gate(id=1, mode=mode, allow_list=list(allow_list), changed_at=self.runtime.now(), changed_by="test")
            )
        return gate

    def staff(self, userid: str | None = None, **more: Any) -> Staff:
        userid = userid or f"staff{self._next()}"
        values = {"name": f"导购{userid}", "serves_customers": True, "created_at": self.runtime.now()} | more
        row: Staff = self._save(Staff(userid=userid, userid_key=userid.lower(), **values))
        return row

    def shop(self, name: str | None = None) -> Shop:
        row: Shop = self._save(Shop(name=name or f"shop{self._next()}", created_at=self.runtime.now()))
        return row

    def identity(self, kind: str, value: str, scope: str = "", customer: Customer | None = None) -> Identity:
        now = self.runtime.now()
        with self.runtime.transaction() as session:
            owner = customer or self._new_customer(session)
            row = Identity(
                kind=kind, scope=scope, value=value, customer_id=owner.id, home_id=owner.id, first_seen_at=now
            )
            session.add(row)
        return row

    def _new_customer(self, session: Session) -> Customer:
        customer = Customer(created_at=self.runtime.now())
        session.add(customer)
        session.flush()
        return customer

    def contact(self, external_userid: str | None = None, *, followers: tuple[Staff, ...] = (), **more: Any) -> Contact:
        """A contact WeCom has told us about, followed by these."""
        external_userid = external_userid or f"wm{self._next():030d}"
        identity = self.identity("external_userid", external_userid)
        now = self.runtime.now()
        values = {"name": f"客户{external_userid[-4:]}", "created_at": now, "known_at": now} | more
        contact: Contact = self._save(
            Contact(
                external_userid=external_userid,
                identity_id=identity.id,
                customer_id=identity.customer_id,
                **values,
            )
        )
        for staff in followers:
            self.follow(contact, staff)
        return contact

    def follow(self, contact: Contact, staff: Staff, **more: Any) -> Follow:
        now = self.runtime.now()
        values = {"followed_at": now, "changed_at": now} | more
        row: Follow = self._save(Follow(contact_id=contact.id, staff_id=staff.id, **values))
        return row

    def order(self, identity: Identity | None = None, shop: Shop | None = None, **more: Any) -> Order:
        """A paid order of one line, ¥168.00, a day old."""
        now = self.runtime.now()
        shop = shop or self.shop()
        paid_fen = more.pop("paid_fen", 16800)
        values = {
            "order_no": f"NO{self._next():06d}", "status": "completed", "total_fen": paid_fen, "discount_fen": 0,
            "shipping_fen": 0, "paid_fen": paid_fen, "refunded_fen": 0, "ordered_at": now - timedelta(days=1),
            "paid_at": now - timedelta(days=1), "changed_at": now, "fingerprint": "", "stored_at": now,
            "coupon_codes": [],
        } | more  # fmt: skip
        line = OrderLine(position=0, sku="SKU1", name="婴儿湿巾 80 抽", quantity=1, price_fen=paid_fen)
        row: Order = self._save(
            Order(
                shop_id=shop.id,
                identity_id=identity.id if identity else None,
                customer_id=identity.customer_id if identity else None,
                lines=[line],
                **values,
            )
        )
        return row

    def tag(self, name: str | None = None, *, carried_by: tuple[Contact, ...] = (), **more: Any) -> Tag:
        """A tag, given to these contacts by a member of staff."""
        row: Tag = self._save(Tag(name=name or f"标签{self._next()}", group_name="标签组", **more))
        staff = self.staff() if carried_by else None
        for contact in carried_by:
            assert staff is not None
            self._save(
                TagAssignment(
                    tag_id=row.id, identity_id=contact.identity_id, customer_id=contact.customer_id,
                    staff_id=staff.id, source="staff", assigned_at=self.runtime.now(),
                )
            )  # fmt: skip
        return row

    def audience(self, **more: Any) -> Audience:
        """Everybody, unless told otherwise."""
        now = self.runtime.now()
        values = {
            "name": f"人群{self._next()}", "conditions": {}, "created_at": now, "changed_at": now, "changed_by": "test",
        } | more  # fmt: skip
        row: Audience = self._save(Audience(**values))
        return row

    def product(self, sku: str | None = None, *, shop: Shop | None = None, **more: Any) -> Product:
        """One on sale for ¥19.90."""
        now, sku = self.runtime.now(), sku or f"SKU{self._next()}"
        values = {
            "name": f"商品{sku}", "price_fen": 1990, "on_sale": True, "changed_at": now, "stored_at": now,
            "fingerprint": "",
        } | more  # fmt: skip
        row: Product = self._save(Product(sku=sku, shop_id=(shop or self.shop()).id, **values))
        return row

    def quick_reply(self, owner: Staff | None = None, **more: Any) -> QuickReply:
        """One of the shop's, or of this member's own."""
        now = self.runtime.now()
        values = {
            "group_name": "售前", "title": f"话术{self._next()}", "text": "在的，您说", "created_at": now,
            "changed_at": now, "changed_by": "test",
        } | more  # fmt: skip
        row: QuickReply = self._save(QuickReply(staff_id=owner.id if owner else None, **values))
        return row

    def push(self, audience: Audience | None = None, **more: Any) -> Push:
        now = self.runtime.now()
        values = {
            "name": f"群发{self._next()}", "audience_id": (audience or self.audience()).id, "text": "上新了",
            "created_at": now, "created_by": "test", "changed_at": now, "changed_by": "test",
        } | more  # fmt: skip
        row: Push = self._save(Push(**values))
        return row

    def channel(self, state: str | None = None, **more: Any) -> Channel:
        state = state or f"state{self._next()}"
        row: Channel = self._save(Channel(**{"state": state, "name": state, "created_at": self.runtime.now()} | more))
        return row

    def group(self, chat_id: str | None = None, *, owner: Staff | None = None, **more: Any) -> Group:
        """A customer group; a member of staff is made for it when none is named."""
        now = self.runtime.now()
        values = {"name": f"群{self._next()}", "created_at": now, "known_at": now} | more
        values["owner_staff_id"] = (owner or self.staff()).id
        row: Group = self._save(Group(chat_id=chat_id or f"wr{self._next():030d}", **values))
        return row

    def group_member(self, group: Group, who: Staff | Contact, **more: Any) -> GroupMember:
        """Somebody who is in it since a month."""
        is_staff = isinstance(who, Staff)
        values = {
            "member": who.userid_key if isinstance(who, Staff) else who.external_userid,
            "staff_id": who.id if is_staff else None,
            "identity_id": who.identity_id if isinstance(who, Contact) else None,
            "joined_at": self.runtime.now() - timedelta(days=30),
        } | more  # fmt: skip
        row: GroupMember = self._save(GroupMember(group_id=group.id, **values))
        return row

    def mass_message(self, push: Push | None = None, **more: Any) -> MassMessage:
        """A mass message of a push, planned and waiting for staff."""
        now = self.runtime.now()
        values = {
            "chat_type": "single", "slot": now, "month": f"{now:%Y-%m}", "text": "上新了", "state": "waiting",
            "created_at": now,
        } | more  # fmt: skip
        row: MassMessage = self._save(MassMessage(push_id=(push or self.push()).id, **values))
        return row

    def mass_task(self, message: MassMessage, staff: Staff | None = None, **more: Any) -> MassTask:
        staff = staff or self.staff()
        values = {"number": 1, "text": message.text, "state": "created"} | more
        row: MassTask = self._save(MassTask(message_id=message.id, staff_id=staff.id, userid=staff.userid, **values))
        return row

    def mass_recipient(self, message: MassMessage, target: str, **more: Any) -> MassRecipient:
        row: MassRecipient = self._save(MassRecipient(message_id=message.id, target=target, **more))
        return row

    def other_message(self, msgid: str, **more: Any) -> OtherMessage:
        """A mass message somebody else made, whose results are to be read."""
        now = self.runtime.now()
        values = {"chat_type": "single", "made_at": now, "seen_at": now, "next_look_at": now} | more
        row: OtherMessage = self._save(OtherMessage(msgid=msgid, **values))
        return row

    def coupon_batch(self, **more: Any) -> CouponBatch:
        values = {
            "name": f"券{self._next()}", "value_fen": 1500, "threshold_fen": 9900, "total": 100, "per_customer": 1,
            "valid_days": 7, "created_at": self.runtime.now(),
        } | more  # fmt: skip
        row: CouponBatch = self._save(CouponBatch(**values))
        return row

    def user(self, login: str | None = None, *, role: str = "owner", **more: Any) -> User:
        """A console user whose password is `PASSWORD`."""
        login = login or f"user{self._next()}"
        values = {"name": f"同事{login}", "password_hash": HASHED, "created_at": self.runtime.now()} | more
        row: User = self._save(User(login=login, role=role, **values))
        return row

    def notice(self, kind: str = "change_external_contact.add_external_contact", **more: Any) -> Inbox:
        """A callback in the inbox, applied in a second."""
        now = self.runtime.now()
        values = {
            "key": f"key{self._next()}", "userid": "lan", "external_userid": "wm1", "happened_at": now,
            "received_at": now, "next_try_at": now, "state": "applied", "applied_at": now + timedelta(seconds=0.8),
            "body_sealed": self.runtime.vault.seal("<xml><Event><![CDATA[x]]></Event></xml>"),
        } | more  # fmt: skip
        row: Inbox = self._save(Inbox(kind=kind, **values))
        return row

    def worker(self, name: str = "worker-1", **more: Any) -> WorkerBeat:
        """A worker that has just said it is alive, by the real clock."""
        row: WorkerBeat = self._save(WorkerBeat(worker=name, **{"started_at": utc_now(), "beat_at": utc_now()} | more))
        return row

    def run(self, job: str = "sync", state: str = "done", **more: Any) -> JobRun:
        """A run of the schedule that began half a minute ago and took 12 seconds."""
        began = self.runtime.now() - timedelta(seconds=30)
        values = {
            "slot": began - timedelta(minutes=self._next()), "worker": "worker-1", "started_at": began,
            "expected_by": began + timedelta(minutes=1),
            "ended_at": None if state in ("running", "waiting") else began + timedelta(seconds=12),
        } | more  # fmt: skip
        row: JobRun = self._save(JobRun(job=job, state=state, **values))
        return row

    def touch(self, state: str = "sent", **more: Any) -> Touch:
        now = self.runtime.now()
        values = {
            "key": f"touch{self._next()}", "kind": "welcome", "userid": "lan", "external_userid": "wm1",
            "text_sealed": self.runtime.vault.seal("您好"), "created_at": now, "settled_at": now,
        } | more  # fmt: skip
        row: Touch = self._save(Touch(state=state, **values))
        return row

    def rows(self, table: type[Base]) -> list[Any]:
        """Every row of a table, in the order they came."""
        with self.runtime.reading() as session:
            return list(session.scalars(select(table).order_by(*inspect(table).primary_key)))
