"""Who is in a group: learnt from its detail and its callbacks, and known as persons though nobody's friend."""

from itertools import pairwise

import pytest
from sqlalchemy import event, func, select

from jobs.groups import sync_groups
from jobs.inbox import apply_events
from jobs.sync import sync
from models import Contact, Customer, Group, GroupMember, Identity, IdentityLink, Inbox, Order, Staff
from tests.callbacks import Callbacks, event_xml

ROWS = (Customer, Identity, IdentityLink, GroupMember)


def wm(number):
    return f"wm{number:030d}"


@pytest.fixture
def shop(sandbox, clock):
    """A group of its owner, a friend of his, one who is nobody's friend, and one who uses WeCom."""
    clock.freeze()
    sandbox.post(
        "/sandbox/load",
        {
            "staff": [{"userid": "Lan", "name": "林晓雯"}, {"userid": "zhou", "name": "周岚"}],
            "customers": [
                {"external_userid": wm(1), "name": "朋友", "unionid": "o-1"},
                {"external_userid": wm(2), "name": "只在群里", "unionid": "o-2"},
                {"external_userid": "wo" + "2" * 30, "name": "同行", "type": 2},
            ],
            "follows": [{"userid": "Lan", "external_userid": wm(1), "createtime": 1_700_000_000}],
            "groups": [
                {
                    "name": "花友群",
                    "owner": "Lan",
                    "members": [
                        {"external_userid": wm(1), "join_scene": 3, "state": "door"},
                        {"external_userid": wm(2), "invitor": "Lan"},
                        {"external_userid": "wo" + "2" * 30},
                    ],
                }
            ],
        },
    )
    return sandbox.get("/sandbox/groups")["groups"][0]["chat_id"]


@pytest.fixture
def told(client, sandbox, clock):
    callbacks = Callbacks(client, sandbox.credentials)

    def tell(chat_id, **fields):
        clock.tick(seconds=1)
        xml = event_xml("change_external_chat", at=clock(), ChangeType="update", ChatId=chat_id, **fields)
        callbacks.post(xml.replace("<![CDATA[<Item>", "<Item>").replace("</Item>]]>", "</Item>"))

    return tell


def inside(make):
    return {row.member for row in make.rows(GroupMember) if row.is_in()}


def test_a_sync_knows_everybody_in_a_group_and_whose_order_a_stranger_in_it_made(shop, runtime, make):
    order = make.order(make.identity("unionid", "o-2"))

    sync(runtime)

    by_name = {row.member: row for row in make.rows(GroupMember)}
    assert by_name.keys() == {"lan", wm(1), wm(2), "wo" + "2" * 30}
    assert (by_name[wm(1)].join_scene, by_name[wm(1)].state, by_name[wm(2)].invitor) == (3, "door", "Lan")
    assert by_name["lan"].staff_id == next(row.id for row in make.rows(Staff) if row.userid == "Lan")
    owners = {row.id: row.customer_id for row in make.rows(Identity)}
    assert [row.customer_id for row in make.rows(Order)] == [owners[by_name[wm(2)].identity_id]]
    assert [row.external_userid for row in make.rows(Contact)] == [wm(1)]  # the others are nobody's contacts
    assert order.customer_id == owners[by_name[wm(2)].identity_id]


def test_a_second_look_writes_nothing_but_when_it_was(shop, runtime, make, clock):
    sync(runtime)
    before = [[(row.id, row.__dict__.get("joined_at")) for row in make.rows(table)] for table in ROWS]
    clock.tick(days=1)

    sync(runtime)

    assert [[(row.id, row.__dict__.get("joined_at")) for row in make.rows(table)] for table in ROWS] == before
    assert [row.members_known_at for row in make.rows(Group)] == [clock()]


