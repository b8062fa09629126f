"""A shop of many customers on both sides, mass messages to them, and the staff who confirm."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from crm import calendars, mass, mass_tasks, media, quotas
from models import Contact, Customer, Follow, Group, Identity, MassMessage, MassRecipient, MassTask, Staff
from runtime import Runtime
from tests.factories import Make
from tests.sandboxes import Sandbox

CREATE = "externalcontact/add_msg_template"
ENOUGH = 31


class Masses:
    """Loads the sandbox and our own tables alike, plans messages, and has staff confirm them."""

    def __init__(self, runtime: Runtime, make: Make, sandbox: Sandbox) -> None:
        self.runtime, self.make, self.sandbox = runtime, make, sandbox

    def shop(self, **customers: int | Sequence[str]) -> None:
        """So many customers for each of these members, mutual friends, known to both sides."""
        names = {
            userid: [f"wm{userid:_<10}{number:020d}" for number in range(many)] if isinstance(many, int) else list(many)
            for userid, many in customers.items()
        }
        at = self.runtime.now().timestamp() - 86400
        self.sandbox.post(
            "/sandbox/load",
            {
                "staff": [{"userid": userid, "name": f"导购{userid}"} for userid in names],
                "customers": [{"external_userid": each} for theirs in names.values() for each in theirs],
                "follows": [
                    {"userid": userid, "external_userid": each, "createtime": int(at)}
                    for userid, theirs in names.items()
                    for each in theirs
                ],
            },
        )
        for userid, theirs in names.items():
            self._know(self.make.staff(userid), theirs)

    def _know(self, staff: Staff, names: Iterable[str]) -> None:
        now = self.runtime.now()
        people = [(name, Customer(created_at=now)) for name in names]
        with self.runtime.transaction() as session:
            session.add_all(customer for _, customer in people)
            session.flush()
            identities = [
                Identity(
                    kind="external_userid", value=name, customer_id=customer.id, home_id=customer.id, first_seen_at=now
                )
                for name, customer in people
            ]
            session.add_all(identities)
            session.flush()
            contacts = [
                Contact(external_userid=each.value, identity_id=each.id, customer_id=each.customer_id, created_at=now)
                for each in identities
            ]
            session.add_all(contacts)
            session.flush()
            session.add_all(
                Follow(contact_id=contact.id, staff_id=staff.id, followed_at=now, changed_at=now)
                for contact in contacts
            )

    def group(self, owner: str, *, name: str = "老客群") -> str:
        """A group on both sides; its chat_id."""
        made = self.sandbox.post("/sandbox/groups", {"name": name, "owner": owner})
        with self.runtime.transaction() as session:
            staff = session.scalars(select(Staff).where(Staff.userid == owner)).one()
            now = self.runtime.now()
            session.add(
                Group(chat_id=made["chat_id"], name=name, owner_staff_id=staff.id, created_at=now, known_at=now)
            )
        chat_id: str = made["chat_id"]
        return chat_id

    def message(self, text: str = "周五见", *, chat_type: str = "single", **more: Any) -> MassMessage:
        """A message to everybody (or to all groups), planned and being sent."""
        now = self.runtime.now()
        push = self.make.push(state="ended", text=text)
        conditions: dict[str, Any] = {"group_ids": [group.id for group in self.make.rows(Group)]}
        with self.runtime.transaction() as session:
            made = mass.make(
                session, chat_type=chat_type, push=push, slot=now, month=calendars.month_of(now, self.runtime.zone),
                text=text, attachments=more.pop("attachments", []), sentence="", now=now,
                conditions=conditions if chat_type == "group" else {},
            )  # fmt: skip
        assert made is not None
        self.plan(made.id, limit=more.pop("limit", ENOUGH))
        return self.again(made)

    def picture(self) -> int:
        """An original that an operator has stored; its id."""
        content = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20
        with self.runtime.transaction() as session:
            return media.store(session, "image", "茶.png", content, by="user:1", now=self.runtime.now()).id

    def plan(self, message_id: int, *, limit: int = ENOUGH) -> None:
        more = True
        while more:
            with self.runtime.reading() as session:
                chunk = mass.next_chunk(session, message_id)
            assert chunk is not None
            with self.runtime.transaction() as session:
                more = mass.plan(session, chunk, limit=limit, shop_name="小店", now=self.runtime.now())

    def again(self, row: MassMessage) -> MassMessage:
        with self.runtime.reading() as session:
            return session.get_one(MassMessage, row.id)

    def leased(self) -> tuple[MassTask, Staff]:
        """The next task, leased by a worker, and who is to send it."""
        with self.runtime.transaction() as session:
            task = mass_tasks.lease(session, now=self.runtime.now())
            assert task is not None
            sender = mass_tasks.sender(session, task, chat_type="single")
        assert sender is not None
        return task, sender

    def begun(self) -> MassTask:
        """The next task, on record as being tried; nothing is."""
        leased, sender = self.leased()
        with self.runtime.transaction() as session:
            task = mass_tasks.begin(session, leased, sender, now=self.runtime.now())
        assert task is not None
        return task

    def confirm(self, *userids: str) -> int:
        """These (or all) members send everything that has reached them; how many tasks."""
        count = 0
        now = self.sandbox.get("/sandbox/clock")["now"]
        dispatched = now - self.sandbox.get("/sandbox/mass-rules")["dispatch_seconds"]
        for shown in self.sandbox.get("/sandbox/mass-messages")["mass_messages"]:
            for task in shown["tasks"]:
                is_theirs = not userids or task["userid"] in userids
                if shown["cancelled"] or task["status"] or shown["created_at"] > dispatched or not is_theirs:
                    continue
                self.sandbox.post("/sandbox/mass-messages/confirm", {"msgid": shown["msgid"], "userid": task["userid"]})
                count += 1
        return count

    def at_wecom(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.get("/sandbox/mass-messages")["mass_messages"]
        return found

    def tasks(self) -> list[MassTask]:
        return self.make.rows(MassTask)

    def states(self) -> dict[str, str]:
        """Each recipient's state of the newest message."""
        rows = self.make.rows(MassRecipient)
        newest = max((row.message_id for row in rows), default=0)
        return {row.target: row.state for row in rows if row.message_id == newest}

    def ledger_adds_up(self) -> None:
        for month in {message.month for message in self.make.rows(MassMessage)}:
            with self.runtime.reading() as session:
                assert quotas.check_ledger(session, month, zone=self.runtime.zone) == []
