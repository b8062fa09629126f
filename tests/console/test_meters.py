"""Home says what is nearly full and who else is welcoming; the page of the sync says how it went."""

from crm import meters, rivals, sync_runs
from jobs.sync import run_sync
from models import GroupMember
from tests.console.conftest import text_of


def test_friends_and_people_only_in_groups_count_once_and_home_warns(make, runtime, signed_in):
    lan = make.staff("lan")
    friends = [make.contact(f"wm{n}", followers=(lan,)) for n in range(3)]
    stranger, gone = make.identity("external_userid", "wm8"), make.contact("wm9")
    make.follow(gone, lan, ended_at=runtime.now(), ended_by="staff")
    for group in (make.group(), make.group()):
        for identity_id, name in ((friends[0].identity_id, "wm0"), (stranger.id, "wm8")):
            make._save(GroupMember(group_id=group.id, member=name, identity_id=identity_id, joined_at=runtime.now()))

    with runtime.reading() as session:
        paid = [meters.paid_contacts(session, limit=limit) for limit in (0, 6, 5, 4)]
        [fullest] = meters.fullest(session, limit=5)

    assert [(one.used, one.tone) for one in paid] == [(4, ""), (4, ""), (4, "warm"), (4, "bad")]
    assert (fullest.name, fullest.used, fullest.percent) == (lan.name, 3, 60)
    object.__setattr__(runtime.settings.wecom, "paid_contacts", 4)
    assert "外部联系人用了 100%" in text_of(signed_in("operator").get("/console/"))


def test_adds_by_our_codes_without_a_welcome_code_say_who_is_welcoming_too(make, runtime, signed_in):
    lan, channel = make.staff("lan"), make.channel()
    for number in range(4):
        contact = make.contact(f"wm{number}")
        make.follow(contact, lan, channel_id=channel.id)
        make.notice(userid="Lan", external_userid=contact.external_userid, reason=rivals.NO_CODE if number else "")
    make.touch("failed", userid="lan", errcode=41051)

    with runtime.reading() as session:
        found = rivals.since(session, at=runtime.now().replace(microsecond=0))
        nothing = rivals.since(session, at=runtime.now())

    assert (found.adds, found.without_code, found.taken, found.members) == (4, 3, 1, (lan.name,))
    assert found.are_there(0.75)
    assert not found.are_there(0.76)
    assert not nothing.are_there(0.01)
    assert f"加的是：{lan.name}" in text_of(signed_in("operator").get("/console/"))


def test_the_page_of_the_sync_says_what_was_put_right_and_whom_it_could_not_see(make, runtime, sandbox, signed_in):
    empty = text_of(signed_in("operator").get("/console/sync"))
    sandbox.post("/sandbox/load", {"staff": [{"userid": "lan", "name": "林晓雯", "licensed": False}]})
    run_sync(runtime)
    sandbox.post("/sandbox/tags", {"group": "层级", "name": "老客"})
    run_sync(runtime)
    with runtime.transaction() as session:
        run = sync_runs.newest(session)
        assert run
        sync_runs.could_not_see(run, "lan", 701008)

    shown = text_of(signed_in("operator").get("/console/sync"))

    assert "还没同步过" in empty
    assert "新标签" in shown
    assert "没有互通账号许可" in shown