def test_a_unionid_that_a_binding_shows_later_joins_the_member_then(shop, sandbox, runtime, make, clock):
    sandbox.request("PATCH", f"/sandbox/customers/{wm(2)}", {"bound": False})
    make.order(make.identity("unionid", "o-2"))
    sync(runtime)
    [member] = [row for row in make.rows(GroupMember) if row.member == wm(2)]
    apart = {row.id: row.customer_id for row in make.rows(Identity)}[member.identity_id]
    assert make.rows(Order)[0].customer_id != apart

    sandbox.request("PATCH", f"/sandbox/customers/{wm(2)}", {"bound": True})
    clock.tick(hours=21)
    sync_groups(runtime)

    assert make.rows(Order)[0].customer_id == {r.id: r.customer_id for r in make.rows(Identity)}[member.identity_id]


@pytest.mark.parametrize("shape", [f"<Item>{wm(1)}</Item><Item>{wm(2)}</Item>", f"{wm(1)},{wm(2)}"])
def test_who_was_removed_is_told_by_either_shape_of_the_event(shop, sandbox, runtime, make, told, shape, clock):
    sync(runtime)
    for number in (1, 2):
        sandbox.post(f"/sandbox/groups/{shop}/leave", {"external_userid": wm(number), "quit_scene": 1})
    version = sandbox.get(f"/sandbox/groups/{shop}")["member_version"]

    told(shop, UpdateDetail="del_member", QuitScene="1", MemChangeCnt="2", MemChangeList=shape, CurMemVer=version)
    apply_events(runtime)

    assert inside(make) == {"lan", "wo" + "2" * 30}
    assert {row.member: row.quit_scene for row in make.rows(GroupMember) if not row.is_in()} == {wm(1): 1, wm(2): 1}
    assert {row.left_at for row in make.rows(GroupMember) if not row.is_in()} == {clock().replace(microsecond=0)}


def test_who_left_stays_gone_while_the_detail_lags_and_is_back_after_joining_again(
    shop, sandbox, runtime, make, told, clock
):
    sync(runtime)
    sandbox.put("/sandbox/mass-rules", {"group_lag_seconds": 4})
    sandbox.post(f"/sandbox/groups/{shop}/leave", {"external_userid": wm(1)})
    told(shop, UpdateDetail="del_member", QuitScene="0", MemChangeList=wm(1), CurMemVer="?")
    apply_events(runtime)
    apart = wm(1) not in inside(make)

    sandbox.post(f"/sandbox/groups/{shop}/join", {"external_userid": wm(1)})
    clock.tick(hours=21)
    sync_groups(runtime)

    assert apart
    assert wm(1) in inside(make)


def test_two_thousand_members_come_in_one_detail_and_leave_in_one_callback_500_rows_a_transaction(
    sandbox, runtime, make, told, clock
):
    clock.freeze()
    many = [{"external_userid": wm(n), "unionid": f"o-{n}"} for n in range(2000)]
    seats = [{"external_userid": each["external_userid"]} for each in many]
    group = {"name": "大群", "owner": "Lan", "members": seats}
    sandbox.post(
        "/sandbox/load", {"staff": [{"userid": "Lan", "name": "林晓雯"}], "customers": many, "groups": [group]}
    )
    chat_id, totals, updated = sandbox.get("/sandbox/groups")["groups"][0]["chat_id"], [0], []

    @event.listens_for(runtime.engine, "commit")
    def count(connection):
        tables = [select(func.count()).select_from(table).scalar_subquery() for table in ROWS]
        totals.append(sum(connection.execute(select(*tables)).one()))

    @event.listens_for(runtime.engine, "after_cursor_execute")
    def count_updated(connection, cursor, statement, *_):
        updated.extend([cursor.rowcount] if statement.startswith("UPDATE group_member") else [])

    sync(runtime)
    told(chat_id, UpdateDetail="del_member", QuitScene="0", MemChangeList=",".join(s["external_userid"] for s in seats))
    apply_events(runtime)

    assert len(inside(make)) == 1
    assert len(make.rows(GroupMember)) == 2001
    assert max(after - before for before, after in pairwise(totals)) <= 500
    assert max(updated) <= 500
    assert [row.state for row in make.rows(Inbox)] == ["waiting"]  # the detail still shows them: it is asked again
